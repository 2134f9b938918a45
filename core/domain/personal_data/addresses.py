"""Finds addresses in folded text: with and without province, called so, streets, houses, villages, estates."""

import re
from collections.abc import Iterator
from typing import Final

_HAN: Final = "\u3400-\u9fff"
_NUM: Final = r"(?:[0-9]{1,5}(?:[-—–][0-9a-z]{1,5}){0,4}|[零〇一二三四五六七八九十百]{1,6}|[a-z][0-9]{0,4})"
_SP: Final = r"[ \u3000\u00a0]{0,2}"
_CALLED = re.compile(
    r"(?:地址|住址|收件地|收货地|寄到|寄往|寄给|发到|发往|送到|送货到|快递到|上门到|邮寄到|住在|住址在|我家在|家住|家在|公司在|店在|店铺在|位于|坐落于?|搬到)"
    rf"(?:是|为|在|就是|填|写|改成|改为|换成|了|:|：|=|-|—|“|「|【|\"){{0,3}}{_SP}([^\n，。；;！!？?,、”」】\"]{{4,60}})"
)
_STREET = re.compile(
    rf"[{_HAN}]{{1,12}}(?:大道|胡同|路|街|巷|弄|里|道|条|环路|公路|国道|省道){_SP}[{_HAN}]{{0,4}}?{_SP}{_NUM}{_SP}(?:号|弄|幢|栋|#)"
    rf"[{_HAN}a-z0-9#\- 　]{{0,30}}"
)
_HOUSE = re.compile(
    rf"[{_HAN}a-z]{{2,14}}?(?:大厦|广场|产业园|工业园|科技园|软件园|创业园|园区|小区|花园|家园|花苑|苑|公寓|新村|写字楼|中心|商城|市场|公馆|华府|雅居|名邸|城|庄园|别墅|山庄|国际|社区|宿舍|大院|府|湾|里|村|园|居|庭|郡|阁|轩)"
    rf"{_SP}(?:[{_HAN}]{{1,2}}区|[a-z0-9一二三四五六七八九十]{{1,3}}区|[东南西北]区|[一二三四五六七八九十0-9]{{1,2}}期)?{_SP}"
    rf"{_NUM}{_SP}(?:号楼|号|座|栋|幢|楼|层|室|单元|门|#)[{_HAN}a-z0-9#\- 　]{{0,30}}"
)
_VILLAGE = re.compile(
    rf"[{_HAN}]{{2,8}}(?:镇|乡|街道|苏木)[{_HAN}]{{1,8}}(?:村|社区|居委会|屯|庄|嘎查)(?:[{_HAN}]{{0,6}}{_NUM}{_SP}(?:组|队|社|号|户|巷))?[{_HAN}a-z0-9#\-]{{0,12}}"
)
_UNIT = re.compile(
    rf"{_NUM}{_SP}(?:号楼|栋|幢|座|#|号){_SP}{_NUM}{_SP}(?:单元|门|层|楼|#)?{_SP}(?:{_NUM}{_SP}(?:室|号|户|房)?)?(?<=[室号户房元0-9])"
)
_ENGLISH = re.compile(
    r"(?:(?:room|rm|unit|flat|floor|building|no)\.? ?[0-9a-z-]{1,6},? ){0,4}(?:no\.? ?)?[0-9]{1,5} ?,? ?"
    r"(?:[a-z']{2,16} ){1,4}"
    r"(?:road|rd|street|st|avenue|ave|lane|boulevard|blvd)\b(?:[, ]{1,2}[a-z]{2,14}){0,4}"
)
_LEAD = re.compile(
    rf"^[{_HAN}]{{0,14}}?(?:地址(?:是|为)?|寄到|寄往|发到|送到|位于|搬到|就在|我在|人在|我家|住在|公司在|我们在|咱们在|的话|在(?=[{_HAN}]{{2,40}}))"
)
_PLACE_SIGN = re.compile(
    r"[省市区县州盟旗镇乡村屯组路街巷弄道号栋幢座楼层室苑园城厦场府湾庄]|单元|小区|社区|公寓|大院|宿舍|#|[0-9]-[0-9]"
)
_NOT_UNIT = re.compile(r"[0-9一二三四五六七八九十]{1,3}号")


def spelt_addresses(folded: str) -> Iterator[tuple[int, int]]:
    """Offsets of addresses in text whose width and case are folded."""
    for match in _CALLED.finditer(folded):
        start, end = match.span(1)
        while end > start and folded[end - 1] in " \u3000\t)）":
            end -= 1
        if _PLACE_SIGN.search(folded, start, end):
            yield start, end
    for pattern in (_STREET, _HOUSE, _VILLAGE, _ENGLISH):
        for match in pattern.finditer(folded):
            lead = _LEAD.match(match[0])
            start = match.start() + (lead.end() if lead else 0)
            if match.end() - start >= 4:
                yield start, len(match[0].rstrip()) + match.start()
    for match in _UNIT.finditer(folded):
        if re.search("[单室元栋幢#座]|号楼", match[0]) and not _NOT_UNIT.fullmatch(match[0]):
            yield match.span()
