"""The discussions of a dataset: which ones, as a table, and the picked one with a box for an answer."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import streamlit as st

from core.adapters.store import DatasetView
from core.adapters.store.models import DiscussionStep, Pass
from core.domain.form import Form
from core.domain.permissions import Permission
from core.services.discussion import (
    EVERY_STATE,
    EVERYBODY,
    STATES,
    WHOLE_CHAT,
    WHOSE,
    DiscussionFilter,
    DiscussionView,
    Remark,
    add_remark,
    discussion_rows,
    discussions,
    is_blind,
    place_text,
)
from core.ui import address, navigation, state
from core.ui.heading import datasets_or_empty_state, draw_heading
from core.ui.kept_text import empty_form, form_key
from core.ui.links import ALL_STATUSES, workbench_address, workbench_column
from core.ui.markdown import escape_markdown
from core.ui.notices import announce, draw_empty_state, guarded, show_errors
from core.ui.only_for import only_for
from core.ui.tables import PLACEHOLDER, count_column, draw_csv_button, table_height

_TURNS_SHOWN = 100
"""Newest lines of a discussion that are drawn at once; all of them are in the CSV."""
_ANY = ""


def draw_discussion_page() -> None:
    """Draw the page: filters in the address, the table, and the discussion that is picked in it."""
    title = "待讨论"
    available = datasets_or_empty_state(title, "还没有数据集", "先导入群聊，审阅时就能讨论。")
    if not available:
        return
    dataset, _ = draw_heading(title, available)
    form = state.form_of(dataset)
    which = _chosen_filter(form)
    nobody = which.whose != EVERYBODY and not state.reviewer()
    views = [] if nobody else discussions(state.store(), dataset.id, which, viewer=state.reviewer())
    if nobody:
        st.caption("还不知道您是谁：先到审阅台填写名字，才能看与您有关的讨论。")
    elif views:
        _draw_table(views, dataset, form)
    elif which != DiscussionFilter():
        st.caption("没有这样的讨论，换一个筛选试试。")
    else:
        draw_empty_state(
            f"数据集「{escape_markdown(dataset.name)}」没有未解决的讨论",
            "在审阅台的字段上按 Alt+; 开始讨论，写 @ 提到同事；按「待讨论」搁置一条群聊时，原因也会列在这里。",
            page=navigation.WORKBENCH,
            label="去审阅",
        )


def _chosen_filter(form: Form) -> DiscussionFilter:
    row = st.container(horizontal=True, vertical_alignment="center", key="discussion-filters")
    chosen = address.segments(row, "状态", STATES, key="state", what="状态", label_visibility="collapsed")
    whose = address.segments(row, "谁的", WHOSE, key="whose", what="讨论", label_visibility="collapsed")
    labels = {_ANY: "所有字段", WHOLE_CHAT: WHOLE_CHAT} | {one.key: one.label for one in form.fields}
    field = address.select(
        row,
        "字段",
        list(labels),
        key="field",
        what="字段",
        format_func=lambda key: labels[key],
        label_visibility="collapsed",
        width=220,
    )
    return DiscussionFilter(state=chosen, whose=whose, field=field or _ANY)


@guarded
def _draw_table(views: Sequence[DiscussionView], dataset: DatasetView, form: Form) -> None:
    rows = [
        {
            "群聊": view.chat,
            "打开": f"{workbench_address(dataset.id, view.chat, queue=ALL_STATUSES)}&discussion={view.id}",
        }
        | {key: value for key, value in row.items() if key != "全文"}
        | {"关于": f"{'盲审 · ' if is_blind(view) else ''}{row['关于']}"}
        for view, row in zip(views, discussion_rows(views, form), strict=True)
    ]
    st.caption(f"{len(views):,} 处讨论。点一行的左端，在下面看全文、答复。")
    picked = st.dataframe(
        rows,
        hide_index=True,
        height=table_height(rows, most=340),
        on_select="rerun",
        selection_mode="single-row",
        # A row that is picked by its number is the same discussion only in the same list.
        key=f"discussions-{dataset.id}-{hash(tuple(one.id for one in views)):x}",
        placeholder=PLACEHOLDER,
        column_config={
            "群聊": st.column_config.NumberColumn(width=56),
            "关于": st.column_config.TextColumn(width=190),
            "状态": st.column_config.TextColumn(width=70),
            "提出人": st.column_config.TextColumn(width=80),
            "最后一句": st.column_config.TextColumn(width=320),
            "评论": count_column(width=52),
            "等谁回复": st.column_config.TextColumn(width=90),
            "最近": st.column_config.TextColumn(width=130),
            "解决人": st.column_config.TextColumn(width=80),
            "打开": workbench_column(),
        },
    )
    chosen = [row for row in _picked_rows(picked) if row < len(views)]
    if chosen:
        _draw_discussion(views[chosen[0]], dataset, form)
    draw_csv_button(discussion_rows(views, form), name="讨论", key="discussions-csv", dataset=dataset)


def _picked_rows(table: Any) -> list[int]:
    """Numbers of the rows that are ticked."""
    return list(table.selection.rows)


def _draw_discussion(view: DiscussionView, dataset: DatasetView, form: Form) -> None:
    """What was said in a discussion, and a box for an answer."""
    with st.container(border=True, key=f"discussion-{view.id}"):
        st.markdown(f"第 {view.chat:d} 条群聊 · **{escape_markdown(place_text(view, form))}**")
        left_out = max(0, len(view.turns) - _TURNS_SHOWN)
        if left_out:
            st.caption(f"更早的 {left_out:,d} 条在下载的 CSV 里。")
        for turn in view.turns[-_TURNS_SHOWN:]:
            head = f"**{escape_markdown(turn.who)}** :gray[{turn.at.astimezone():%m-%d %H:%M}]"
            if turn.step != DiscussionStep.COMMENT:
                st.markdown(f"{head} :gray[{escape_markdown(turn.step)}]")
                continue
            edited = " :gray[改过]" if turn.edited_at is not None else ""
            st.markdown(f"{head}{edited}")
            if turn.deleted_by or not turn.text:
                st.caption("（评论已删除）" if turn.deleted_by else "（没有写原因）")
            else:
                st.text(turn.text)
        _draw_answer(view, dataset)


def _draw_answer(view: DiscussionView, dataset: DatasetView) -> None:
    """The box for an answer: commented alone, or with the discussion resolved or opened again."""
    name = f"discussion-answer-{view.id}"
    key = form_key(name)
    with st.form(key, border=False, enter_to_submit=False):
        hint = "写评论，@ 提到同事"
        st.text_area("评论", placeholder=hint, key=f"{key}-text", height=80, label_visibility="collapsed")
        comment, finish, _ = st.columns((1, 1, 4))
        turn = DiscussionStep.RESOLVE if view.is_open else DiscussionStep.REOPEN
        steps = ((comment, DiscussionStep.COMMENT), (finish, turn))
        for place, step in steps:
            place.form_submit_button(
                escape_markdown(step),
                width="stretch",
                type="primary" if step is DiscussionStep.COMMENT else "secondary",
                **only_for(Permission.DISCUSS),
                on_click=_take_step,
                args=(view, dataset.id, step, name, f"{key}-text"),
            )


def _take_step(view: DiscussionView, dataset_id: int, step: DiscussionStep, name: str, key: str) -> None:
    """Say or do what was asked for; what was typed stays where it is refused."""
    with show_errors():
        remark = Remark(
            id=str(uuid4()),
            chat=view.chat,
            discussion=view.id,
            kind=str(step),
            text=str(st.session_state.get(key, "")),
            seen_open=view.is_open,
        )
        ack = add_remark(state.store(), dataset_id, remark, who=state.reviewer(), review_pass=Pass.PRIMARY)
        empty_form(name)
        done = {DiscussionStep.RESOLVE: f"已解决，在「{EVERY_STATE}」里可以重开", DiscussionStep.REOPEN: "已重开"}
        announce(escape_markdown(ack.why or done.get(step, "已评论")))
