"""Made-up personal data in many spellings, and ordinary numbers, each in a sentence: what masking is measured on."""

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import islice
from typing import Final, NamedTuple

from core.domain.personal_data import PersonalKind

_WIDE: Final = str.maketrans("0123456789+-Xx", "０１２３４５６７８９＋－Ｘｘ")
_WORDS: Final = str.maketrans("0123456789", "零一二三四五六七八九")
_FORMAL: Final = str.maketrans("0123456789", "零壹贰叁肆伍陆柒捌玖")
_SPOKEN: Final = str.maketrans("0123456789", "〇幺二三四五六七八九")
_MOBILE_STARTS: Final = (
    "130 131 135 136 137 138 139 147 150 151 155 157 158 166 170 173 176 177 178 180 182 185 186 188 189 191 198 199"
).split()
_AREA_CODES: Final = "010 020 021 022 023 024 025 027 028 029 0311 0371 0411 0512 0531 0571 0591 0755 0769 0871".split()
_REGIONS: Final = "110101 310104 320106 330106 340104 370202 420106 430104 440305 510107 610113 350203".split()
_LATIN: Final = "liwei zhang.san chen_lu hemiao2 qiu-ming wang88 summer lily2020 bluesky tom.smith z.y.x kefu01".split()
_DOMAINS: Final = (
    "example.com example.com.cn mail.example.org qq.example 163.example.net sub.mail-host.example.cn".split()
)
_SURNAMES: Final = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜邱谢邹喻柏窦章苏潘葛范彭鲁韦马苗方俞任袁柳"
)
_GIVEN: Final = "明远 雨桐 建国 子涵 思琪 海波 晓峰 静怡 文博 丽华 志强 欣然 梓轩 佳宁 俊杰 雅琴".split()
_NICKNAMES: Final = (
    "小鱼儿 奔跑的蜗牛 晴天娃娃 Lily Kevin 阿杰 老K 月下独酌 糖糖妈妈 星河滚烫 "
    "Amy🌸 半夏微凉 大白兔 云中鹤 橙子汽水 木子李"
).split()
_TITLES: Final = "总 先生 女士 经理 老师 姐 哥 工 小姐 师傅".split()
_PROVINCES: Final = (
    "江苏省南京市 浙江省杭州市西湖区 广东省深圳市南山区 北京市海淀区 上海市 安徽合肥 四川省成都市 湖北武汉".split()
)
_ROADS: Final = "青石路 梧桐大道 文昌街 解放东路 望江西路 科技园路 桃花巷 中山北路 长虹街 滨河南路".split()
_ESTATES: Final = "徽昌苑 锦绣花园 翠湖小区 万象城 时代广场 金鼎大厦 御景湾 阳光新村 未来科技园 海棠公寓".split()
_VILLAGES: Final = "青山镇柳树村 白鹭乡大王庄村 和平街道幸福社区 石桥镇李家屯村".split()
_BEFORE: Final = ("", "好的，", "麻烦您记一下 ", "我这边是", "您看：", "嗯嗯 ", "（", "——")
_BEHIND: Final = ("", "。", "，谢谢", " 您加一下", "，下午联系", "）", "\n收到", "！")


class Sample(NamedTuple):
    """A text with one value in it.

    Attributes:
        text: the sentence, or a small chat for names.
        start: of the value.
        end: behind it.
        speakers: who is known by name.
    """

    text: str
    start: int
    end: int
    speakers: tuple[str, ...] = ()

    @property
    def value(self) -> str:
        return self.text[self.start : self.end]


def samples(kind: PersonalKind, count: int = 240) -> list[Sample]:
    """So many different spellings of a kind, always the same."""
    drawn: dict[str, Sample] = {}
    source = random.Random(f"masking {kind}")
    make = _MAKERS[kind]
    while len(drawn) < count:
        sample = make(source)
        drawn.setdefault(sample.value + sample.text, sample)
    return list(drawn.values())


def ordinary(count: int = 240) -> dict[str, list[str]]:
    """Sentences with numbers that tell nobody, by what the numbers are."""
    made: dict[str, list[str]] = {}
    for name, make in _ORDINARY.items():
        source = random.Random(f"ordinary {name}")
        made[name] = list(islice(_distinct(make, source), count))
    return made


def _distinct(make: Callable[[random.Random], str], source: random.Random) -> Iterator[str]:
    seen: set[str] = set()
    for _ in range(20_000):
        text = make(source)
        if text not in seen:
            seen.add(text)
            yield text


def _in_sentence(source: random.Random, lead: str, value: str, leads: tuple[str, ...] = ()) -> Sample:
    before = source.choice(_BEFORE) + (source.choice(leads) if leads else lead)
    return Sample(before + value + source.choice(_BEHIND), len(before), len(before) + len(value))


def _digits(source: random.Random, count: int) -> str:
    return "".join(source.choice("0123456789") for _ in range(count))


def _spelt(source: random.Random, digits: str) -> str:
    """The same digits full-width, in words, or as they are."""
    return digits.translate(source.choice([{}, {}, {}, _WIDE, _WORDS, _FORMAL, _SPOKEN]))


def _grouped(source: random.Random, digits: str, lengths: tuple[int, ...], separators: str = " -_.·　") -> str:
    groups, at = [], 0
    for length in lengths:
        groups.append(digits[at : at + length])
        at += length
    return source.choice(separators).join(groups)


def _phone(source: random.Random) -> Sample:
    kind = source.choice(("mobile", "mobile", "mobile", "landline", "service"))
    if kind == "mobile":
        digits = source.choice(_MOBILE_STARTS) + _digits(source, 8)
        lengths = source.choice(((11,), (3, 4, 4), (3, 8), (7, 4), (3, 3, 5), (4, 4, 3), (4, 3, 4), (1,) * 11))
        value = _grouped(source, digits, lengths, " -_.—　" if len(lengths) < 11 else " ")
        value = _spelt(source, value)
        value = source.choice(("", "", "", "+86 ", "+86", "86-", "0086 ", "（+86）", "(86)")) + value
        if source.random() < 0.1:
            value = f"({digits[:3]}){digits[3:]}"
        if source.random() < 0.05:
            value = "\u200b".join((digits[:3], digits[3:7], digits[7:]))
        return _in_sentence(source, "", value, ("电话", "手机：", "", "", "我的号码是", "tel:", "打", "微信同号 "))
    if kind == "landline":
        area = source.choice(_AREA_CODES)
        number = source.choice("568") + _digits(source, 7)
        joint = source.choice(("-", " ", "", "—", "－", "_"))
        value = source.choice(
            (
                f"{area}{joint}{number}",
                f"({area}){number}",
                f"（{area}）{number}",
                f"{area}{joint}{number[:4]} {number[4:]}",
            )
        )
        value = value.translate(source.choice([{}, {}, _WIDE]))
        return _in_sentence(source, "", value, ("座机", "公司电话：", "前台 ", "固话", "传真 "))
    digits = source.choice(("400", "800")) + source.choice("1689") + _digits(source, 6)
    lengths = source.choice(((10,), (3, 3, 4), (3, 4, 3), (3, 7), (4, 3, 3)))
    return _in_sentence(
        source, "", _spelt(source, _grouped(source, digits, lengths, " -_—")), ("热线", "客服电话 ", "", "打", "拨打")
    )


def _email(source: random.Random) -> Sample:
    name, domain = source.choice(_LATIN), source.choice(_DOMAINS)
    name += _digits(source, source.choice((0, 2, 4)))
    at = source.choice(("@", "@", "@", "＠", " @ ", "(at)", "[at]", " at ", "艾特", "（at）", "【at】", "@ "))
    value = f"{name}{at}{domain}"
    how = source.random()
    if how < 0.15:
        value = value.upper() if " at " not in value else value
    elif how < 0.3:
        value = "".join(chr(ord(one) + 0xFEE0) if one.isascii() and one.isalnum() else one for one in value)
    elif how < 0.4:
        value = value.replace(".", source.choice(("．", "。", "(dot)", "[dot]")))
    sample = _in_sentence(source, "", value, ("邮箱", "发到 ", "email: ", "邮件地址：", "", "我的邮箱是", "抄送 "))
    return sample._replace(end=sample.start + len(name))  # the domain may stay


def _id_card(source: random.Random) -> Sample:
    born = date(1950, 1, 1) + timedelta(days=source.randrange(20_000))
    head = source.choice(_REGIONS) + born.strftime("%Y%m%d") + _digits(source, 3)
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    digits = head + "10X98765432"[sum(weight * int(one) for weight, one in zip(weights, head, strict=True)) % 11]
    how = source.random()
    if how < 0.2:
        digits = digits[:6] + digits[8:17]
    elif how < 0.3 and digits[17] != "X":
        digits = head + _digits(source, 1)  # a wrong check digit: typed wrongly, or a made-up one
    if digits.endswith("X"):
        digits = digits[:17] + source.choice("Xx")
    lengths = source.choice(((18,), (18,), (6, 8, 4), (6, 4, 4, 4), (3, 3, 4, 4, 4))) if len(digits) == 18 else (15,)
    value = _grouped(source, digits, lengths, " -_")
    value = value.translate(source.choice([{}, {}, _WIDE]))
    return _in_sentence(source, "", value, ("身份证", "身份证号：", "证件号码 ", "", "实名用的是"))


def _bank_card(source: random.Random) -> Sample:
    length = source.choice((16, 19, 19, 17))
    head = source.choice(("622202", "622848", "621700", "436742", "62", "955880", "5187", "4392")) + _digits(source, 19)
    head = head[: length - 1]
    total = sum(sum(divmod(2 * int(one), 10)) if place % 2 == 0 else int(one) for place, one in enumerate(head[::-1]))
    digits = head + str(-total % 10)
    value = " ".join(digits[at : at + 4] for at in range(0, length, 4)) if source.random() < 0.5 else digits
    value = value.replace(" ", source.choice((" ", "-", "  ", "_"))).translate(source.choice([{}, {}, _WIDE]))
    return _in_sentence(source, "", value, ("卡号", "银行卡：", "打到建行 ", "", "收款账号 ", "工行卡号是"))


def _wechat(source: random.Random) -> Sample:
    value = source.choice(_LATIN).replace(".", "_").ljust(6, "x") + _digits(source, source.choice((0, 2, 4)))
    value = source.choice((value, value.capitalize(), f"wxid_{_digits(source, 4)}abc{_digits(source, 5)}"))
    if source.random() < 0.15:
        value = "".join(chr(ord(one) + 0xFEE0) if one.isalnum() else one for one in value)
    leads = (
        "微信",
        "微信号：",
        "加我微信 ",
        "vx:",
        "VX ",
        "wx：",
        "V信",
        "微信号是",
        "加v ",
        "薇信：",
        "WeChat: ",
        "微信id ",
        "ＷＸ：",
        "weixin:",
    )
    return _in_sentence(source, "", value, leads)


def _qq(source: random.Random) -> Sample:
    digits = source.choice("123456789") + _digits(source, source.choice((5, 7, 8, 9)))
    value = source.choice((digits, digits, _spelt(source, digits), " ".join((digits[:3], digits[3:]))))
    return _in_sentence(
        source, "", value, ("QQ", "qq:", "QQ号：", "加我QQ ", "扣扣", "企鹅号 ", "QQ号码是", "ＱＱ ", "Q：", "扣扣号 ")
    )


def _name(source: random.Random) -> Sample:
    surname, given = source.choice(_SURNAMES), source.choice(_GIVEN)
    how = source.random()
    if how < 0.3:
        speaker = value = source.choice(_NICKNAMES).replace("🌸", "") + source.choice(("", "", "2", "88"))
        speaker += source.choice(("", "🌸"))
    elif how < 0.5:
        title = source.choice(_TITLES)
        speaker, value = (
            source.choice((f"陶然乡-{surname}{title}", surname + title, f"{surname}{given}")),
            surname + title,
        )
    elif how < 0.6:
        speaker, value = f"{surname}{given}", given
    elif how < 0.7:
        speaker, value = f"客服小{surname}{source.choice('123')}", f"小{surname}"
    elif how < 0.8:
        speaker, value = f"{surname}{given}", f"{surname} {given}"
    else:
        speaker = value = f"{surname}{given}{source.choice(('', '', '2', '3'))}"
    sentence = source.choice(
        ("麻烦问一下{}合同的事", "@{} 方便吗", "已经和{}确认过了", "{}您好", "请{}签收", "就写{}吧")
    )
    before = f"{speaker}：在的\n客服小周1：您好\n{speaker}：想问一下\n客服小周1：" + sentence.split("{}")[0]
    text = before + value + sentence.split("{}")[1] + f"\n{speaker}：好的\n"
    return Sample(text, len(before), len(before) + len(value), (speaker, "客服小周1"))


def _address(source: random.Random) -> Sample:
    number, building = str(source.randrange(1, 900)), source.randrange(1, 30)
    unit, room = source.randrange(1, 5), source.randrange(1, 33) * 100 + source.randrange(1, 9)
    road, estate = source.choice(_ROADS), source.choice(_ESTATES)
    house = source.choice(
        (
            f"{building}栋{unit}单元{room}室",
            f"{building}号楼{room}",
            f"{building}-{unit}-{room}",
            f"{building}幢{room}",
            f"{unit}单元{room}",
            f"{building}#{room}室",
            f"{unit}层",
        )
    )
    forms = (
        f"{road}{number}号",
        f"{road}{number}号{estate}{house}",
        f"{road}{number.translate(_WORDS)}号",
        f"{road} {number} 号 {house}",
        f"{estate}{building}号楼{room}室",
        f"{estate}{building}栋{unit}单元{room}",
        f"{estate}{source.choice('ABCD')}座{room}室",
        f"{source.choice(_VILLAGES)}{unit}组{building}号",
        f"{road}{number}弄{building}号{room}室",
        f"{road}{number.translate(_WIDE)}号{building}楼",
    )
    value = source.choice(forms)
    if source.random() < 0.5:
        province = source.choice(_PROVINCES)
        leads = tuple(f"{one}{province}" for one in ("寄到", "地址：", "收货地址是", "", "我在"))
        return _in_sentence(source, "", value, leads)
    return _in_sentence(source, "", value, ("寄到", "地址：", "我家住", "公司在", "地址是", "", "送到", "就在"))


_MAKERS: Final[dict[PersonalKind, Callable[[random.Random], Sample]]] = {
    PersonalKind.NAME: _name,
    PersonalKind.PHONE: _phone,
    PersonalKind.EMAIL: _email,
    PersonalKind.ADDRESS: _address,
    PersonalKind.ID_CARD: _id_card,
    PersonalKind.BANK_CARD: _bank_card,
    PersonalKind.WECHAT: _wechat,
    PersonalKind.QQ: _qq,
}


def _frame(*frames: str) -> Callable[[random.Random], str]:
    """Sentences with numbers: ``{9}`` stands for a number of that many digits, ``{m}`` a month, ``{d}`` a day."""

    def make(source: random.Random) -> str:
        text = source.choice(frames)
        for length in range(1, 19):
            while f"{{{length}}}" in text:
                number = source.choice("123456789") + _digits(source, length - 1)
                text = text.replace(f"{{{length}}}", number, 1)
        day = date(2023, 1, 1) + timedelta(days=source.randrange(1200))
        for sign, words in (
            ("{y}", str(day.year)),
            ("{m}", str(day.month)),
            ("{d}", str(day.day)),
            ("{ymd}", day.strftime("%Y%m%d")),
        ):
            text = text.replace(sign, words)
        text = text.replace("{h}", str(source.randrange(0, 24))).replace("{i}", f"{source.randrange(60):02d}")
        return source.choice(_BEFORE[:6]) + text + source.choice(_BEHIND[:4])

    return make


_ORDINARY: Final[dict[str, Callable[[random.Random], str]]] = {
    "price": _frame(
        "标准版{4}元一年",
        "报价 ¥{2},{3}.{2}",
        "总价{1}.{1}万",
        "{5}块钱",
        "预算{2}万左右",
        "{1}{1}00元/月",
        "￥{6}",
        "首付{1}万{4}",
        "单价{3}.{2}元，共{5}元",
        "{1}千{1}百块",
    ),
    "date": _frame(
        "{y}年{m}月{d}日",
        "{y}-{m}-{d}",
        "{y}/{m}/{d}",
        "{m}月{d}号签合同",
        "{ymd}",
        "{y}.{m}.{d}",
        "{m}.{d}到{m}.{d}",
        "{y}-{m}-{d} {h}:{i}:{i}",
        "下周一（{m}月{d}日）",
    ),
    "time": _frame(
        "{h}:{i}开会",
        "{h}点{i}分",
        "下午{1}点半",
        "{h}:{i}-{h}:{i}",
        "会议 {h}:{i}:{i}",
        "{h}：{i} 上线",
        "{2}分钟后",
        "{h}点到{h}点",
    ),
    "quantity": _frame(
        "{3}个客户",
        "一共{4}单",
        "{2}人团队",
        "{5}条记录",
        "{3}台设备",
        "买{2}套",
        "{4}个账号",
        "{6}条消息",
        "约{3}位客服",
        "{2}000人",
    ),
    "order": _frame(
        "订单{8}",
        "单号{ymd}{6}",
        "订单号：{12}",
        "工单 #{6}",
        "快递单号SF{13}",
        "合同编号HT-{y}-{4}",
        "发票号{8}",
        "编号{7}",
        "流水{ymd}{8}",
    ),
    "model": _frame(
        "型号X{3}-{2}",
        "iPhone {2}",
        "RTX {4}",
        "型号 AB{4}C",
        "i7-{5}",
        "华为P{2}",
        "ThinkPad T{3}",
        "RX-{3}A",
        "SKU{6}",
        "GPT-{1}",
    ),
    "percentage": _frame(
        "涨了{2}%", "{1}.{2}%", "折扣{2}％", "占比{2}.{1}%", "{2}折", "转化率{1}.{1}%到{2}%", "八成", "百分之{2}"
    ),
    "version": _frame(
        "v{1}.{1}.{2}",
        "版本{1}.{2}.{3}",
        "{1}.{1}版",
        "V{1}.{1}",
        "Python {1}.{2}",
        "iOS {2}.{1}",
        "build {5}",
        "IP 192.168.{2}.{2}",
        "10.{2}.{3}.{2}:{4}",
    ),
    "measure": _frame(
        "{3}平米",
        "{2}公斤",
        "{1}.{1}米",
        "{4}毫升",
        "{2}寸",
        "{3}GB内存",
        "{2}M带宽",
        "{4}×{4}像素",
        "{2}楼",
        "第{2}页",
        "{3}度",
    ),
}
