"""Rows that are too long: named with what would be lost, then skipped, cleaned, summarised or cut into windows."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlmodel import col

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.models import Extraction, Record
from core.domain.chat import parse_chat, strip_residue
from core.domain.form import Form
from core.errors import ExportError
from core.services.export import AnswerSource
from core.services.extraction.pipeline.token_estimate import estimate_tokens
from core.services.training import (
    InputKind,
    OverBudget,
    TrainingFormat,
    export_training,
    lost_values,
    preflight,
    save_summary,
    summaries_from_run,
)
from core.services.training.chat_summaries import latest_summaries
from core.services.training.lost_evidence import LostValue
from tests.factories.datasets import make_record
from tests.factories.exports import fill
from tests.factories.exports import form as filled
from tests.factories.training import LONG, LONG_LABELS, fill_long, manifest_of, options, rows_of

SUMMARY = "## 客户基本信息\n- 林晓3，手机 13800001111\n## 客户意向与预算信息\n想要会话存档，询价"


def dataset_of(store: Store) -> DatasetView:
    with store.read() as session:
        return queries.dataset(session, "四条")


def limit_between(store: Store, **changes: Any) -> int:
    """A token limit that the short chat meets and the long one does not."""
    sizes = [row.size.tokens for row in preflight(store, options(**changes)).rows]
    return sum(sizes) // 2


def test_a_row_whose_evidence_would_be_cut_off_is_reported_by_name(store: Store, tmp_path: Path) -> None:
    fill_long(store)
    limit = limit_between(store)
    found = preflight(store, options(cutoff_len=limit))
    (over,) = found.overlong
    assert (over.place, over.action) == ("四条 第 2 条", "refused")
    assert over.lost == ("0:基本信息-手机号码",)
    assert 0 < over.left < 1
    with pytest.raises(ExportError) as refused:
        export_training(store, options=options(cutoff_len=limit), out=tmp_path / "set")
    assert f"有 1 行超过 {limit:,} token：四条 第 2 条（约 {over.size.tokens:,} token）" in refused.value.message
    assert "直接截断会看不到这些值的依据：四条 第 2 条：手机号码" in refused.value.message
    assert all(way in refused.value.remedy for way in ("skip", "clean", "summary", "window"))
    assert not (tmp_path / "set").exists()


def test_characters_are_reckoned_with_alike(store: Store) -> None:
    fill_long(store)
    sizes = [row.size.characters for row in preflight(store, options()).rows]
    (over,) = preflight(store, options(max_chars=max(sizes) - 5)).overlong
    assert over.lost == ()  # the closing tag of the prompt would go, nothing of the chat
    assert over.left == 1
    (over,) = preflight(store, options(max_chars=max(sizes) - 60)).overlong
    assert over.lost == ("0:基本信息-手机号码",)


def test_one_item_of_a_list_or_what_a_mask_hides_is_lost_too(store: Store) -> None:
    """A value is lost with any item that stands behind the cut alone, also where the row shows only stars."""
    text = LONG + "林晓3：还有客户群发，寄到北京市朝阳区望京街道1号\n"
    label = {
        **LONG_LABELS[0],
        "意向产品": ["会话存档", "客户群发"],
        "基本信息-手机号码": "13800001111",
        "基本信息-详细地址": "北京市朝阳区望京街道1号",
    }
    fill(store, texts=("马会5：先看看", text), labels=([filled(基本信息_姓名="马会5")], [filled(label)]))
    behind = ("0:基本信息-手机号码", "0:基本信息-详细地址", "0:意向产品")
    for mask in ((), ("phone", "address")):
        for tasks in (("form",), ("意向产品",)):
            limit = limit_between(store, mask=mask, tasks=tasks)
            (over,) = preflight(store, options(cutoff_len=limit, mask=mask, tasks=tasks)).overlong
            assert set(over.lost) == {cell for cell in behind if tasks == ("form",) or cell == "0:意向产品"}
            assert 0 < over.left < 1


def test_what_a_reviewer_pinned_behind_the_cut_is_lost(store: Store) -> None:
    fill_long(store)
    dataset = dataset_of(store)
    last = len(parse_chat(LONG).messages) - 1
    for pin, cells in ((last, {"0:基本信息-手机号码", "0:客户是否有意向"}), (0, {"0:基本信息-手机号码"})):
        with store.write() as session:
            session.execute(delete(Record))
        customer = {"values": LONG_LABELS[0], "pinned": {"客户是否有意向": [pin]}}
        make_record(store, dataset, 2, [customer])
        found = preflight(store, options(source=AnswerSource(True, True), cutoff_len=limit_between(store)))
        (over,) = found.overlong
        assert set(over.lost) == cells


def test_values_of_two_customers_that_no_window_holds_count_twice(store: Store) -> None:
    label = {**LONG_LABELS[0], "意向产品": [], "咨询类型": []}
    other = {**label, "基本信息-姓名": "客服小陈1", "基本信息-手机号码": ""}
    fill(store, texts=("马会5：先看看", LONG), labels=([filled(基本信息_姓名="马会5")], [filled(label), filled(other)]))
    choice = options(cutoff_len=limit_between(store), over_budget=OverBudget.WINDOW)
    (over,) = preflight(store, choice).overlong
    assert over.dropped == 2  # 有意向, of each of them
    phone = ("基本信息-手机号码",)
    (over,) = preflight(store, replace(choice, tasks=phone, cutoff_len=limit_between(store, tasks=phone))).overlong
    assert over.dropped == 0  # what this row does not ask about it cannot drop


def test_presets_count_tokens(store: Store) -> None:
    text = "林晓3：你们的会话存档怎么收费，请给我们一份详细的说明。\n" * 260
    fill(store, texts=("马会5：先看看", text), labels=([filled()], [filled()]))
    assert 4096 < estimate_tokens(text) < 6500
    (over,) = preflight(store, options(target="spark-4k")).overlong
    assert over.index == 2
    assert not preflight(store, options(target="spark-8k")).overlong


def test_windows_hold_only_what_they_give_evidence_of(store: Store, form: Form, tmp_path: Path) -> None:
    fill_long(store)
    limit = limit_between(store)
    report = export_training(
        store, options=options(cutoff_len=limit, over_budget=OverBudget.WINDOW), out=tmp_path / "set"
    )
    rows, manifest = rows_of(tmp_path / "set"), manifest_of(tmp_path / "set")
    whole, *cut = manifest["rows"]
    assert "window" not in whole
    assert len(cut) > 1
    assert [entry["window"][0] for entry in cut] == sorted(entry["window"][0] for entry in cut)
    assert all(entry["tokens"] <= limit for entry in manifest["rows"])
    answers = [json.loads(row["output"]) for row in rows[1:]]
    for row, answer in zip(rows[1:], answers, strict=True):
        (customer,) = answer
        assert customer["基本信息-姓名"] == "林晓3"
        assert (customer["基本信息-手机号码"] != "") == ("13800001111" in row["input"])
        assert (customer["意向产品"] == ["会话存档"]) == ("会话存档" in row["input"])
        assert "高级版" not in str(customer)
        assert customer["客户是否有意向"] == ""
    assert sum(answer[0]["基本信息-手机号码"] != "" for answer in answers) == 1
    assert report.as_json()["windowed"][0]["windows"] == len(cut)
    assert any("有 3 个值在任何一段里都没有依据" in note for note in report.notes)  # 高级版, 询价, 有意向
    covered = [range(entry["window"][2], entry["window"][3]) for entry in cut]
    assert all(any(place in span for span in covered) for place in range(len(strip_residue(LONG))))


def test_what_a_reviewer_pinned_stays_in_its_window(form: Form) -> None:
    from core.services.training.chunk_rows import supported_forms

    text = "林晓3：我们很想要\n"
    pins = [{"客户是否有意向": [7]}]
    assert supported_forms(form, text, LONG_LABELS, pins, {7}.__contains__)[0]["客户是否有意向"] == "有意向"
    assert supported_forms(form, text, LONG_LABELS, pins, {8}.__contains__)[0]["客户是否有意向"] == ""


def test_a_target_that_fills_the_limit_leaves_no_room_for_windows(store: Store, tmp_path: Path) -> None:
    fill_long(store)
    with pytest.raises(ExportError, match="提问和答案就占满了，分段之后仍超过 50 token：四条 第 1 条"):
        export_training(store, options=options(cutoff_len=50, over_budget=OverBudget.WINDOW), out=tmp_path / "set")


def test_a_summary_takes_the_place_of_a_long_chat(store: Store, form: Form, tmp_path: Path) -> None:
    fill_long(store)
    choice = options(cutoff_len=limit_between(store), over_budget=OverBudget.SUMMARY)
    with pytest.raises(ExportError, match="还没有摘要，超过 .* token：四条 第 2 条"):
        export_training(store, options=choice, out=tmp_path / "set")
    with store.read() as session:
        chat = queries.chat(session, 1, 2)
    save_summary(store, chat_id=chat.id, text=SUMMARY, who="小王", base_version=0)
    report = export_training(store, options=choice, out=tmp_path / "set")
    assert rows_of(tmp_path / "set")[1]["input"].startswith(SUMMARY)
    assert report.as_json()["summarised"][0]["index"] == 2
    assert manifest_of(tmp_path / "set")["rows"][1]["summary_version"] == 1


def test_summaries_as_input_ask_with_the_prompt_for_summaries(store: Store, tmp_path: Path) -> None:
    fill_long(store)
    with store.read() as session:
        chat = queries.chat(session, 1, 2)
    save_summary(store, chat_id=chat.id, text="## 客户基本信息\n- 林晓3，想要会话存档", who="小王", base_version=0)
    choice = options(text=InputKind.SUMMARY, format=TrainingFormat.SPARK_PAIR)
    found = preflight(store, choice)
    ((place, lost),) = found.summary_lost
    assert place == "四条 第 2 条"
    assert [(one.key, one.value) for one in lost] == [("基本信息-手机号码", "13800001111")]
    report = export_training(store, options=choice, out=tmp_path / "set")
    assert report.counts["no_summary"] == 1
    assert any("没有摘要，未写入 1 条：四条 第 1 条" in note for note in report.notes)
    manifest = manifest_of(tmp_path / "set")
    assert manifest["parameters"]["prompt"].startswith("from_summary.v")
    with pytest.raises(ExportError, match="从摘要填表"):
        export_training(store, options=options(prompt="from_summary"), out=tmp_path / "other")
    with pytest.raises(ExportError, match="写的是摘要"):
        export_training(store, options=options(prompt="summary"), out=tmp_path / "other")


def test_a_summary_in_place_of_a_long_chat_is_checked_item_by_item(store: Store) -> None:
    text = LONG + "林晓3：还有客户群发\n"
    label = filled({**LONG_LABELS[0], "意向产品": ["会话存档", "客户群发"]})
    fill(store, texts=("马会5：先看看", text), labels=([filled(基本信息_姓名="马会5")], [label]))
    with store.read() as session:
        chat = queries.chat(session, 1, 2)
    save_summary(store, chat_id=chat.id, text=SUMMARY, who="小王", base_version=0)
    lost = [("四条 第 2 条", [LostValue(0, "意向产品", "客户群发")])]
    found = preflight(store, options(text=InputKind.SUMMARY))
    assert found.summary_lost == lost
    choice = options(cutoff_len=limit_between(store), over_budget=OverBudget.SUMMARY, tasks=("form", "意向产品"))
    found = preflight(store, choice)
    assert {over.action for over in found.overlong} == {"summarised"}
    assert found.summary_lost == lost


def test_a_summary_that_keeps_everything_lost_nothing(form: Form) -> None:
    assert lost_values(form, LONG, SUMMARY, LONG_LABELS) == []


def test_summaries_come_from_a_run_that_made_them_and_leave_edited_ones_alone(store: Store) -> None:
    fill(store)
    texts = {1: ("一", "二"), 2: ("三",), 3: ("四",)}
    with store.write() as session:
        for chat, parts in texts.items():
            made = [{"stage": "summary", "raw": text, "window": n, "ok": True} for n, text in enumerate(parts, 1)]
            failed = {"stage": "summary", "raw": "半句", "window": 1, "ok": False}
            values = {"replies": [failed, *made, {"stage": "from_summary", "raw": "[]", "ok": True}]}
            session.execute(
                update(Extraction).where(col(Extraction.run_id) == 1, col(Extraction.chat_id) == chat).values(values)
            )
    save_summary(store, chat_id=3, text="人写的", who="小王", base_version=0)
    assert summaries_from_run(store, 1) == 2
    assert summaries_from_run(store, 1) == 0
    with store.read() as session:
        found = [(index, view.text, view.version, view.run_id) for index, view in latest_summaries(session, 1)]
    assert found == [(1, "一\n\n二", 1, 1), (2, "三", 1, 1), (3, "人写的", 1, None)]


def test_a_summary_is_never_overwritten_unseen(store: Store) -> None:
    fill_long(store)
    first = save_summary(store, chat_id=2, text=SUMMARY, who="小王", base_version=0)
    assert (first.version, first.index) == (1, 2)
    assert save_summary(store, chat_id=2, text=f" {SUMMARY}\n", who="小李", base_version=0) == first
    with pytest.raises(ExportError, match="小王 刚刚保存了第 1 版"):
        save_summary(store, chat_id=2, text="别的", who="小李", base_version=0)
    assert save_summary(store, chat_id=2, text="别的", who="小李", base_version=1).version == 2
    with pytest.raises(ExportError, match="空的"):
        save_summary(store, chat_id=2, text=" ", who="小李", base_version=2)


def with_replies(store: Store, chat: int, replies: list[dict[str, object]], status: str = "ok") -> None:
    with store.write() as session:
        session.execute(
            update(Extraction)
            .where(col(Extraction.run_id) == 1, col(Extraction.chat_id) == chat)
            .values({"replies": replies, "status": status})
        )


def said_in(window: int, text: str, *, at: str = "2026-11-02T08:00:01", ok: bool = True) -> dict[str, object]:
    return {"stage": "summary", "raw": text, "window": window, "ok": ok, "at": at}


def test_what_is_stored_is_the_summary_that_the_next_stage_read(store: Store) -> None:
    fill(store)
    windows = {"about": {"windows": [{"number": 1}, {"number": 2}]}}
    early = "2026-11-02T08:00:00"
    with_replies(store, 1, [said_in(1, "<think>先想想</think>\n```markdown\n## 甲\n```")])
    # A failed attempt over three windows, then one over two: only the newest counts.
    with_replies(
        store,
        2,
        [
            *(said_in(n, f"旧的{n}", at=early) for n in (1, 2, 3)),
            said_in(1, "新的1"),
            said_in(2, "新的2") | {"calls": 2} | windows,
        ],
    )
    # The second window has no summary: the first one alone is not the chat's.
    with_replies(store, 3, [said_in(1, "前半"), said_in(2, "", ok=False) | {"calls": 2} | windows], "failed")
    with_replies(store, 4, [said_in(1, "前半"), said_in(2, "<think>还在想") | {"calls": 2} | windows])
    assert summaries_from_run(store, 1) == 2
    with store.read() as session:
        texts = {index: view.text for index, view in latest_summaries(session, 1)}
    assert texts == {1: "## 甲", 2: "新的1\n\n新的2"}
