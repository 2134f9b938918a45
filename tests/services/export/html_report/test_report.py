"""The offline report: all words, evidence marked, strangers' markup harmless, hidden where wanted."""

from pathlib import Path

import pytest

from core.adapters.store import Store, queries
from core.adapters.store.models import Record, RecordStatus
from core.domain.masking import Mask, Masked
from core.errors import ExportError
from core.services.export import AnswerSource
from core.services.export.html_report import export_html_report
from tests.factories.exports import FIRST, fill, form

EVIL = '何苗2：<script>alert(1)</script> 电话 13800138001 & "引号"\n客服小陈1：好\n'
FORMS = [form(基本信息_姓名="何苗2", 基本信息_手机号码="13800138001", 客户预算_预算明细="<b>两万</b>")]


def test_words_forms_and_evidence_are_in_it(store: Store, tmp_path: Path) -> None:
    number = fill(store, statuses={1: RecordStatus.CONFIRMED})
    report = export_html_report(
        store, dataset=number, source=AnswerSource(records=True, labels=True), out=tmp_path / "r.html"
    )
    text = (tmp_path / "r.html").read_text("utf-8")
    assert report.counts["chats"] == 4 and report.counts["rows"] == 4
    assert "林晓3" in text and "已确认" in text and "这条群聊里没有客户" in text
    assert "data-online-sheet-link" not in text  # residue is no part of the chat
    assert '<mark class="g0" data-of="c0f0">' not in FIRST and "<mark" in text


def test_markup_in_chats_is_text(store: Store, tmp_path: Path) -> None:
    number = fill(store, texts=(EVIL,), labels=(FORMS,))
    export_html_report(store, dataset=number, source=AnswerSource(labels=True), out=tmp_path / "r.html")
    text = (tmp_path / "r.html").read_text("utf-8")
    assert "<script>alert" not in text and "&lt;script&gt;alert(1)" in text
    assert "<b>两万" not in text


def test_hidden_values_stay_marked(store: Store, tmp_path: Path) -> None:
    number = fill(store, texts=(EVIL,), labels=(FORMS,))
    mask = Mask(frozenset(Masked))
    export_html_report(store, dataset=number, source=AnswerSource(labels=True), out=tmp_path / "r.html", mask=mask)
    text = (tmp_path / "r.html").read_text("utf-8")
    assert "13800138001" not in text
    assert '<mark class="g0" data-of="c0f1">138****8001</mark>' in text
    assert "何苗" not in text and "何*2" in text


def test_one_chat_and_none(store: Store, tmp_path: Path) -> None:
    number = fill(store)
    report = export_html_report(
        store, dataset=number, source=AnswerSource(labels=True), out=tmp_path / "r.html", chats=[2, 9]
    )
    assert report.counts["chats"] == 1 and report.lists["left_out"] == [9]
    with pytest.raises(ExportError, match="没有可以写进报告"):
        export_html_report(store, dataset=number, source=AnswerSource(records=True), out=tmp_path / "x.html")
    assert not (tmp_path / "x.html").exists()


def test_several_records_make_a_report(store: Store, tmp_path: Path) -> None:
    decided = dict.fromkeys((1, 2, 3), RecordStatus.CONFIRMED)
    number = fill(store, statuses=decided)
    for source in (AnswerSource(records=True), AnswerSource(records=True, labels=True)):
        report = export_html_report(store, dataset=number, source=source, out=tmp_path / "r.html")
        assert report.counts["chats"] == (4 if source.labels else 3)
    assert (tmp_path / "r.html").read_text("utf-8").count("已确认") >= 3


def test_a_report_longer_than_what_one_fetch_reads(store: Store, tmp_path: Path) -> None:
    count = 450  # records are fetched two hundred at a time
    texts = tuple(f"林晓{n}：你好\n客服小陈1：好的\n" for n in range(count))
    number = fill(store, texts=texts, labels=([form(基本信息_姓名="林晓")],) * count)
    with store.write() as session:
        for chat_id in queries.chat_ids(session, number).values():
            session.add(
                Record(
                    dataset_id=number,
                    chat_id=chat_id,
                    customers=[{"values": form(基本信息_姓名="林晓"), "confirmed": {}}],
                    status=RecordStatus.CONFIRMED,
                    reviewer="小王",
                    version=1,
                )
            )
    report = export_html_report(store, dataset=number, source=AnswerSource(records=True), out=tmp_path / "r.html")
    assert report.counts["chats"] == count
