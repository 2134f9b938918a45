"""Finds people whom nobody of a chat is called like: by a title, an introduction, a by-name. Pure."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from core.domain.personal_data.mentions_of_people import (
    FOREIGN,
    NO_NAME_ENDS,
    foreign_names_in_sentences,
    introduced_names,
    is_foreign,
    latin_names,
    names_in_sentences,
    without_lead,
)
from core.domain.personal_data.surnames import COMPOUND_SURNAMES, GIVEN, LONG_TITLES, SURNAME, TITLES
from core.domain.personal_data.words_like_names import BEGINNINGS_OF_WORDS, GOODS_LIKE_NAMES, WORDS_LIKE_NAMES

_HAN: Final = "[\u3400-\u9fff]"
_BEFORE: Final = (
    rf"(?:^|(?<={_HAN.replace('[', '[^')})|(?<=[找跟和与是叫给请让对问约由向见同为及转派])|(?<=我们)|(?<=叫我)|"
    r"(?<=联系|同事|员工|老公|老婆|朋友|通知))"
)
_AROUND: Final = _BEFORE.replace("[找", "[看到有是我你您，找")
_SHORT_TITLE: Final = rf"(?:{TITLES})(?![结价共计额数量体部的是和得会有之机司线公来作程具夫])"
_TITLE: Final = rf"(?:{LONG_TITLES}|{_SHORT_TITLE})"
_GAP: Final = r"[ \u3000\t]{0,2}"
_SURNAME_WITH_TITLE = re.compile(rf"{_BEFORE}([小老大]?{SURNAME}{_GAP}{_TITLE})")
_NAME_WITH_TITLE = re.compile(
    rf"{_BEFORE}({SURNAME}{_HAN}{{1,2}}?)(?={_GAP}(?:{LONG_TITLES}|(?:总|哥|姐|工)(?![结价共计额数量体部的是和得会有之机司线公来作程具夫经监裁])))"
)
_NAME: Final = rf"{SURNAME}[ ·・•.\u3000]?{_HAN}{{1,2}}"
_BEHIND: Final = rf"(?=$|{_HAN.replace('[', '[^')}|的|电话|手机|地址|微信|邮箱|身份证|收(?!到)|{LONG_TITLES})"
_CALLED = re.compile(
    r"(?:我叫|叫做|老公叫|老婆叫|本人叫|我的?名字(?:叫|是)|姓名|真名|联系人|收件人|收货人|寄件人|发件人|对接人|负责人|经办人|申请人|签收人|投保人|"
    r"被保人|被保险人|受益人|监护人|承租人|参会人|报名人|户主|户名|开户人|开户名|法人|法人代表|患者|业主|机主|车主|学生|学员)"
    rf"(?:是|为|叫|填|写)?{_GAP}[:是]?{_GAP}((?:{SURNAME}{_HAN}·?{_HAN}{{1,2}}(?!{_HAN}))|{_NAME}{_BEHIND})"
)
_MAYBE_CALLED = re.compile(rf"(?:我是|名字|本人|同事|联系|这是){_GAP}[:是叫]?{_GAP}({_NAME})(?:{_BEHIND})")
_HAN_NAME: Final = rf"{SURNAME}{_GAP}{_HAN}(?:{_GAP}{_HAN})?"
_ENDS: Final = f"(?<![{''.join(sorted(NO_NAME_ENDS))}])"
_COMPOUND: Final = "|".join(sorted(COMPOUND_SURNAMES))
_TOLD_NAME: Final = (
    rf"(?:(?:{_COMPOUND}){_HAN}{{1,2}}|{SURNAME}(?:{_HAN}{{2}}|{GIVEN}|{_HAN}(?=$|[^\u3400-\u9fff]))){_ENDS}"
)
"""Behind words that nothing but a name follows."""
_LIKELY_NAME: Final = rf"{SURNAME}(?:{GIVEN}{_HAN}|{_HAN}{GIVEN}|{GIVEN}){_ENDS}"
_DOES: Final = (
    "(?=$|[^\u3400-\u9fff]|[收签下说给让答处接打发来去在要的和跟与买付转问报回退叫做管约送拿取寄订是有也就都已刚又还再没不会能可用]|"
    "先生|女士|小姐|同学|老师|经理|反馈|电话|手机|地址|微信|名字)"
)
"""What follows a name in a sentence."""
_RELATION: Final = (
    "妈妈?|爸爸?|老婆|老公|媳妇|爱人|太太|女儿|儿子|闺女|孩子|宝宝|哥哥?|姐姐?|弟弟?|妹妹?|爷爷|奶奶|外公|外婆|"
    "朋友|同事|对象|男朋友|女朋友|男友|女友|同学|室友|邻居|领导|徒弟|表[哥姐弟妹]|堂[哥姐弟妹]|侄子|外甥"
)
_BY_RELATION = re.compile(
    rf"(?:我(?:的|家|们)?(?:{_RELATION}|先生|助理|师傅)|"
    r"快递员|配送员|快递小哥|外卖员|骑手|司机|安装师傅|师傅|客服|店员|导购|收银员?|业务员|销售|顾问|主管|前台|班主任|工程师|"
    r"医生|护士|教练|律师|病人|你们(?:家|那|店)?(?:里|边)?的?那个|那个叫|这边是|那边是|这里是)"
    rf"{_GAP}(?:叫|是)?{_GAP}({SURNAME}(?:{GIVEN}{_HAN}|{_HAN}{GIVEN}){_ENDS}|{_TOLD_NAME}{_DOES}|{SURNAME}{GIVEN}{_ENDS}{_DOES})|"
    rf"(?:{_RELATION})(?:名字)?叫{_GAP}({_TOLD_NAME}){_DOES}"
)
"""Somebody by what they are to others: 快递员李大勇没送到."""
_BY_ROLE = re.compile(
    rf"(?:{_HAN}人|收件|寄件|抬头|实名(?:认证)?|发票(?:开|写|抬头)?|开票|户名|会员|用户|顾客|买家|卖家|客户|本人|鄙人|在下|我|名叫|叫作|署名|落款|化名|"
    rf"曾用名)(?:个人|写|开|填|是|为|叫|名){{0,2}}{_GAP}[:是为]?{_GAP}({_TOLD_NAME})(?=$|[^\u3400-\u9fff])|"
    rf"(?:{_HAN}人|户名|会员|用户|鄙人|名叫|署名)(?:是|为|叫)?{_GAP}({_TOLD_NAME}){_DOES}"
)
_BY_ACT = re.compile(
    r"(?:转账给|转给|汇给|寄给|发给|交给|打给|送给|付给|退给|留给|报|找一?下?|叫|请|让|帮|替|问一?下?|联系|通知|麻烦|是|由|被|和|跟|与)"
    rf"{_GAP}((?:{_COMPOUND}){_HAN}{{1,2}}|{SURNAME}(?:{_HAN}{{2}}|{GIVEN}))"
    r"(?=的名字|下的?单?|接电话|签收|代收|本人|付的?款|买的|订的|收的?|办的|处理|负责|给我|回个?电话|$|[^\u3400-\u9fff])|"
    rf"给({SURNAME}(?:{GIVEN}{_HAN}|{_HAN}{GIVEN}))(?=$|[^\u3400-\u9fff])|"
    rf"(?:是|找|问|叫|让|请)({SURNAME}{GIVEN}{{1,2}})(?=吗|呢|吧|给|打|回|来)"
)
_RECEIVES = re.compile(rf"(?:^|(?<=[^\u3400-\u9fff]))({_HAN_NAME})(?={_GAP}[(（]?收[)）]?(?:$|[^\u3400-\u9fff]))")
_TITLED_NAME = re.compile(
    rf"({SURNAME}{GIVEN}{{1,2}})(?={_GAP}(?:先生|女士|小姐|太太|同学)(?!们))|"
    rf"{_AROUND}({SURNAME}(?:{GIVEN}{_HAN}|{_HAN}{GIVEN}))(?={_GAP}(?:{LONG_TITLES}|客服|工程师|护士)(?!们))"
)
_DOTTED_NAME = re.compile(rf"(?<!{_HAN})({_HAN}{{1,7}}[·•・‧]{_HAN}{{1,7}}?)(?=$|[^\u3400-\u9fff]|收|先生|女士|同学)")
_FOREIGN_NAME = re.compile(
    rf"(?:我叫|我是|名字[是叫]?|姓名|客户|会员|用户|{_HAN}人)[:是为 ]{{0,2}}([{FOREIGN}]{{3,6}}){_DOES}"
)
_LATIN: Final = r"[a-z]{2,15}(?:[ .'-]{1,2}[a-z]{1,15}){1,2}"
_LATIN_NAME = re.compile(
    rf"(?:(?:姓名|名字|{_HAN}人|(?<![a-z_])(?:full ?)?name|my name is|(?<![a-z])i(?:'| a)m|this is)[:是为叫= ]{{0,3}}|"
    rf"我[叫是]{_GAP}|(?<![a-z])dear )({_LATIN})(?![a-z0-9@_])|"
    r"(?<![a-z])(?:mr|mrs|ms|miss|dr)(?:\. ?| )([a-z]{2,20})(?![a-z0-9@_])"
)
_SURNAME_ANSWERED = re.compile(
    rf"(?:贵姓|姓什么|姓啥|怎么称呼)[呀呢啊]?[?,， ]{{1,2}}\n?((?:免贵|我?姓)?{SURNAME})(?=$|[^\u3400-\u9fff])"
)
_CALL_ME = re.compile(
    rf"(?:(?<![呼])叫我|喊我|称呼我|称我)(?![怎等去来先别再也不还到给把看加填拍说换改自多少直])({_HAN}{{1,3}}?)(?=$|[^\u3400-\u9fff]|吧|就行|就好|就可以|都行|即可|好了)"
)
_USUAL_NAME = re.compile(
    rf"{_AROUND}(?![师计章利通石权方])({SURNAME}{GIVEN}{{2}})(?![市省区县镇乡村路街道店厂院校楼苑园])"
)
_SURNAME_TOLD = re.compile(rf"(?:我|免贵|敝|本|他|她|也|都|先生|女士|客户)(姓{SURNAME})(?![名氏什])")
_BY_NAME = re.compile(
    rf"{_BEFORE}((?!小[米白时于包单步别常空金高黄红蓝费麦鱼龙游雪花康满贝]|老[师单是]|阿[胶里])[小老阿]{SURNAME})"
    r"(?=$|[\s,，。!！?？:：、@~～;；]|[就您你呢吗在说啊吧那不帮看来给跟会马]|同学)"
)
# Words that begin like a name; what ends in one of the characters below is none either.
_WORDS: Final = frozenset(
    "班主任 华润 平解 钟点 付款 付费 付出 付过 付的 付完 付清 付钱 付账 付现 付尾 付全 付定 付首 东方明 东方航 东方财 "
    "项目 麻烦 劳烦 安全 成本 江苏 江西 江南 云南 云端 广东 广西 广州 广告 金牌 金融 高级 高端 高中 常务 常州 "
    "平台 平安 任课 任何 班长 华东 华南 华北 华中 华为 房产 房东 车辆 车间 车险 单位 单店 万科 方案 文案 温州 "
    "苏州 杭州 徐州 柳州 金华 安徽 安装 安排 石油 黄金 康复 游戏 古筝 计划 计算 许多 寿险 毛坯 武汉 武术 舒适 "
    "元旦 祖国 通信 通知 蓝牙 诸位 曾经 有关 东方 明天 明白 终端 管理 解决 解答 成功 路线 容易 游客 支持 支付 "
    "家长 管理员 程序员 安全员 文员 金主 高中生 包工头 师傅 学生 牛人 新手 商务 宣传 党委 党支部 计算机 解放 "
    "成都 重庆 程序 乐意 乐清 强制 何时 何种 易购 经理 常见 国内 国外 国际 双方 双十一 满意 卓越 温馨 关于 "
    "关键 党员 广大 钟点工 幸福 幸运 谈判 郎酒 顾客 贾汪 马上 牛奶 龙头 商家 谢谢 简单 空调 红包 师父 白天 "
    "白色 黑色 黄色 蓝色 金色 温度 温暖 荣誉 荣耀 花店 花园 柴油 汽车 米色 农村 农民 单身 查询 申通 韵达 宝马 "
    "宝妈 宝宝 万能 钱包 洪水 欧洲 欧美 石家庄 张家港 张家口 景德镇 齐鲁 鲁班 周末 周一 周二 周三 周四 周五 "
    "周六 周日 周年 周期 周边 孙子 孔雀 严重 严格 严选 严禁 陶瓷 水果 水电 章程 云平台 云服务 范围 凤凰 花费 "
    "方便 方式 方面 方向 任务 史上 费用 贺卡 汤圆 殷实 毕业 常用 常规 齐全 康养 余额 顾问 平时 平均 黄页 毛利 "
    "米粉 明细 明确 成员 成交 成品 成为 宋体 纪念 纪律 舒服 项链 祝您 祝贺 祝福 董事 梁上 杜绝 蓝图 季度 强烈 "
    "路上 路由 路过 危险 江湖 童装 颜色 梅花 林业 盛大 高兴 高效 夏季 夏天 田园 胡同 虞城 万元 支行 支撑 管家 "
    "卢布 莫非 房屋 房子 房间 解除 解释 宗旨 宣布 单价 单独 单号 单子 洪山 包装 包邮 包括 包含 左右 左边 石材 "
    "吉祥 程度 陆续 荣幸 封面 封装 储值 储存 靳东 段落 巫师 乌鲁 焦点 车票 班级 班车 班次 仰望 秋季 秋天 仲裁 "
    "宫颈 宁波 宁夏 甘肃 武器 符合 刘海 景区 景点 束缚 龙虾 叶子 幸好 司机 黎明 白酒 赖账 蒙牛 池塘 乔木 阴天 "
    "苍蝇 双击 双人 闻名 党建 劳动 劳务 桑拿 桂林 牛肉 寿命 通过 通常 通用 通道 燕窝 尚未 农业 庄园 柴米 充值 "
    "充电 慕课 茹素 习惯 艾灸 鱼类 容量 容器 古代 古典 慎重 终身 终于 步骤 耿直 满减 满足 弘扬 匡威 国家 国庆 "
    "文件 文档 文字 文化 文章 广场 东西 东北 东部 欧元 沃尔 利润 利率 利息 师资 敖包 融资 融合 冷藏 冷链 冷库 "
    "辛苦 简历 简介 空间 空气 曾用 沙发 关系 关闭 关注 关联 展示 展会 展览 修改 修理 修复 兰州 凡是 代理 代表 "
    "代码 代购 代发 代付 代运营 岳阳 楚天 晋级 元素 周中 周内 单子 订单 安排".split()
)
_NOBODY: Final = frozenset(
    "就行 就好 就是 就可以 怎么办 怎么 什么 啥 名字 老板 老师 客服 亲 帅哥 美女 大哥 大姐 小姐姐 爸爸 妈妈 宝宝 宝贝 "
    "哥哥 姐姐 一声 过来 过去 回来 去 来 干嘛 做什么 "
    "等 看 加 填 拍 说 付钱 补 全名 小名 外号 先生 女士".split()
)
"""What stands where a by-name could, and is none."""
_NO_VALUES: Final = frozenset(
    "方便 安全 高级 成功 明白 关闭 和平 时间 支付 费用 包装 解决 易错 应该 单独 任何 万一 全部 何时 常见 金额 常用 "
    "何人 连同 应当 应为 空白 空着 为空 有误 包含 都行 能改 能换 那个 于是 从哪 简写 全称 全名".split()
)
"""What stands behind a word like 收件人 and is a word, not a value."""
_NO_LATIN_NAME = re.compile(
    r"(?<![a-z])(?:vip|svip|app|ios|api|pro|plus|max|windows|android|mac|iphone|user|admin|all|team|customer|error|not|"
    r"null|none|the|a|an|is|of|to|for|"
    r"in|on|and|server|online|test|data|file|id|new|hr|it|pc|web|wifi|crm|erp|scrm)(?![a-z])"
)
_NO_SURNAMES_EVER: Final = frozenset("和与")
_NEVER_INTRODUCED: Final = frozenset("和与都那从应时边全")
_NO_SURNAMES: Final = frozenset("和向与于都全别那从应越连时边籍")
"""Surnames that are another word far more often, where nobody of the chat has them."""


@lru_cache(maxsize=16)
def strangers_in(text: str) -> tuple[tuple[int, int], ...]:
    """Offsets of names in a text whose letters are made equal."""
    return tuple(_strangers_in(text))


def introduced_in(text: str) -> Iterator[tuple[int, int]]:
    """Offsets of names that stand behind a word that introduces one; the letters of the text are made equal."""
    for match in _CALLED.finditer(text):
        if _can_be_introduced(match[1]) and match[1][0] not in _NO_SURNAMES_EVER and match[1][-1] not in "他你我她它们":
            yield match.span(1)
    for start, end in introduced_names(text):
        if text[start:end] not in _NO_VALUES and _can_be_introduced(text[start:end]):
            yield start, end


def _strangers_in(text: str) -> Iterator[tuple[int, int]]:
    yield from introduced_in(text)
    for match in _DOTTED_NAME.finditer(text):
        if is_foreign(match[1]):
            yield without_lead(text, *match.span(1)), match.end(1)
    for pattern in (_LATIN_NAME, _FOREIGN_NAME, _CALL_ME):
        for match in pattern.finditer(text):
            start, end = match.span(match.lastindex or 0)
            if text[start:end] not in _NOBODY and not _NO_LATIN_NAME.search(text[start:end]):
                yield start, end
    for pattern in (_SURNAME_WITH_TITLE, _SURNAME_TOLD, _SURNAME_ANSWERED, _BY_NAME):
        yield from (
            match.span(1)
            for match in pattern.finditer(text)
            if match[1][0] not in _NO_SURNAMES and match[1] not in _WORDS and match[1] not in GOODS_LIKE_NAMES
        )
    for pattern in (
        _NAME_WITH_TITLE,
        _MAYBE_CALLED,
        _USUAL_NAME,
        _BY_RELATION,
        _BY_ROLE,
        _BY_ACT,
        _RECEIVES,
        _TITLED_NAME,
    ):
        for match in pattern.finditer(text):
            start, end = match.span(match.lastindex or 0)
            if _can_be_name(text[start:end]):
                yield start, end
    for start, end in latin_names(text):
        if not _NO_LATIN_NAME.search(text[start:end]):
            yield start, end
    for start, end in names_in_sentences(text):
        if _can_be_name(text[start:end]) and not _is_word_like_name(text[start:end]):
            yield start, end
    for start, end in foreign_names_in_sentences(text):
        if text[start:end] not in GOODS_LIKE_NAMES and not _is_word_like_name(text[start:end]):
            yield start, end


def _can_be_introduced(words: str) -> bool:
    """Whether what stands behind 我叫 or 联系人： may be a name: there a word may be one."""
    if (len(words) == 2 and words in WORDS_LIKE_NAMES) or words[:2] in COMPOUND_SURNAMES:
        return True
    return words[0] not in _NEVER_INTRODUCED and not _is_word(words) and words[:2] not in BEGINNINGS_OF_WORDS


def _is_word_like_name(words: str) -> bool:
    if words in WORDS_LIKE_NAMES or words[:2] in BEGINNINGS_OF_WORDS:
        return True
    return any(words.startswith(goods) for goods in (words[:2], words[:3], words[:4]) if goods in GOODS_LIKE_NAMES)


def _can_be_name(words: str) -> bool:
    if words[0] in _NO_SURNAMES or words[-1] in NO_NAME_ENDS:
        return False
    return not _is_word(words)


def _is_word(words: str) -> bool:
    if words[:2] in COMPOUND_SURNAMES and len(words) > 2:
        return False
    return any(words[:length] in _WORDS for length in (2, 3))
