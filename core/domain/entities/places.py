"""Finds the place and the address that a text names, as written; nothing is resolved or corrected."""

import re

from core.domain.entities.gazetteer import Gazetteer, PlaceName, load_gazetteer

_PLACE_HINT = re.compile(r"[省市区县州盟旗]|地址|北京|上海|天津|重庆|香港|澳门|人在|位于")
_DIVISION = re.compile(r"[\u4e00-\u9fa5]{1,10}?(?:省|自治区|特别行政区|市|自治州|地区|盟|区|县|旗)")
_BEFORE = re.compile(r"(?:[\u4e00-\u9fa5]{2}[省市]){1,8}$")
"""Places right before the first one that the gazetteer knows: scrambled chats name invented ones."""
_STREET = re.compile(r"\d\s*号|号楼|[路街道巷弄]\s*\d|大道|大厦|广场|小区|产业园|科技园|\d\s*[楼层室栋幢座]|[A-Z]座")
_ADDRESS_END = re.compile(r"[\n，。；;！!？?、]|(?<=\S)\s{2,}")


def place_and_address(text: str) -> tuple[str, str]:
    """The first place (省市区 as written) and, if street or house follow it, the whole address.

    ``("", "")`` where the gazetteer knows no province, city or county in the text. The wording is kept even where
    province and city do not belong together.
    """
    gazetteer = load_gazetteer()
    for line in text.splitlines():
        if not _PLACE_HINT.search(line):
            continue
        first = gazetteer.first(line)
        if first is None:
            continue
        start = first.start
        if before := _BEFORE.search(line, max(0, start - 24), start):
            start = before.start()
        tail = _ADDRESS_END.split(line[start:], maxsplit=1)[0].strip(" \t_-")
        place = _place_at(gazetteer, tail, first)
        return place, tail if _STREET.search(tail, len(place)) else ""
    return "", ""


def _place_at(gazetteer: Gazetteer, tail: str, first: PlaceName) -> str:
    """How much of ``tail`` names administrative divisions, one after the other."""
    end = 0
    paths = first.paths
    while end < len(tail):
        step = 0
        if place_name := gazetteer.at(tail, end, paths):
            step, paths = place_name.end - end, place_name.paths
        if match := _DIVISION.match(tail, end):
            step = max(step, match.end() - end) if not _STREET.search(match[0]) else step
        if not step:
            break
        end += step
    return tail[:end]
