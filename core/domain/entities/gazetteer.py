"""Names of provinces, cities, counties and districts, from the tables of jionlp; abolished ones too."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from core.domain.entities.jionlp_library import load_jionlp

Path = tuple[str, ...]
"""Full names from the province down, at most three."""

_NAMED_BY_DIRECTION = frozenset(
    ("城区", "郊区", "矿区", "东区", "西区", "南区", "北区", "新县", "南县", "单县", "高县")
)
"""Names of districts that are words of every day: 住在郊区 names none."""
_NO_PLACE = frozenset(("省直辖", "省直辖行政区划", "市辖区"))
_ROAD_BEHIND = re.compile(r"[东西南北中]{0,2}[一二三四五六七八九十]?(?:路|街|大道|大街|公园|巷|桥|广场|大厦|小区|站)")
"""What makes a short name the name of a road: 北京朝阳路."""


class PlaceName(NamedTuple):
    """A name that stands in a text.

    Attributes:
        start: offset.
        end: behind its last character.
        paths: the divisions that bear this name.
    """

    start: int
    end: int
    paths: frozenset[Path]


class Gazetteer:
    """Finds names of administrative divisions.

    Args:
        names: the full name or a short one of each division, and its path. Short names of districts count only behind
            a name of what they belong to (see :meth:`at`): 朝阳, 南山 and 和平 are words, too.
        short_names: the short names of districts and counties.
    """

    def __init__(self, names: Iterable[tuple[str, Path]], short_names: Iterable[tuple[str, Path]]) -> None:
        self._names = _Names(names)
        self._short_names = _Names(short_names)

    def first(self, text: str) -> PlaceName | None:
        """The first name in a text; of several that begin there the longest."""
        for start in range(len(text) - 1):
            if place_name := self._names.at(text, start):
                return place_name
        return None

    def at(self, text: str, start: int, above: frozenset[Path]) -> PlaceName | None:
        """The longest name at an offset of a division that belongs to one of ``above``, or holds one of them."""
        names = [
            PlaceName(start, place_name.end, paths)
            for place_name in (self._names.at(text, start), self._short_names.at(text, start))
            if place_name and (paths := _related(place_name.paths, above))
        ]
        longest = max(names, key=lambda name: name.end, default=None)
        if longest and text[longest.end - 1] not in "省市区县旗州盟" and _ROAD_BEHIND.match(text, longest.end):
            return None
        return longest


class _Names:
    """Names by their first two characters."""

    def __init__(self, names: Iterable[tuple[str, Path]]) -> None:
        paths: dict[str, set[Path]] = {}
        for name, path in names:
            if len(name) > 1:
                paths.setdefault(name, set()).add(path)
        self._paths = {name: frozenset(name_paths) for name, name_paths in paths.items()}
        self._by_start: dict[str, list[str]] = {}
        for name in sorted(self._paths, key=len, reverse=True):
            self._by_start.setdefault(name[:2], []).append(name)

    def at(self, text: str, start: int) -> PlaceName | None:
        for name in self._by_start.get(text[start : start + 2], ()):
            if text.startswith(name, start):
                return PlaceName(start, start + len(name), self._paths[name])
        return None


def _related(paths: Iterable[Path], above: Iterable[Path]) -> frozenset[Path]:
    return frozenset(
        path for path in paths if any(path[: len(one)] == one or one[: len(path)] == path for one in above)
    )


@lru_cache(maxsize=1)
def load_gazetteer() -> Gazetteer:
    """The gazetteer of the whole country; it takes half a second to load."""
    library = load_jionlp()
    divisions = [*_current(library.china_location_loader()), *_abolished(library.china_location_change_loader())]
    names: list[tuple[str, Path]] = []
    short_names: list[tuple[str, Path]] = []
    for path, alias in divisions:
        full_name = path[-1]
        if full_name in _NAMED_BY_DIRECTION | _NO_PLACE or alias in _NO_PLACE:
            continue
        names.append((full_name, path))
        # 昆山 names a city by itself, as 苏州 does.
        (names if len(path) < 3 or full_name.endswith("市") else short_names).append((alias, path))
    return Gazetteer(names, short_names)


def _current(provinces: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    for province, cities in provinces.items():
        yield (province,), cities["_alias"]
        for city, counties in _below(cities):
            for alias in counties["_alias"]:
                yield (province, city), alias
            for county, names in _below(counties):
                yield (province, city, county), names["_alias"]


def _below(division: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((name, below) for name, below in division.items() if not name.startswith("_"))


def _abolished(changes: Iterable[dict[str, Any]]) -> Iterator[tuple[Path, str]]:
    for change in changes:
        names = [(name, alias) for name, alias in change["old_loc"] if name]
        yield tuple(name for name, _ in names), names[-1][1]
