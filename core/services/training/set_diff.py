"""Differences between two training sets: choices, rows that only one has, rows that changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.services.training.rows import place_of

Described = tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]
"""Parameters of a set, and its rows' provenance."""

_NOT_COMPARED = frozenset({"prompt_text"})


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row that both sets have, with differences.

    Attributes:
        place: of the row.
        what: Chinese clauses: another answer, another question, the other part, more copies.
        before: where the first set's answer comes from.
        after: where the second's comes from.
    """

    place: str
    what: tuple[str, ...]
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class SetDifference:
    """Differences between two training sets.

    Attributes:
        parameters: choice → its two values, where they differ.
        only_before: rows that only the first has, places.
        only_after: rows that only the second has, places.
        changed: rows that both have and that differ.
        same: rows that are equal in both.
    """

    parameters: dict[str, tuple[Any, Any]]
    only_before: list[str]
    only_after: list[str]
    changed: list[RowChange]
    same: int


def diff_sets(before: Described, after: Described) -> SetDifference:
    """Compare two training sets, each given by its parameters and its rows' provenance.

    Args:
        before: the first.
        after: the second.
    """
    (first, first_rows), (second, second_rows) = before, after
    names = [name for name in dict.fromkeys([*first, *second]) if name not in _NOT_COMPARED]
    old, new = ({_key(row): row for row in rows} for rows in (first_rows, second_rows))
    changed = []
    same = 0
    for key, row in old.items():
        if key not in new:
            continue
        what = _changes(row, new[key])
        if what:
            changed.append(RowChange(place_of(row), what, source_of(row), source_of(new[key])))
        else:
            same += 1
    return SetDifference(
        parameters={name: (first.get(name), second.get(name)) for name in names if first.get(name) != second.get(name)},
        only_before=[place_of(row) for key, row in old.items() if key not in new],
        only_after=[place_of(row) for key, row in new.items() if key not in old],
        changed=changed,
        same=same,
    )


def source_of(row: Mapping[str, Any]) -> str:
    """Where a row's answer comes from, as a person reads it."""
    if row["origin"] == "record":
        return f"记录第 {row['version']} 版（{row['reviewer']}）"
    return "标注"


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    window = row.get("window")
    part = tuple(window[:2]) if window else ()
    return row["dataset"], row["index"], row.get("task", ""), row.get("side", ""), row.get("customer", -1), part


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    what = []
    if before.get("answer") != after.get("answer"):
        what.append("答案不同")
    if before.get("rejected") != after.get("rejected"):
        what.append("被否的回答不同")
    if before["question_sha256"] != after["question_sha256"]:
        what.append("提问不同")
    if before.get("part") != after.get("part"):
        what.append("训练和验证换了边")
    if before.get("copies", 1) != after.get("copies", 1):
        what.append("遍数不同")
    return tuple(what)
