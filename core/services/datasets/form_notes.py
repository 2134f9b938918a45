"""What was decided about the forms of a file, counted: the same for many rows is one sentence."""

import re

_VALUE = re.compile("“[^”]{0,200}”")
_CUSTOMER = re.compile(r"第 \d{1,3} 位[^：]{1,60}：")
_SENTENCES, _NAMED = 20, 8
_LOST = "找不回来"


class FormNotes:
    """Collects the notes of rows; those that differ in nothing but the value are one."""

    def __init__(self) -> None:
        self._clauses: dict[str, tuple[str, list[int]]] = {}

    def add(self, index: int, notes: tuple[str, ...]) -> None:
        """Add the notes of the row with this index."""
        for note in notes:
            clause = _CUSTOMER.sub("", note)
            _, indices = self._clauses.setdefault(_VALUE.sub("", clause), (clause, []))
            if not indices or indices[-1] != index:
                indices.append(index)

    def sentences(self) -> tuple[str, ...]:
        """Chinese sentences, each with the rows that it is about; what is lost first, then the most frequent."""
        ordered = sorted(self._clauses.values(), key=lambda pair: (_LOST not in pair[0], -len(pair[1])))
        shown = [f"表单：{clause}{_others(clause, indices)}：{listed_rows(indices)}" for clause, indices in ordered]
        rest = ordered[_SENTENCES:]
        if rest:
            rows = {index for _, indices in rest for index in indices}
            shown[_SENTENCES:] = [f"表单：另有 {len(rest)} 种改动，涉及 {len(rows):,} 条：{listed_rows(sorted(rows))}"]
        return tuple(shown)


def listed_rows(indices: list[int]) -> str:
    """``第 1、4、7 条``, the first few of many."""
    few = "、".join(map(str, indices[:_NAMED]))
    return f"第 {few} 条" if len(indices) <= _NAMED else f"第 {few} … 条，共 {len(indices):,} 条"


def _others(clause: str, indices: list[int]) -> str:
    """Says that a value that is quoted is an example."""
    return "（例如）" if len(indices) > 1 and _VALUE.search(clause) else ""
