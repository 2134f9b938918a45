"""Differences between two values as parts: kept, removed, added.

The shortest edit script of two texts comes from rapidfuzz (compiled: under a millisecond for a form's texts);
diff-match-patch then joins accidental matches of single characters into differences that a person can read, and cuts
them at borders of words and lines. Long texts go through diff-match-patch alone, line by line first.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from diff_match_patch import diff_match_patch
from rapidfuzz.distance import Indel

from core.domain.form import Value, split_list

_EXACT_CELLS = 25_000_000
"""Most pairs of characters for an exact character diff (3 MB of bits); above, texts are compared by lines first."""
_LONG_SECONDS = 1.0


class Op(StrEnum):
    """What happened to a part on the way from A to B: kept, removed or added."""

    SAME = "same"
    OUT = "out"
    IN = "in"


class DiffPart(NamedTuple):
    """A run of characters, or one list item, with one operation.

    Attributes:
        op: stayed, went (only in A) or came (only in B).
        text: never empty.
    """

    op: Op
    text: str


_OPS = {-1: Op.OUT, 0: Op.SAME, 1: Op.IN}


def diff_text(a: str, b: str) -> tuple[DiffPart, ...]:
    """Differences of two texts by characters, in order of reading.

    The pieces that stayed or went, joined, are ``a``; those that stayed or came, joined, are ``b``.

    Args:
        a: the text before, or on the left.
        b: the text after, or on the right.
    """
    if a == b:
        return (DiffPart(Op.SAME, a),) if a else ()
    engine = diff_match_patch()
    if len(a) * len(b) <= _EXACT_CELLS:
        diffs = _exact(a, b)
        engine.diff_cleanupMerge(diffs)
    else:
        engine.Diff_Timeout = _LONG_SECONDS
        diffs = engine.diff_main(a, b, True)
    engine.diff_cleanupSemantic(diffs)
    return tuple(DiffPart(_OPS[op], text) for op, text in diffs if text)


def _exact(a: str, b: str) -> list[tuple[int, str]]:
    """The shortest edit script in diff-match-patch's own shape."""
    diffs: list[tuple[int, str]] = []
    for code in Indel.opcodes(a, b):
        if code.tag == "equal":
            diffs.append((0, a[code.src_start : code.src_end]))
            continue
        if code.src_start < code.src_end:
            diffs.append((-1, a[code.src_start : code.src_end]))
        if code.dest_start < code.dest_end:
            diffs.append((1, b[code.dest_start : code.dest_end]))
    return diffs


def diff_lists(a: Iterable[str], b: Iterable[str]) -> tuple[DiffPart, ...]:
    """Differences of two lists as sets of items (split and trimmed by the official rule).

    Items of ``a`` come first, in its order, as *same* or *out*; then those that only ``b`` has.
    """
    left, right = split_list(a), split_list(b)
    before, after = set(left), set(right)
    pieces = [DiffPart(Op.SAME if item in after else Op.OUT, item) for item in left]
    return (*pieces, *(DiffPart(Op.IN, item) for item in right if item not in before))


def diff_values(a: Value, b: Value) -> tuple[DiffPart, ...]:
    """Differences of two values of one field: as sets if either is a list, else by characters."""
    if isinstance(a, list) or isinstance(b, list):
        return diff_lists(_items(a), _items(b))
    return diff_text(a, b)


def _items(value: Value) -> list[str]:
    return value if isinstance(value, list) else [value]
