"""Files with one message a row: the same chats, whatever format they are written in; nothing is dropped silently."""

import csv
import json
from datetime import datetime
from io import BytesIO, StringIO
from typing import Any

import pytest
from openpyxl import Workbook

from core.domain.chat import Role, parse_chat
from core.domain.form import load_named_form
from core.services.datasets.import_types import ChatRow, ColumnError, TableColumns
from core.services.datasets.reading_report import Joined
from core.services.datasets.row_validation_pass import RowValidationPass
from core.services.datasets.source_file import open_source

FORM = load_named_form("role_elements")
COLUMNS = ["id", "type_name", "is_sender", "talker", "room_name", "content", "CreateTime"]
ROWS = [
    ["1", "文本", "0", "林小满3", "9000@chatroom", "你好，怎么卖", "2024-01-02 10:21:00"],
    ["2", "文本", "1", "客服阿青", "9000@chatroom", "您好，1299元\n含税", "2024-01-02 10:22:00"],
    ["3", "图片", "0", "何田田", "9001@chatroom", "", "2024-01-02 10:23:00"],
    ["4", "文本", "0", "林小满3", "9000@chatroom", "2024-01-02 10:21:00 别人\n冒充", "2024-01-02 10:23:30"],
    ["5", "文本", "1", "", "9001@chatroom", "收到", "2024-01-02 10:22:30"],
]


def csv_of(rows: list[list[str]], header: list[str]) -> bytes:
    text = StringIO(newline="")
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode()


def xlsx_of(rows: list[list[str]], header: list[str]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [header, *rows]:
        sheet.append(row)
    book.save(file := BytesIO())
    return file.getvalue()


def json_of(rows: list[list[str]], header: list[str]) -> bytes:
    return json.dumps([dict(zip(header, row, strict=True)) for row in rows]).encode()


def jsonl_of(rows: list[list[str]], header: list[str]) -> bytes:
    return "\n".join(json.dumps(dict(zip(header, row, strict=True))) for row in rows).encode()


def read(data: bytes, name: str, **columns: Any) -> tuple[list[ChatRow], RowValidationPass]:
    with open_source(BytesIO(data), name) as source:
        validation_pass = RowValidationPass(source, FORM, TableColumns(**columns))
        return list(validation_pass.chats()), validation_pass


WRITERS = [("a.csv", csv_of), ("a.xlsx", xlsx_of), ("a.json", json_of), ("a.jsonl", jsonl_of)]


@pytest.mark.parametrize(("name", "write"), WRITERS)
def test_a_message_table_is_joined_the_same_in_every_format(name: str, write: Any) -> None:
    chats, validation_pass = read(write(ROWS, COLUMNS), name)
    assert not validation_pass.rejected
    assert (validation_pass.report.joined, validation_pass.report.messages) == (Joined.ROOM, 5)
    first, second = (parse_chat(chat.text).messages for chat in chats)
    assert [(message.speaker, message.time, message.side) for message in first] == [
        ("林小满3", "2024-01-02T10:21:00", Role.CUSTOMER),
        ("客服阿青", "2024-01-02T10:22:00", Role.STAFF),
        ("林小满3", "2024-01-02T10:23:30", Role.CUSTOMER),
    ]
    assert [message.speaker for message in second] == ["未知发送人", "何田田"]  # put in order
    assert second[1].body.of(chats[1].text) == "[图片]"
    notes = "\n".join(validation_pass.notes)
    for words in (
        "5 条消息",
        "2 条群聊",
        "发送人取「talker」",
        "没有用到的列：id",
        "1 条消息不按时间先后",
        "没有发送人",
    ):
        assert words in notes
    assert "前面加了" in notes


def test_rows_that_are_no_messages_are_named() -> None:
    lines = jsonl_of(ROWS, COLUMNS) + b'\n{"broken": \n"just text"\n'
    chats, validation_pass = read(lines, "a.jsonl")
    assert len(chats) == 2
    assert not validation_pass.rejected
    notes = "\n".join(validation_pass.notes)
    assert "（第 6 行）" in notes
    assert "（第 7 行）" in notes
    shifted = csv_of([*ROWS, [*ROWS[0], "多出来"]], COLUMNS)
    _, validation_pass = read(shifted, "a.csv")
    assert any("格数比表头多" in note and "第 9 行" in note for note in validation_pass.notes)


def test_columns_are_pointed_at_and_missing_ones_named() -> None:
    rows = [["甲", "你好", "早", "A"], ["乙", "您好", "晚", "A"], ["甲", "在吗", "晚", "B"]]
    data = csv_of(rows, ["谁", "说", "何时", "哪"])
    chats, validation_pass = read(data, "a.csv", sender="谁", text="说", room="哪")
    assert [len(parse_chat(chat.text).messages) for chat in chats] == [2, 1]
    assert validation_pass.report.columns == {"sender": "谁", "text": "说", "room": "哪"}
    with pytest.raises(ColumnError, match="没有「人」列"):
        read(data, "a.csv", sender="人", text="说")
    with pytest.raises(ColumnError):
        read(data, "a.csv", sender="谁")


def test_a_pause_parts_chats() -> None:
    rows = [["甲", "早", "2024-01-02 08:00"], ["乙", "好", "2024-01-02 08:10"], ["甲", "晚", "2024-01-02 20:00"]]
    data = csv_of(rows, ["发送人", "内容", "时间"])
    whole, _ = read(data, "a.csv")
    parted, validation_pass = read(data, "a.csv", pause_minutes=60)
    assert (len(whole), len(parted), validation_pass.report.joined) == (1, 2, Joined.PAUSE)


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        (["序号", "内容", "姓名", "日期"], [["1", "甲：你好\n乙：您好", "林小满", "2024-01-02"]]),
        (["index", "chat_text", "sender", "time"], [["1", "甲：你好", "x", "2024-01-02"]]),
        (["编号", "聊天内容"], [["1", "甲：你好\n乙：您好"]]),
    ],
)
def test_tables_of_whole_chats_stay_what_they_are(header: list[str], rows: list[list[str]]) -> None:
    chats, validation_pass = read(csv_of(rows, header), "a.csv")
    assert len(chats) == 1
    assert validation_pass.report.joined is None
    assert chats[0].text == rows[0][1]


def test_who_wrote_to_whom_makes_the_room_and_the_side_names_nobody() -> None:
    rows = [["甲", "客服", "你好", "2024-01-02 08:00"], ["客服", "甲", "好", "2024-01-02 08:01"]]
    rows.append(["乙", "客服", "在吗", "2024-01-02 08:02"])
    chats, _ = read(csv_of(rows, ["发送人", "接收人", "内容", "时间"]), "a.csv")
    assert [parse_chat(chat.text).speakers for chat in chats] == [("甲", "客服"), ("乙",)]
    chats, _ = read(csv_of([["0", "你好"], ["1", "您好"]], ["is_sender", "content"]), "a.csv")
    assert parse_chat(chats[0].text).speakers == ("对方", "我方")


def test_names_go_before_numbers_and_day_and_clock_are_put_together() -> None:
    header = ["Sender", "NickName", "StrContent", "日期", "时间"]
    rows = [
        ["wxid_abc123", "林小满3", "你好", "2024-01-02", "10:21:00"],
        ["wxid_zzz", "阿青", "好", "2024-01-02", "10:22"],
    ]
    chats, _ = read(csv_of(rows, header), "a.csv")
    messages = parse_chat(chats[0].text).messages
    assert [(message.speaker, message.time) for message in messages] == [
        ("林小满3", "2024-01-02T10:21:00"),
        ("阿青", "2024-01-02T10:22:00"),
    ]


def test_lines_of_the_application_and_markup_are_read() -> None:
    header = ["type_name", "is_sender", "talker", "room_name", "content", "CreateTime"]
    joined = '"林小满3"邀请"何田田"加入了群聊'
    rows = [
        ["系统通知", "0", "", "9@chatroom", joined, "2024-01-02 10:20:00"],
        ["文本", "0", "林小满3", "9@chatroom", "你好", "2024-01-02 10:21:00"],
        ["引用回复", "0", "林小满3", "9@chatroom", "<?xml?><msg><title>好的</title></msg>", "2024-01-02 10:22:00"],
        ["分享链接", "1", "阿青", "9@chatroom", "<msg><title>报价单</title></msg>", "2024-01-02 10:23:00"],
    ]
    for written in (rows, [[*row[:-1], ""] for row in rows]):  # with times, and numbered
        chats, validation_pass = read(csv_of(written, header), "a.csv")
        messages = parse_chat(chats[0].text).messages
        assert [(one.speaker, one.body.of(chats[0].text)) for one in messages] == [
            ("", joined),
            ("林小满3", "你好"),
            ("林小满3", "好的"),
            ("阿青", "[分享链接] 报价单"),
        ]
        assert not any("没有发送人" in note for note in validation_pass.notes)


def test_only_a_side_names_the_speakers() -> None:
    rows = [["S1", "客户", "你好"], ["S1", "机器人", "您好"], ["S1", "客服", "在的"]]
    chats, _ = read(csv_of(rows, ["会话编号", "角色", "内容"]), "a.csv")
    assert parse_chat(chats[0].text).speakers == ("客户", "机器人", "客服")


def test_senders_who_come_back_make_messages_of_rows() -> None:
    chats, _ = read(csv_of([["甲", "你好"], ["乙", "您好"], ["甲", "在吗"]], ["发送人", "内容"]), "a.csv")
    assert len(chats) == 1
    chats, _ = read(csv_of([["甲", "想买"], ["乙", "想退"]], ["用户", "内容"]), "a.csv")
    assert len(chats) == 2


def test_training_rows_are_no_chats() -> None:
    rows = [{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": '[{"姓名": "甲"}]'}]}]
    chats, validation_pass = read(json.dumps(rows).encode(), "a.json")
    assert (chats, len(validation_pass.rejected)) == ([], 1)
    assert any("像是训练模型的问答" in note for note in validation_pass.notes)


def test_a_dialogue_in_turns_and_a_column_with_its_zone() -> None:
    turns = [{"id": 1, "dialog": [{"speaker": "客户", "text": "你好"}, {"speaker": "客服", "text": "您好"}]}]
    (chat,), _ = read(json.dumps(turns).encode(), "a.json")
    assert parse_chat(chat.text).speakers == ("客户", "客服")
    rows = [["2024-01-02 10:21", "甲", "你好"], ["2024-01-02 10:22", "乙", "您好"]]
    (chat,), _ = read(csv_of(rows, ["发送时间（北京时间）", "发送人", "内容"]), "a.csv")
    assert parse_chat(chat.text).messages[0].time == "2024-01-02T10:21:00"


def test_who_is_staff_is_told_by_columns_of_the_session() -> None:
    rows = [["S1", "林小满3", "阿青", "林小满3", "你好"], ["S1", "林小满3", "阿青", "阿青", "您好"]]
    chats, _ = read(csv_of(rows, ["会话ID", "客户", "坐席", "发送人", "消息内容"]), "a.csv")
    assert [(one.speaker, one.side) for one in parse_chat(chats[0].text).messages] == [
        ("林小满3", Role.CUSTOMER),
        ("阿青", Role.STAFF),
    ]


def test_times_of_excel_are_read() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["发送人", "内容", "时间"])
    sheet.append(["甲", "你好", datetime(2024, 1, 2, 10, 21)])  # noqa: DTZ001 (a cell has no zone)
    sheet.append(["乙", "您好", 45293.43125])
    sheet.append(["甲", "在吗", "2024/1/2 下午3:05"])
    book.save(file := BytesIO())
    chats, _ = read(file.getvalue(), "a.xlsx")
    assert [one.time for one in parse_chat(chats[0].text).messages] == [
        "2024-01-02T10:21:00",
        "2024-01-02T10:21:00",
        "2024-01-02T15:05:00",
    ]
