"""The offline report: all words, evidence marked, strangers' markup harmless, hidden where wanted."""

from pathlib import Path

import pytest

from core.adapters.store import Store
from core.adapters.store.models import RecordStatus
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


def test_one_chat_and_none(store: Store, tmp_path: Path) -> None:
    number = fill(store)
    report = export_html_report(
        store, dataset=number, source=AnswerSource(labels=True), out=tmp_path / "r.html", chats=[2, 9]
    )
    assert report.counts["chats"] == 1 and report.lists["left_out"] == [9]
    with pytest.raises(ExportError, match="没有可以写进报告"):
        export_html_report(store, dataset=number, source=AnswerSource(records=True), out=tmp_path / "x.html")
    assert not (tmp_path / "x.html").exists()
