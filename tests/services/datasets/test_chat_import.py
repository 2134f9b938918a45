"""What goes into a dataset, what does not and why, and that nothing is ever half there."""

import json
import sqlite3
import threading
import tracemalloc
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from core.adapters.store import Store, open_store, queries
from core.adapters.store.models import Run, RunKind
from core.domain.form import Form
from core.errors import ConflictError, InputError
from core.services.datasets import ImportProgress, ImportReport, import_chats, import_text
from core.services.datasets.chat_outlook import outlook_of

TEXTS = ["甲一：价格多少", "乙二：在吗", "丙三：发合同", "丁四：好的"]


def load(store: Store, rows: Any, name: str = "数据", filename: str = "a.json", **options: Any) -> ImportReport:
    data = rows if isinstance(rows, bytes) else json.dumps(rows).encode()
    return import_chats(store, BytesIO(data), filename=filename, dataset=name, **options)


def stored(store: Store, name: str = "数据") -> dict[int, str]:
    with store.read() as session:
        dataset = queries.dataset(session, name)
        return {chat.index: chat.text for chat in queries.chats(session, dataset.id)}


def names(store: Store) -> list[str]:
    with store.read() as session:
        return [dataset.name for dataset in queries.datasets(session)]


def labels_of(store: Store, name: str = "数据") -> dict[int, list[dict[str, Any]]] | None:
    with store.read() as session:
        run = queries.labels_run(session, queries.dataset(session, name).id)
        return None if run is None else queries.forms_by_index(session, run.id)


def test_index_is_the_position_and_never_renumbered(store: Store) -> None:
    rows = [
        {"chat_text": TEXTS[0]},
        "no object",
        {"infos": []},
        {"chat_text": 7},
        {"chat_text": " \n"},
        {"chat_text": None},
        {"chat_text": TEXTS[1], "infos": {}},
        {"chat_text": TEXTS[1], "infos": ["x"]},
        {"chat_text": "聊" * 2_000_000},
        {"chat_text": "a\n\u0000b"},
        {"chat_text": TEXTS[1]},
    ]
    report = load(store, rows)
    assert stored(store) == {1: TEXTS[0], 10: "a\nb", 11: TEXTS[1]}
    assert (report.added, report.skipped, report.labels, report.total) == (3, 0, 0, 11)
    assert [(row.index, row.reason) for row in report.rejected] == [
        (2, "应为对象，收到文本"),
        (3, "缺少 chat_text"),
        (4, "chat_text 应为文本，收到数字"),
        (5, "chat_text 为空"),
        (6, "chat_text 应为文本，收到空值（null）"),
        (7, "infos 应为列表，收到对象"),
        (8, "infos 的第 1 项应为对象，收到文本"),
        (9, "chat_text 有 2,000,000 字，超过 6 MB 的上限，请按日期拆成几条"),
    ]
    assert "第 2 行有 1 个 NUL 字符，已去掉：第 10 条" in report.notes
    assert str(report.rejected[0]) == "第 2 条：应为对象，收到文本"
    with store.read() as session:
        dataset = queries.dataset(session, "数据")
    assert (dataset.expected, dataset.chats) == (11, 3)


def test_the_same_file_twice_adds_nothing(store: Store, form: Form) -> None:
    rows = [{"chat_text": chat, "infos": [{**form.empty(), form.name_field: "甲一"}]} for chat in TEXTS]
    first, second = load(store, rows), load(store, rows)
    assert (first.added, first.labels) == (4, 4)
    assert (second.added, second.skipped, second.labels, second.rejected) == (0, 4, 0, ())
    assert second.run_id == first.run_id
    assert len(stored(store)) == 4


def test_same_index_other_text_is_rejected_and_same_text_elsewhere_is_another_chat(store: Store) -> None:
    load(store, [{"chat_text": TEXTS[0]}, {"chat_text": TEXTS[1]}])
    report = load(store, [{"chat_text": TEXTS[0]}, {"chat_text": TEXTS[0]}, {"chat_text": TEXTS[0]}])
    assert (report.added, report.skipped) == (1, 1)
    assert [(row.index, row.reason) for row in report.rejected] == [(2, "数据集里这个 index 已有另一条群聊，未改动")]
    assert stored(store) == {1: TEXTS[0], 2: TEXTS[1], 3: TEXTS[0]}


def test_other_chats_without_numbers_go_behind_those_that_are_there(store: Store) -> None:
    load(store, [{"chat_text": TEXTS[0]}, {"chat_text": TEXTS[1]}])
    rows = [{"chat_text": TEXTS[2]}, {"chat_text": TEXTS[3]}, {"chat_text": TEXTS[1]}]
    report = load(store, rows)
    assert (report.added, report.skipped, report.rejected) == (2, 1, ())
    assert any("没有编号" in note and "接在" in note for note in report.notes)
    assert stored(store) == dict(enumerate(TEXTS, start=1))
    again = load(store, rows)
    assert (again.added, again.skipped, again.rejected) == (0, 3, ())
    # Numbers of its own are kept to.
    numbered = load(store, [{"chat_text": "丙一：新的\n丁二：好", "index": 1}])
    assert (numbered.added, [row.index for row in numbered.rejected]) == (0, [1])


@pytest.mark.parametrize("between", [0, 450], ids=["in one batch", "in another batch"])
@pytest.mark.parametrize("other", [False, True], ids=["same labels", "other labels"])
def test_a_labelled_chat_that_stands_twice_in_a_file_is_stored_once(
    store: Store, form: Form, between: int, other: bool
) -> None:
    load(store, [{"chat_text": TEXTS[0]}])

    def row(number: int, name: str) -> dict[str, Any]:
        return {"chat_text": f"甲一：第 {number} 次\n乙二：好", "infos": [{**form.empty(), form.name_field: name}]}

    rows = [row(number, "甲一") for number in range(between + 2)]
    report = load(store, [*rows, row(0, "丙三" if other else "甲一")])
    assert (report.added, report.labels, len(report.rejected)) == (len(rows), len(rows), int(other))
    labels = labels_of(store)
    assert labels is not None
    assert [forms[0][form.name_field] for forms in labels.values()] == ["甲一"] * len(rows)


def test_labels_become_a_run(store: Store, form: Form) -> None:
    info = {**form.empty(), form.name_field: "甲一"}
    rows = [{"chat_text": TEXTS[0], "infos": []}, {"chat_text": TEXTS[1], "infos": [info]}, {"chat_text": TEXTS[2]}]
    report = load(store, rows)
    assert (report.labels, report.run) == (2, "标注")
    # No customers is a label like any other; nothing said is none.
    assert labels_of(store) == {1: [], 2: [info]}
    with store.read() as session:
        run = queries.run(session, "标注")
    assert (run.kind, run.status, run.total, run.done, run.pending) == ("labels", "finished", 2, 2, 0)


@pytest.mark.parametrize("infos", [[], [{}], None])
def test_where_every_infos_is_empty_there_are_no_labels(store: Store, form: Form, infos: Any) -> None:
    placeholder = [form.empty()] if infos else infos
    report = load(store, [{"chat_text": chat, "infos": placeholder} for chat in TEXTS])
    assert (report.labels, report.run_id) == (0, None)
    assert labels_of(store) is None


def test_labels_that_come_later_or_differ(store: Store, form: Form) -> None:
    info = {**form.empty(), form.name_field: "甲一"}
    load(store, [{"chat_text": chat} for chat in TEXTS[:2]])
    later = load(store, [{"chat_text": TEXTS[0], "infos": [info]}, {"chat_text": TEXTS[1]}])
    assert (later.added, later.skipped, later.labels) == (0, 2, 1)
    other = load(store, [{"chat_text": TEXTS[0], "infos": [form.empty(), info]}])
    assert [row.reason for row in other.rejected] == ["「标注」里这条群聊已有不同的表单，未改动"]
    assert labels_of(store) == {1: [info]}


def test_a_run_that_has_taken_the_name_of_the_labels(store: Store, form: Form) -> None:
    dataset = load(store, [{"chat_text": TEXTS[0]}]).dataset_id
    with store.write() as session:
        session.add(Run(dataset_id=dataset, name="标注", kind=RunKind.MODEL))
    report = load(store, [{"chat_text": TEXTS[0], "infos": [{**form.empty(), form.name_field: "甲一"}]}])
    assert report.run == "标注 2"


def test_labels_are_coerced_with_a_note(store: Store, form: Form) -> None:
    report = load(
        store, [{"chat_text": TEXTS[0], "infos": [{form.name_field: " 甲一 ", "没有这个": 1, "咨询类型": "询价"}]}]
    )
    assert report.notes[-1].startswith("1 条的表单按要素表整理后存入") and "没有这个" in report.notes[-1]
    with store.read() as session:
        found = next(queries.extractions(session, queries.run(session, "标注").id))
    assert found.forms == [{**form.empty(), form.name_field: "甲一", "咨询类型": ["询价"]}]
    assert found.status == "repaired"
    assert all(note.startswith("第 1 位客户：") for note in found.notes)
    assert any("没有这个" in note for note in found.notes)


def test_plain_texts_go_behind_the_last_chat_once(store: Store) -> None:
    load(store, [{"chat_text": TEXTS[0]}, "rejected"])
    for _ in range(2):
        load(store, TEXTS[1].encode(), filename="a.txt")
    first = import_text(store, TEXTS[2], dataset="数据")
    second = import_text(store, TEXTS[2], dataset="数据")
    assert (first.added, second.added, second.skipped) == (1, 0, 1)
    # 2 is the place of the chat that was rejected.
    assert stored(store) == {1: TEXTS[0], 3: TEXTS[1], 4: TEXTS[2]}
    with pytest.raises(InputError, match="还没有粘贴"):
        import_text(store, " \n", dataset="数据")


def test_own_index_of_json_rows_counts_and_one_from_zero_is_refused(store: Store) -> None:
    with pytest.raises(InputError, match="像是从 0 数起的"):
        load(store, [{"chat_text": TEXTS[0], "index": 0}, {"chat_text": TEXTS[1], "index": 1}])
    load(store, [{"chat_text": TEXTS[0], "index": 7}, {"chat_text": TEXTS[1], "index": 9}])
    assert list(stored(store)) == [7, 9]
    report = load(store, [{"chat_text": TEXTS[0], "index": "A1"}], name="另一个")
    assert report.notes == ("有 1 条自带的 index 与它在文件中的位置不同；群聊按位置编号（从 1 开始）",)


def test_residue_is_measured(store: Store) -> None:
    chat = "林木1：你好\n客服小林：您好"
    copy = chat + '" data-online-sheet-link=\'["' + chat.replace("\n", "\\") + "\",5,2]'"
    load(store, [{"chat_text": chat}, {"chat_text": copy}])
    with store.read() as session:
        plain, doubled = queries.chats(session, queries.dataset(session, "数据").id)
    assert plain.residue_characters == 0
    assert doubled.residue_characters >= len(chat)
    seen = [outlook_of(one.index, one.text, None) for one in (plain, doubled)]
    assert [one.characters for one in seen] == [len(chat), len(chat)], "as the desk counts them"
    assert seen[1].residue == doubled.residue_characters


@pytest.mark.parametrize(
    ("rows", "options", "error", "sentence"),
    [
        ([{"chat_text": ""}], {}, InputError, "的 1 条都不能导入；第 1 条：chat_text 为空"),
        ([{"infos": [], "index": 1}], {}, InputError, "是提交文件"),
        ([{"chat_text": "a"}], {"name": " "}, InputError, "没有名称"),
        ([{"chat_text": "a"}], {"name": "x" * 101}, InputError, "名称不能用"),
        ([{"chat_text": "a"}], {"name": "a\nb"}, InputError, "名称不能用"),
        ([{"chat_text": "a"}], {"split": "dev"}, InputError, "不认识用途"),
        (b'[{"chat_text": "a"}, {"chat_text": "b"', {}, InputError, "没有写完"),
    ],
)
def test_whole_files_that_are_refused_leave_nothing(
    store: Store, rows: Any, options: dict[str, Any], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        load(store, rows, **options)
    assert names(store) == []


def test_another_split_or_form_is_a_conflict(store: Store, form: Form) -> None:
    load(store, [{"chat_text": TEXTS[0]}], split="train")
    assert load(store, [{"chat_text": TEXTS[0]}]).skipped == 1
    with pytest.raises(ConflictError, match="用途是 train，不是 test"):
        load(store, [{"chat_text": TEXTS[1]}], split="test")
    with store.write() as session:
        session.execute(text("UPDATE dataset SET form = 'other'"))
    with pytest.raises(ConflictError, match="用的是表单「other」"):
        load(store, [{"chat_text": TEXTS[1]}], form_name=form.name)


def test_an_error_while_writing_leaves_nothing(store: Store, form: Form) -> None:
    with store.write() as session:
        session.execute(text("CREATE TRIGGER full BEFORE INSERT ON extraction BEGIN SELECT RAISE(ABORT, 'full'); END"))
    with pytest.raises(ConflictError):
        load(store, [{"chat_text": chat, "infos": [{**form.empty(), form.name_field: "甲"}]} for chat in TEXTS])
    assert names(store) == []


def test_readers_and_writers_go_on_while_a_file_is_read(store: Store) -> None:
    seen: list[list[str]] = []
    stored: list[int] = []

    def look(progress: ImportProgress) -> None:
        if progress.stored is not None:  # in the transaction that stores
            stored.append(progress.stored)
            return
        with store.write() as session:
            session.execute(text("UPDATE dataset SET split = split"))
        seen.append(names(store))

    load(store, [{"chat_text": f"甲：{number}"} for number in range(350)], on_progress=look)
    assert seen == [[], [], [], ["数据"]]
    assert stored[0] == 0 and stored == sorted(stored) and stored[-1] < 350


def test_two_imports_at_once_make_one_dataset(store: Store) -> None:
    reports: list[ImportReport] = []
    rows = [{"chat_text": f"甲：{number}"} for number in range(300)]
    threads = [threading.Thread(target=lambda: reports.append(load(store, rows))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.added for report in reports) == [0, 0, 300]
    assert len(stored(store)) == 300


def test_memory_does_not_grow_with_the_file(store: Store) -> None:
    # 12 MB of chats on a single line, as json.dump writes them.
    data = json.dumps([{"chat_text": f"甲{number}：" + "a" * 20_000} for number in range(600)]).encode()
    source = BytesIO(data)
    tracemalloc.start()
    report = import_chats(store, source, filename="a.json", dataset="大")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.added == 600
    assert peak < 10_000_000


def test_a_text_of_8_mb_is_no_field_of_json(store: Store) -> None:
    words = "林木1：这句话要说很多遍，价格怎么算？\n" * 140_000
    with pytest.raises(InputError, match=r"文字有 \d\.\d MB，超过 6 MB 的上限，请按日期拆成几条") as refused:
        import_chats(store, BytesIO(words.encode()), filename="群.txt", dataset="大")
    assert "chat_text" not in str(refused.value)


def test_chats_that_say_the_same_are_named(store: Store) -> None:
    rows = [{"chat_text": text} for text in ("甲：一\n乙：好", "甲：二\n乙：好", "甲：一\n乙：好")]
    report = import_chats(store, BytesIO(json.dumps(rows).encode()), filename="a.json", dataset="同样的")
    assert report.added == 3
    assert "有 1 条群聊与文件里前面的完全相同，各存一条：第 3 条" in report.notes


def test_a_file_whose_texts_are_utf_16_gets_the_texts_that_were_imported(store: Store, tmp_path: Path) -> None:
    other = tmp_path / "utf16.db"
    with closing(sqlite3.connect(store.path)) as ours, closing(sqlite3.connect(other)) as theirs:
        theirs.execute("PRAGMA encoding = 'UTF-16'")
        theirs.executescript("\n".join(ours.iterdump()))
    opened = open_store(f"sqlite:///{other}")
    with closing(opened):
        import_text(opened, "何苗：多少钱😀\n客服：三千", dataset="d")
        with opened.read() as session:
            assert [chat.text for chat in queries.chats(session, 1)] == ["何苗：多少钱😀\n客服：三千"]
            assert session.execute(text("PRAGMA encoding")).scalar_one() != "UTF-8"
