"""The test CSV and the tables for colleagues."""

import csv
from pathlib import Path

import pandas as pd
import pytest
from sqlmodel import select

from core.adapters.store import Store
from core.adapters.store.models import Record, RecordStatus
from core.domain.form import Form
from core.domain.prompts import load_prompt, render
from core.errors import ExportError
from core.services.export import TableFormat, export_table, parse_source
from core.services.training import InputKind, export_test_csv
from tests.factories.exports import FIRST, fill
from tests.factories.exports import form as filled

GOLDEN = Path(__file__).parents[3] / "tests" / "golden"


def test_the_test_csv_asks_what_extraction_asks(store: Store, tmp_path: Path, form: Form) -> None:
    fill(store, expected=5, labels=None)
    out = tmp_path / "test.csv"
    report = export_test_csv(store, dataset="四条", out=out)
    assert out.read_bytes() == (GOLDEN / "test.csv").read_bytes()
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["target"] for row in rows] == ["-"] * 4
    asked = render(load_prompt("baseline"), form, chat=FIRST.rstrip("\n"))
    assert rows[0]["input"] == f"{asked.system}\n\n{asked.user}"
    assert report.as_json()["left_out"] == [5]
    assert "data-online-sheet" not in out.read_text(encoding="utf-8")


def test_line_breaks_of_any_kind_survive_the_csv(store: Store, tmp_path: Path) -> None:
    fill(store, texts=('甲1：a\r\nb\rc"d,e\u2028f', "乙2：\t=1+1"), labels=None)
    export_test_csv(store, dataset="四条", out=tmp_path / "test.csv", text=InputKind.CLEAN)
    with (tmp_path / "test.csv").open(encoding="utf-8", newline="") as file:
        inputs = [row["input"] for row in csv.DictReader(file)]
    assert '甲1：a\r\nb\rc"d,e\u2028f' in inputs[0]


def test_no_chats_and_no_summaries(store: Store, tmp_path: Path) -> None:
    fill(store, texts=(), labels=None)
    with pytest.raises(ExportError, match="没有群聊"):
        export_test_csv(store, dataset="四条", out=tmp_path / "test.csv")
    fill(store, "没有摘要")
    with pytest.raises(ExportError, match="第 1–4 条群聊没有摘要"):
        export_test_csv(store, dataset="没有摘要", out=tmp_path / "test.csv", text=InputKind.SUMMARY, prompt="baseline")
    assert not (tmp_path / "test.csv").exists()


def test_csv_table(store: Store, tmp_path: Path) -> None:
    fill(store, statuses={2: RecordStatus.CONFIRMED})
    out = tmp_path / "table.csv"
    report = export_table(store, dataset="四条", source=parse_source("labels+records"), out=out, table=TableFormat.CSV)
    assert out.read_bytes() == (GOLDEN / "table.csv").read_bytes()
    assert (report.counts["chats"], report.counts["rows"]) == (4, 4)
    assert report.as_json()["no_customers"] == [4]


def test_a_table_can_tell_confirmed_empty_from_never_looked_at(store: Store, tmp_path: Path) -> None:
    fill(store, statuses={2: RecordStatus.CONFIRMED})
    with store.write() as session:
        record = session.exec(select(Record)).one()
        seen = {"基本信息-手机号码": "逐项确认", "基本信息-邮箱": "批量确认"}
        record.customers = [{**customer, "confirmed": seen} for customer in record.customers]
    out = tmp_path / "table.csv"
    source = parse_source("labels+records")
    export_table(store, dataset="四条", source=source, out=out, table=TableFormat.CSV, confirmations=True)
    cells = pd.read_csv(out, dtype=str, keep_default_na=False).set_index(["群聊", "客户"])
    row = cells.loc[("2", "1")]
    states = [row[f"{key}（确认）"] for key in ("基本信息-手机号码", "基本信息-邮箱", "基本信息-生日")]
    assert states == ["逐项确认", "批量确认", "未看"]
    assert row["基本信息-手机号码"] == row["基本信息-邮箱"] == ""
    assert cells.loc[("1", "1")]["基本信息-邮箱（确认）"] == "", "labels know nothing of it"


def test_xlsx_table_holds_texts_not_formulas(store: Store, tmp_path: Path) -> None:
    evil = '=HYPERLINK("http://example.invalid")'
    labels = ([filled(基本信息_姓名=evil, 基本信息_手机号码="+86 138 0000 0000", 竞品信息="一\r\n二\x07")],)
    fill(store, texts=("甲1：好",), labels=labels)
    source = parse_source("labels")
    export_table(store, dataset="四条", source=source, out=tmp_path / "t.xlsx", table=TableFormat.XLSX)
    row = pd.read_excel(tmp_path / "t.xlsx", dtype=object, engine="openpyxl").iloc[0]
    assert row["基本信息-姓名"] == evil
    assert (row["群聊"], row["客户"], row["竞品信息"]) == (1, 1, "一\n二")
    export_table(store, dataset="四条", source=source, out=tmp_path / "t.csv", table=TableFormat.CSV)
    cells = pd.read_csv(tmp_path / "t.csv", dtype=str, keep_default_na=False).iloc[0]
    assert cells["基本信息-姓名"] == f"'{evil}"
    assert cells["基本信息-手机号码"] == "+86 138 0000 0000"


def test_tables_that_cannot_be_written_are_refused(store: Store, tmp_path: Path) -> None:
    fill(store, texts=("甲1：好",), labels=([filled(竞品信息="长" * 40_000)],))
    out = tmp_path / "t.xlsx"
    with pytest.raises(ExportError, match="第 1 条群聊有一个值超过"):
        export_table(store, dataset="四条", source=parse_source("labels"), out=out, table=TableFormat.XLSX)
    with pytest.raises(ExportError, match="没有一位客户"):
        export_table(store, dataset="四条", source=parse_source("records"), out=out, table=TableFormat.XLSX)
    assert not out.exists()


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("records", "已确认的记录"),
        ("labels", "标注"),
        ("labels+records", "标注和记录，记录优先"),
        ("run:甲", "「甲」"),
        ("records+run:甲", "记录，缺的用「甲」"),
    ],
)
def test_sentences_name_a_source_as_the_lists_do(written: str, title: str) -> None:
    assert parse_source(written).title == title
