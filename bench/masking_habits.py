"""Personal data as people type it into a chat: a second hand for the masking bench.

Written from how people write, not from the rules of :mod:`core.domain.personal_data`: a rule that was made to fit
:mod:`bench.masking_texts` shows itself here.
"""

import random
from collections.abc import Callable
from typing import Final

from bench.masking_texts import Sample
from core.domain.personal_data import PersonalKind

_OPEN, _SHUT = "⟦⟧"
_ZERO_TO_NINE: Final = (
    "0123456789",
    "0123456789",
    "0123456789",
    "０１２３４５６７８９",
    "⓪①②③④⑤⑥⑦⑧⑨",
    "⓿❶❷❸❹❺❻❼❽❾",
    "0⑴⑵⑶⑷⑸⑹⑺⑻⑼",
    "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗",
    "𝟘𝟙𝟚𝟛𝟜𝟝𝟞𝟟𝟠𝟡",
    "零一二三四五六七八九",
    "〇一二三四五六七八九",
    "零幺二三四五六七八九",
    "零壹贰叁肆伍陆柒捌玖",
    "零壹貳參肆伍陸柒捌玖",
)
_GAPS: Final = (*"-_.·,，、/~—– 　*:", "  ", " - ", "--", "...", "\u200b", "\u00a0", "✨", "📞", "☎️")
_SURNAMES: Final = (
    "陈 林 黄 郭 罗 梁 宋 郑 谢 邱 仇 翁 阮 覃 欧阳 诸葛 上官 "
    "司徒 陳 劉 吳 鍾 石 温 雷 贺 龙 万 段 侯 白 毛 江 史 邵 康"
).split()
_GIVEN: Final = "明远 雨婷 强 婉清 志豪 芳 晓燕 国栋 诗涵 一鸣 嘉怡 浩 玉兰 建军 思远 美玲 子墨 敏 天佑 淑芬".split()
_HANDLES: Final = (
    "qiumy88 chen_yt2019 Amy-lin lihua520 wxid_7k3m9x2p1q22 xiaoyu_0612 hz-zhang abc123456 luckycat linlin1314".split()
)
_MAIL_NAMES: Final = "qiu.my chenyt lin_wq wang-fang hr2024 sales.hz 38475610 amy zhou.jie88 Yuting.Chen".split()
_MAIL_HOSTS: Final = (
    "163.com qq.com 126.com gmail.com outlook.com foxmail.com sina.com.cn zju.edu.cn vip.163.com my-shop.cn".split()
)
_STREETS: Final = (
    "文三路 天目山路 莫干山路 古墩路 学院路 东四十条 体育场北路 复兴大道 石祥西路 凤起路 人民南路 丰潭路 新华大街"
).split()
_ESTATES: Final = (
    "翠苑一区 嘉绿苑 金地自在城 西溪花园 紫金港湾 骆家庄东苑 政苑小区 府苑新村 和睦公寓 保利东湾 清友园".split()
)
_BUILDINGS: Final = (
    "华星时代广场 黄龙世纪大厦 西湖国际科技大厦 恒生大厦 欧美中心 浙商财富中心 海创园 天际大厦 银泰城".split()
)
_VILLAGES: Final = "高桥村 王家庄村 仓前镇葛巷村 石马镇 良渚镇安溪村 李家沟村 双溪乡竹山村".split()


def habits(kind: PersonalKind, count: int = 240) -> list[Sample]:
    """So many different messages with one value of a kind in each, always the same."""
    source = random.Random(f"habits {kind}")
    makers = _HABITS[kind]
    messages: dict[str, Sample] = {}
    while len(messages) < count:
        for make in makers:
            text = make(source)
            messages.setdefault(text, _sample(text))
    return list(messages.values())[:count]


def _sample(text: str) -> Sample:
    start, end = text.index(_OPEN), text.index(_SHUT) - 1
    return Sample(text.replace(_OPEN, "").replace(_SHUT, ""), start, end)


def filled(source: random.Random, frame: str) -> str:
    """A frame with a digit for every #, the first of a run never 0."""
    letters: list[str] = []
    for at, letter in enumerate(frame):
        first = at == 0 or frame[at - 1] != "#"
        letters.append(str(source.randrange(1 if first else 0, 10)) if letter == "#" else letter)
    return "".join(letters)


def _typed(source: random.Random, number: str) -> str:
    """A number with its digits typed in one of the ways people know."""
    way = source.randrange(len(_ZERO_TO_NINE) + 3)
    if way == len(_ZERO_TO_NINE):
        return "".join(f"{one}\ufe0f\u20e3" if one.isdigit() else one for one in number)
    if way == len(_ZERO_TO_NINE) + 1:
        return "".join(
            _ZERO_TO_NINE[source.choice((0, 3, 4, 9, 12))][int(one)] if one.isdigit() else one for one in number
        )
    if way == len(_ZERO_TO_NINE) + 2:
        half = len(number) // 2
        return number[:half] + number[half:].translate(_digits_of(source.choice(_ZERO_TO_NINE)))
    return number.translate(_digits_of(_ZERO_TO_NINE[way]))


def _digits_of(row: str) -> dict[int, int | str | None]:
    return str.maketrans("0123456789", row)


def _gapped(source: random.Random, number: str, *lengths: int) -> str:
    """A number in groups, with one gap between all of them."""
    if source.random() < 0.15:
        return source.choice(_GAPS).join(number)
    gap, groups, rest = source.choice(_GAPS), [], number
    for length in lengths:
        groups.append(rest[:length])
        rest = rest[length:]
    return gap.join(groups)


def _mobile(source: random.Random) -> str:
    return filled(source, source.choice("13# 15# 18# 17# 19# 166".split()) + "########")[:11]


def _framed(*frames: str, value: Callable[[random.Random], str]) -> Callable[[random.Random], str]:
    """Messages with a value in place of {}."""

    def make(source: random.Random) -> str:
        return source.choice(frames).replace("{}", f"{_OPEN}{value(source)}{_SHUT}")

    return make


_PHONE_FRAMES: Final = (
    "{}", "我手机{}", "打这个 {} 找我", "联系电话：{}，急", "号码{}谢谢", "电话是{}（微信同号）", "留个电话吧\n{}",
        "请拨打{}",
    "收件人电话{}。", "[{}]", "“{}”这个号还在用吗", "tel {}", "TEL:{}", "手机号码变更为{}了",
        "之前登记的是{}，已经停机",
)  # fmt: skip


def _mobiles(source: random.Random) -> str:
    return _gapped(source, _mobile(source), *source.choice(((3, 4, 4), (3, 3, 5), (4, 4, 3), (3, 8))))


def _prefixed_mobile(source: random.Random) -> str:
    lead = source.choice(
        ("+86 ", "+86-", "+86", "0086 ", "0086-", "86-", "(+86)", "（+86）", "＋86 ", "+ 86 ", "[86]", "0")
    )
    return lead + source.choice((_mobile(source), _mobiles(source)))


def _abroad(source: random.Random) -> str:
    frame = source.choice((
        "+852 9### ####", "+852-6#######", "852 5### ####", "(852) 9###-####", "00852 6### ####", "+852 2### ####",
        "+8529#######",
        "+853 6### ####", "+853-6#######", "00853 6### ####", "853 66## ####", "(+853) 2### ####",
        "+886 9## ### ###", "+886-9##-###-###", "09##-###-###", "00886 9## ### ###", "+886 2 2### ####",
        "+886(0)9##-###-###",
        "+1 415 555 ####", "+1 (212) 555-####", "001-626-555-####", "1-800-555-####", "+1-415-###-####",
        "+1.415.###.####",
        "+44 7### ######", "+44 20 7### ####", "0044 7### ######", "+44 (0)20 7### ####", "+44-7###-###-###",
        "+81 90 #### ####", "+81-80-####-####", "+81 3 #### ####", "0081 90-####-####", "+81(0)90-####-####",
        "+65 9### ####", "+82 10 #### ####", "+82-10-####-####", "+61 4## ### ###", "+49 151 ########",
        "+33 6 ## ## ## ##",
        "+60 12-### ####", "+66 8# ### ####", "+84 9## ### ###", "+7 9## ###-##-##",
    ))  # fmt: skip
    return filled(source, frame)


def _landline(source: random.Random) -> str:
    frame = source.choice((
        "0571-8#######", "0571 8### ####", "(0571)8#######", "（021）6#######", "021—5#######", "010 6### ####",
        "0755/8#######",
        "+86 571 8### ####", "0086-21-6#######", "+86(10)6#######", "0571-8#######转###", "021-6#######-80#",
        "0571-8####### ext ##",
        "400-8##-####", "400 ### ####", "4008######", "800-8##-####", "400.8##.####", "４００-8##-####",
        "0577-8#######",
    ))  # fmt: skip
    return filled(source, frame)


_AT: Final = ("@", "＠", "﹫", " @ ", "{at}", "[at]", "(at)", "（at）", "<at>", " at ", "-at-", "_at_", " AT ", "{@}",
    "(@)", "艾特",
              " 艾特 ", "爱特", "圈a", "【at】", "#at#", "*at*", "(a)", " [at] ", "@\u200b")  # fmt: skip
_DOT: Final = (
    ".",
    ".",
    ".",
    "．",
    "。",
    "点",
    "[dot]",
    "(dot)",
    " dot ",
    "{dot}",
    "-dot-",
    " . ",
    "[.]",
    "(.)",
    "_dot_",
    "（点）",
    " 点 ",
)


def _mail(source: random.Random) -> str:
    name, host = source.choice(_MAIL_NAMES), source.choice(_MAIL_HOSTS)
    if source.random() < 0.3:
        return f"{name}{source.choice(('@', '＠', ' @'))}{host}"
    dot = source.choice(_DOT)
    whole = f"{name.replace('.', dot)}{source.choice(_AT)}{host.replace('.', dot)}"
    return (
        whole.translate(str.maketrans({one: chr(ord(one) + 0xFEE0) for one in "abcdefgmoq"}))
        if source.random() < 0.1
        else whole
    )


_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def _identity(source: random.Random) -> str:
    region = source.choice("330106 110108 310115 440305 330381 420111 510104 220102 650102 350582".split())
    day = f"{source.randrange(1, 13):02d}{source.randrange(1, 29):02d}"
    if source.random() < 0.15:
        number = f"{region}{source.randrange(40, 99)}{day}{source.randrange(1000):03d}"
        return _gapped(source, number, 6, 6, 3) if source.random() < 0.5 else number
    body = f"{region}{source.randrange(1945, 2015)}{day}{source.randrange(1000):03d}"
    last = "10X98765432"[sum(int(one) * weight for one, weight in zip(body, _WEIGHTS, strict=True)) % 11]
    number = body + source.choice((last, last, last, "X", "x", "Ｘ", "7"))
    return (
        _gapped(source, number, *source.choice(((6, 8, 4), (6, 4, 4, 4), (3, 3, 4, 4, 4), (4, 4, 4, 4, 2))))
        if source.random() < 0.5
        else number
    )


def _bank(source: random.Random) -> str:
    body = filled(
        source,
        source.choice(
            (
                "622848#########",
                "62148#############",
                "6227##############",
                "436742#########",
                "5187##########",
                "621700############",
            )
        ),
    )
    total = sum(
        d - 9 if d > 9 else d for d in (int(one) * (2 if at % 2 == 0 else 1) for at, one in enumerate(reversed(body)))
    )
    number = body + str(-total % 10)
    return _gapped(source, number, 4, 4, 4, 4, 4).rstrip("".join(_GAPS)) if source.random() < 0.6 else number


def _handle(source: random.Random) -> str:
    return source.choice((*_HANDLES, *(filled(source, f"{one[:4]}###") for one in _HANDLES), _mobile(source)))


def _qq(source: random.Random) -> str:
    return filled(source, "#" * source.randrange(6, 11))


_UNITS: Final = (
    "{s}#号", "{s}###号", "{s}###弄#号###", "{s}###弄##号###室", "{s}##-#号", "{s}#号院#号楼#单元###",
        "{s}###号{b}##楼", "{s}与古翠路交叉口#号",
    "{e}#-#-###", "{e}##幢#单元###", "{e}#栋###", "{e}##号楼###", "{e}#幢", "{e}#单元###室", "{e}#期##栋#座####",
        "{e}##--#--###", "{e} #-#-##01",
    "#幢#单元###", "##号楼#单元###室", "#栋###", "#幢###室", "##幢####", "#单元####", "#号楼###", "##弄#号###",
    "{b}####", "{b}####室", "{b}A座####", "{b}B座##楼", "{b}#号楼#层", "{b}#楼###室", "{b}##F", "{b} ####房", "{b}三楼",
    "{v}#组##号", "{v}##号", "{v}#队", "{v}#社##号", "{v}村委会旁##号", "{v}三组", "{c}{s}##号", "{c}{e}#幢###",
        "{c}{v}##号", "{c}{b}#楼",
)  # fmt: skip
_CITIES: Final = (
    "杭州西湖区 浙江省杭州市拱墅区 上海浦东 北京市朝阳区 余杭区 滨江区 深圳市南山区粤海街道 成都武侯 西湖区翠苑街道"
).split()


def _address(source: random.Random) -> str:
    frame = source.choice(_UNITS)
    for key, words in zip("sebvc", (_STREETS, _ESTATES, _BUILDINGS, _VILLAGES, _CITIES), strict=True):
        frame = frame.replace(f"{{{key}}}", source.choice(words))
    whole = filled(source, frame)
    return whole.translate(_digits_of(source.choice(_ZERO_TO_NINE))) if source.random() < 0.2 else whole


def _person(source: random.Random) -> tuple[str, str]:
    return source.choice(_SURNAMES), source.choice(_GIVEN)


def _known(*frames: str) -> Callable[[random.Random], str]:
    """Chats in which a speaker is named in the text: {s} surname, {g} given name."""

    def make(source: random.Random) -> str:
        surname, given = _person(source)
        digit = source.choice(("", "", "3"))
        text = source.choice(frames).replace("{s}", surname).replace("{g}", given)
        return f"{surname}{given}{digit}：在吗\n客服：您好\n客服：{text}\n{surname}{given}{digit}：好的"

    return make


def _unknown(*frames: str) -> Callable[[random.Random], str]:
    """Messages in which somebody who does not speak is named."""

    def make(source: random.Random) -> str:
        surname, given = _person(source)
        return "客户1：" + source.choice(frames).replace("{s}", surname).replace("{g}", given) + "\n客服：收到"

    return make


def _speaker(source: random.Random) -> str:
    surname, given = _person(source)
    name = source.choice((f"{surname}{given}", f"{surname}{given}9", f"{surname}·{given}", f"{surname} {given}"))
    return f"客服：您好\n{_OPEN}{name}{_SHUT}：我想问一下\n客服：您说"


def _typed_with(make: Callable[[random.Random], str]) -> Callable[[random.Random], str]:
    return lambda source: _typed(source, make(source))


_HABITS: Final[dict[PersonalKind, tuple[Callable[[random.Random], str], ...]]] = {
    PersonalKind.PHONE: tuple(
        _framed(*_PHONE_FRAMES, value=value)
        for value in (_mobile, _mobiles, _typed_with(_mobile), _typed_with(_mobiles),
        _prefixed_mobile, _typed_with(_prefixed_mobile),
                      _abroad, _abroad, _landline)
    ),
    PersonalKind.EMAIL: (_framed(
        "{}", "邮箱{}", "发我邮箱 {} 就行", "mail: {}", "E-mail：{}，谢谢", "报价发到{}", "（{}）",
        "开票信息发{}，抄送财务", "请发至 {} 。", "我的邮箱是{}",
        value=_mail,
    ),),
    PersonalKind.ID_CARD: (
        _framed("{}", "sfz{}", "sfz：{}", "SFZ {}", "身份证{}", "身份证号：{}", "ID{}", "ID:{}", "ID card {}",
        "证件号码 {} 请核实", "身份证号是{}，帮我改下",
                "实名{}", "身份证_{}", "身份证-{}", "id#{}", "身分證{}", "身份证号（{}）", "sfzh={}", value=_identity),
        _framed("身份证{}", "sfz {}", "{}", "证件号：{}", value=_typed_with(_identity)),
    ),
    PersonalKind.BANK_CARD: (
        _framed("{}", "卡号{}", "打到{}", "工行 {}", "招商银行{}开户行杭州", "银行卡号：{}", "退款到这张卡{}",
        "bank card {}", "账号{}，户名不变", "农行卡\n{}", value=_bank),
        _framed("卡号{}", "银行卡 {}", "{}", value=_typed_with(_bank)),
    ),
    PersonalKind.WECHAT: (_framed(
        "微信搜{}", "微信搜索 {}", "加我{}", "加我 {} 详聊", "vx{}", "vx：{}", "VX {}", "v信{}", "V信：{}", "薇信{}",
        "薇信号 {}", "绿泡泡{}", "绿泡泡：{}", "+V {}", "+V{}",
        "+v：{}", "加V{}", "加v {}", "➕V {}", "➕微 {}", "微信号：{}", "微信号是{}", "wx {}", "WX:{}", "wx号{}",
        "wechat: {}", "WeChat {}", "weixin {}", "威信{}",
        "微❤{}", "徽信：{}", "卫星 {}", "{}（微信）", "{} 微信", "{}是我微信", "{}，这是我的微信号", "微：{}",
        "微 {}", "V：{}", "v {}", "我微信就是{}", "微信 id {}",
        "加个微信吧，{}", "私人微信{}，工作勿扰", "可以加我微信：{} 备注来意", "微信（{}）", "微信号 ：{}",
        "vx号是 {}", "微信号改成{}了", "weixin号:{}", "加微{}", "添加微信 {}", "v❤：{}",
        "扫不上就搜{}", "微信ID：{}", "VX➡️{}", "vx👉{}", value=_handle,
    ),),
    PersonalKind.QQ: (
        _framed("QQ{}", "qq：{}", "QQ号 {}", "扣扣{}", "扣扣号：{}", "企鹅{}", "企鹅号：{}", "加我QQ {}", "q：{}",
        "Q{}", "{}是我QQ", "{}（QQ）", "{} qq", "{}，这是我的扣扣",
                "我的qq是{}", "QQ号码是{}", "口口{}", "抠抠 {}", "秋秋：{}", "{}企鹅号", "Qq {}", "q号{}", "球球{}",
                "ＱＱ{}", "QQ/{}", "QQ-{}", "加扣{}", "q q {}",
                "{} 扣扣加我", "我扣扣就是 {}", "QQ→{}", value=_qq),
        _framed("QQ{}", "扣扣：{}", "企鹅号 {}", "{} 这是我qq", value=_typed_with(_qq)),
    ),
    PersonalKind.ADDRESS: (_framed(
        "{}", "寄到{}", "地址：{}", "我住{}", "地址是{}，到付", "送到 {} 就行", "收货地址{}，谢谢", "在{}那边",
        "上门维修：{}", "我家{}", "公司在{}", "（{}）", "邮寄{}收", "搬到{}了",
        "麻烦改成{}", "就放{}门口", value=_address,
    ),),
    PersonalKind.NAME: (
        _known("⟦小{s}⟧您好", "⟦老{s}⟧在吗", "⟦{s}某⟧您好", "好的⟦{s}总⟧", "⟦{s}姐⟧，稍等", "⟦{s}哥⟧看下",
        "⟦{s}{g}⟧女士您好", "⟦{s}{g}⟧先生", "⟦{s}{g}⟧老师您看", "⟦{s}{g}⟧经理好",
               "⟦{s}·{g}⟧", "⟦{s} {g}⟧ 您好", "⟦{s}.{g}⟧", "⟦{s}-{g}⟧看一下", "⟦{s}_{g}⟧", "⟦{s}　{g}⟧",
               "@⟦{s}{g}⟧ 麻烦看下", "请⟦{s}{g}⟧确认", "这个找⟦{s}{g}⟧", "⟦{s}老师⟧，发您了", "⟦{s}女士⟧",
               "⟦{s}先生⟧您好", "⟦{s}工⟧", "和⟦{s}经理⟧说过", "我跟⟦{s}总⟧汇报", "⟦{s}{g}⟧刚才说", "问下⟦{s}{g}⟧吧",
               "⟦{s}{g}⟧的订单", "由⟦{s}{g}⟧负责", "⟦{s}小姐⟧", "⟦小{s}⟧同学", "⟦{s}主任⟧",
               "⟦{s}医生⟧", "⟦{s}阿姨⟧", "⟦{s}师傅⟧", "⟦{s}老板⟧", "⟦{s}董⟧", "⟦{s}局⟧", "⟦{s}律师⟧", "⟦{s}助理⟧",
               "⟦{s}同学⟧"),
        _unknown("我是⟦{s}{g}⟧", "我叫⟦{s}{g}⟧，帮查下", "姓名：⟦{s}{g}⟧", "名字⟦{s}{g}⟧", "联系人⟦{s}{g}⟧",
        "收件人：⟦{s}{g}⟧ 到付", "收货人 ⟦{s}{g}⟧", "户名⟦{s}{g}⟧", "⟦{s}{g}⟧女士", "⟦{s}{g}⟧先生的单子",
        "找⟦{s}{g}⟧老师",
                 "⟦{s}{g}⟧经理让我来的", "我们⟦{s}总⟧说的", "⟦小{s}⟧呢", "⟦老{s}⟧不在", "⟦{s}女士⟧是吗",
                 "⟦{s}先生⟧在吗", "联系⟦{s}{g}⟧", "经办人：⟦{s}{g}⟧", "负责人⟦{s}{g}⟧", "本人⟦{s}{g}⟧",
                 "法人⟦{s}{g}⟧", "@⟦{s}{g}⟧ 看下",
                 "我姓⟦{s}⟧", "免贵姓⟦{s}⟧", "⟦{s}某某⟧", "我老公叫⟦{s}{g}⟧", "同事⟦{s}{g}⟧", "开户人⟦{s}{g}⟧",
                 "投保人：⟦{s}{g}⟧", "姓名 ⟦{s} {g}⟧", "我是⟦{s}·{g}⟧", "⟦{s}经理⟧在吗", "⟦{s}老师⟧好",
                 "⟦{s}姐⟧帮忙看下", "⟦{s}{g}⟧总"),
        _speaker,
    ),
}  # fmt: skip
