"""Failures of a run: by cause, chat by chat, with the raw reply and what the parser made of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from core.adapters.store import ExtractionView, RunView
from core.adapters.store.models import RunStatus
from core.domain.form import Form
from core.domain.permissions import Permission
from core.domain.replies import parse_reply
from core.services.extraction import runs as run_service
from core.ui import state
from core.ui.held_choice import held_choice
from core.ui.links import draw_workbench_link
from core.ui.markdown import escape_markdown
from core.ui.notices import show_errors
from core.ui.only_for import only_for

MAX_CHATS = 200
"""Most chats of one cause that are listed; more look alike."""
_HEIGHT, _MOST_ROWS = 420, 12


def draw_failures(run: RunView, form: Form) -> None:
    """Failed chats grouped by cause, and the selected one with its replies."""
    store = state.store()
    groups = run_service.failures(store, run.id)
    if not groups:
        st.caption("没有失败的群聊。")
        return
    by_cause = {failure.cause: failure for failure in groups}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        cause = st.pills(
            "原因",
            list(by_cause),
            required=True,
            format_func=lambda cause: f"{escape_markdown(by_cause[cause].title)} {len(by_cause[cause].chats)}",
            key=held_choice(f"failed-cause-{run.id}-{'|'.join(by_cause)}", list(by_cause)),
        )
        group = by_cause[cause if cause in by_cause else groups[0].cause]
        only, rest = ("", f"，做完其余 {run.pending:,} 条") if run.pending else ("只", "")
        retry = run.status != RunStatus.RUNNING and st.button(
            f"{only}重试这一类 {len(group.chats):,} 条{rest}",
            icon=":material/replay:",
            key=f"retry-{run.id}-{group.cause}",
            **only_for(Permission.RUNS),
        )
    if retry:
        with show_errors():
            run_service.retry_failed(store, run.id, causes=[group.cause])
            run_service.ensure_running(store).wake()
            st.rerun()
    listed = run_service.some_extractions(store, run.id, group.chats[:MAX_CHATS])
    if len(group.chats) > MAX_CHATS:
        st.caption(f"列出前 {MAX_CHATS} 条。")
    table, detail = st.columns([5, 6], gap="medium")
    with table:
        picked = st.dataframe(
            [{"群聊": one.index, "说明": one.error, "次数": one.attempts} for one in listed],
            hide_index=True,
            height="content" if len(listed) <= _MOST_ROWS else _HEIGHT,
            on_select="rerun",
            selection_mode="single-row-required",
            key=f"failed-{run.id}-{group.cause}",
            column_config={
                "群聊": st.column_config.NumberColumn(width=55),
                "说明": st.column_config.TextColumn(width=195),
                "次数": st.column_config.NumberColumn(width=50, help="问了几次"),
            },
        )
    rows = [row for row in picked.selection.rows if row < len(listed)]
    with detail:
        _draw_one(run, form, listed[rows[0] if rows else 0])


def _draw_one(run: RunView, form: Form, one: ExtractionView) -> None:
    """One failure: the sentence, every reply as it came, and what the parser did with it."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**第 {one.index:d} 条**")
        draw_workbench_link(run.dataset_id, one.index, "人工填写")
    st.error(escape_markdown(one.error), icon=":material/error:")
    if not one.replies:
        st.caption("没有发出过调用。")
        return
    labels = reply_labels(one.replies)
    number = len(one.replies) - 1
    if len(one.replies) > 1:
        number = st.selectbox(
            "回复",
            range(len(one.replies)),
            index=number,
            format_func=lambda position: labels[position],
            label_visibility="collapsed",
            key=f"failed-reply-{run.id}-{one.index}-{len(one.replies)}",
        )
    reply = one.replies[number]
    raw = str(reply.get("raw", ""))
    st.caption(f"原始回复 · {escape_markdown(labels[number])}")
    st.code(raw or "（没有收到任何内容）", language=None, wrap_lines=True, height=220 if len(raw) > 300 else "content")
    if question := "\n\n".join(part for part in (reply.get("system"), reply.get("user")) if part):
        with st.expander(f"提问全文（{len(question):,} 字）"):
            st.code(question, language=None, wrap_lines=True, height=300)
    st.caption("解析器做了什么")
    st.markdown("\n".join(f"- {escape_markdown(step)}" for step in parser_steps(form, raw, reply)))


def reply_labels(replies: Sequence[dict[str, Any]]) -> list[str]:
    """What each reply is called; one that came only when it was asked for again says so: all of them are 次数."""
    total, labels = 0, []
    for reply in replies:
        times = int(reply.get("attempts", 1))
        first, total = total + 1, total + times
        named = f"第 {first} 至 {total:,} 次" if times > 1 else f"第 {first} 次" if times else "沿用"
        labels.append(_reply_label(named, reply))
    return labels


def _reply_label(times: str, reply: dict[str, Any]) -> str:
    code = f"错误码 {reply['code']}" if reply.get("code") else ""
    seconds = reply.get("seconds")
    prompt, sample, window = (reply.get(key) for key in ("prompt", "sample", "window"))
    parts = [times, str(prompt or ""), f"第 {window} 段" if (window or 1) > 1 else ""]
    parts += [f"第 {sample} 票" if (sample or 1) > 1 else "", _local(str(reply.get("at", "")))]
    parts += [f"{seconds:.1f} 秒" if isinstance(seconds, int | float) else "", code]
    return " · ".join(part for part in parts if part)


def _local(stamp: str) -> str:
    """A stored moment in the time of the reader's machine."""
    try:
        return f"{datetime.fromisoformat(stamp).astimezone():%Y-%m-%d %H:%M:%S}"
    except ValueError:
        return ""


def parser_steps(form: Form, raw: str, reply: dict[str, Any]) -> list[str]:
    """What the parser made of a reply, one sentence each.

    Args:
        form: what was to be filled.
        raw: what the model wrote.
        reply: what is kept with it: a call that failed was never parsed.
    """
    if reply.get("cause"):
        return ["调用没有完成，收到的内容不当作答案。" if raw else "没有收到内容，没有可以解析的。"]
    if reply.get("ok"):
        return [*reply.get("notes", ()), "这一步的回答可以使用。"]
    parsed = parse_reply(form, raw)
    if parsed.forms is None:
        return [*parsed.notes, f"未能得到表单：{parsed.reason or '没有找到 JSON'}"]
    return [*parsed.notes, f"得到 {len(parsed.forms):,} 张表单。"]
