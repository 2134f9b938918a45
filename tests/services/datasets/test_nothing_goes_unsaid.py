"""What of a file is not read, or is read otherwise than a person may think, is always said."""

import csv
import json
from collections.abc import Callable
from io import BytesIO, StringIO
from typing import Any
from zipfile import ZipFile

import pytest
from openpyxl import Workbook
from openpyxl.comments import Comment

from core.domain.form import load_named_form
from core.errors import InputError
from core.services.datasets.import_types import FileKind, TableColumns
from core.services.datasets.row_validation_pass import RowValidationPass
from core.services.datasets.source_file import open_source

FORM = load_named_form("role_elements")


class Reading:
    """What one file reads as: texts of its chats, and the notes in one."""

    def __init__(self, data: Any, name: str, **columns: Any) -> None:
        content = data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()
        with open_source(BytesIO(content), name) as source:
            validation_pass = RowValidationPass(source, FORM, TableColumns(**columns))
            is_chats = validation_pass.kind is FileKind.CHATS
            self.rows = list(validation_pass.chats() if is_chats else validation_pass.submissions())
            self.texts = [row.text for row in self.rows]
            self.notes = "\n".join(validation_pass.notes)
            self.rejected = validation_pass.rejected

    def holds(self, *groups: str) -> bool:
        """Whether the chats say these words, each chat its own and none of the others'."""
        parts = [group.split() for group in groups]
        return len(parts) == len(self.texts) and all(
            (word in text) == (at == number)
            for at, words in enumerate(parts)
            for word in words
            for number, text in enumerate(self.texts)
        )


def csv_of(*rows: list[str]) -> bytes:
    text = StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def test_sessions_that_each_room_counts_from_one_are_parted_by_room() -> None:
    head = ["群名", "会话ID", "发送人", "内容", "时间"]
    rows = [
        ["甲群", "1", "张三", "话一", "2024-03-01 09:00"],
        ["甲群", "1", "李四", "话二", "2024-03-01 09:01"],
        ["乙群", "1", "王五", "话三", "2024-03-01 09:00"],
        ["乙群", "1", "赵六", "话四", "2024-03-01 09:02"],
        ["乙群", "2", "赵六", "话五", "2024-03-01 09:03"],
    ]
    reading = Reading(csv_of(head, *rows), "a.csv")
    assert reading.holds("话一 话二", "话三 话四", "话五")
    assert "有 1 个会话编号在几个群里都有，按群分开了：1" in reading.notes
    objects = [dict(zip(head, row, strict=True)) for row in rows]
    assert Reading(objects, "a.json").texts == reading.texts


def test_a_column_with_another_name_for_each_sender_parts_no_session() -> None:
    rows = [
        ["会话ID", "talker", "发送人", "内容"],
        ["1", "wxid_aaaa1", "张三", "话一"],
        ["1", "wxid_bbbb2", "李四", "话二"],
    ]
    assert Reading(csv_of(*rows, ["1", "wxid_aaaa1", "张三", "话三"]), "a.csv").holds("话一 话二 话三")


def exchanged(*messages: str) -> list[dict[str, str]]:
    """Messages, each ``sender receiver words``."""
    return [dict(zip(("from", "to", "content"), message.split(), strict=True)) for message in messages]


def test_a_list_of_messages_is_a_chat_whoever_they_are_sent_to() -> None:
    first, second = exchanged("客服A 客户B 话一", "客户B 客服A 话二"), exchanged("客服A 客户B 话三", "客户B 客服A 话四")
    several = [{"sid": 1, "messages": first}, {"sid": 2, "messages": second}]
    assert Reading(several, "a.json").holds("话一 话二", "话三 话四")
    lines = "\n".join(json.dumps(one, ensure_ascii=False) for one in several).encode()
    assert Reading(lines, "a.jsonl").holds("话一 话二", "话三 话四")
    assert Reading([first, second], "a.json").holds("话一 话二", "话三 话四")
    assert Reading({"甲": first, "乙": second}, "a.json").holds("话一 话二", "话三 话四")
    group = exchanged("张三 李四 话一", "李四 王五 话二", "王五 张三 话三")
    assert Reading([{"群": "甲", "messages": group}], "a.json").holds("话一 话二 话三")
    # One object around all messages of an archive says nothing of chats.
    both = exchanged("客服A 客户B 话一", "客服A 客户C 话二", "客户B 客服A 话三")
    assert Reading({"code": 0, "data": both}, "a.json").holds("话一 话三", "话二")


def said(*lines: str) -> list[dict[str, str]]:
    """Messages, each ``sender words``."""
    return [dict(zip(("sender", "content"), line.split(), strict=True)) for line in lines]


def test_whatever_else_stands_around_messages_is_named() -> None:
    value = {
        "messages": said("张三 话一", "李四 话二"),
        "history": said("张三 话三"),
        "records": said("王五 话四"),
        "owner": {"name": "赵六"},
        "empty": [],
        "v": 2,
    }
    for data in (value, [value], {"code": 0, "data": value, "has_more": False}):
        reading = Reading(data, "a.json")
        assert reading.holds("话一 话二")
        for name in ("history（1 条）", "records（1 条）", "owner", "v"):
            assert name in reading.notes, (name, reading.notes)
        assert "empty" not in reading.notes
    chats = {
        "data": {"rows": [{"chat_text": "张三：话一\n李四：好"}], "old": [{"chat_text": "张三：话二"}]},
        "extra": ["话三"],
    }
    notes = Reading(chats, "a.json").notes
    assert "data.old（1 条）" in notes and "extra（1 条）" in notes


def test_what_stands_beside_the_chats_of_a_telegram_export_is_named() -> None:
    message = {
        "id": 1,
        "type": "message",
        "date": "2024-03-01T09:00:00",
        "from": "张三",
        "from_id": "u1",
        "text": "话一",
    }
    chats = {"list": [{"name": "群", "id": 1, "messages": [message]}]}
    notes = Reading({"about": "…", "contacts": {"list": [{"phone": "1"}]}, "chats": chats}, "result.json").notes
    assert "about、contacts" in notes and "chats" not in notes


def test_names_of_rooms_around_their_messages_are_said() -> None:
    rooms = {"群甲": said("张三 话一", "李四 话二"), "群乙": said("张三 话三")}
    reading = Reading(rooms, "a.json")
    assert reading.holds("话一 话二", "话三") and "群甲、群乙" in reading.notes
    named = {name: {"messages": messages} for name, messages in rooms.items()}
    assert "群甲、群乙" in Reading(named, "a.json").notes
    texts = dict.fromkeys(rooms, "张三：你好\n李四：在")
    assert "群甲、群乙" in Reading(texts, "a.json").notes
    for data in (rooms, named, texts):
        assert "没有用到" not in Reading(data, "a.json").notes


def test_chats_by_their_number_have_no_other_name() -> None:
    texts = {"1": "张三：你好\n李四：在", "2": "张三：您好\n李四：在"}
    rows = {key: {"chat_text": text, "infos": [FORM.empty()]} for key, text in texts.items()}
    for data in (texts, rows, {"data": rows}, {"data": {"list": list(rows.values())}}, {"data": list(rows.values())}):
        notes = Reading(data, "a.json").notes
        assert "名字" not in notes and "没有用到" not in notes, notes


def xlsx_of(*rows: list[Any]) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    data = BytesIO()
    book.save(data)
    return data.getvalue()


@pytest.mark.parametrize(("table", "name"), [(csv_of, "a.csv"), (xlsx_of, "a.xlsx")])
def test_cells_without_a_header_and_rows_that_are_too_short_are_named(table: Callable[..., bytes], name: str) -> None:
    head = ["会话ID", "发送人", "", "内容", "时间"]
    rows = [["s1", "张三", "旁注", "话一", "2024-03-01 09:00"], ["s1", "李四", "", "话二"], ["s1", "李四"]]
    reading = Reading(table(head, *rows), name)
    assert reading.holds("话一 话二")
    assert "有 1 行在没有列名的列里写了内容，没有导入（第 2 行）" in reading.notes
    assert ("有 2 行的格数比表头少，缺的按空处理（第 3、4 行）" in reading.notes) == (name == "a.csv")


@pytest.mark.parametrize("foot", [["合计", "6"], ["导出时间：2024-03-05"], ["共 2 条记录"], ["", "总计：", "2"]])
def test_a_foot_of_a_table_is_no_message_and_is_named(foot: list[str]) -> None:
    head = ["会话ID", "发送人", "发送人ID", "内容", "时间"]
    rows = [["s1", "张三", "1", "话一", "2024-03-01 09:00"], ["s1", "李四", "2", "合计：三台", "2024-03-01 09:01"]]
    reading = Reading(csv_of(head, *rows, [*foot, *[""] * (5 - len(foot))]), "a.csv")
    assert reading.holds("话一 合计：三台")
    assert "有 1 行没有读成消息：像是合计或表尾的说明（第 4 行）" in reading.notes


def test_formulas_without_a_result_and_errors_in_cells_are_named() -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in (
        ["会话ID", "发送人", "发送人ID", "内容"],
        ["s1", "", "7", "话一"],
        ["s1", "张三", "8", ""],
        ["s1", "", "9", 1],
    ):
        sheet.append(row)
    sheet["B2"], sheet["D3"], sheet["B4"], sheet["D4"] = "=A1&1", "#N/A", "#REF!", 12345678901234567890
    sheet["D3"].data_type = sheet["B4"].data_type = "e"
    data = BytesIO()
    book.save(data)
    reading = Reading(data.getvalue(), "a.xlsx")
    assert "有 3 格是没有结果的公式或错误值（如 #N/A），按空处理（第 2、3、4 行）" in reading.notes
    assert "有 1 行有超过 15 位的数字" in reading.notes
    chats = xlsx_of(["index", "chat_text", "备注"], [1, "张三：你好\n李四：在", "=A1&1"], [2, "=A1&1", ""])
    assert "有 2 格是没有结果的公式或错误值" in Reading(chats, "a.xlsx").notes


def zip_of(**files: Any) -> bytes:
    data = BytesIO()
    with ZipFile(data, "w") as archive:
        for name, value in files.items():
            archive.writestr(f"{name}.json", json.dumps(value, ensure_ascii=False))
    return data.getvalue()


def test_numbers_of_chats_in_an_archive_that_do_not_count_are_said() -> None:
    chats = [{"index": index, "chat_text": f"张三：话{index}\n李四：好"} for index in (10, 20)]
    reading = Reading(zip_of(a=chats), "a.zip")
    assert [row.index for row in reading.rows] == [1, 2]
    assert "有 2 条自带的 index 与它在文件中的位置不同" in reading.notes


def test_a_table_of_which_no_row_can_be_read_names_the_rows() -> None:
    text = '会话ID,发送人,内容\ns1,张三,"话一 \\"x\\", y"\ns1,李四,话"二\n'.encode()
    for data, name in ((text, "a.csv"), (zip_of_text(text), "a.zip")):
        with pytest.raises(InputError, match="双引号.*第 2 行"):
            Reading(data, name)
    with pytest.raises(InputError, match="里没有数据"):
        Reading("会话ID,发送人,内容\n".encode(), "a.csv")


def zip_of_text(text: bytes) -> bytes:
    data = BytesIO()
    with ZipFile(data, "w") as archive:
        archive.writestr("a.csv", text)
    return data.getvalue()


@pytest.mark.parametrize("text", ["\n \n\u200b\n", "\ufeff\u2060\t", "\u3000\u200d", "\u3164\n\u2800"])
@pytest.mark.parametrize("name", ["a.txt", "a.json", "a.csv"])
def test_a_chat_of_which_nothing_is_seen_is_none(text: str, name: str) -> None:
    data: Any = {"a.txt": text.encode(), "a.json": [{"chat_text": text}], "a.csv": csv_of(["chat_text"], [text + "\n"])}
    reading = Reading(data[name], name)
    assert reading.texts == [] and [row.reason for row in reading.rejected] == ["chat_text 为空"]


HEAD = ["会话ID", "发送人", "内容", "时间"]


@pytest.mark.parametrize("empty", ["nan", "NaN", "NULL", "None", "<NA>"])
def test_what_programs_write_for_nothing_is_empty_in_messages_and_named(empty: str) -> None:
    rows = [
        ["s1", "张三", "话一", "2024-03-01 09:00"],
        [empty, "李四", "话二", "2024-03-01 09:01"],
        ["s1", empty, "话三", "2024-03-01 09:02"],
        ["s1", "张三", empty, "2024-03-01 09:03"],
    ]
    reading = Reading(csv_of(HEAD, *rows), "a.csv")
    assert reading.holds("话一 话三", "话二") and empty not in "".join(reading.texts)
    assert f"有 3 条消息里有程序写的空值（{empty}），按空处理（第 3、4、5 行）" in reading.notes
    assert "有 1 条消息没有发送人（第 4 行）" in reading.notes


def test_a_session_written_as_a_decimal_is_the_same() -> None:
    rows = [["1001", "张三", "话一", "2024-03-01 09:00"], ["1001.0", "李四", "话二", "2024-03-01 09:01"]]
    reading = Reading(csv_of(HEAD, *rows, ["001001", "王五", "话三", "2024-03-01 09:01"]), "a.csv")
    assert reading.holds("话一 话二", "话三")
    assert "有 1 条消息的编号写成了小数（如 1001.0），按整数读（第 3 行）" in reading.notes


def test_somebody_on_both_sides_is_named() -> None:
    rows = [["张三", "话一", "收"], ["李四", "话二", "发"], ["张三", "话三", "发"]]
    reading = Reading(csv_of(["发送人", "内容", "方向"], *rows), "a.csv")
    assert "有 1 个发送人有时写成我方、有时写成对方，请核对收发方：张三" in reading.notes


@pytest.mark.parametrize("column", ["消息ID", "MsgSvrID", "message_id"])
def test_a_message_that_comes_twice_with_its_number_is_one(column: str) -> None:
    rows = [["m1", "张三", "话一", "2024-03-01 09:00"], ["m1", "张三", "话一", "2024-03-01 09:00"]]
    other = ["m1", "张三", "话二", "2024-03-01 09:00"]
    reading = Reading(csv_of([column, *HEAD[1:]], *rows, other), "a.csv")
    assert (reading.texts[0].count("话一"), reading.texts[0].count("话二")) == (1, 1)
    assert "有 1 条消息与前面的完全相同（消息编号也相同），只留一条（第 3 行）" in reading.notes


def test_lines_about_a_file_among_its_messages_are_named() -> None:
    lines = [
        {"_type": "header", "meta": {"name": "甲群"}},
        {"_type": "member", "platformId": "wxid_a", "accountName": "张三"},
        *(
            {"_type": "message", "accountName": who, "timestamp": 1709254800, "content": who + "说"}
            for who in ("张三", "李四")
        ),
    ]
    reading = Reading("\n".join(json.dumps(line) for line in lines).encode(), "a.jsonl")
    assert reading.holds("张三说 李四说")
    assert all(
        f"标着「{kind}」，不是消息（第 {at} 行）" in reading.notes for at, kind in ((1, "header"), (2, "member"))
    )


def test_comments_beside_cells_are_counted() -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in (HEAD, ["s1", "张三", "话一", "2024-03-01 09:00"]):
        sheet.append(row)
    sheet["B2"].comment = Comment("老客户，电话 138", "阿青")
    sheet["C2"].comment = Comment("催过", "阿青")
    book.save(file := BytesIO())
    assert "有 2 条批注写在格子旁边，没有导入" in Reading(file.getvalue(), "a.xlsx").notes


@pytest.mark.parametrize("between", [[], [""], ["", ""]])
def test_tables_beside_each_other_are_read_one_after_the_other(between: list[str]) -> None:
    left = [["s1", "张三", "话一", "2024-03-01 09:00"], ["s1", "李四", "话二", "2024-03-01 09:01"], [""] * 4]
    right = [
        ["s2", "王五", "话三", "2024-03-01 09:00"],
        ["s2", "赵六", "话四", "2024-03-01 09:01"],
        ["s2", "王五", "话五", ""],
    ]
    rows = [[*one, *between, *other] for one, other in zip(left, right, strict=True)]
    reading = Reading(csv_of([*HEAD, *between, *HEAD], *rows), "a.csv")
    assert reading.holds("话一 话二", "话三 话四 话五")
    assert "有 2 张同样的表并排放着，从左到右依次导入" in reading.notes


def test_rows_that_say_two_things_under_one_name_are_counted() -> None:
    rows = [
        ["张三", "话一", "话二", "2024-03-01 09:00"],
        ["李四", "", "话三", "2024-03-01 09:01"],
        ["李四", "话四", "话四", ""],
    ]
    reading = Reading(csv_of(["发送人", "内容", "内容", "时间"], *rows), "a.csv")
    assert "有 1 行在重复的列里写了不同的内容，只导入了后面的那一格（第 2 行）" in reading.notes


def test_a_sender_without_a_name_gets_the_one_that_his_number_has_elsewhere() -> None:
    head = ["发送人", "发送人ID", "内容", "时间"]
    rows = [["张三", "u1", "话一", ""], ["", "u1", "话二", ""], ["", "u9", "话三", ""], ["李四", "u2", "话四", ""]]
    reading = Reading(csv_of(head, *rows), "a.csv")
    assert reading.texts[0].count("张三") == 2 and "u9" in reading.texts[0]
    assert "有 1 条消息没有发送人的名字，按编号从别的行补上（第 3 行）" in reading.notes
    assert "有 1 条消息没有发送人的名字，用编号代替（第 4 行）" in reading.notes


@pytest.mark.parametrize("blank", [None, {}, {"sender": "", "content": None}])
def test_blank_rows_of_messages_are_nothing_as_in_a_table(blank: Any) -> None:
    rows = [{"sender": who, "content": f"{who}说", "time": "2024-03-01 09:00"} for who in ("张三", "李四")]
    for data, name in (([rows[0], blank, rows[1]], "a.json"), (rows, "a.json")):
        reading = Reading(data, name)
        assert reading.holds("张三说 李四说") and "未知发送人" not in reading.texts[0]


def test_what_was_said_in_a_voice_stands_behind_it() -> None:
    head = ["发送人", "消息内容", "语音转文字", "图片描述", "时间*"]
    rows = [
        ["张三", "[语音]", "明天来", "", "2024-03-01 09:00"],
        ["李四", "好", "", "", "2024-03-01 09:01"],
        ["张三", "[图片]", "", "发票照片", "2024-03-01 09:02"],
    ]
    reading = Reading(csv_of(head, *rows), "a.csv")
    assert all(words in reading.texts[0] for words in ("[语音] 明天来", "[图片] 发票照片", "2024-03-01 09:02:00"))
