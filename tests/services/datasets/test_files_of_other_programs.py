"""Files as other programs write them: objects around the rows, commas behind lines, 1.0 for 1, merged cells."""

import json
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook

from core.domain.form import load_named_form
from core.services.datasets.import_types import TableColumns
from core.services.datasets.row_validation_pass import RowValidationPass
from core.services.datasets.source_file import open_source

WRAPPED = [{"chat_text": "林木1：你好\n客服小何：好"}, {"chat_text": "林木2：在吗\n客服小何：在"}]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("wrapper", [lambda rows: {"data": rows}, lambda rows: {"code": 0, "data": {"list": rows}}])
def test_an_object_around_the_list_of_chats_is_looked_into(indent: int | None, wrapper: Any) -> None:
    data = json.dumps(wrapper(WRAPPED), indent=indent, ensure_ascii=False).encode()
    with open_source(BytesIO(data), "a.json") as source:
        validation_pass = RowValidationPass(source, load_named_form("role_elements"), TableColumns())
        assert [chat.text for chat in validation_pass.chats()] == [row["chat_text"] for row in WRAPPED]
    assert any("最外层是对象" in note and "2 条" in note for note in validation_pass.notes)


def test_lines_of_json_that_end_with_a_comma_are_read_and_named() -> None:
    data = ",\n".join(json.dumps(row) for row in WRAPPED).encode()
    with open_source(BytesIO(data), "a.jsonl") as source:
        validation_pass = RowValidationPass(source, load_named_form("role_elements"), TableColumns())
        assert len(list(validation_pass.chats())) == 2 and not validation_pass.rejected
    assert any("多了一个逗号" in note and "第 1 条" in note for note in validation_pass.notes)


def test_numbers_with_a_point_and_nothing_behind_it_are_whole() -> None:
    data = 'index,chat_text\n2.0,"林木1：你好"\n3.50,"林木2：在"\n'.encode()
    with open_source(BytesIO(data), "a.csv") as source:
        validation_pass = RowValidationPass(source, load_named_form("role_elements"), TableColumns())
        assert [chat.index for chat in validation_pass.chats()] == [2]
        assert [row.reason for row in validation_pass.rejected] == ["编号（index）应为整数，收到 '3.50'"]


def test_a_cell_merged_over_rows_counts_in_each_of_them() -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in (
        ["一月导出"],
        ["会话ID", "发送人", "内容"],
        ["A", "林木1", "你好"],
        ["", "客服小何", "好"],
        ["B", "林木2", "在吗"],
    ):
        sheet.append(row)
    sheet.merge_cells("A1:C1")
    sheet.merge_cells("A3:A4")
    book.save(file := BytesIO())
    with open_source(file, "a.xlsx") as source:
        validation_pass = RowValidationPass(source, load_named_form("role_elements"), TableColumns())
        assert len(list(validation_pass.chats())) == 2
    assert not any("没有写明群聊" in note for note in validation_pass.notes)
