"""Finds addresses in folded text: with and without province, called so, streets, houses, villages, estates."""

import re
from collections.abc import Iterator
from typing import Final

from core.domain.personal_data.reading import DIGIT

_HAN: Final = "\u3400-\u9fff"
_NUM: Final = (
    rf"(?:{DIGIT}{{1,5}}(?:[-—–]{{1,2}}(?:[0-9a-z]|{DIGIT}){{1,5}}){{0,4}}|"
    r"[零〇一二三四五六七八九十百]{1,6}|[a-z][0-9]{0,4})"
)
_SP: Final = r"[ \u3000\u00a0]{0,2}"
_CALLED = re.compile(
    r"(?:地址|住址|收件地|收货地|寄到|寄往|寄给|发到|发往|送到|送货到|快递到|上门到|邮寄到|住在|住址在|我家在|家住|我住|人在|家在|公司在|店在|店铺在|位于|坐落于?|搬到)"
    rf"(?:是|为|在|就是|填|写|改成|改为|换成|了|:|：|=|-|—|“|「|【|\"){{0,3}}{_SP}([^\n，。；;！!？?,、”」】\"]{{2,60}})"
)
_STREET = re.compile(
    rf"[{_HAN}]{{1,12}}(?:大道|胡同|路|街|巷|弄|里|道|条|环路|公路|国道|省道){_SP}[{_HAN}]{{0,4}}?{_SP}(?:{_NUM}{_SP}(?:号|弄|幢|栋|座|#)|#{DIGIT}{{1,4}})"
    rf"[{_HAN}a-z0-9#\- 　]{{0,30}}"
)
_ESTATE: Final = (
    "大厦|广场|小镇|楼上|楼下|家属楼|产业园|工业园|科技园|软件园|创业园|园区|小区|花园|家园|花苑|苑|公寓|新村|写字楼|中心|商城|市场|公馆|华府|雅居|名邸|城|庄园|别墅|"
    "山庄|国际|社区|宿舍|大院|名都|名城|豪庭|名苑|新城|花城|府|湾|里|村|园|居|庭|郡|阁|轩"
)
_ZONE: Final = (
    rf"{_SP}(?:[{_HAN}]{{1,2}}区|[a-z0-9一二三四五六七八九十]{{1,3}}区|"
    rf"[一二三四五六七八九十0-9]{{1,2}}期)?{_SP}"
)
_HOUSE = re.compile(
    rf"[{_HAN}a-z]{{1,14}}?(?:{_ESTATE}){_ZONE}{_NUM}{_SP}"
    rf"(?:号楼|号|座|栋|幢|楼|层|室|房|单元|门|f(?![a-z])|#)[{_HAN}a-z0-9#\- 　]{{0,30}}"
)
# A door's number alone: nothing that is counted stands behind it.
_DOOR: Final = (
    rf"(?:[a-z]?{DIGIT}{{1,4}}(?:[-—–]{{1,2}}{DIGIT}{{1,5}}){{1,3}}|{DIGIT}{{3,5}})"
    r"(?=$|[\s,，。;；、)）】]|收(?!到)|门口|那边|这边|了|就行|房|室)(?:房|室)?"
)
_HOUSE_DOOR = re.compile(rf"[{_HAN}a-z]{{1,14}}?(?:{_ESTATE}|东苑|西苑){_ZONE}{_DOOR}")
_VILLAGE = re.compile(
    rf"[{_HAN}]{{2,8}}(?:镇|乡|街道|苏木)[{_HAN}]{{1,8}}(?:村|社区|居委会|屯|庄|嘎查)"
    rf"(?:[{_HAN}]{{0,6}}{_NUM}{_SP}(?:组|队|社|号|户|巷))?[{_HAN}a-z0-9#\-]{{0,12}}"
)
_INSIDE: Final = (
    "号?宿舍楼?|公寓楼?|教学楼|实验楼|住院[部楼]|门诊[部楼]?|"
    "病区|病房|病室|教室|寝室|床|斋|舍|班|栋|幢|楼|室|层|单元|科"
)
_INSTITUTION = re.compile(
    rf"[{_HAN}]{{2,12}}(?:大学|学院|中学|小学|医院|校区|幼儿园|养老院|福利院|敬老院|看守所|监狱|部队|支队|疗养院)"
    rf"(?:[{_HAN}]{{0,10}}?{_SP}{_NUM}{_SP}(?:年级|{_INSIDE}){_SP}){{1,4}}(?:{DIGIT}{{2,4}}(?:室|房|床|寝室)?)?"
)
"""Where somebody is in a school or a hospital: 住院部7楼12床."""
_DOOR_CALLED = re.compile(
    r"(?:门牌号?码?|房间?号|室号|楼栋号|单元号|楼号)(?:是|为|[:= ]){0,3}"
    r"((?:[0-9a-z]{1,5}[-—–]){0,4}[0-9a-z]{1,5})(?![0-9a-z.%元])"
)
_HAMLET = re.compile(
    rf"[{_HAN}]{{1,8}}(?:村|镇|乡|屯|庄)[村口]?(?:[东南西北]头|东边|西边|南边|北边)?第[一二三四五六七八九十0-9]{{1,3}}家|"
    rf"[{_HAN}]{{1,8}}(?:村|镇|乡|屯|庄)(?:村?委会)?第?(?:旁边?第?|后面第?|前面第?|对面|隔壁|附近|[东南西北]头)?{_SP}[(（]?{_NUM}[)）]?(?:组|队|社|号(?![店线楼])|户|间|巷)(?:{_SP}{_NUM}(?:号|户))?"
)
_STAIRS = re.compile(
    rf"(?<![第每个]){_NUM}{_SP}(?:单元{_SP}{DIGIT}{{3,4}}(?!{DIGIT}|[题个页])|弄{_SP}{_NUM}{_SP}号(?:{_SP}{_NUM})?)(?:室|房)?"
)
_UNIT = re.compile(
    rf"{_NUM}{_SP}(?:号楼|栋|幢|座|#|号){_SP}{_NUM}{_SP}(?:单元|门|层|楼|#)?{_SP}(?:{_NUM}{_SP}(?:室|号|户|房)?)?(?<=[室号户房元0-9])"
)
_NO_ROAD: Final = "(?<!线|字|电|思|道|网|公|铁|马|出|套|销|水|回|链|通|走|带|让|修|同|半)"
_ROAD: Final = rf"[{_HAN}]{{1,6}}{_NO_ROAD}(?:路|街|大道|胡同)"
_WAY: Final = rf"(?:[往向]?[东南西北]{{1,2}}[侧面边角]?|{_SP}[0-9]{{1,5}}{_SP}米|路[东南西北]){{0,3}}"
"""How to go on from there: 向北200米路西."""
_CROSSING = re.compile(
    rf"{_ROAD}(?:与|和|近|靠近|&|/|到)(?:{_ROAD}|[{_HAN}]{{2,8}}(?=交叉口|交汇处|交界))(?:交叉口|交汇处|路口|交界处?|口|之间)?{_WAY}|{_ROAD}口(?!碑){_WAY}"
)
_ROOM: Final = "(?:[1-9]|[1-3][0-9])(?:0[1-9]|1[0-2])"
"""A floor and the door on it."""
_DOOR_ALONE = re.compile(
    rf"(?<![0-9a-z.\-/])(?<!型号|版本|编号|件码|货码|餐码)(?:[{_HAN}]{{2,12}}(?<!型号|版本|编号)(?<!码)(?:[a-z][区座])?)?[1-9][0-9]?[-—–][1-9][0-9]?[-—–]{_ROOM}(?![0-9a-z.\-/:元个])"
)
_BUILDING_ALONE = re.compile(
    rf"(?<![0-9])(?:[{_HAN}]{{2,8}})?(?<![共有第每建几])[a-z]?[1-9][0-9]{{0,2}}(?:幢|栋(?=$|[^{_HAN}]))(?![楼房别])|"
    rf"[{_HAN}]{{2,8}}(?<![共有第每建几去在到是])[1-9][0-9]{{0,2}}号楼|"
    rf"[{_HAN}]{{2,10}}(?:家属楼|教师楼|家属院|宿舍楼|平房|筒子楼){_SP}{_NUM}(?:单元|栋|幢|号|排)(?:{_SP}{_NUM})?|"
    rf"[{_HAN}]{{2,10}}(?:墅|湖畔|花园|花苑|公馆|府邸)[a-z]?[0-9]{{1,3}}-[0-9]{{2,4}}(?![0-9])|"
    rf"[{_HAN}]{{1,10}}{_NUM}(?:支弄|巷|弄|坊){_NUM}(?:号|弄)|"
    rf"(?<![0-9])[1-9][0-9]?楼{_ROOM}(?:室|房|$|(?![0-9{_HAN}.]))|[{_HAN}]{{1,8}}楼{_ROOM}(?:室|房|$|(?![0-9{_HAN}.]))"
)
_TOWER = re.compile(
    rf"[{_HAN}]{{2,6}}(?:soho|mall|center|tower|plaza)"
    rf"(?:[{_HAN}a-z0-9 ]{{0,10}}[0-9]{{3,4}}(?:室|房|$|(?![0-9]))|"
    rf"[{_HAN}a-z0-9 ]{{0,10}}[0-9]{{1,3}}(?:层|楼|座|室|号))"
)
_PLACE_ALONE = re.compile(
    rf"(?:^|(?<=[^{_HAN}])|(?<=[在住到是]))(?![我你他这那整各每全本一几某该])[{_HAN}]{{1,3}}(?<![乡城小农新古集球])"
    rf"(?:镇|乡(?!镇)|村(?!镇)|街道)(?=$|[^{_HAN}]|[的这那])|"
    rf"(?:^|(?<=[^{_HAN}])|(?<=[在住到是]))[{_HAN}]{{1,4}}(?:苑|花园|新村|家园|公寓|小区)(?:[一二三四五六七八九十0-9]{{1,2}}[区期]|[东南西北][区苑])"
)
_ENGLISH = re.compile(
    r"(?:(?:room|rm|unit|suite|apt|flat|floor|tower|block|building|no)\.? ?[0-9a-z-]{1,6},? ){0,4}"
    r"(?:no\.? ?)?[0-9]{1,5} ?,? ?"
    r"(?:[a-z']{2,16} ){1,4}"
    r"(?:road|rd|street|st|avenue|ave|lane|boulevard|blvd)\b(?:[, ]{1,2}[a-z]{2,14}){0,4}"
)
_LEAD = re.compile(
    rf"^[{_HAN}]{{0,14}}?(?:地址(?:是|为)?|寄到|寄往|发到|送到|位于|搬到|就在|我在|人在|我家|住在|公司在|我们在|咱们在|的话|在(?=[{_HAN}]{{2,40}}))"
)
_PLACE_SIGN = re.compile(
    r"[省市区县州盟旗镇乡村屯组路街巷弄道号栋幢座楼层室苑园城厦场府湾庄]|单元|小区|社区|公寓|大院|宿舍|#|[0-9]-[0-9]"
)
_HERE = re.compile(
    "(?:我?们?[家店]?的?)(?:楼[上下]|附近|小区|小区门口|单元门口|楼道|村口|街上|路上|路口|市里|县里|镇上|村里)(?:[了吧就]|就行|即可)?"
)
"""Where somebody is, without telling where that is: 送到楼下."""
_NOT_UNIT = re.compile(r"[0-9一二三四五六七八九十]{1,3}号")


def spelt_addresses(folded: str) -> Iterator[tuple[int, int]]:
    """Offsets of addresses in text whose width and case are folded."""
    for match in _CALLED.finditer(folded):
        start, end = match.span(1)
        while end > start and folded[end - 1] in " \u3000\t)）":
            end -= 1
        if _PLACE_SIGN.search(folded, start, end) and not _HERE.fullmatch(folded, start, end):
            yield start, end
    for pattern in (
        _STREET,
        _HOUSE,
        _HOUSE_DOOR,
        _VILLAGE,
        _HAMLET,
        _STAIRS,
        _ENGLISH,
        _CROSSING,
        _DOOR_ALONE,
        _BUILDING_ALONE,
        _TOWER,
        _PLACE_ALONE,
        _INSTITUTION,
    ):
        for match in pattern.finditer(folded):
            lead = _LEAD.match(match[0])
            start = match.start() + (lead.end() if lead else 0)
            if match.end() - start >= 4:
                yield start, len(match[0].rstrip()) + match.start()
    yield from (match.span(1) for match in _DOOR_CALLED.finditer(folded))
    for pattern in (_CROSSING, _DOOR_ALONE, _BUILDING_ALONE, _TOWER, _PLACE_ALONE):
        yield from (match.span() for match in pattern.finditer(folded))
    for match in _UNIT.finditer(folded):
        if re.search("[单室元栋幢#座]|号楼", match[0]) and not _NOT_UNIT.fullmatch(match[0]):
            yield match.span()
