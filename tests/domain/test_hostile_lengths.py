"""Finders take linear time: 40,000 hostile characters cost a fraction of a second, not minutes."""

import time
from collections.abc import Callable

import pytest

from core.domain import entities

UNITS = [
    "1",
    "a",
    "1.",
    "a.",
    "1-",
    "a@",
    "a@a.",
    "1,",
    "1 ",
    "一",
    "十",
    "万",
    "省",
    "北京市",
    "路",
    "在",
    " ",
    "13900001111",
]
FINDERS: dict[str, Callable[[str], object]] = {
    "emails": entities.emails,
    "phones": entities.phones,
    "amounts": entities.amounts,
    "addresses": lambda text: list(entities.addresses_in(text)),
    "place": entities.place_and_address,
    "is_email": entities.is_email,
    "is_mobile": entities.is_mobile,
}
LENGTH, MOST_SECONDS = 40_000, 2.0
"""Linear ones take under 0.3 s; the quadratic ones took 10 s and more."""


@pytest.mark.parametrize("name", FINDERS)
def test_a_finder_takes_linear_time(name: str) -> None:
    finder = FINDERS[name]
    finder("北京市朝阳区建国路88号，电话13900001111，a@b.com，三千元")  # the libraries are imported on first use
    for unit in UNITS:
        text = (unit * LENGTH)[:LENGTH] + "!"
        began = time.thread_time()
        finder(text)
        assert time.thread_time() - began < MOST_SECONDS, repr(unit)
