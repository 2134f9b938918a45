"""Disputed labels: the list, the decision about one, and the scores with and without them."""

import streamlit as st

from core.adapters.store import DatasetView
from core.adapters.store.models import DisputeStatus
from core.domain.form import EMPTY_CELL, Form, cell_text
from core.domain.permissions import Permission
from core.services.quality import Benchmark, DisputeView, decide, dispute_rows
from core.ui import state
from core.ui.kept_text import empty_box, fill_once
from core.ui.links import workbench_address, workbench_column
from core.ui.markdown import escape_markdown
from core.ui.notices import guarded, show_errors
from core.ui.only_for import only_for
from core.ui.quality.board import computed_board
from core.ui.quality.reference_picker import scoring_note
from core.ui.tables import PLACEHOLDER, draw_csv_button, draw_table, table_height


def dispute_table_rows(views: list[DisputeView], dataset: DatasetView, form: Form) -> list[dict[str, object]]:
    """Disputes as table rows, each with its workbench address."""
    rows: list[dict[str, object]] = []
    for one, row in zip(views, dispute_rows(views), strict=True):
        changed = "" if one.label == one.value else f"（现为：{cell_text(one.label)}）"
        field = form.field(one.field).label if one.field in form else one.field
        rows.append(
            {
                **row,
                "字段": field,
                "标注": f"{row['标注'] or EMPTY_CELL}{changed}",
                "打开": workbench_address(dataset.id, one.chat),
            }
        )
    return rows


@guarded
def draw_disputes(views: list[DisputeView], dataset: DatasetView, form: Form) -> None:
    """Table of disputes with CSV; the selected one can be decided."""
    rows = dispute_table_rows(views, dataset, form)
    picked = st.dataframe(
        rows,
        hide_index=True,
        height=table_height(rows, most=420),
        on_select="rerun",
        selection_mode="single-row",
        # A row that is picked by its number is the same dispute only in the same list.
        key=f"disputes-{dataset.id}-{'-'.join(str(one.id) for one in views)}",
        placeholder=PLACEHOLDER,
        column_config={
            "群聊": st.column_config.NumberColumn(width=56),
            "客户": st.column_config.NumberColumn(form.subject, width=52),
            "字段": st.column_config.TextColumn(width=100),
            "标注": st.column_config.TextColumn(width=200),
            "理由": st.column_config.TextColumn(width=320),
            "状态": st.column_config.TextColumn(width=70),
            "打开": workbench_column(),
        },
    )
    draw_csv_button(dispute_rows(views), name="标注争议", key="disputes-csv", dataset=dataset)
    chosen = [row for row in picked.selection.rows if row < len(views)]
    if chosen:
        _draw_decision(views[chosen[0]], form)
    else:
        st.caption("点一行的左端，再处理。")


def _draw_decision(one: DisputeView, form: Form) -> None:
    """Form that upholds, dismisses or reopens a dispute."""
    label = form.field(one.field).label if one.field in form else one.field
    key = f"decide-{one.id}"
    if fill_once(f"{key}-note", _state_of(one), one.decision):
        st.warning(
            f"{escape_markdown(one.decided_by) or '有人'} 刚刚处理为「{escape_markdown(one.status)}」："
            f"{escape_markdown(one.decision) or '没有说明'}。您写的说明还在下面，没有保存。",
            icon=":material/sync_problem:",
        )
    with st.form(key, enter_to_submit=False):
        st.markdown(
            f"第 {one.chat:d} 条群聊 · 第 {one.customer + 1:d} 位{escape_markdown(form.subject)} · **"
            f"{escape_markdown(label)}**：{escape_markdown(cell_text(one.value))}"
        )
        st.caption(f"{escape_markdown(one.who)}：{escape_markdown(one.reason)}")
        st.text_input("处理说明", placeholder="可以不写", key=f"{key}-note")
        upheld, dismissed, opened = st.columns(3)
        statuses = (
            (upheld, "成立：标注有误", DisputeStatus.UPHELD),
            (dismissed, "不成立：标注无误", DisputeStatus.DISMISSED),
            (opened, "改回待定", DisputeStatus.OPEN),
        )
        for place, title, status in statuses:
            place.form_submit_button(
                escape_markdown(title),
                width="stretch",
                type="primary" if status is DisputeStatus.UPHELD else "secondary",
                **only_for(Permission.ADJUDICATE, disabled=one.status == status),
                on_click=_decide,
                args=(one, status, f"{key}-note"),
            )


def _state_of(one: DisputeView) -> str:
    """Changes with each decision."""
    return f"{one.status} {one.decided_at}"


def _decide(seen: DisputeView, status: DisputeStatus, key: str) -> None:
    """Decide the dispute that stood on screen, with the note in a box."""
    with show_errors():
        note = st.session_state[key]
        decide(state.store(), seen.id, status=status, who=state.reviewer(), decision=note, seen=seen)
        empty_box(key)


def draw_undisputed_scores(benchmark: Benchmark) -> None:
    """Table of every run's score with and without the disputed cells."""
    st.subheader("得分：计与不计")
    board = computed_board(benchmark)
    if board is None or not board.rows:
        return
    rows = [
        {
            "抽取任务": row.run.name,
            "得分": row.score.score,
            "不计争议": row.undisputed.score if row.undisputed else row.score.score,
            "相差": (row.undisputed.score - row.score.score) if row.undisputed else 0.0,
        }
        for row in board.rows
    ]
    draw_table(
        rows,
        name="计与不计争议",
        key="disputes-scores",
        columns={
            "抽取任务": st.column_config.TextColumn(width=260),
            "得分": st.column_config.NumberColumn(format="%.4f"),
            "不计争议": st.column_config.NumberColumn(format="%.4f"),
            "相差": st.column_config.NumberColumn(format="%+.4f"),
        },
    )
    st.caption(
        f"下限 {board.floor:.2f}，{board.chats:,d} 条群聊；待定和成立的 {board.disputed:,d} 格不计，"
        f"字段得分按其余的格折算；不成立的照常计分。{scoring_note(benchmark.measure)}"
    )
