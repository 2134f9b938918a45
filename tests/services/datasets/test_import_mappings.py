"""Columns of a table kept under a name and offered for the next file with the same header."""

from pathlib import Path

import pytest

from core.adapters.store import Store
from core.errors import InputError
from core.services.datasets import TableColumns, import_chats, mapping_for, save_mapping
from core.services.datasets.import_mappings import (
    keep_used_mapping,
    mapped_columns,
    mapping_named,
    mapping_offer,
    offering_mapping,
)
from core.services.datasets.import_types import ColumnError

pytestmark = pytest.mark.both_databases
NAMES = ("谁", "说", "何时")


def test_a_mapping_is_found_by_its_name_and_by_the_header(store: Store) -> None:
    columns = TableColumns(text="说", sender="谁", time="何时", pause_minutes=30)
    save_mapping(store, "夜班导出", NAMES, columns)
    assert mapping_named(store, " 夜班导出 ") == columns
    assert mapping_for(store, ["何时", " 谁", "说", ""]) == ("夜班导出", columns)
    assert mapping_for(store, ["谁", "说"]) is None
    assert mapping_for(store, []) is None
    assert mapping_named(store, "别的") is None
    later = TableColumns(text="说", sender="谁")
    save_mapping(store, "夜班导出", NAMES, later)
    assert mapping_named(store, "夜班导出") == later


@pytest.mark.parametrize(("name", "names"), [("", NAMES), ("a\nb", NAMES), ("x" * 101, NAMES), ("x", ())])
def test_names_and_files_without_columns_are_refused(store: Store, name: str, names: tuple[str, ...]) -> None:
    with pytest.raises(InputError):
        save_mapping(store, name, names, TableColumns())


def test_what_an_import_went_by_is_kept_and_used_again(store: Store, tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text("谁,说,何时\n甲,你好,2024-01-02 10:21\n乙,您好,2024-01-02 10:22\n", encoding="utf-8")
    chosen = TableColumns(text="说", sender="谁", time="何时")
    report = import_chats(store, table, filename="a.csv", dataset="一", columns=mapped_columns(store, "夜班", chosen))
    assert any("存为「夜班」" in note for note in keep_used_mapping(store, "夜班", chosen, report))
    nothing = TableColumns()
    again = import_chats(store, table, filename="a.csv", dataset="二", columns=mapped_columns(store, "夜班", nothing))
    assert (again.added, again.reading.messages) == (1, 2)
    assert any("取自已存的「夜班」" in note for note in keep_used_mapping(store, "夜班", nothing, again))
    assert any("「夜班」" in note for note in mapping_offer(store, nothing, again))
    assert mapping_offer(store, chosen, again) == ()


def test_a_kept_mapping_is_named_where_the_columns_are_not_recognised(store: Store, tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text("谁,说,何时\n甲,你好,2024-01-02 10:21\n", encoding="utf-8")
    with pytest.raises(ColumnError) as unknown, offering_mapping(store):
        import_chats(store, table, filename="a.csv", dataset="一")
    assert "夜班" not in str(unknown.value)
    save_mapping(store, "夜班", NAMES, TableColumns(text="说", sender="谁", time="何时"))
    with pytest.raises(ColumnError, match="已存的对应「夜班」相同，可以用 --mapping"), offering_mapping(store):
        import_chats(store, table, filename="a.csv", dataset="一")
