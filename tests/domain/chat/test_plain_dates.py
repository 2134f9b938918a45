"""Dates in exports that do not begin with the year: in headers of texts, and which of day and month comes first."""

import pytest

from core.domain.chat import parse_chat
from core.domain.chat.chat_writing import SentMessage, write_chat
from core.domain.chat.plain_dates import DateOrder, date_order, undecided_order, with_plain_date

FORMS = [
    "Jan 2, 2024 10:21 AM",
    "January 2, 2024 10:21 AM",
    "Jan 2, 2024, 10:21",
    "Jan 2, 2024 at 10:21 AM",
    "2 Jan 2024 10:21",
    "02-Jan-2024 10:21:00",
    "01/02/2024 10:21 AM",
    "1/2/2024 10:21 AM",
    "02.01.2024 10:21",
    "2.1.2024 10:21:00",
]


@pytest.mark.parametrize("time", FORMS)
@pytest.mark.parametrize("header", ["{name}  {time}", "{time}  {name}", "[{time}] {name}", "[{time}] {name}: "])
def test_headers_with_other_dates_are_read(time: str, header: str) -> None:
    said = [("林小满", "你好"), ("客服阿青", "您好"), ("林小满", "多少钱")]
    lines = [
        header.format(name=name, time=time) + ("" if header.endswith(": ") else "\n") + body for name, body in said
    ]
    text = "\n".join(lines)
    parsed = parse_chat(text)
    assert [(one.speaker, one.body.of(text)) for one in parsed.messages] == said
    assert {one.time[:16] for one in parsed.messages} == {"2024-01-02T10:21"}
    assert "".join(span.of(text) for span in parsed.all_spans) == text
    if "Jan" not in time:
        assert undecided_order(text) is not None


@pytest.mark.parametrize(
    ("dates", "day_first", "certain"),
    [
        (["01/02/2024", "13/02/2024"], True, True),
        (["01/02/2024", "02/13/2024"], False, True),
        (["13/02/2024", "02/13/2024"], None, True),
        (["30/01/2024", "01/02/2024"], True, True),
        (["01/11/2024", "02/03/2024", "03/04/2024"], False, True),
        (["03/02/2024"], True, False),
        (["03/02/2024 9:00 PM"], False, False),
        (["03.02.2024 9:00 PM"], True, False),
        (["02/02/2024"], False, True),
        (["2024-01-02", "x"], False, True),
    ],
)
def test_day_or_month_first_is_told_by_all_dates(dates: list[str], day_first: bool | None, certain: bool) -> None:
    order = date_order(dates)
    assert (order.day_first, not order.example) == (day_first, certain)


def test_dates_that_contradict_one_another_are_read_only_where_each_is_clear() -> None:
    order = DateOrder(None)
    assert with_plain_date("13/01/2024 x", order) == "2024-01-13 x"
    assert with_plain_date("01/13/2024", order) == "2024-01-13"
    assert with_plain_date("01/02/2024", order) == "01/02/2024"
    assert with_plain_date("31/02/2024", order) == "31/02/2024"
    assert with_plain_date("1.2.3.2024", order) == "1.2.3.2024"


def test_a_line_that_would_read_as_such_a_header_is_no_message_of_its_own() -> None:
    said = "见下：\nJan 2, 2024 10:21 AM  Lin\n01/02/2024 10:21 阿青"
    written = write_chat(
        [SentMessage("甲", said, "2024-01-02T10:00:00"), SentMessage("乙", "好", "2024-01-02T10:01:00")]
    )
    assert parse_chat(written.text).speakers == ("甲", "乙")
    assert written.quoted_lines == 2


def test_a_date_that_somebody_says_makes_no_export() -> None:
    text = "林小满：01/02/2024 10:21 可以吗\n阿青：Jan 3, 2024 10:00 AM 吧\n林小满：好"
    assert [one.speaker for one in parse_chat(text).messages] == ["林小满", "阿青", "林小满"]
