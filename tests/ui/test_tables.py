"""Figures of tables: a share is rounded once, by the column that shows it."""

import pytest

from core.ui.tables import percent_value, text_width


@pytest.mark.parametrize(
    ("share", "shown"), [(14 / 17, "82.4"), (1 / 3, "33.3"), (0.28745, "28.7"), (0.0, "0.0"), (1.0, "100.0")]
)
def test_a_share_is_rounded_once(share: float, shown: str) -> None:
    value = percent_value(share)
    assert value is not None and f"{value:.1f}" == shown
    assert percent_value(None) is None


def test_a_width_holds_its_text() -> None:
    assert text_width("rules.v1") < text_width("学自审阅・客户要素") < text_width("学自审阅・客户要素（不排名）") < 250
