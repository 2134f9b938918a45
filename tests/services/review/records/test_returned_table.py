"""A table that was exported comes back edited: only edits are taken, conflicts are named, all can be undone."""

import csv
import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from core import cli
from core.adapters.store import Store, queries
from core.adapters.store.models import Chat, Dataset
from core.domain.form import load_named_form
from core.domain.masking import NO_MASK, Mask, parse_mask
from core.errors import InputError
from core.services.datasets import import_chats
from core.services.datasets.import_types import FileFormat
from core.services.datasets.plain_table import PlainTable
from core.services.datasets.reader_messages import PlainRow
from core.services.export import TableFormat, export_table, parse_source
from core.services.review import apply_saves
from core.services.review.records import bulk, history, table_bases
from core.services.review.records.returned_table import ReturnedTable
from core.services.review.records.table_return import preview_table, return_table
from core.services.review.records.table_rows import edited_rows

FORM = load_named_form()
NAME, PHONE, PRODUCT, STAGE = "基本信息-姓名", "基本信息-手机号码", "意向产品", "客户购买阶段"
TODO = "下一步跟进计划-具体事项"
Rows = list[list[str]]


@pytest.fixture
def dataset(store: Store) -> int:
    with store.write() as session:
        row = Dataset(name="群聊", form=FORM.name, sha256="x", expected=3)
        session.add(row)
        session.flush()
        dataset_id = row.id or 0
        for index in range(1, 4):
            session.add(
                Chat(
                    dataset_id=dataset_id,
                    index=index,
                    text="你好",
                    sha256=str(index),
                    characters=2,
                    residue_characters=0,
                )
            )
    for index in range(1, 4):
        save(store, dataset_id, index, [customer(f"林木{index}"), customer(f"何苗{index}")])
    return dataset_id


def customer(name: str, **values: object) -> dict[str, object]:
    return FORM.empty() | {
        NAME: name,
        PHONE: "057188888888",
        PRODUCT: ["会话存档", "高级版"],
        TODO: "=1+1",
        **values,
    }


def save(store: Store, dataset: int, chat: int, forms: list[dict[str, object]], version: int = 0) -> None:
    outbox = {
        "save_id": f"save-{chat}-{version}-{len(forms)}",
        "chat": chat,
        "reviewer": "小林",
        "base_version": version,
        "status": "已确认",
        "customers": [{"values": values} for values in forms],
        "note": "",
        "reason": "",
        "seconds": 1.0,
    }
    [ack] = apply_saves(store, FORM, dataset, [outbox])
    assert ack.result == "saved", ack


def exported(store: Store, path: Path, mask: Mask = NO_MASK) -> Path:
    table = TableFormat(path.suffix[1:])
    export_table(store, dataset="群聊", source=parse_source("records"), out=path, table=table, mask=mask)
    return path


def edited(path: Path, edit: Callable[[Rows], Rows | None]) -> Path:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        rows = edit(rows) or rows
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(rows)
        return path
    book = openpyxl.load_workbook(path)
    rows = [["" if cell is None else str(cell) for cell in row] for row in book.active.values]
    rows = edit(rows) or rows
    book = openpyxl.Workbook()
    for number, row in enumerate(rows, start=1):
        for column, cell in enumerate(row, start=1):
            target = book.active.cell(number, column, cell)
            target.data_type = "s"
    book.save(path)
    return path


def put(chat: int, number: int, key: str, value: str) -> Callable[[Rows], None]:
    def edit(rows: Rows) -> None:
        row = next(row for row in rows if row[:2] == [str(chat), str(number)])
        row[rows[0].index(key)] = value

    return edit


def planned(store: Store, path: Path) -> ReturnedTable:
    return preview_table(store, path, filename=path.name, dataset="群聊")[1]


def changes(returned: ReturnedTable) -> list[tuple[int, int, str, object]]:
    return [(change.chat, change.customer, change.key, change.after) for change in returned.plan.changes]


@pytest.mark.parametrize("name", ["表.csv", "表.xlsx"])
def test_a_table_that_nobody_edited_changes_nothing(store: Store, dataset: int, tmp_path: Path, name: str) -> None:
    returned = planned(store, edited(exported(store, tmp_path / name), lambda rows: None))
    assert (changes(returned), returned.conflicts, returned.refused, returned.notes) == ([], [], [], [])
    assert returned.rows == 6


@pytest.mark.parametrize("name", ["表.csv", "表.xlsx"])
def test_edits_come_back_and_can_be_undone(store: Store, dataset: int, tmp_path: Path, name: str) -> None:
    def edit(rows: Rows) -> Rows:
        put(2, 2, NAME, "何苗苗")(rows)
        put(1, 1, PRODUCT, "高级版、会话存档、SCRM")(rows)
        put(3, 1, TODO, "'=SUM(A1)")(rows)
        put(3, 2, PHONE, "")(rows)
        head, *rest = [[*row[::-1], "批注"] for row in rows]
        return [head, *rest[::-1]]

    path = edited(exported(store, tmp_path / name), edit)
    returned = planned(store, path)
    assert sorted(changes(returned), key=str) == [
        (1, 0, PRODUCT, ["高级版", "会话存档", "SCRM"]),
        (2, 1, NAME, "何苗苗"),
        (3, 0, TODO, "=SUM(A1)"),
        (3, 1, PHONE, ""),
    ]
    assert any("批注" in note for note in returned.notes)
    outcome = return_table(store, FORM, returned, who="小何")
    assert set(outcome.saved) == {1, 2, 3}
    newest = history.versions(store, FORM, dataset, 2)[0]
    assert newest.who == "小何" and path.name in newest.reason
    [change] = bulk.recent(store, dataset)
    assert change.id == outcome.id
    bulk.undo(store, FORM, dataset, outcome.id, who="小何")
    with store.read() as session:
        [name_before] = [r.forms[1][NAME] for r in queries.confirmed(session, dataset) if r.index == 2]
    assert name_before == "何苗2"
    # The same table once more: what was taken back is an edit again.
    assert len(changes(planned(store, path))) == 4


def test_a_record_that_has_moved_on_is_a_conflict_by_field(store: Store, dataset: int, tmp_path: Path) -> None:
    path = exported(store, tmp_path / "表.csv")
    save(store, dataset, 1, [customer("林木1", **{PHONE: "13800000000", STAGE: "意向客户"}), customer("何苗1")], 1)
    exported(store, tmp_path / "后来.csv")

    def edit(rows: Rows) -> None:
        put(1, 1, PHONE, "13900000000")(rows)
        put(1, 1, PRODUCT, "SCRM")(rows)

    returned = planned(store, edited(path, edit))
    assert changes(returned) == [(1, 0, PRODUCT, ["SCRM"])]
    [conflict] = returned.conflicts
    assert (conflict.key, conflict.exported, conflict.current, conflict.edited, conflict.who) == (
        PHONE,
        "057188888888",
        "13800000000",
        "13900000000",
        "小林",
    )


def test_a_table_of_long_ago_is_compared_with_its_own_export(store: Store, dataset: int, tmp_path: Path) -> None:
    path = exported(store, tmp_path / "表.csv")
    for version in range(1, 41):
        save(store, dataset, 1, [customer("林木1", **{PHONE: f"138000000{version:02}"}), customer("何苗1")], version)
        exported(store, tmp_path / "后来.csv")
    returned = planned(store, path)
    assert (changes(returned), returned.conflicts, returned.refused) == ([], [], [])


def test_an_old_value_that_may_have_been_put_back_is_said(store: Store, dataset: int, tmp_path: Path) -> None:
    first = exported(store, tmp_path / "早.csv")
    save(store, dataset, 1, [customer("林木1", **{PHONE: "13900000000"}), customer("何苗1")], 1)
    path = edited(exported(store, tmp_path / "晚.csv"), put(1, 1, PHONE, "057188888888"))
    returned = planned(store, path)
    [note] = returned.notes
    assert changes(returned) == [] and "有 1 格与较早导出的「早.csv」相同" in note and "第 1 条第 1 位" in note
    # Where the record says the same again, nothing is lost by either reading.
    save(store, dataset, 1, [customer("林木1"), customer("何苗1")], 2)
    assert (planned(store, path).notes, planned(store, first).notes) == ([], [])


def test_exports_that_are_too_old_to_be_known_are_said(
    store: Store, dataset: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_bases, "MOST_EXPORTS", 2)
    for version in range(1, 4):
        path = exported(store, tmp_path / f"{version}.csv")
        assert any("如果这份更早" in note for note in planned(store, path).notes) == (version > 2)
        save(store, dataset, 1, [customer("林木1", **{PHONE: f"1380000000{version}"}), customer("何苗1")], version)


def test_customers_are_found_where_they_stand_now(store: Store, dataset: int, tmp_path: Path) -> None:
    path = exported(store, tmp_path / "表.csv")
    save(store, dataset, 1, [customer("新人"), customer("何苗1"), customer("林木1")], 1)
    returned = planned(store, edited(path, put(1, 1, PHONE, "13900000000")))
    assert changes(returned) == [(1, 2, PHONE, "13900000000")]


def test_rows_and_columns_that_are_not_taken_are_named(store: Store, dataset: int, tmp_path: Path) -> None:
    def edit(rows: Rows) -> Rows:
        twice = list(rows[2])
        twice[rows[0].index(PHONE)] = "1"
        swapped = rows[5]
        swapped[rows[0].index(NAME)] = "何苗3"
        new = ["1", "3", *[""] * (len(rows[0]) - 2)]
        unnumbered = ["", "", "某人", *[""] * (len(rows[0]) - 3)]
        strange = ["9", "1", *[""] * (len(rows[0]) - 2)]
        at = rows[0].index(STAGE)
        kept = [rows[0], rows[1], rows[1], rows[2], twice, *rows[4:], new, unnumbered, strange]
        return [["2026 年客户表", *[""] * (len(rows[0]) - 2)], *([*row[:at], *row[at + 1 :]] for row in kept)]

    returned = planned(store, edited(exported(store, tmp_path / "表.csv"), edit))
    assert changes(returned) == []
    words = "\n".join(returned.sentences(FORM))
    for part in ("缺少 1 列", STAGE, "相同", "而且不同", "导出时没有", "没有可用的", "少了 1 位", "可能被打乱了"):
        assert part in words, words


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("5.72E+10", "5.72E+10"),
        ("57188888888", "开头的 0"),
        ("#NAME?", "#NAME?"),
        ("########", "不是值"),
        ('=HYPERLINK("http://x","a")', "是公式"),
        ("nan", "空值"),
    ],
)
def test_what_excel_has_damaged_is_named(store: Store, dataset: int, tmp_path: Path, cell: str, why: str) -> None:
    returned = planned(store, edited(exported(store, tmp_path / "表.csv"), put(1, 1, PHONE, cell)))
    assert changes(returned) == []
    [refused] = returned.refused
    assert (refused.chat, refused.customer, refused.key) == (1, 0, PHONE) and why in refused.why


def test_masked_values_stay(store: Store, dataset: int, tmp_path: Path) -> None:
    path = exported(store, tmp_path / "表.csv", parse_mask(["phone"]))

    def edit(rows: Rows) -> None:
        put(1, 1, STAGE, "意向客户")(rows)
        put(2, 1, PHONE, "138****0000")(rows)

    returned = planned(store, edited(path, edit))
    assert [key for _, _, key, _ in changes(returned)] == [STAGE] or returned.plan.unchanged
    assert [(one.key, "遮盖" in one.why) for one in returned.refused] == [(PHONE, True)]


def test_other_files_are_refused_in_one_sentence(store: Store, dataset: int, tmp_path: Path) -> None:
    path = exported(store, tmp_path / "表.csv")
    with pytest.raises(InputError, match="import-table"):
        import_chats(store, path, filename=path.name, dataset="另一个")
    other = tmp_path / "别的.csv"
    other.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="认不出每一行是谁"):
        planned(store, other)
    other.write_text("你好\n", encoding="utf-8")
    with pytest.raises(InputError):
        preview_table(store, other, filename="别的.txt", dataset="群聊")


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    db = f"sqlite:///{tmp_path / 'a.db'}"

    def run(*arguments: object) -> tuple[int, str, str]:
        code = cli.main([str(one) for one in (*arguments, "--db", db)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    assert run("sample")[0] == 0
    dataset = "示例群聊"
    path = tmp_path / "表.xlsx"
    assert run("export", "table", "--dataset", dataset, "--source", "labels", "--out", path)[0] == 0
    edited(path, put(1, 1, PHONE, "13900000001"))
    code, out, _ = run("import-table", path, "--dataset", dataset, "--dry-run", "--json")
    preview = json.loads(out)
    assert (code, preview["changes"], preview["dry_run"]) == (0, 1, True)
    assert run("import-table", path, "--dataset", dataset)[0] == 1
    code, out, err = run("import-table", path, "--dataset", dataset, "--who", "小何")
    assert code == 0 and "改了 1 条记录的 1 个值" in out and "13900000001" in err
    code, out, _ = run("import-table", path, "--dataset", dataset, "--dry-run", "--json")
    assert json.loads(out)["changes"] == 0
    bulk_id = err.split("--undo ")[1].split()[0]
    assert run("import-table", "--undo", bulk_id, "--dataset", dataset)[0] == 1
    assert run("import-table", path, "--undo", bulk_id, "--dataset", dataset, "--who", "小何")[0] == 1
    code, out, _ = run("import-table", "--undo", bulk_id, "--dataset", dataset, "--who", "小何", "--json")
    assert (code, json.loads(out)) == (0, {"bulk": bulk_id, "undone": 1, "cells": 1, "skipped": []})
    code, out, err = run("import-table", "--undo", bulk_id, "--dataset", dataset, "--who", "小何")
    assert code == 1 and "已经撤销过" in err
    code, out, _ = run("import-table", path, "--dataset", dataset, "--dry-run", "--json")
    assert json.loads(out)["changes"] == 1


def other_dataset(store: Store) -> None:
    """Another dataset with the same numbers of chats and customers, exported too."""
    rows = [
        {
            "chat_text": f"客户：第 {index} 条\n客服：好",
            "infos": [customer(f"{name}{index}", **{PHONE: f"1390000{index}{at}00", PRODUCT: ["门窗"], TODO: "量尺"})],
        }
        for index in range(1, 4)
        for at, name in enumerate(("周岚",))
    ]
    import_chats(store, BytesIO(json.dumps(rows, ensure_ascii=False).encode()), filename="b.json", dataset="另一个")


def test_a_table_of_another_dataset_is_refused(store: Store, dataset: int, tmp_path: Path) -> None:
    other_dataset(store)
    export_table(
        store, dataset="另一个", source=parse_source("labels"), out=tmp_path / "它的.csv", table=TableFormat.CSV
    )
    path = exported(store, tmp_path / "表.csv")
    for edit in (lambda rows: None, put(1, 1, STAGE, "意向客户"), lambda rows: rows[:2]):
        with pytest.raises(InputError, match="另一个」导出过的对不上"):
            preview_table(store, edited(path, edit), filename=path.name, dataset="另一个")
    with pytest.raises(InputError, match="群聊」导出过的对不上"):
        planned(store, tmp_path / "它的.csv")


def test_a_table_that_shows_nothing_of_its_dataset_is_refused(store: Store, dataset: int, tmp_path: Path) -> None:
    def edit(rows: Rows) -> Rows:
        at = rows[0].index(STAGE)
        return [[*row[:2], row[at] if number == 0 else "意向客户"] for number, row in enumerate(rows)]

    with pytest.raises(InputError, match="看不出是它的表格"):
        planned(store, edited(exported(store, tmp_path / "表.csv"), edit))


def test_one_row_that_is_another_customers_is_not_taken(store: Store, dataset: int, tmp_path: Path) -> None:
    def edit(rows: Rows) -> None:
        for key, value in ((NAME, "周岚"), (PHONE, "13900000000"), (PRODUCT, "门窗"), (TODO, "量尺")):
            put(1, 1, key, value)(rows)
        put(2, 1, NAME, "林木木")(rows)

    returned = planned(store, edited(exported(store, tmp_path / "表.csv"), edit))
    assert changes(returned) == [(2, 0, NAME, "林木木")]
    assert {one.why for one in returned.refused} == {"这一行没有一个值和导出时相同，可能错行了"}


def test_rows_with_too_many_or_too_few_cells_are_named(store: Store, dataset: int, tmp_path: Path) -> None:
    def edit(rows: Rows) -> Rows:
        at = rows[0].index(TODO)
        put(2, 1, NAME, "林木木")(rows)
        put(3, 1, NAME, "林")(rows)
        shifted = [*rows[1][:at], "周六", "最迟周日", *rows[1][at + 1 :]]
        return [rows[0], shifted, rows[2], rows[3][:5], rows[4], rows[5][:3], rows[6]]

    returned = planned(store, edited(exported(store, tmp_path / "表.csv"), edit))
    assert changes(returned) == [(2, 0, NAME, "林木木")]
    assert [(one.chat, one.key, "断了" in one.why) for one in returned.refused] == [(3, NAME, True)]
    long, short, shorter = returned.notes
    assert "第 2 行有 26 格" in long and "逗号" in long
    assert "第 4 行只有 5 格" in short and "第 6 行只有 3 格" in shorter


def test_a_formula_without_its_result_is_no_empty_cell(store: Store, dataset: int, tmp_path: Path) -> None:
    path = exported(store, tmp_path / "表.xlsx")
    book = openpyxl.load_workbook(path)
    book.active["C3"] = '=A1&"<x>"'
    book.save(path)
    returned = planned(store, path)
    assert changes(returned) == []
    [refused] = returned.refused
    assert (refused.chat, refused.customer, refused.key, refused.line) == (1, 1, NAME, 3) and "公式" in refused.why


def test_what_a_spreadsheet_writes_otherwise_is_no_edit(store: Store, dataset: int, tmp_path: Path) -> None:
    values = {TODO: "2024-01-05", STAGE: "合同中", "基本信息-年龄": "32", PRODUCT: ["会话存档", "高级版"]}
    save(store, dataset, 1, [customer("阿哲🌿", **values), customer("何苗1")], 1)

    def edit(rows: Rows) -> None:
        put(1, 1, NAME, "阿哲?")(rows)
        put(1, 1, TODO, "2024/1/5 00:00:00")(rows)
        put(1, 1, "基本信息-年龄", "32.0")(rows)
        put(1, 1, PHONE, "'057188888888")(rows)
        put(1, 1, PRODUCT, "高级版、会话存档")(rows)
        put(2, 1, PHONE, "'13800009999")(rows)

    returned = planned(store, edited(exported(store, tmp_path / "表.csv"), edit))
    assert (changes(returned), returned.refused) == ([(2, 0, PHONE, "13800009999")], [])

    def damaged(rows: Rows) -> None:
        put(1, 1, NAME, "阿哲??（哲学）")(rows)
        put(2, 1, TODO, "2024-01-06 00:00:00")(rows)

    returned = planned(store, edited(exported(store, tmp_path / "表.csv"), damaged))
    assert changes(returned) == []
    name, date = returned.refused
    assert "🌿" in name.why and "问号" in name.why and "日期" in date.why


def test_an_error_in_a_cell_empties_nothing(store: Store, dataset: int, tmp_path: Path) -> None:
    path = edited(exported(store, tmp_path / "表.xlsx"), put(1, 1, PHONE, "#N/A"))
    book = openpyxl.load_workbook(path)
    [cell] = [cell for row in book.active.iter_rows() for cell in row if cell.value == "#N/A"]
    cell.data_type = "e"
    book.save(path)
    returned = planned(store, path)
    assert changes(returned) == []
    [refused] = returned.refused
    assert refused.key == PHONE and "错误值" in refused.why


@pytest.mark.parametrize(
    ("key", "cell", "value"),
    [
        (PRODUCT, '["定制版","CRM"]', ["定制版", "CRM"]),
        (PRODUCT, "['定制版', 'CRM']", ["定制版", "CRM"]),
        (PRODUCT, "定制版;CRM", ["定制版", "CRM"]),
        (PRODUCT, "定制版；CRM", ["定制版", "CRM"]),
        (PRODUCT, "定制版\nCRM", ["定制版", "CRM"]),
        (PRODUCT, '["会话存档","高级版"]', None),
        (PHONE, '="13900001111"', "13900001111"),
        (PHONE, '="057188888888"', None),
    ],
)
def test_lists_and_texts_as_programs_write_them(
    store: Store, dataset: int, tmp_path: Path, key: str, cell: str, value: object
) -> None:
    returned = planned(store, edited(exported(store, tmp_path / "表.csv"), put(1, 1, key, cell)))
    assert changes(returned) == ([] if value is None else [(1, 0, key, value)])
    assert returned.refused == []


def test_a_column_that_was_emptied_or_has_slipped_is_said(store: Store, dataset: int, tmp_path: Path) -> None:
    def empty(rows: Rows) -> None:
        for row in rows[1:]:
            row[rows[0].index(PHONE)] = ""

    returned = planned(store, edited(exported(store, tmp_path / "表.csv"), empty))
    label = FORM.field(PHONE).label
    assert f"「{label}」列改了 6 格（共 6 行），其中 6 格改成空" in "\n".join(returned.notes)
    one = planned(store, edited(exported(store, tmp_path / "表二.csv"), put(1, 1, PHONE, "13900001111")))
    assert not any(f"「{label}」列改了" in note for note in one.notes)


def test_a_table_of_which_no_row_can_be_taken_is_refused(store: Store, dataset: int, tmp_path: Path) -> None:
    def elsewhere(rows: Rows) -> None:
        for row in rows[1:]:
            row[0] = "99"

    with pytest.raises(InputError, match="没有一行能带回"):
        planned(store, edited(exported(store, tmp_path / "表.csv"), elsewhere))
    with pytest.raises(InputError, match="没有一行能带回"):
        planned(store, edited(exported(store, tmp_path / "空.csv"), lambda rows: rows[:1]))


def test_another_sheet_can_be_named(store: Store, dataset: int, tmp_path: Path) -> None:
    path = edited(exported(store, tmp_path / "表.xlsx"), put(1, 1, PHONE, "13900001111"))
    book = openpyxl.load_workbook(path)
    title = book.active.title
    cover = book.create_sheet("说明", 0)
    for row in (["群聊", "客户", "备注"], ["1", "1", "已回访"]):
        cover.append(row)
    book.save(path)
    returned = preview_table(store, path, filename=path.name, dataset="群聊", sheet=title)[1]
    assert changes(returned) == [(1, 0, PHONE, "13900001111")]


def people(store: Store, dataset: int) -> None:
    """Customers who share little: a name, a phone and a task of their own."""
    for chat in range(1, 4):
        forms = [
            customer(f"林木{chat}{at}", **{PHONE: f"1380000{chat}{at}00", TODO: f"周{chat}给第 {at} 位报价"})
            for at in (1, 2)
        ]
        save(store, dataset, chat, forms, version=1)


def exchange(column: int, *pairs: tuple[int, int]) -> Callable[[Rows], None]:
    """Put the cells of a column of two rows at each other's place."""

    def edit(rows: Rows) -> None:
        for one, other in pairs:
            rows[one][column], rows[other][column] = rows[other][column], rows[one][column]

    return edit


def test_rows_whose_chats_were_exchanged_are_not_taken(store: Store, dataset: int, tmp_path: Path) -> None:
    people(store, dataset)

    def edit(rows: Rows) -> None:
        exchange(0, (1, 3))(rows)
        put(3, 2, PHONE, "13900009999")(rows)

    returned = planned(store, edited(exported(store, tmp_path / "表.csv"), edit))
    assert changes(returned) == [(3, 1, PHONE, "13900009999")]
    assert {(one.line, one.why) for one in returned.refused} == {
        (2, "这一行的值是第 1 条第 1 位客户的，群聊、客户编号可能被打乱了"),
        (4, "这一行的值是第 2 条第 1 位客户的，群聊、客户编号可能被打乱了"),
    }


def test_a_column_of_chats_that_was_sorted_alone_is_refused(store: Store, dataset: int, tmp_path: Path) -> None:
    people(store, dataset)
    table = exported(store, tmp_path / "表.xlsx")
    with pytest.raises(InputError, match="编号和别的行对调了（例如第 2 行：这一行的值是第 1 条第 1 位客户的"):
        planned(store, edited(table, exchange(0, (1, 5), (2, 6))))


@pytest.mark.parametrize("pairs", [((1, 3),), ((1, 3), (3, 5)), ((1, 3), (2, 4), (1, 5), (2, 6))])
def test_cells_that_only_changed_rows_are_not_taken(
    store: Store, dataset: int, tmp_path: Path, pairs: tuple[tuple[int, int], ...]
) -> None:
    people(store, dataset)

    def edit(rows: Rows) -> None:
        exchange(rows[0].index(PHONE), *pairs)(rows)
        put(2, 2, TODO, "周五回访")(rows)

    returned = planned(store, edited(exported(store, tmp_path / "表.csv"), edit))
    assert changes(returned) == [(2, 1, TODO, "周五回访")]
    assert all("只是互相换了行，可能单独排过序" in one.why and one.key == PHONE for one in returned.refused)
    assert len(returned.refused) == len({row for pair in pairs for row in pair})


def test_what_was_mixed_up_in_one_chat_is_put_right(store: Store, dataset: int, tmp_path: Path) -> None:
    people(store, dataset)
    table = exported(store, tmp_path / "表.csv")
    returned = planned(store, edited(table, lambda rows: exchange(rows[0].index(PHONE), (1, 2))(rows)))
    assert changes(returned) == [(1, 0, PHONE, "13800001200"), (1, 1, PHONE, "13800001100")]


@pytest.mark.parametrize(
    "cell",
    ["45296", "45296.0", "1/5/2024", "5/1/2024", "5-Jan-24", "Jan 5, 2024", "20240105", "2024-1-5 0:00", "2024.1.5"],
)
def test_a_day_as_excel_shows_it_is_no_edit(store: Store, dataset: int, tmp_path: Path, cell: str) -> None:
    save(store, dataset, 1, [customer("林木1", **{TODO: "2024-01-05"}), customer("何苗1")], 1)
    returned = planned(store, edited(exported(store, tmp_path / "表.csv"), put(1, 1, TODO, cell)))
    assert (changes(returned), returned.refused) == ([], [])
    other = planned(store, edited(exported(store, tmp_path / "二.csv"), put(1, 1, TODO, "2024-01-06")))
    assert changes(other) == [(1, 0, TODO, "2024-01-06")]


@pytest.mark.parametrize("cell", ["Jan-24", "5-Jan", "1月5日", "1/5", "TRUE"])
def test_a_part_of_a_day_is_not_taken(store: Store, dataset: int, tmp_path: Path, cell: str) -> None:
    save(store, dataset, 1, [customer("林木1", **{TODO: "2024-01-05"}), customer("何苗1")], 1)
    returned = planned(store, edited(exported(store, tmp_path / "表.csv"), put(1, 1, TODO, cell)))
    assert changes(returned) == []
    assert len(returned.refused) == 1


@pytest.mark.parametrize(
    "cell", ["１３８００００１１１１", "138 0000 1111", "13,800,001,111", "13800001111.00", "138-0000-1111"]
)
def test_digits_written_otherwise_are_no_edit(store: Store, dataset: int, tmp_path: Path, cell: str) -> None:
    save(store, dataset, 1, [customer("林木1", **{PHONE: "13800001111"}), customer("何苗1")], 1)
    assert changes(planned(store, edited(exported(store, tmp_path / "表.csv"), put(1, 1, PHONE, cell)))) == []


def test_comments_beside_cells_are_counted(store: Store, dataset: int, tmp_path: Path) -> None:
    path = exported(store, tmp_path / "表.xlsx")
    book = openpyxl.load_workbook(path)
    book.active["C2"].comment = openpyxl.comments.Comment("改成王小明", "同事")
    book.save(path)
    assert any("有 1 条批注写在格子旁边，没有带回" in note for note in planned(store, path).notes)


@pytest.mark.parametrize("heading", ["报修人编号", "客户"])
def test_rows_are_numbered_in_the_words_of_the_form_or_as_before_it_had_any(heading: str) -> None:
    form = load_named_form("repair_ticket")
    names = ["群聊", heading, form.name_field]
    cells = [names, ["3", "2", "周岚"], ["3", "二", "何苗"]]
    rows = [PlainRow(line, row) for line, row in enumerate(cells, start=1)]
    table = edited_rows(PlainTable("表.csv", "", FileFormat.CSV, rows), form)
    assert [(row.chat, row.customer, row.cells) for row in table.rows] == [(3, 1, {form.name_field: "周岚"})]
    assert table.row_problems == ["第 3 行没有可用的群聊和报修人编号，可能是新增的行，没有带回"]
    assert not any("不认识" in note for note in table.notes)
