"""The next and the previous difference, from wherever one stands."""

from core.services.quality import Difference
from core.ui.quality.difference_walk import neighbour_difference

KEYS = ("姓名", "手机", "阶段")
PLACES = [
    Difference(1, 0, "手机"),
    Difference(1, 1, "姓名"),
    Difference(4, 0, "姓名"),
    Difference(4, 0, "阶段"),
    Difference(9, 0, "手机"),
]


def test_neighbours_are_those_in_reading_order() -> None:
    cells = [Difference(chat, customer, key) for chat in range(11) for customer in range(3) for key in KEYS]
    for number, at in enumerate(cells):
        before = [cell for cell in cells[:number] if cell in PLACES]
        after = [cell for cell in cells[number + 1 :] if cell in PLACES]
        assert neighbour_difference(KEYS, PLACES, at, forward=False) == (before[-1] if before else None)
        assert neighbour_difference(KEYS, PLACES, at, forward=True) == (after[0] if after else None)
    assert neighbour_difference(KEYS, [], PLACES[0], forward=True) is None
