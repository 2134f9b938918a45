"""Finds people who do not speak in a chat: behind words that introduce them, in sentences about them. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from core.domain.personal_data.surnames import COMPOUND_SURNAMES, GIVEN, LONG_TITLES, SINGLE_SURNAMES

_HAN: Final = "[\u3400-\u9fff]"
_GAP: Final = r"[ \u3000\t]{0,2}"
_DOT: Final = r"[ \u3000·・•.]{0,1}"
_COMPOUND: Final = "|".join(sorted(COMPOUND_SURNAMES))
_SINGLE: Final = f"[{''.join(sorted(SINGLE_SURNAMES))}]"
FOREIGN: Final = (
    "阿依古丽买提热巴尔木拉扎西次仁卓玛旦增洛桑格央多吉才让措贡布苏达娜沙克孜米合麦汗吐逊艾力亚库肉斯帕迪图娅其那日松德乌兰江"
    "地卜卡杜嘎梅朵敖登乐呼楞史蒂夫乔约翰密尼珠白迈可罗纳奥托弗雷里安妮丝特莱伊万诺维奇旺堆顿平姆群培普瓦曲金边扎勒云雅宝音朝鲁孟高娃琴隽逸呷再祖曼山努买"
)
"""Characters in which names of other languages are written."""

NO_NAME_ENDS: Final = frozenset(
    "的员在了是和我您你他她它们个这那有要到就也都来去说给跟与把被吗呢吧部组区省市县店厂院校司科处所级班课门队方商端版型款费价件品类户群号线网课下样期酒签老替态收让"
)
"""Characters with which no name ends."""
_ENDS: Final = f"(?<![{''.join(sorted(NO_NAME_ENDS))}])"
_NOT_INTRODUCED: Final = "(?<![的了吗呢吧是们和就也都给把被您你我怎])"
_PAIR: Final = (
    "(?:(?!国家|国民|国军|一家|一年|一生|一中|一国|大家|大学|大年|大山|大中|大军|大国|大生|小学|小家|小年|文学|文明|文华|学生|学年|学军|新年|新生|新家|新国|新一|家国|家中|立国|立成|永生|元年|世家|"
    "成年|成家|向国|向东|向家|正东|正中|正一|正大|利国|利民|少年|少一|子一|一一|元一|学成|明生)"
    "[建国立新志学世向晓小振家永兴亚利元一知若子少正克大伟文思诗雨宇忠春长卫红爱秀玉美佳海宝]"
    "[国军民华平新东生成明强一立夏学辉兴诺凡鸣帆山家亮君才美中]|可[馨欣昕儿])"
)
"""Given names whose characters are as usual in other words: 建国, 立新, 一诺."""
_ROLE: Final = (
    "姓名|真名|全名|名字|名称|本名|大名|艺名|笔名|曾用名|户主|户名|业主|机主|车主|房东|租客|法人(?:代表)?|患者|病人|家长|学生|学员|乘客|旅客|住客|"
    "乘机人|客户名|会员名?|用户名|用户|客户|顾客|买家|卖家|房客|署名|落款|签名|抬头|鄙人|在下|本人|收件|寄件|实名|"
    "(?<![个别有没客商工人大男女老年华器等机前后他动情诗路])人"
)
_SAID: Final = (
    r"(?:(?:的|个人)?(?:名字|姓名|全名|名)|一栏|里|上|处)?"
    r"(?:是|叫做?|为|填写?的?是?|写的?是?|登记的?是?|用的是|留的是|就是){0,2}"
)
_INTRODUCED: Final = (
    rf"(?:我|他|她|本人|妈妈?|爸爸?|老婆|老公|媳妇|爱人|女儿|儿子|孩子|朋友|同事|宝宝|先生|太太|人|名字|就|大名|那个|这个|客服|老板)(?:名字)?叫做?{_GAP}|"
    rf"(?:{_ROLE}){_SAID}{_GAP}[:：=]?{_GAP}|"
    rf"(?<![a-z])(?:my name is|full name|name|contact|attn|signed|dear){_GAP}[:：=]?{_GAP}"
)
_CHINESE_NAME: Final = rf"(?:{_COMPOUND}){_DOT}{_HAN}{{1,2}}|{_SINGLE}{_DOT}{_HAN}{{1,2}}|{_SINGLE}{{2}}{_HAN}{{1,2}}"
_BEHIND: Final = (
    r"(?=$|[^\u3400-\u9fff0-9a-z]|的|电话|手机|地址|微信|邮箱|身份证|[收签](?![到货])|先生|女士|小姐|同学|"
    rf"{LONG_TITLES})"
)
_INTRODUCTION = re.compile(rf"(?:{_INTRODUCED})({_CHINESE_NAME}){_NOT_INTRODUCED}{_BEHIND}")
_INTRODUCTION_OF_USUAL = re.compile(
    rf"(?:{_INTRODUCED})((?:{_SINGLE}{{1,2}}|{_COMPOUND}){_DOT}(?:{GIVEN}{{2}}|{_PAIR})|(?:{_COMPOUND}){_DOT}{GIVEN})"
)
_INTRODUCTION_OF_FOREIGN = re.compile(
    rf"(?:{_INTRODUCED})([{FOREIGN}]{{2,7}}(?:[·・•‧][\u3400-\u9fff]{{1,8}})?){_BEHIND}"
)
_INTRODUCTION_OF_LATIN = re.compile(
    rf"(?:{_INTRODUCED}|我是{_GAP})([a-z]{{2,15}}(?:(?:[ .'-]{{1,2}})[a-z]{{1,15}}){{1,2}})(?![a-z0-9@_])|"
    r"(?:(?:我|他|她|名字|英文名)叫|英文名(?:是|为|[:：])?|(?<![a-z])my name is) ?([a-z]{2,15})(?![a-z0-9@_.])"
)
_LATIN_WITH_TITLE = re.compile(
    r"(?<![a-z0-9@_.])([a-z]{3,12}(?: [a-z]{2,12})?) ?(?=先生|女士|小姐(?!姐)|同学|老师|经理|顾问)"
)

_LEAD: Final = (
    "(?:^|(?<=[^\u3400-\u9fff])|(?<=[找跟和与是叫给请让对问约由向见同为及转派替帮被把归诉烦谢天才次前后说个了在过有要想等看听认识])|"
    "(?<=[除带因但就那这写填签]))"
)
_DIRECT_LEAD: Final = (
    "(?:^|(?<=[^\u3400-\u9fff])|(?<=[找跟和与叫给请让由替被归诉谢是用写])|"
    "(?<=一下|麻烦|客服|改成|换成|签的|写的|名叫|号是|昨天|今天|前天|刚才|上次|之前|那个|你们|他们|我们|不是|[单己]是|的是|定是|就是|来是|都是|人是|[,，]是))"
)
_TAIL: Final = (
    "(?=$|[^\u3400-\u9fff0-9a-z]|[给让来去在说打回发送签拿取接收买订付转寄退问和跟与同也都已刚又还再没不会能可要有把被从了吗呢吧你您我]|"
    "[他她帮处办联答弄搞告推介今明这那出做写负下昨管操催查看修装开确审批代领什承放找约骗换交带用先后早晚态]|"
    rf"的(?!话)|{LONG_TITLES}|客服|工程师)"
)
_USUAL = re.compile(
    rf"{_LEAD}((?:{_SINGLE}{{1,2}}|{_COMPOUND}){_DOT}(?:{GIVEN}{{2}}|{_PAIR}))(?![市省区县镇乡村路街道店厂院校楼苑园牌款])|"
    rf"{_LEAD}((?:{_COMPOUND}){GIVEN}){_TAIL}"
)
_LIKELY = re.compile(
    rf"{_DIRECT_LEAD}((?:{_SINGLE}|{_COMPOUND})(?:{GIVEN}{_HAN}|{_HAN}{GIVEN}|{GIVEN})|"
    rf"{_SINGLE}{{2}}(?:{GIVEN}|{_HAN}{GIVEN}|{GIVEN}{_HAN})){_ENDS}{_TAIL}"
)
_ACTS: Final = (
    "转一?下|转给|找一?下?|叫|让|请|谢谢|联系一?下?|通知|投诉一?下?|退给|交给|寄给|发给|送给|付给|留给|放在|问一?下?|问问|"
    "被|替|由|帮"
)
_DONE_BY = re.compile(
    rf"(?:{_ACTS}){{1,2}}({_SINGLE}{_HAN}{{2}}){_ENDS}(?=$|[^\u3400-\u9fff0-9a-z]|的名字|取件|那里|那儿|家里|手里|签[收字]|代收|接电话|"
    "处理|[上下]午|今天|明天|过来|来[处找看]|收货|收件|退款|发货|开票)|"
    rf"(?:^|(?<=[^\u3400-\u9fff]))({_SINGLE}{_HAN}{{2}}){_ENDS}(?=签[收字]|代收|付的款|下的单|买的|订的|处理的|的订单|的快递|的包裹|的地址|的电话|的手机)|"
    rf"(?:转给|退给|交给|寄给|找|联系)({_SINGLE}{_HAN}){_ENDS}(?=$|[,，。!！?？])"
)
_PURE: Final = (
    "[王李张刘陈杨赵吴徐孙朱胡郭罗郑梁谢宋唐韩冯邓曹彭袁蔡蒋杜魏吕姚沈姜崔谭廖邹邱薛闫侯尹贾阎潘傅郝龚邵覃"
    "樊殷翟倪俞鲍祁岑裴佟仝佘卢董昝亓郜雒郄逄阚谌芈乜隗郗笪厍麹麴谯蹇鄢佴甯甄贲芮羿汲邴糜蓟姬郦郤璩郏宦庾暨殳訾蒯竺桓仵嵇逯]"
)
"""Surnames that are seldom the beginning of another word."""
_PURE_WORDS: Final = (
    "(?!李子|李宁|张[口开贴数图纸票卡嘴罗扬狂望]|王[国者冠府牌室妃朝]|杨[树梅桃柳]|陈[列述旧设醋年词]|朱红|胡[子椒同乱闹扯说萝桃须]|罗[列马汉盘纹嗦]|宋[体朝代]|"
    "唐[装朝代突山人]|韩[国版式剧语]|曹操|杜绝|沈阳|姜[汤茶片糖粉]|谢[谢意绝幕]|徐徐|孙[子女悟]|郑[重州]|梁柱|冯巩|潘多|傅立|侯[机车任]|贾[宝汪]|彭湃|刘海|吴江|赵州|董事|"
    "韩束|蒋介|袁大|谢天|谢啦|谢了)"
)
_STRONG_TAIL: Final = (
    "(?=[吗呢]|签|退[货款换了]|买|下[的过了]?单|付[的款过了钱]|[订说]|承诺|答应|告诉|给我|帮我|替我|打[电给来]|回[复电我]|来[了过电]|在[吗不线]|"
    "有没有|已经|刚|昨天|今天|明天|什么时候|[你您]好|先生|女士|小姐(?!姐)|收[的了货件]|取[的了货件]|接[的了电]|处理|负责|联系|发[的给来]|寄|"
    "的(?:订单|快递|包裹|地址|电话|手机|名字|单子|账号|号码|发票|身份证|微信|信息|资料))"
)
_OF_PURE = re.compile(
    rf"(?:{_DIRECT_LEAD}|(?<=[是的收写]))(?<![0-9一两几]){_PURE_WORDS}({_PURE}{_HAN}{{2}}|{_PURE}{_HAN}){_ENDS}{_STRONG_TAIL}|"
    rf"(?:转给|退给|交给|寄给|发给|找一?下?|叫|联系|投诉|投诉一下|谢谢|感谢|收件|写|收){_GAP}{_PURE_WORDS}({_PURE}{_HAN}{{1,2}}){_ENDS}(?=$|[^\u3400-\u9fff0-9a-z])"
)
_WIDE_TAIL: Final = rf"(?:{_TAIL}|(?=[的态上中之等号啊呀哦哈嘛亲代经名也还]|客服|医生|师傅|快递|订单))"
_LIKELY_OF_PURE = re.compile(
    rf"(?:{_LEAD}|(?<=客服|改成|换成|工号|师傅|顾问|同事|员工|医生|司机|朋友))(?<![0-9一两几]){_PURE_WORDS}"
    rf"({_PURE}(?:{_PAIR}|{GIVEN}{_HAN}|{_HAN}{GIVEN}|{GIVEN})|{_PURE}{_SINGLE}{GIVEN}){_ENDS}{_WIDE_TAIL}"
)
_ENGLISH: Final = (
    "aaron|abby|adam|alan|albert|alex|alice|allen|amanda|amy|andrew|andy|angela|anna|anne|annie|anthony|ashley|barbara|bella|"
    "ben|betty|bill|bob|bobby|brian|bruce|candy|carl|carol|cathy|charles|charlie|cherry|chris|christine|cindy|claire|coco|"
    "daisy|daniel|danny|david|dennis|diana|donna|doris|edward|elaine|elena|ella|ellen|emily|emma|eric|eva|fiona|flora|frank|"
    "gary|george|gloria|grace|hannah|harry|helen|henry|irene|iris|ivan|ivy|jackson|jacky|james|jane|janet|jason|jay|jeff|"
    "jennifer|jenny|jeremy|jerry|jessica|jessie|jim|jimmy|joan|joe|john|johnny|joseph|joyce|judy|julia|julie|june|justin|karen|"
    "kate|kathy|katie|kelly|kenneth|kenny|kevin|kitty|laura|lawrence|leo|leon|lily|linda|lisa|louis|lucas|lucy|luke|maggie|"
    "mandy|maria|martin|mary|mia|michael|michelle|mike|molly|monica|nancy|nathan|nick|nicole|nina|olivia|oscar|patrick|paul|"
    "peter|philip|phoebe|rachel|rebecca|richard|robert|robin|roger|ronald|ryan|sally|sam|samuel|sandy|sara|sarah|scott|sean|"
    "selina|sherry|simon|sophia|sophie|stella|stephen|steve|steven|sue|sunny|susan|sylvia|ted|teresa|terry|thomas|tiffany|tim|"
    "tina|toby|todd|tom|tommy|tony|tracy|vanessa|vicky|victor|vincent|vivian|wendy|william|winnie|yvonne|zoe|jack"
)
_LATIN_MENTIONED = re.compile(
    rf"(?:找|转给|交给|问一?下?|联系|同事|客服|叫|跟|让|请|给){_GAP}"
    rf"((?:{_ENGLISH})(?: [a-z]{{2,12}})?)(?![a-z0-9@_.\-])|"
    rf"(?<![a-z0-9@_.\-])({_ENGLISH})(?={_GAP}(?:先生|女士|小姐|老师|经理|同学|客服|说|给我|帮我|告诉我|让我))"
)
_FOREIGN_MENTIONED = re.compile(
    rf"{_DIRECT_LEAD}(?!让|登录|再|江苏|金山|安其)([{FOREIGN}]{{2,6}}[·・•‧](?:[{FOREIGN}]{{1,8}}|[\u3400-\u9fff]{{1,8}}?)|[{FOREIGN}]{{3,7}}){_TAIL}"
)
_LEAD_OF_DOTTED = re.compile(rf"(?:我是|{_ROLE}|让|请|找|给|跟|麻烦|帮|叫|是|名字|您好|你好){{1,2}}")
_FOREIGN_SHARE: Final = 0.6
_LETTERS_OF_NAMES: Final = frozenset(FOREIGN)


def introduced_names(text: str) -> Iterator[tuple[int, int]]:
    """Offsets of names behind a word that introduces one: 预约人, 我妈叫; whatever characters they are made of."""
    for pattern in (_INTRODUCTION, _INTRODUCTION_OF_USUAL):
        yield from (match.span(1) for match in pattern.finditer(text))
    for match in _INTRODUCTION_OF_FOREIGN.finditer(text):
        if is_foreign(match[1]):
            yield match.span(1)


def latin_names(text: str) -> Iterator[tuple[int, int]]:
    """Offsets of names in Latin letters, behind a word that introduces one or in front of a title."""
    for pattern in (_INTRODUCTION_OF_LATIN, _LATIN_WITH_TITLE, _LATIN_MENTIONED):
        yield from (match.span(match.lastindex or 0) for match in pattern.finditer(text))


def names_in_sentences(text: str) -> Iterator[tuple[int, int]]:
    """Offsets of what looks like a Chinese name where a sentence has somebody: 跟雷妍联系过了."""
    for pattern in (_USUAL, _LIKELY, _DONE_BY, _OF_PURE, _LIKELY_OF_PURE):
        yield from (match.span(match.lastindex or 0) for match in pattern.finditer(text))


def foreign_names_in_sentences(text: str) -> Iterator[tuple[int, int]]:
    """Offsets of names of other languages in Chinese characters where a sentence has somebody: 让其其格处理."""
    yield from (match.span(1) for match in _FOREIGN_MENTIONED.finditer(text) if is_foreign(match[1]))


def without_lead(text: str, start: int, end: int) -> int:
    """Where a name begins of which the first characters only introduce it: 业主 of 业主阿卜杜拉·卡德尔."""
    lead = _LEAD_OF_DOTTED.match(text, start, end)
    return lead.end() if lead else start


def is_foreign(words: str) -> bool:
    """Whether most characters are those in which names of other languages are written."""
    return sum(letter in _LETTERS_OF_NAMES for letter in words) >= _FOREIGN_SHARE * (len(words) - 1)
