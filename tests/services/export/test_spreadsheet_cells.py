"""No cell of a CSV becomes a formula, and every text comes back as it was."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.adapters.store import Store
from core.services.export import TableFormat, export_table, parse_source
from core.services.export.spreadsheet_cells import csv_row, escape_formula, unescape_formula
from core.ui.tables import csv_of
from tests.factories.datasets import make_run
from tests.factories.quality import NAME, quality_dataset

FORMULA = 'HYPERLINK("http://127.0.0.1/","x")'
INVISIBLE = ["", *" \t\r\n\ufeff\u200b\u200d\u00a0\u3000\u202e\u00ad\x00\x0b"]
STARTS = "=+-@＝＋－＠﹦"


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("before", INVISIBLE, ids=ascii)
def test_a_formula_gets_an_apostrophe(before: str, start: str) -> None:
    cell = before + start + FORMULA
    assert escape_formula(cell) == f"'{cell}"
    assert escape_formula(before * 3 + cell).startswith("'")


@pytest.mark.parametrize(
    "cell",
    ["", "-5", "+8613800138000", "+86 138 0013 8000", "-1,299.50", "3.5", "林木", "a=b", "'很好'", "1-2", "（＝）"],
)
def test_other_texts_stay(cell: str) -> None:
    assert escape_formula(cell) == cell


@pytest.mark.parametrize("cell", ["+86-138-0000-1111", "+1-1", "-1,2", "+1.2.3", "-5%", "@1", "=1"])
def test_only_plain_numbers_go_bare(cell: str) -> None:
    assert escape_formula(cell) == f"'{cell}"
    assert unescape_formula(f"'{cell}") == cell


@given(st.text(alphabet=st.sampled_from("'=＝+-@ \t\r\n\ufeff\u200b1a,;\"")) | st.text())
def test_every_text_comes_back(text: str) -> None:
    assert unescape_formula(escape_formula(text)) == text


def test_no_delimiter_of_another_country_begins_a_cell() -> None:
    """Names of columns are data as well."""
    rows = [{"=1+1": "a;=1+1", "b": None, "c": 2.5}]
    text = csv_of(rows).decode("utf-8-sig")
    assert text == '"\'=1+1","b","c"\r\n"a;=1+1","","2.5"\r\n'
    assert list(csv.reader(io.StringIO(csv_row(["\ufeff＝1"])))) == [["'\ufeff＝1"]]


@pytest.mark.parametrize("table", TableFormat)
def test_a_table_with_hostile_names_is_written_and_read_back(store: Store, tmp_path: Path, table: TableFormat) -> None:
    dataset = quality_dataset(store, 2)
    names = iter(["\ufeff＝1+1", "'=1+1"])
    make_run(store, dataset, "坏", {index: [{NAME: next(names)}] for index in (1, 2)})
    out = tmp_path / f"t.{table}"
    result = export_table(store, dataset="d", source=parse_source("run:坏"), out=out, table=table)
    assert result.counts["rows"] == 2
    if table is TableFormat.CSV:
        text = out.read_text(encoding="utf-8")
        assert '"\'＝1+1"' in text and "\"''=1+1\"" in text
