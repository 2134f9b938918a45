"""A prompt on one chat: the rendered prompt, and a model's answer beside the labels."""

from typing import Any

import streamlit as st

from core.adapters.store import DatasetView, queries
from core.domain.cleaning import STEPS
from core.domain.permissions import Permission
from core.domain.prompts import Stage
from core.services.extraction import runs as run_service
from core.services.extraction.prompt_library import PromptEntry
from core.services.extraction.runs.prompt_preview import (
    PromptTrial,
    Rendering,
    preview_prompt,
    trial_pipeline,
    try_prompt,
)
from core.ui import state
from core.ui.held_choice import held_choice
from core.ui.markdown import escape_markdown
from core.ui.metrics import metrics
from core.ui.notices import show_errors
from core.ui.only_for import only_for

_OPTIONAL = [name for name in STEPS if name != "residue"]
TRIAL = "prompts.trial"


def draw_rendering(entry: PromptEntry, available: list[DatasetView]) -> None:
    """The prompt as it would be sent for a chosen chat, with its length."""
    dataset, chosen = _choose(entry, available)
    if chosen is None:
        return
    replaced = st.toggle(
        "替换个人信息",
        key="prompts-personal",
        help="打开了「发送前替换个人信息」的模型收到的就是这个样子，一字不差",
    )
    with show_errors():
        rendering = preview_prompt(state.store(), entry.prompt, dataset=dataset.id, replace_personal=replaced, **chosen)
        _draw_lengths(rendering)
        if rendering.rendered.system:
            st.caption("系统提示（system）")
            st.code(rendering.rendered.system, language=None, wrap_lines=True)
        st.caption("提问（user）")
        st.code(rendering.rendered.user, language=None, wrap_lines=True, height=460)


def draw_trial(entry: PromptEntry, available: list[DatasetView]) -> None:
    """One call about one chat: reply, what the parser did, forms and score beside the labels. Nothing is stored."""
    dataset, chosen = _choose(entry, available)
    if chosen is None:
        return
    options = run_service.run_options(state.store())
    left, right = st.columns([5, 2], vertical_alignment="bottom")
    numbers = range(len(options))
    number = left.selectbox(
        "模型", numbers, format_func=lambda n: options[n].label, key=held_choice("prompts-model", numbers)
    )
    offer = options[number]
    pressed = right.button(
        "试一试",
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        **only_for(Permission.RUNS, disabled=bool(offer.missing)),
    )
    if offer.missing:
        st.warning(escape_markdown(offer.missing), icon=":material/key_off:")
    key = (entry.prompt.sha256, dataset.id, chosen["index"], offer.spec.name, *chosen["steps"], *chosen["fields"])
    if pressed:
        st.session_state.pop(TRIAL, None)
        with show_errors(), st.spinner("正在等模型回答…"):
            store = state.store()
            pipeline = trial_pipeline(store, entry.prompt, chosen["fields"], chosen["steps"])
            trial = try_prompt(store, pipeline, offer.spec, dataset=dataset.id, index=chosen["index"])
            st.session_state[TRIAL] = (key, trial)
    outcome_with_key = st.session_state.get(TRIAL)
    if outcome_with_key and outcome_with_key[0] == key:
        _draw_outcome(outcome_with_key[1])
    elif not pressed:
        st.caption("只问这一条群聊，结果不会保存。「本地规则」不需要密钥，但它不读提示词。")


def _choose(entry: PromptEntry, available: list[DatasetView]) -> tuple[DatasetView, dict[str, Any] | None]:
    """Which chat, which cleaning steps and, where the prompt asks for some only, which fields."""
    store = state.store()
    first, left, right = st.columns([4, 2, 5])
    with first:
        dataset = state.choose_dataset(available)
    with store.read() as session:
        indices = list(queries.chat_ids(session, dataset.id))
    if not indices:
        st.caption("这个数据集里没有群聊。")
        return dataset, None
    index = left.selectbox(
        "群聊", indices, format_func=lambda n: f"第 {n} 条", key=held_choice(f"prompts-chat-{dataset.id}", indices)
    )
    steps = right.multiselect(
        "清理步骤",
        _OPTIONAL,
        format_func=lambda name: STEPS[name].title,
        placeholder="不清理（表格残留总会去掉）",
        help="\n".join(
            f"- {escape_markdown(STEPS[name].title)}：{escape_markdown(STEPS[name].description)}" for name in _OPTIONAL
        ),
        key="prompts-steps",
    )
    fields: list[str] = []
    if entry.prompt.stage is Stage.FIELDS:
        form = state.form_of(dataset)
        others = [key for key in form.keys if key != form.name_field]
        fields = st.multiselect(
            "只问这些字段", others, default=others[-4:-3], format_func=lambda key: form.field(key).label
        )
        if not fields:
            st.caption("请选择至少一个字段。")
            return dataset, None
    return dataset, {"index": index, "steps": tuple(steps), "fields": tuple(fields)}


def _draw_lengths(rendering: Rendering) -> None:
    metrics(
        {
            "总长": f"{rendering.characters:,} 字",
            "预计 token": f"{rendering.tokens:,}",
            "其中群聊": f"{rendering.chat_tokens:,} token",
        }
    )
    parts = [f"{entry['why']} {entry['characters']:,} 字" for entry in rendering.left_out]
    notes = [f"没有给模型看：{'，'.join(parts)}"] if parts else []
    for note in (*notes, *rendering.notes):
        st.caption(escape_markdown(note))


def _draw_outcome(trial: PromptTrial) -> None:
    outcome = trial.outcome
    metrics(
        {
            "得分": "" if trial.score is None else f"{trial.score:.2f} / {trial.max:g}",
            "全空的得分": "" if trial.floor is None else f"{trial.floor:.2f}",
            "客户": "" if outcome.forms is None else f"{len(outcome.forms)}",
            "用时": f"{outcome.seconds:.1f} 秒",
            "提问 token": "" if outcome.tokens_in is None else f"{outcome.tokens_in:,}",
            "回答 token": "" if outcome.tokens_out is None else f"{outcome.tokens_out:,}",
        }
    )
    if outcome.error:
        st.error(escape_markdown(outcome.error), icon=":material/error:")
    reply, forms = st.columns([4, 5], gap="medium")
    with reply:
        st.markdown("##### 回复")
        calls = outcome.calls
        shown = len(calls) - 1
        if len(calls) > 1:
            shown = st.selectbox(
                "阶段",
                range(len(calls)),
                format_func=lambda n: f"{calls[n].prompt} · 第 {calls[n].window} 段 · 第 {calls[n].sample} 次",
                label_visibility="collapsed",
                key=held_choice("prompts-call", range(len(calls)), shown),
            )
        if calls:
            raw = calls[shown].raw or "（没有收到任何内容）"
            st.code(raw, language=None, wrap_lines=True, height=380 if len(raw) > 400 else "content")
        st.markdown("\n".join(f"- {escape_markdown(note)}" for note in outcome.notes) or "解析时没有需要修补的地方。")
    with forms:
        st.markdown("##### 表单与标注" if trial.score is not None else "##### 表单")
        several = len({row.customer for row in trial.rows}) > 1
        rows = [
            ({"客户": row.customer} if several else {})
            | {"字段": row.field}
            | ({"对错": _mark(row.credit)} if trial.score is not None else {})
            | {"模型": row.said}
            | ({"标注": row.label} if trial.score is not None else {})
            for row in trial.rows
        ]
        if rows:
            widths = {"客户": 70, "字段": 80, "对错": 44, "模型": 108, "标注": 108}
            columns = {name: st.column_config.TextColumn(width=width) for name, width in widths.items()}
            st.dataframe(rows, hide_index=True, height=470, column_config=columns)
        elif outcome.forms is not None:
            st.caption("模型没有填任何字段。")


def _mark(credit: float) -> str:
    return "✓" if credit >= 1 else "✗" if credit <= 0 else f"{credit:.0%}"
