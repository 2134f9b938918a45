"""Words for dates, counted from the day on which they were said."""

import pytest

from core.domain.entities.spoken_dates import spoken_date

TUESDAY = "2024-01-02T10:21:00"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("下周二", "2024-01-09 周二"),
        ("下个星期天下午", "2024-01-14 周日"),
        ("下下周一", "2024-01-15 周一"),
        ("周五前", "2024-01-05 周五"),
        ("周二", "2024-01-02 周二"),
        ("周一上午10点", "2024-01-08 周一"),
        ("本周一", "2024-01-01 周一"),
        ("周末", "2024-01-06 周六"),
        ("今天下午", "2024-01-02 周二"),
        ("明早", "2024-01-03 周三"),
        ("后天", "2024-01-04 周四"),
        ("大后天", "2024-01-05 周五"),
        ("三天后", "2024-01-05 周五"),
        ("两周后", "2024-01-16 周二"),
        ("一个月之后", "2024-02-02 周五"),
        ("半个月后", "2024-01-17 周三"),
        ("下周", "2024-01-08 周一 至 01-14 周日"),
        ("这周内", "2024-01-02 周二 至 01-07 周日"),
        ("月底", "2024-01-31 周三"),
        ("下个月初", "2024-02-01 周四 至 02-10 周六"),
        ("下个月", "2024-02-01 周四 至 02-29 周四"),
        ("下月5号", "2024-02-05 周一"),
        ("5号", "2024-01-05 周五"),
        ("1号", "2024-02-01 周四"),
        ("十五号", "2024-01-15 周一"),
        ("年底", "2024-12-31 周二"),
    ],
)
def test_the_date_beside_the_words(words: str, shown: str) -> None:
    assert str(spoken_date(words, TUESDAY)) == shown


@pytest.mark.parametrize(
    "words",
    [
        "",
        "尽快",
        "有空的时候",
        "2024-01-09",
        "2024年1月9日",
        "3月5日",
        "上周五",
        "每周二",
        "上个月底",
        "三月底",
        "明年底",
        "五月三号",
        "12/18",
        "5号楼的事定了再说吧",
    ],
)
def test_no_date(words: str) -> None:
    assert spoken_date(words, "2024-02-03T10:00") is None


@pytest.mark.parametrize("said_at", ["", "10:21", "早上十点二十一分钟"])
def test_without_a_day_nothing_is_counted(said_at: str) -> None:
    assert spoken_date("明天", said_at) is None


def test_a_long_text_takes_no_time() -> None:
    assert spoken_date("下" * 100_000 + "十" * 100_000, TUESDAY) is None
