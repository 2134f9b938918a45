"""ZIP archives of chats: every file is read or named as left out; nothing gets beyond the limits."""

import json
import zipfile
from io import BytesIO

import pytest
from openpyxl import Workbook

from core.adapters.store import Store
from core.domain.form import load_named_form
from core.errors import InputError
from core.services.datasets import import_chats, member_parts, zip_reader
from core.services.datasets.import_types import ChatRow, TableColumns
from core.services.datasets.row_validation_pass import RowValidationPass
from core.services.datasets.source_file import open_source

FORM = load_named_form("role_elements")
TEXT = "甲：你好\n乙：您好"
TABLE = "发送人,内容,时间\n甲,早,2024-01-02 10:21\n乙,好,2024-01-02 10:22\n"


class GbkName(zipfile.ZipInfo):
    """A member named as Windows does it: in GBK, without a flag that says so."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 (zipfile's own name)
        return self.filename.encode("gbk"), self.flag_bits


def packed(members: dict[str, str | bytes], kind: type[zipfile.ZipInfo] = zipfile.ZipInfo) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(kind(name), data, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def read(data: bytes, name: str = "a.zip") -> tuple[list[ChatRow], RowValidationPass]:
    with open_source(BytesIO(data), name) as source:
        validation_pass = RowValidationPass(source, FORM, TableColumns())
        return list(validation_pass.chats()), validation_pass


MEMBERS: dict[str, str | bytes] = {
    "群/10.txt": "丙：最后",
    "群/2.txt": TEXT,
    "群/消息.csv": TABLE,
    "train.json": json.dumps([{"chat_text": "丁：一", "index": 7}, {"chat_text": ""}]),
    "submission.json": json.dumps([{"infos": [], "index": 1}]),
    "图.jpg": b"\xff\xd8",
    "__MACOSX/._2.txt": b"x",
    "坏.csv": "没有这样的列\n1\n",
    "里面.zip": packed({"a.txt": TEXT}),
    "空.txt": "",
}


def test_every_file_is_read_or_named() -> None:
    chats, validation_pass = read(packed(MEMBERS))
    texts = [chat.text for chat in chats]
    assert [chat.index for chat in chats] == [1, 3, 4, 5]
    assert (texts[0], texts[1], texts[2]) == ("丁：一", TEXT, "丙：最后")
    assert texts[3].startswith("2024-01-02 10:21:00 甲\n早")
    assert [(row.index, row.reason) for row in validation_pass.rejected] == [(2, "train.json：chat_text 为空")]
    notes = "\n".join(validation_pass.notes)
    for name in MEMBERS:
        assert name in notes, name
    assert "群/消息.csv：文件是一行一条消息：2 条消息" in notes


def test_a_workbook_that_is_packed_as_it_is_does_not_make_the_archive_one() -> None:
    sheet = BytesIO()
    workbook = Workbook()
    workbook.active.append(["chat_text"])
    workbook.active.append([TEXT])
    workbook.save(sheet)
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("表.xlsx", sheet.getvalue())
        archive.writestr("群.txt", TEXT.replace("你好", "在吗"))
    chats, validation_pass = read(file.getvalue())
    assert {chat.text for chat in chats} == {TEXT, TEXT.replace("你好", "在吗")}
    assert not validation_pass.rejected


def test_names_in_gbk_are_read() -> None:
    chats, validation_pass = read(packed({"客户群一.txt": TEXT}, GbkName))
    assert len(chats) == 1
    assert "客户群一.txt（1 条）" in "\n".join(validation_pass.notes)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (packed({}), "没有能导入的群聊"),
        (packed({"图.jpg": b"x"}), "图.jpg"),
        (packed(MEMBERS)[:200], "不是完整的 ZIP"),
        (b"hello", "不是 ZIP"),
    ],
)
def test_archives_without_chats_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(InputError) as error:
        read(data)
    assert words in f"{error.value.message}{error.value.remedy}"


def test_what_is_too_big_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_reader, "MAX_MEMBER_MB", 1)
    chats, validation_pass = read(packed({"大.txt": "甲：" + "好" * 600_000, "小.txt": TEXT}))
    assert [chat.text for chat in chats] == [TEXT]
    assert any("大.txt" in note and "1 MB" in note for note in validation_pass.notes)
    monkeypatch.setattr(zip_reader, "MAX_UNPACKED_MB", 1)
    with pytest.raises(InputError, match="解压后超过 1 MB"):
        read(packed({f"{n}.txt": "甲：" + "好" * 200_000 for n in range(3)}))
    monkeypatch.setattr(zip_reader, "MAX_MEMBERS", 1)
    with pytest.raises(InputError, match="2 个文件"):
        read(packed({"1.txt": TEXT, "2.txt": TEXT}))


def test_an_archive_goes_behind_what_is_there_and_only_once(store: Store) -> None:
    import_chats(store, BytesIO("戊：在".encode()), filename="a.txt", dataset="群聊")
    first = import_chats(store, BytesIO(packed({"1.txt": TEXT, "2.csv": TABLE})), filename="a.zip", dataset="群聊")
    again = import_chats(
        store, BytesIO(packed({"0.txt": "己：新", "1.txt": TEXT, "2.csv": TABLE})), filename="a.zip", dataset="群聊"
    )
    assert (first.added, first.skipped, again.added, again.skipped) == (2, 0, 1, 2)
    assert not again.rejected


def part(rows: list[tuple[str, str, int, str]], key: str = "会话ID") -> str:
    lines = [f"{session},{sender},2024-01-02 10:{minute:02}:00,{text}" for session, sender, minute, text in rows]
    return "\n".join([f"{key},发送人,时间,内容", *lines])


FIRST = [("S9001", "林小满", 0, "你好"), ("S9001", "阿青", 1, "您好"), ("S9002", "王五", 2, "在吗")]
SECOND = [("S9001", "阿青", 1, "您好"), ("S9001", "林小满", 3, "多少钱"), ("S9003", "赵六", 5, "有人吗")]


@pytest.mark.parametrize("key", ["会话ID", "群聊"])
def test_parts_of_a_session_in_several_files_are_one_chat(key: str) -> None:
    members: dict[str, str | bytes] = {"1月.csv": part(FIRST, key), "2月.csv": part(SECOND, key), "z.txt": TEXT}
    chats, validation_pass = read(packed(members))
    assert [chat.index for chat in chats] == [1, 2, 3, 4]
    assert [text in chats[0].text for text in ("你好", "您好", "多少钱")] == [True] * 3
    assert chats[0].text.count("您好") == 1
    assert "有 1 个会话或群聊分在几个文件里，合成了一条：S9001（1月.csv、2月.csv）" in validation_pass.report.notes
    assert "其中有 1 条消息几个文件里都有，只留一次" in validation_pass.report.notes


@pytest.mark.parametrize(("second", "chats_read"), [("王五", 2), ("林小满", 1)])
def test_numbers_that_begin_anew_in_each_file_are_other_sessions(second: str, chats_read: int) -> None:
    def counted(name: str, minute: int) -> str:
        return part([("1", name, minute, "你好"), ("1", "阿青", minute + 1, f"{name}您好{minute}")])

    chats, validation_pass = read(packed({"a.csv": counted("林小满", 0), "b.csv": counted(second, 9)}))
    assert len(chats) == chats_read
    named = [note for note in validation_pass.report.notes if "会话或群聊" in note]
    assert ["没有合成一条：1" in note for note in named] == ([True] if chats_read == 2 else [False])


def test_the_same_file_twice_is_a_repeat(store: Store) -> None:
    data = packed({"a.csv": part(FIRST), "b.csv": part(FIRST)})
    report = import_chats(store, BytesIO(data), filename="a.zip", dataset="数据")
    assert (report.added, report.skipped) == (2, 2)
    assert any("有 2 条群聊与文件里前面的完全相同，只留一条" in note for note in report.notes)


def test_too_many_messages_are_not_joined_over_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_parts, "MAX_MESSAGES", 4)
    chats, validation_pass = read(packed({"a.csv": part(FIRST), "b.csv": part(SECOND)}))
    assert len(chats) == 4
    assert any("没有查找几个文件里的同一个会话" in note for note in validation_pass.report.notes)
