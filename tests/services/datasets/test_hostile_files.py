"""Files that ask for too much: a sentence or a rejected row, and the program goes on as if nothing had been."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from core.adapters.store import Store
from core.domain.form import Form
from core.errors import InputError
from core.services.datasets import (
    ImportPreview,
    ImportProgress,
    import_chats,
    import_run,
    list_datasets,
    parent_file_reader,
    preview_import,
    reader_pool,
    reader_start,
)
from core.services.datasets.import_types import ChatRow, RejectedRow
from core.services.datasets.reader_messages import Rows, receive_message, send_message, send_rows
from core.settings import ROOT
from tests.factories import hostile_files
from tests.waiting import wait_until

GOOD = json.dumps([{"chat_text": "林木1：你好"}], ensure_ascii=False).encode()
SENTENCES = {
    "one cell, the last of a sheet": "延伸到 XFD1048576，共 17,179,869,184 格，超过 5,000,000 格的上限。请在 Excel 里",
    "the first cell and the last": "延伸到 XFD1048576，共 17,179,869,184 格，超过 5,000,000 格的上限。请在 Excel 里",
    "the same, written unusually": "延伸到 XFD1048576",
    "one long text in 200,000 cells": "内存超过 1 GB 的上限，没有读完。表格请在 Excel 里",
    "eight million cells": "超过 5,000,000 格的上限",
    "a zip bomb": "解压后有 595 MB，超过 512 MB 的上限",
    "a zip bomb that lies": "不是可读的 Excel 文件",
    "an entity bomb": "不是可读的 Excel 文件",
    "a far cell in ODS": "不是可读的 Excel 文件",
    "JSON nested 100,000 deep": "嵌套太深",
    "a million empty objects": "超过 200,000 条的上限。请拆成几个文件",
    "CSV with a million columns": "第 1 行有 1,000,001 列，超过 16,384 列的上限",
    "CSV with a quote never closed": "从第 2 行起有一格超过 16,000,000 字的上限。可能少了一个双引号",
}
REJECTED = {
    "a JSON string of 50 MB": [(2, "chat_text 有 50,000,000 字，超过 6 MB 的上限，请按日期拆成几条")],
    "JSON lines nested 100,000 deep": [(2, "数字太长或嵌套太深，不是群聊数据")],
    "a whole number of a million digits": [],
    "50 MB of white space in JSON": [],
    "CSV with an index of 5,000 digits": [
        (1, "编号（index）最大是 2147483647，收到 99999999999999999999…（5,000 位）"),
    ],
    "a text of 30 MB": [(1, "文字有 30 MB，超过 6 MB 的上限，请按日期拆成几条")],
}


@pytest.fixture(autouse=True)
def nothing_is_left_behind(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    assert list(folder.iterdir()) == []


def preview(data: bytes, name: str, form: Form) -> ImportPreview:
    return preview_import(BytesIO(data), name, form)


def peak_kilobytes() -> int:
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("no /proc on this system")
    return int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1])  # type: ignore[index]


@pytest.mark.parametrize("what", hostile_files.HOSTILE)
def test_a_file_that_asks_for_too_much(what: str, form: Form) -> None:
    name, make = hostile_files.HOSTILE[what]
    data = make()
    before, started = peak_kilobytes(), time.monotonic()
    if what in SENTENCES:
        with pytest.raises(InputError) as caught:
            preview(data, name, form)
        assert SENTENCES[what] in str(caught.value)
        assert caught.value.message.find(name) >= 0
    else:
        shown = preview(data, name, form)
        assert [(row.index, row.reason) for row in shown.rejected] == REJECTED[what]
    assert time.monotonic() - started < 60
    assert peak_kilobytes() - before < 20_000  # this process did not read it
    assert preview(GOOD, "b.json", form).good == 1


@pytest.mark.parametrize("read", ["chats", "run"])
def test_import_is_as_careful_as_preview(read: str, store: Store) -> None:
    import_chats(store, BytesIO(GOOD), filename="b.json", dataset="数据")
    data = hostile_files.two_corners()
    with pytest.raises(InputError, match="超过 5,000,000 格的上限"):
        if read == "chats":
            import_chats(store, BytesIO(data), filename="a.xlsx", dataset="大")
        else:
            import_run(store, BytesIO(data), filename="a.xlsx", dataset="数据", run="大")
    assert [row.dataset.name for row in list_datasets(store)] == ["数据"]


def test_a_format_far_down_the_sheet_is_no_content(form: Form) -> None:
    # Excel writes such cells where whole columns were formatted once.
    far = b'<row r="1048576"><c r="XFD1048576" s="0"/><c r="XFD1048576"></c></row>'
    data = hostile_files.workbook([hostile_files.HEAD, hostile_files.CHAT, far])
    assert [chat.text for chat in preview(data, "a.xlsx", form).chats] == ["林木1：你好"]


def test_a_chat_may_lie_deep_in_a_narrow_sheet(form: Form) -> None:
    deep = b'<row r="1000000">' + hostile_files.text_cell("A1000000", "a: b") + b"</row>"
    assert preview(hostile_files.workbook([hostile_files.HEAD, deep]), "a.xlsx", form).good == 1


def test_a_row_too_many_is_not_read(form: Form) -> None:
    with pytest.raises(InputError, match="超过 200,000 条的上限"):
        preview(b"chat_text\n" + b"a: b\n" * 200_001, "a.csv", form)
    assert preview(b"chat_text\n" + b"a: b\n" * 2_000, "a.csv", form).good == 2_000


def test_sentences_stay_short_whatever_the_file_says(form: Form) -> None:
    header = ",".join(f"{'长' * 5_000}{number}" for number in range(3_000))
    with pytest.raises(InputError) as caught:
        preview(header.encode(), "a.csv", form)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    "row", ['{"chat_text": "\\u4f60\\n: b"}', '{"chat_text": ""}', "true", "12345", "1.5e3", '"x"']
)
def test_values_cut_by_a_read_are_read_whole(row: str, form: Form) -> None:
    # Reads end after 2**20 characters: every place of the row lies on that border once.
    for behind in range(len(row) + 3):
        start = '[{"chat_text": "a: b"},'
        data = start + " " * (2**20 - len(start) - behind) + row + ',{"chat_text": "c: d"}]'
        shown = preview(data.encode(), "a.json", form)
        assert shown.rows == 3
        assert shown.chats[-1].text == "c: d"


def test_half_a_character_is_replaced_in_json_as_in_json_lines(form: Form) -> None:
    rows = [b'{"chat_text": "a: b"}', b'{"chat_text": "a: \\ud83d"}']
    for name, data in (("a.json", b"[" + b",".join(rows) + b"]"), ("a.jsonl", b"\n".join(rows))):
        shown = preview(data, name, form)
        assert [chat.text for chat in shown.chats] == ["a: b", "a: \ufffd"]
        assert [note for note in shown.notes if "半个表情符号" in note and "第 2 条" in note]


def slow_file(rows: int = 300_000) -> bytes:
    return b"[" + b",".join([b'{"chat_text": "a: b", "infos": []}'] * (rows // 2)) + b"]"


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (signal.SIGKILL, "内存超过 1 GB 的上限"),  # as the kernel does where memory runs out
        (signal.SIGSEGV, "读到一半出错"),
        (signal.SIGXCPU, "秒的上限"),
    ],
)
def test_a_reader_that_dies_is_a_sentence(number: int, sentence: str, store: Store, form: Form) -> None:
    killed: list[int] = []

    def kill(progress: ImportProgress) -> None:
        for reader in [] if killed else at_work():
            os.kill(reader, number)
            killed.append(reader)

    with pytest.raises(InputError, match=sentence):
        import_chats(store, BytesIO(slow_file()), filename="a.json", dataset="大", on_progress=kill)
    assert list_datasets(store) == []
    assert preview(GOOD, "b.json", form).good == 1


def at_work() -> list[int]:
    """Process ids of the children of this process that read files."""
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = (line.split(None, 2) for line in listed.splitlines())
    return [int(pid) for pid, parent, started in rows if int(parent) == os.getpid() and "reader_process" in started]


def test_a_reader_that_takes_too_long_is_ended(form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_pool, "clock_seconds", lambda size: 0.2)
    with pytest.raises(InputError, match="超过了 0 秒的上限，没有读完"):
        preview(slow_file(), "a.json", form)
    monkeypatch.undo()
    assert len(at_work()) <= 1
    assert preview(GOOD, "b.json", form).good == 1


def test_memory_is_watched_where_the_kernel_does_not(form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_pool, "POLLED", True)
    assert preview(GOOD, "b.json", form).good == 1
    monkeypatch.setattr(reader_pool, "MEMORY_MB", 1)
    with pytest.raises(InputError, match="内存超过"):
        preview(GOOD, "b.json", form)


def test_whoever_stops_looking_leaves_no_reader(form: Form) -> None:
    class Stop(BaseException):
        """As Streamlit stops a page."""

    def stop(progress: ImportProgress) -> None:
        raise Stop

    with pytest.raises(Stop):
        preview_import(BytesIO(slow_file()), "a.json", form, on_progress=stop)
    assert at_work() == []
    assert preview(GOOD, "b.json", form).good == 1


def test_many_files_at_once_wait_for_one_another(form: Form) -> None:
    counts: list[int] = []
    data = slow_file(8_000)

    def read() -> None:
        counts.append(preview(data, "a.json", form).good)

    threads = [threading.Thread(target=read) for _ in range(5)]
    for thread in threads:
        thread.start()
    most = 0
    while any(thread.is_alive() for thread in threads):
        most = max(most, len(at_work()))
    assert counts == [4_000] * 5
    assert most <= reader_pool.MAX_READERS
    assert len(at_work()) <= 1


@pytest.mark.parametrize(
    "before", [b'[{"chat_text": "a"}]', b"", b"\xff\x00", b'[{"chat_text": 1}, {"chat_text": "c"}]']
)
def test_a_file_that_was_looked_at_before_is_read_as_it_is_now(before: bytes, form: Form, tmp_path: Path) -> None:
    file, new = tmp_path / "a.json", tmp_path / "new"
    file.write_bytes(before)
    reader_pool.end_idle_readers()
    reader_start.start_early()
    reader_start.look_ahead(file)
    for unusable in ("none.json", "x" * 300 + ".json", "a.json/b.json"):
        reader_start.look_ahead(tmp_path / unusable)
    for count, content in (
        (2, b'[{"chat_text": "x"}, {"chat_text": "y"}]'),
        (1, '[{"chat_text": "新"}]'.encode("gbk")),
    ):
        new.write_bytes(content)
        new.replace(file)
        preview = preview_import(file, file.name, form)
        assert (preview.rows, preview.encoding) == (count, "UTF-8" if count == 2 else "GBK / GB18030")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_readers_end_with_the_program(number: int, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(slow_file())
    program = (
        "import sys, pathlib, threading, time\n"
        "from core.domain.form import load_named_form\n"
        "from core.services.datasets import prepare_reader, preview_import\n"
        "from core.services.datasets import reader_pool\n"
        "prepare_reader()\n"
        "print(reader_pool._idle[0].process.pid, flush=True)\n"
        "def tell():\n"
        "    while reader_pool._idle:\n"
        "        time.sleep(0.005)\n"
        "    print('reading', flush=True)\n"
        "threading.Thread(target=tell, daemon=True).start()\n"
        "preview_import(pathlib.Path(sys.argv[1]), 'a.json', load_named_form())\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "a.json")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        reader = int(running.stdout.readline())  # type: ignore[union-attr]
        assert running.stdout.readline() == b"reading\n"  # type: ignore[union-attr]
        running.send_signal(number)
    wait_until(lambda: not is_running(reader))


def test_a_reader_that_was_started_early_and_died_is_not_taken(form: Form) -> None:
    reader_pool.end_idle_readers()
    reader_start.start_early()
    (early,) = reader_start._started
    early.process.kill()
    early.process.wait()
    assert preview(GOOD, "b.json", form).rows == 1
    assert not reader_start._started


def test_texts_follow_their_rows_and_no_others_are_taken() -> None:
    chats = [ChatRow(1, "林木1：😀\n", None), ChatRow(2, "", [], ("x",), 7), ChatRow(3, '\x7f"\\é', [{"a": ["b"]}])]
    rows = Rows(3, 0.5, chats, rejected=[RejectedRow(4, "缺少 chat_text")])
    ours, theirs = socket.socketpair()
    with ours, theirs:
        send_rows(theirs, rows)
        assert receive_message(ours) == replace(rows, sizes=[15, 0, 5])
    for sizes in ([1], [-1, 1, 1], [1 << 40, 0, 0], [2, 0, 0]):
        ours, theirs = socket.socketpair()
        with ours, theirs, pytest.raises(ValueError, match=r"texts of|utf-8"):
            send_message(theirs, replace(rows, sizes=sizes))
            theirs.sendall(b"\xff\xff")
            receive_message(ours)


def is_running(process_id: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(process_id)], capture_output=True, text=True).stdout.strip()
    return bool(state) and not state.startswith("Z")


def test_short_of_memory_the_kernel_ends_the_reader_first(form: Form) -> None:
    preview(GOOD, "b.json", form)
    (reader,) = at_work()
    score = Path(f"/proc/{reader}/oom_score_adj")
    if score.exists():
        assert int(score.read_text()) == 1000


def test_readers_know_no_keys(monkeypatch: pytest.MonkeyPatch, form: Form) -> None:
    monkeypatch.setenv("SPARKAI_API_KEY", "key-of-a-person")
    reader_pool.end_idle_readers()
    preview(GOOD, "b.json", form)
    (reader,) = at_work()
    environment = Path(f"/proc/{reader}/environ")
    if environment.exists():
        assert b"key-of-a-person" not in environment.read_bytes()


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: os.symlink("/dev/zero", path)])
def test_what_has_no_end_is_not_opened(make: Callable[[Path], None], tmp_path: Path, form: Form) -> None:
    path = tmp_path / "a.json"
    make(path)
    with pytest.raises(InputError, match=r"a\.json 不是普通文件"):
        preview_import(path, "a.json", form)


def test_a_full_disk_is_a_sentence(form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parent_file_reader, "TemporaryFile", lambda: open("/dev/full", "wb"))  # noqa: SIM115
    with pytest.raises(InputError, match="写不进临时文件夹"):
        preview(GOOD * 10_000, "b.json", form)
