"""Files of messages as customer service systems, 企业微信, DingTalk and Excel leave them behind."""

import csv
import json
import re
from io import BytesIO, StringIO
from typing import Any
from warnings import catch_warnings, simplefilter
from zipfile import ZipFile

import pytest
from openpyxl import Workbook

from core.domain.chat import Role, parse_chat
from core.domain.form import load_named_form
from core.errors import InputError
from core.services.datasets.import_types import FileKind, TableColumns
from core.services.datasets.message_words import BELOW_QUOTE
from core.services.datasets.reading_report import Joined
from core.services.datasets.row_validation_pass import RowValidationPass
from core.services.datasets.source_file import open_source

FORM = load_named_form("role_elements")


class Reading:
    """What one file reads as."""

    def __init__(self, data: bytes, name: str, **columns: Any) -> None:
        with open_source(BytesIO(data), name) as source:
            validation_pass = RowValidationPass(source, FORM, TableColumns(**columns))
            is_chats = validation_pass.kind is FileKind.CHATS
            self.rows = list(validation_pass.chats() if is_chats else validation_pass.submissions())
            self.texts = [row.text for row in self.rows]
            self.notes = "\n".join(validation_pass.notes)
            self.rejected = validation_pass.rejected
            self.report = validation_pass.report
            self.format = source.format

    @property
    def sides(self) -> list[list[tuple[str, Role]]]:
        """Speaker and side of each message, chat by chat."""
        return [[(one.speaker, one.side) for one in parse_chat(text).messages] for text in self.texts]

    @property
    def bodies(self) -> list[list[str]]:
        """Words of each message, chat by chat."""
        return [[one.body.of(text) for one in parse_chat(text).messages] for text in self.texts]


def csv_of(*rows: list[str]) -> bytes:
    text = StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def xlsx_of(*rows: list[Any], merged: tuple[str, ...] = ()) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    for span in merged:
        sheet.merge_cells(span)
    book.save(file := BytesIO())
    return file.getvalue()


def json_of(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def archived(sender: str, words: str, at: int) -> dict[str, Any]:
    base = {"msgid": words, "action": "send", "from": sender, "tolist": ["LiuQing"], "roomid": "wrR1"}
    return {**base, "msgtime": 1704162060000 + at * 1000, "msgtype": "text", "text": {"content": words}}


def test_external_contacts_of_wecom_are_customers_whatever_the_length_of_their_ids() -> None:
    senders = ["wmKUNDE", "LiuQing", "woANDERE", "wangwu", "wm_9", "wolf", "wy", "wmErxtDgAA9AW32YyyuYRimKr7D1KWlw"]
    reading = Reading(json_of([archived(one, f"句{at}", at) for at, one in enumerate(senders)]), "a.json")
    customer, staff, unknown = Role.CUSTOMER, Role.STAFF, Role.UNKNOWN
    assert [side for _, side in reading.sides[0]] == [
        customer,
        staff,
        customer,
        staff,
        customer,
        unknown,
        staff,
        customer,
    ]
    rows = [["1", "send", one, "['a']", "wrR1", "1704162060000", "text", "好"] for one in senders[:3]]
    table = csv_of(["msgid", "action", "from", "tolist", "roomid", "msgtime", "msgtype", "content"], *rows)
    assert [side for _, side in Reading(table, "a.csv").sides[0]] == [customer, staff, customer]


@pytest.mark.parametrize("column", ["会话ID", "群号"])
@pytest.mark.parametrize("number", ["1.38E+10", "4.7e+15", "12345678901234500000", 12345678901234567890])
def test_chats_are_not_joined_by_numbers_that_excel_has_shortened(column: str, number: Any) -> None:
    table = [[column, "发送人", "内容"], [number, "甲", "一"], [number, "乙", "二"]]
    files = [(xlsx_of(*table), "a.xlsx")]
    files += [(csv_of(*table), "a.csv")] if isinstance(number, str) else []
    for data, name in files:
        with pytest.raises(InputError, match=f"「{column}」列的编号被 Excel 改短了（如 "):
            Reading(data, name)
        chosen = Reading(data, name, join="session" if column == "会话ID" else "room")
        assert len(chosen.texts) == 1
        assert f"「{column}」列有 2 行的编号被 Excel 改短了" in chosen.notes


def test_a_room_stands_in_for_sessions_that_have_lost_digits_and_senders_ids_are_named() -> None:
    header = ["会话ID", "群聊名称", "发送人", "发送人ID", "内容"]
    reading = Reading(
        csv_of(header, ["1.3E+9", "一群", "甲", "1.1E+15", "问"], ["1.3E+9", "二群", "乙", "7", "答"]), "a.csv"
    )
    assert reading.report.joined is Joined.ROOM
    assert len(reading.texts) == 2
    assert "「会话ID」列有 2 行" in reading.notes
    assert "「发送人ID」列有 1 行的编号被 Excel 改短了（如 1.1E+15），不靠它分辨同名的人（第 2 行）" in reading.notes
    whole = Reading(csv_of(header, ["20240102000000000017", "", "甲", "1", "问"]), "a.csv")
    assert "改短" not in whole.notes


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("访客发送", "客服发送"),
        ("客户消息", "坐席回复"),
        ("访客→客服", "客服→访客"),
        ("客户 -> 坐席", "坐席 -> 客户"),
        ("客服接收", "访客接收"),
        ("买家说", "商家说"),
        ("訪客", "坐席"),
        ("in", "out"),
        ("0", "1"),
    ],
)
def test_who_speaks_is_told_by_the_direction_and_the_names_of_both(theirs: str, ours: str) -> None:
    header = ["会话编号", "访客昵称", "客服昵称", "消息方向", "消息内容"]
    rows = [
        ["K1", "林小满", "阿青", theirs, "你好"],
        ["K1", "林小满", "阿青", ours, "您好"],
        ["K2", "", "", theirs, "在吗"],
    ]
    first, second = Reading(csv_of(header, *rows), "a.csv").sides
    assert first == [("林小满", Role.CUSTOMER), ("阿青", Role.STAFF)]
    assert [side for _, side in second] == [Role.CUSTOMER]


def test_a_direction_that_nobody_knows_is_named() -> None:
    header = ["会话编号", "访客昵称", "客服昵称", "消息方向", "消息内容"]
    rows = [["K1", "林小满", "阿青", word, "你好"] for word in ("7", "8", "客服发送")]
    reading = Reading(csv_of(header, *rows), "a.csv")
    assert "有 2 条消息的收发方认不出是哪一方（如「7」）" in reading.notes


def test_rich_text_and_transcripts_of_dingtalk_are_read() -> None:
    def sent(kind: str, name: str, content: Any) -> dict[str, Any]:
        return {"conversationId": "c", "senderNick": "阿青", "createAt": 1704162060000, "msgtype": kind, name: content}

    parts = [{"text": "看这个"}, {"type": "picture", "downloadCode": "x"}, {"text": "多少钱"}]
    messages = [
        sent("text", "text", {"content": "你好"}),
        sent("richText", "content", {"richText": parts}),
        sent("audio", "content", {"recognition": "想买两台", "duration": 4000}),
        sent("file", "content", {"fileName": "报价.xlsx"}),
        sent("picture", "content", {"downloadCode": "x"}),
        sent("unheard", "content", {"deep": {"words": ["没读到"]}}),
    ]
    reading = Reading(json_of(messages), "a.json")
    bodies = ["你好", "看这个[图片]多少钱", "[语音] 想买两台", "[文件] 报价.xlsx", "[图片]", "[unheard]"]
    assert reading.bodies == [bodies]
    assert "content.deep" in reading.notes
    table = csv_of(["会话ID", "发送人", "消息类型", "内容"], ["c", "阿青", "richText", json.dumps({"richText": parts})])
    assert Reading(table, "a.csv").bodies == [["看这个[图片]多少钱"]]


@pytest.mark.parametrize(
    "header", [["发送人", "内容"], ["昵称", "消息内容"], ["发言人", "聊天内容"], ["Sender", "Message"]]
)
def test_a_column_of_senders_makes_messages_of_rows_that_each_speak_once(header: list[str]) -> None:
    rows = [["甲木", "你好"], ["乙木", "您好"], ["丙木", "在吗"]]
    for data, name in ((csv_of(header, *rows), "a.csv"), (xlsx_of(header, *rows), "a.xlsx")):
        assert [speaker for speaker, _ in Reading(data, name).sides[0]] == ["甲木", "乙木", "丙木"]


def test_forwarded_chats_are_messages_like_others() -> None:
    forwarded = "王五：第一句\n赵六：第二句"
    rows = [[f"人{at}", forwarded if at < 5 else "好的", f"2024-01-02 10:0{at}", "一群"] for at in range(6)]
    reading = Reading(csv_of(["发送人", "内容", "时间", "群名"], *rows), "a.csv")
    assert (len(reading.texts), reading.report.messages) == (1, 6)


def test_merged_cells_of_room_sender_and_time_count_in_each_row() -> None:
    header = ["群聊名称", "发送人", "时间", "内容"]
    times = ["2024-01-02 10:00", None, "2024-01-02 10:05", "2024-01-02 10:06"]
    rooms, senders = ["一群", None, "二群", None], ["甲木", None, "甲木", "乙木"]
    rows = [list(row) for row in zip(rooms, senders, times, ["一", "二", "三", "四"], strict=True)]
    data = xlsx_of(header, *rows, merged=("A2:A3", "A4:A5", "B2:B3", "C2:C3"))
    first, second = Reading(data, "a.xlsx").sides
    assert [speaker for speaker, _ in first + second] == ["甲木", "甲木", "甲木", "乙木"]


@pytest.mark.parametrize(
    "header",
    [
        ["發送者", "內容", "時間", "聊天室"],
        ["傳送者", "訊息內容", "傳送時間", "群組"],
        ["暱稱", "訊息", "日期時間", "群組名稱"],
    ],
)
def test_traditional_headers_are_read(header: list[str]) -> None:
    rows = [["林小滿", "請問", "2024-01-02 10:00", "A"], ["客服", "您好", "2024-01-02 10:01", "A"]]
    reading = Reading(csv_of(header, *rows), "a.csv")
    assert [speaker for speaker, _ in reading.sides[0]] == ["林小滿", "客服"]
    assert parse_chat(reading.texts[0]).messages[0].time == "2024-01-02T10:00:00"
    assert Reading(csv_of(["編號", "聊天記錄"], ["7", "甲：你好\n乙：您好"]), "a.csv").rows[0].index == 7


def test_a_row_of_data_is_never_named_as_the_columns() -> None:
    with pytest.raises(InputError) as caught:
        Reading(csv_of(["谁", "什么", "何时"], ["甲", "你好", "早上"], ["客服", "您好", "晚上"]), "a.csv")
    assert "谁、什么、何时" in caught.value.remedy


def test_a_header_that_comes_again_is_no_message_and_no_chat() -> None:
    header = ["发送人", "内容", "时间"]
    rows = [header, ["甲", "一", "2024-01-02 10:00"], header, ["乙", "二", "2024-01-02 10:01"]]
    reading = Reading(csv_of(*rows), "a.csv")
    assert reading.bodies == [["一", "二"]]
    assert "有 1 行与表头相同，不是数据，没有导入（第 3 行）" in reading.notes
    joined = csv_of(["index", "chat_text"], ["1", "甲：好"], ["\ufeffindex", "chat_text"], ["2", "乙：好"])
    assert [row.index for row in Reading(joined, "a.csv").rows] == [1, 2]
    assert not Reading(joined, "a.csv").rejected


CHATS = [{"index": 10, "chat_text": "甲：一\n乙：二"}, {"index": 20, "chat_text": "甲：三\n乙：四"}]


def as_table(rows: list[dict[str, Any]]) -> list[list[Any]]:
    return [list(rows[0]), *(list(row.values()) for row in rows)]


def in_each_format(rows: list[dict[str, Any]]) -> list[tuple[bytes, str]]:
    lines = b"\n".join(map(json_of, rows))
    table = as_table(rows)
    return [(json_of(rows), "a.json"), (lines, "a.jsonl"), (csv_of(*table), "a.csv"), (xlsx_of(*table), "a.xlsx")]


@pytest.mark.parametrize("at", range(4))
def test_the_index_beside_a_chat_counts_the_same_in_each_format(at: int) -> None:
    assert [row.index for row in Reading(*in_each_format(CHATS)[at]).rows] == [10, 20]
    from_zero = [row | {"index": number} for number, row in enumerate(CHATS)]
    with pytest.raises(InputError, match="像是从 0 数起的"):
        Reading(*in_each_format(from_zero)[at])
    twice = Reading(*in_each_format([CHATS[0], CHATS[1] | {"index": 10}])[at])
    assert [(row.index, row.reason) for row in twice.rejected] == [(10, "index 与前面的行重复")]
    by_position = Reading(*in_each_format(CHATS)[at], index="-")
    assert [row.index for row in by_position.rows] == [1, 2]


def test_of_columns_with_one_name_the_filled_cell_counts_as_in_json() -> None:
    key = FORM.name_field
    table = csv_of(["chat_text", key, key], ["甲：一", "", "甲"], ["乙：二", "乙", ""], ["丙：三", "丙", "丁"])
    texts = [
        f'{{"chat_text": "x", "infos": [{{"{key}": "{a}", "{key}": "{b}"}}]}}' for a, b in (("", "甲"), ("乙", ""))
    ]
    forms = [row.forms[0][key] for row in Reading(table, "a.csv").rows]
    assert forms == ["甲", "乙", "丁"]
    assert [row.forms[0][key] for row in Reading("\n".join(texts).encode(), "a.jsonl").rows] == forms[:2]
    assert "有重复的列名，用后面有内容的那一格" in Reading(table, "a.csv").notes
    messages = csv_of(["发送人", "内容", "内容"], ["甲", "", "一"], ["乙", "二", ""])
    assert Reading(messages, "a.csv").bodies == [["一", "二"]]


@pytest.mark.parametrize("written", ["昨天 10:21", "24/13/1 10:00", "10:21", "1.70416E+12", "周二", "2024-13-45"])
def test_a_time_that_cannot_be_read_is_named_and_kept(written: str) -> None:
    rows = [["甲木", "你好", written], ["乙木", "您好", "2024-01-02 10:00"]]
    reading = Reading(csv_of(["发送人", "内容", "时间"], *rows), "a.csv")
    assert f"有 1 条消息的时间认不出（如「{written}」），原样写在消息开头，没有当作时间（第 2 行）" in reading.notes
    assert [speaker for speaker, _ in reading.sides[0]] == ["甲木", "乙木"]
    assert written in reading.texts[0]
    assert reading.bodies[0][1] == "您好"


def test_times_that_cannot_be_read_are_counted_by_kind() -> None:
    times = ["10:21", "昨天 10:21", "10:22:05", "1-2 10:21", "24/13/1", "13/01/2024", "01/13/2024", "01/02/2024", "x"]
    rows = [["甲" if at % 2 else "乙", f"话{at}", time] for at, time in enumerate(times)]
    reading = Reading(csv_of(["发送人", "内容", "时间"], *rows), "a.csv")
    kinds = re.findall(r"有 (\d+) 条消息的时间认不出（如「(.*?)」）.*?没有当作时间（.*?）(?:：(.*))?", reading.notes)
    assert kinds == [
        ("2", "10:21", "只有钟点，没有日期"),
        ("1", "昨天 10:21", "不知道从哪天算起"),
        ("1", "1-2 10:21", "没有年份"),
        ("1", "24/13/1", "年份只有两位"),
        ("1", "01/02/2024", "分不清日和月"),
        ("1", "x", ""),
    ]
    assert [one.time[:10] for one in parse_chat(reading.texts[0]).messages if one.time] == ["2024-01-13"] * 2


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["01/02/2024 10:00", "13/02/2024 10:21"], ["2024-02-01T10:00:00", "2024-02-13T10:21:00"]),
        (["01/02/2024 10:00 AM", "02/13/2024 10:21 PM"], ["2024-01-02T10:00:00", "2024-02-13T22:21:00"]),
        (["Jan 2, 2024 10:21 AM", "2 Jan 2024 11:00"], ["2024-01-02T10:21:00", "2024-01-02T11:00:00"]),
        (
            ["Tue, 02 Jan 2024 10:21:00 +0800", "Tue Jan 02 10:21:05 CST 2024"],
            ["2024-01-02T10:21:00", "2024-01-02T10:21:05"],
        ),
        (["02.01.2024 10:00", "13.01.2024 10:21"], ["2024-01-02T10:00:00", "2024-01-13T10:21:00"]),
        (["2024/1/2 上午10:21", "2024年1月2日 下午 3:05:06"], ["2024-01-02T10:21:00", "2024-01-02T15:05:06"]),
        (["1704162060", "1704162061000"], ["2024-01-02T10:21:00", "2024-01-02T10:21:01"]),
        (["45293", "45293.5"], ["2024-01-02T00:00:00", "2024-01-02T12:00:00"]),
    ],
)
def test_times_of_other_forms_are_read(written: list[str], read: list[str]) -> None:
    rows = [["甲" if at % 2 else "乙", f"话{at}", time] for at, time in enumerate(written)]
    reading = Reading(csv_of(["发送人", "内容", "时间"], *rows), "a.csv")
    times = [one.time for one in parse_chat(reading.texts[0]).messages]
    assert ([time.ljust(19, ":").replace(":::", ":00") for time in times], "分不清" in reading.notes) == (read, False)


@pytest.mark.parametrize(
    ("written", "days", "place"),
    [
        (["24/1/2 10:00", "24/1/13 10:21"], ["2024-01-02", "2024-01-13"], "最前"),
        (["1/2/24 10:00", "1/13/24 10:21"], ["2024-01-02", "2024-01-13"], "最后"),
        (["2/1/24", "13/1/24"], ["2024-01-02", "2024-01-13"], "最后"),
        (["24.11.12 9:00", "24.11.13 9:00"], ["2024-11-12", "2024-11-13"], "最前"),
        (["02-Jan-24 10:21", "13-Jan-24 1:05 PM"], ["2024-01-02", "2024-01-13"], ""),
    ],
)
def test_years_of_two_digits_are_told_by_all_dates(written: list[str], days: list[str], place: str) -> None:
    rows = [["甲" if at % 2 else "乙", f"话{at}", time] for at, time in enumerate(written)]
    reading = Reading(csv_of(["发送人", "内容", "时间"], *rows), "a.csv")
    assert [one.time[:10] for one in parse_chat(reading.texts[0]).messages] == days
    assert not place or f"按年份在{place}、都在 2000 年以后读" in reading.notes
    assert "认不出" not in reading.notes


def test_years_of_two_digits_that_may_be_days_are_named() -> None:
    table = csv_of(["发送人", "内容", "时间"], ["甲", "一", "11/12/13 9:00"], ["乙", "二", "11/12/13 9:01"])
    assert "有 2 条消息的时间认不出（如「11/12/13 9:00」）" in Reading(table, "a.csv").notes


SPLIT = {
    "last": ("发送人,时间,内容", "林小满,2024-01-02 10:21,你好,想问,怎么卖", "阿青,2024-01-02 10:22,您好"),
    "before a time": ("发送人,内容,时间", "林小满,你好,想问,怎么卖,2024-01-02 10:21", "阿青,您好,2024-01-02 10:22"),
    "first": ("内容,发送人,时间", "你好,想问,怎么卖,林小满,2024-01-02 10:21", "您好,阿青,2024-01-02 10:22"),
    "before a room": (
        "时间,发送人,内容,群名",
        "2024-01-02 10:21,林小满,你好,想问,怎么卖,甲群",
        "2024-01-02 10:22,阿青,您好,甲群",
    ),
    "before a side": ("发送人,内容,是否客服", "林小满,你好,想问,怎么卖,否", "阿青,您好,是"),
    "nothing else": ("发送人,内容", "林小满,你好,想问,怎么卖", "阿青,您好\n林小满,好"),
}


@pytest.mark.parametrize("separator", [",", ";", "|"])
@pytest.mark.parametrize("case", SPLIT)
def test_texts_cut_at_separators_are_put_together_and_named(case: str, separator: str) -> None:
    data = "\n".join(SPLIT[case]).replace(",", separator)
    reading = Reading(data.encode(), "a.csv")
    assert reading.bodies[0][:2] == [separator.join(("你好", "想问", "怎么卖")), "您好"]
    assert "有 1 行的文字里有没加引号的分隔符，按其余各列把「内容」接成了一格，请核对（第 2 行）" in reading.notes


def test_rows_too_wide_that_nothing_puts_together_are_no_messages() -> None:
    for header, wide in (
        ("发送人,内容,备注", "林小满,你好,想问,老客户"),  # a remark says nothing of where the text ends
        ("发送人,内容,时间", "林小满,你好,想问,明天"),
        ("发送人,时间,内容", "王,总,2024-01-02 10:21,你好,在吗"),  # a comma in a name as well
    ):
        reading = Reading(
            f"{header}\n{wide}\n阿青,{'您好,x' if '备' in header else '您好,2024-01-02 10:22'}\n".encode(), "a.csv"
        )
        assert "有 1 行没有读成消息：格数比表头多，文字里可能有没加引号的分隔符（第 2 行）" in reading.notes


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.jsonl", "a.xlsx"])
def test_characters_that_stand_as_their_codes_are_named_in_each_format(name: str) -> None:
    text = r"林小满：谢谢\ud83d" + "\n" + r"客服阿青：\u4e0d客气"
    row = {"chat_text": text}
    data = {
        "a.csv": csv_of(["chat_text"], [text]),
        "a.json": json_of([row]),
        "a.jsonl": json_of(row),
        "a.xlsx": xlsx_of(["chat_text"], [text]),
    }[name]
    reading = Reading(data, name)
    assert reading.texts == [text]
    assert r"有写成 \u 加四位编码的字（如 \ud83d，导出时没有还原），原样留着：第 1 条" in reading.notes


def test_dates_that_may_be_two_days_are_named_and_a_day_beside_a_clock_is_decided_by_all() -> None:
    table = csv_of(["发送人", "内容", "时间"], ["甲", "一", "01/02/2024 9:00"], ["乙", "二", "01/02/2024 9:01"])
    assert "时间分不清日和月（如「01/02/2024」），按先日后月读" in Reading(table, "a.csv").notes
    rows = [["01/02/2024", "10:21", "甲", "一"], ["02/13/2024", "10:22", "乙", "二"]]
    (text,) = Reading(csv_of(["日期", "时间", "发送人", "内容"], *rows), "a.csv").texts
    assert [one.time[:10] for one in parse_chat(text).messages] == ["2024-01-02", "2024-02-13"]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_a_bare_nul_in_json_is_taken_out_and_named(name: str) -> None:
    data = '{"chat_text": "甲：一\0\\n乙：二"}'.encode()
    reading = Reading(b"[" + data + b"]" if name == "a.json" else data, name)
    assert reading.texts == ["甲：一\n乙：二"]
    assert "NUL" in reading.notes


@pytest.mark.parametrize("indent", [None, 1])
def test_chats_and_answers_by_their_number_are_read(indent: int | None) -> None:
    keyed = {str(row["index"]): {"chat_text": row["chat_text"]} for row in CHATS}
    reading = Reading(json.dumps(keyed, indent=indent).encode(), "a.json")
    assert [row.index for row in reading.rows] == [10, 20]
    answers = Reading(json.dumps({"3": {"infos": []}, "4": {"infos": []}}, indent=indent).encode(), "a.json")
    assert [row.index for row in answers.rows] == [3, 4]


def test_a_list_in_a_cell_is_a_list() -> None:
    cell = json.dumps(["询价", "答疑"], ensure_ascii=False)
    (row,) = Reading(csv_of(["chat_text", "咨询类型"], ["甲：一", cell]), "a.csv").rows
    assert row.forms is not None and row.forms[0]["咨询类型"] == ["询价", "答疑"]


def test_names_with_numbers_behind_them_are_named() -> None:
    rows = [["林小满", "u1", "一"], ["林小满", "u2", "二"]]
    notes = Reading(csv_of(["发送人", "发送人ID", "内容"], *rows), "a.csv").notes
    assert "有 2 个发送人同名，名字后面加了编号：林小满[u1]、林小满[u2]" in notes


def test_entries_of_one_name_in_an_archive_are_counted_each() -> None:
    file = BytesIO()
    with ZipFile(file, "w") as archive, catch_warnings():
        simplefilter("ignore")
        for words in ("一", "二"):
            archive.writestr("a.txt", f"甲木：{words}\n乙木：好")
    assert "压缩包里读了 2 个文件：a.txt（1 条）、a.txt（1 条）" in Reading(file.getvalue(), "a.zip").notes


def test_a_reply_keeps_what_it_quotes() -> None:
    quoted = "<refermsg><displayname>阿青</displayname><content>您好 &amp; 欢迎</content></refermsg>"
    reply = f"<msg><appmsg><title>好的</title><type>57</type>{quoted}</appmsg></msg>"
    picture = reply.replace("您好 &amp; 欢迎", "&lt;msg&gt;&lt;img/&gt;&lt;/msg&gt;")
    link = "<msg><appmsg><title>报价</title><type>5</type></appmsg></msg>"
    rows = [["49", "林小满", one, f"2024-01-02 10:2{at}"] for at, one in enumerate((reply, picture, link))]
    reading = Reading(csv_of(["Type", "发送人", "StrContent", "时间"], *rows), "a.csv")
    assert reading.bodies == [["好的", "好的", "[链接] 报价"]]
    assert "「阿青：您好 & 欢迎」\n- - -" in reading.texts[0]
    assert "「阿青：[其他消息]」" in reading.texts[0]


def segments(*parts: tuple[str, dict[str, str]]) -> list[dict[str, Any]]:
    return [{"type": kind, "data": data} for kind, data in parts]


def test_segments_of_onebot_give_their_words() -> None:
    first = segments(("text", {"text": "你好"}), ("image", {"file": "a.jpg"}))
    second = segments(("reply", {"id": "7"}), ("at", {"qq": "10001"}), ("text", {"text": "您好"}))
    rows = [
        {"time": 1709251200 + at, "group_id": 9, "user_id": at, "sender": {"nickname": name}, "message": message}
        for at, (name, message) in enumerate([("林小满", first), ("阿青", second)])
    ]
    assert Reading(json_of(rows), "a.json").bodies == [["你好[图片]", "@10001 您好"]]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"contents": {"refer": {"senderName": "林", "content": "原话"}}}, f"「林：原话」\n{BELOW_QUOTE}\n答"),
        ({"quote": {"text": "原话"}}, f"「原话」\n{BELOW_QUOTE}\n答"),
        ({"contents": {"recordInfo": {"DataList": [{"SourceName": "王", "DataDesc": "转发的话"}]}}}, "答 王：转发的话"),
        ({"attachments": [{"fileName": "报价.xlsx", "url": "https://x/y"}]}, "答 报价.xlsx"),
        ({"embeds": [{"title": "标题", "description": "说明"}]}, "答 标题：说明"),
        ({"files": [{"name": "合同.pdf"}]}, "答 合同.pdf"),
    ],
)
def test_what_a_message_answers_or_holds_besides_is_read(more: dict[str, Any], words: str) -> None:
    row = {"sender": "林小满", "time": "2024-01-02 10:00", "room": "群", "content": "答", **more}
    reading = Reading(json_of([row]), "a.json")
    assert reading.texts == [f"#1 2024-01-02 10:00:00 林小满\n{words}\n"]
    assert "没有用到" not in reading.notes or "attachments" not in reading.notes


def lines(*rows: str) -> bytes:
    return csv_of(*(row.split("|") for row in rows))


@pytest.mark.parametrize(
    "rows",
    [
        ("发言人|发言内容|发言时间|所属群", "甲|一|2024-01-02 10:00|群1", "乙|二|2024-01-02 10:01|群2"),
        ("from_name|body|sent_time|thread_id", "甲|一|2024-01-02 10:00|7", "乙|二|2024-01-02 10:01|8"),
        ("user|msg|ts|room", "甲|一|1709251201|群1", "乙|二|1709251202|群2"),
        ("发消息人|接收人|聊天内容|聊天时间|群名", "甲|乙|一|2024-01-02 10:00|群1", "乙|甲|二|2024-01-02 10:01|群2"),
        ("日時|送信者|メッセージ|グループ", "2024-01-02 10:00|甲|一|群1", "2024-01-02 10:01|乙|二|群2"),
    ],
)
def test_rooms_of_more_programs_part_chats(rows: tuple[str, ...]) -> None:
    reading = Reading(lines(*rows), "a.csv")
    assert reading.bodies == [["一"], ["二"]]
    assert all("2024-" in text for text in reading.texts)


@pytest.mark.parametrize(
    "rows",
    [
        (
            "Chat Session|Message Date|Type|Sender Name|Text",
            "林|2024-01-02 10:00|Incoming|林|一",
            "林|2024-01-02 10:01|Outgoing||二",
        ),
        ("客户|客服|方向|内容|时间", "林|小美|→|一|2024-01-02 10:00", "林|小美|←|二|2024-01-02 10:01"),
        ("客服|客户|方向|内容|时间", "小美|林|←|一|2024-01-02 10:00", "小美|林|→|二|2024-01-02 10:01"),
        ("客户ID|员工|发送方|消息|发送时间", "c1|小美|客户|一|2024-01-02 10:00", "c1|小美|员工|二|2024-01-02 10:01"),
    ],
)
def test_sides_that_other_words_say(rows: tuple[str, ...]) -> None:
    [[(customer, theirs), (staff, ours)]] = Reading(lines(*rows), "a.csv").sides
    assert (theirs, ours) == (Role.CUSTOMER, Role.STAFF)
    assert customer in ("林", "客户")
    assert staff in ("小美", "未知发送人")


def test_a_time_that_no_clock_shows_is_kept_as_it_is_written() -> None:
    rows = ("发送人|内容|时间", "甲|一|2024-02-30 09:00:00", "乙|二|2024-03-01 09:00:00", "甲|三|2024-03-01 24:61:00")
    reading = Reading(lines(*rows), "a.csv")
    assert "（发送时间：2024-02-30 09:00:00）" in reading.texts[0]
    assert "> " not in reading.texts[0]
    assert [who for who, _ in reading.sides[0]] == ["甲", "乙", "甲"]
