"""Values that a change of a form would lose: the same ones are told from others, in whatever order they come."""

import pytest

from core.services.forms.lost_values import LostValues

A, B = ("电话", "111"), ("电话", "222")


def digest(*lost: tuple[str, str]) -> str:
    values = LostValues()
    for one in lost:
        values.add([one])
    assert values.cells == len(lost)
    return values.digest


def test_the_same_values_in_another_order_are_the_same() -> None:
    assert digest(A, B, A) == digest(B, A, A)
    assert digest() == ""


@pytest.mark.parametrize("others", [(A,), (A, B), (A, A, A), (B, B), (A, ("电", "话111")), (A, ("电话1", "11"))])
def test_other_values_are_told_apart(others: tuple[tuple[str, str], ...]) -> None:
    assert digest(*others) != digest(A, A)
