"""What a run says it did to a chat, from what the extraction really keeps."""

from datetime import UTC, datetime

from core.adapters.llm import provider_entry
from core.domain.chat import parse_chat
from core.domain.form import Form
from core.domain.prompts import load_prompt
from core.services.extraction.pipeline import Pipeline, kept_replies, latest_notes, run_pipeline
from core.services.extraction.pipeline.definition import parse_pipeline
from core.ui.extraction.run_notes import note_lines, notes_summary

CHAT = "".join(
    f"何苗2：第{n}次问，会话存档怎么收费\n客服-小叶：[图片]\n客服-小叶：标准版每年 {n}00 元\n" for n in range(1, 60)
)

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def pipeline(**options: object) -> Pipeline:
    return parse_pipeline("baseline", load_prompt, **options)  # type: ignore[arg-type]


def test_nothing_is_cut_unseen(form: Form) -> None:
    stages = pipeline(clean=["placeholders"], context_tokens=2800)
    outcome = run_pipeline(
        form=form, chat=parse_chat(CHAT), pipeline=stages, provider=provider_entry("local").connect(None)
    )
    kept = latest_notes(kept_replies(outcome, MOMENT))
    assert "清理时省去" in notes_summary(kept) and "分成" in notes_summary(kept)
    said = "\n".join(note_lines(kept, form))
    assert "第 1 段：第 1 到第 " in said and "省去" in said


def test_a_chat_shown_whole_says_nothing(form: Form) -> None:
    outcome = run_pipeline(
        form=form, chat=parse_chat(CHAT[:80]), pipeline=pipeline(), provider=provider_entry("local").connect(None)
    )
    assert notes_summary(latest_notes(kept_replies(outcome, MOMENT))) == ""


def test_what_a_merge_did_not_take_is_told_with_the_customer(form: Form) -> None:
    field = next(field for field in form.fields if not field.is_list and field.key != form.name_field)
    taken = {"customer": 1, "field": field.key, "taken": "五万", "from": "merge"}
    others = [{"value": "三万", "runs": ["甲"]}]
    notes = {"left_out": [], "windows": [], "alternatives": [taken | {"others": others}]}
    assert note_lines(notes, form, ["何苗", "苏木"]) == [f"苏木 · {field.label}：取「五万」，合并时没有取「三万」"]
    assert note_lines(notes, form)[0].startswith("（未填姓名）")
