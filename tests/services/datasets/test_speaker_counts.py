"""Counting the chats of a file while they pass."""

from dataclasses import asdict

import pytest

from core.services.datasets.import_types import ChatRow
from core.services.datasets.speaker_counts import SpeakerCounts

ROWS = [
    ChatRow(number, f"林木{number}：好\n客服：在" if number % 7 else "没有人说话", None) for number in range(1, 131)
]


@pytest.mark.parametrize("most", [None, 0, 1_100, 10_000, 10**9])
@pytest.mark.parametrize("rows", [0, 1, 49, 50, 130])
def test_chats_are_counted_in_order_however_they_pass(most: int | None, rows: int) -> None:
    passing, one_by_one = (SpeakerCounts() if most is None else SpeakerCounts(most) for _ in range(2))
    assert list(passing.count(iter(ROWS[:rows]))) == ROWS[:rows]
    for row in ROWS[:rows]:
        one_by_one.add(row)
    assert asdict(passing) == asdict(one_by_one)
    assert passing.counted == (rows if most is None or most > 100_000 else min(rows, one_by_one.counted))
