"""Batches of a dataset: progress and pace of each, and the form of a new one."""

import streamlit as st

from core.adapters.store import DatasetView, queries
from core.domain.permissions import Permission
from core.services.review import ORDERS, base_run
from core.services.review.batches import BatchView, assign, batches, withdraw
from core.ui import address, navigation, state
from core.ui.heading import draw_heading
from core.ui.markdown import escape_markdown
from core.ui.notices import announce_and_rerun, guarded, show_errors
from core.ui.only_for import only_for
from core.ui.review import filter_controls
from core.ui.review.passing import draw_passing
from core.ui.tables import count_columns

_HOUR = 3600
_FORMS = "shiyao.batches.forms"
"""In the session: how many batches were dealt out here; each gets an empty form."""


def _duration_text(seconds: float | None) -> str:
    """A duration in hours, minutes or seconds."""
    if seconds is None:
        return "—"
    if seconds < 60:
        return f"{seconds:.0f} 秒"
    minutes = round(seconds / 60)
    return f"{minutes} 分钟" if seconds < _HOUR else f"{minutes // 60} 小时 {minutes % 60} 分"


def draw_batches(dataset: DatasetView, views: list[BatchView]) -> None:
    """Table of batches with progress and pace; the selected one can be opened or withdrawn."""
    picked = st.dataframe(
        [
            {
                "批次": item.name,
                "审阅人": item.reviewer,
                "完成": (item.chats - item.left) / item.chats if item.chats else 1.0,
                "群聊": item.chats,
                "已确认": item.confirmed,
                "还剩": item.left,
                "每条": _duration_text(item.pace_seconds),
                "约剩": _duration_text(item.left_seconds),
                "分派": f"{item.who} · {item.created_at.astimezone():%m-%d %H:%M}",
            }
            for item in views
        ],
        hide_index=True,
        width="stretch",
        height=min(440, 40 + 36 * len(views)),
        on_select="rerun",
        selection_mode="single-row",
        # A row that is picked by its number is the same batch only in the same list.
        key=f"batches-{dataset.id}-{'-'.join(str(item.id) for item in views)}",
        column_config=count_columns("群聊", "已确认", "还剩")
        | {
            "完成": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1),
            "每条": st.column_config.TextColumn(help="这位审阅人最近 20 条用时的中位数"),
        },
    )
    ticked = picked.selection.rows
    one = views[ticked[0]] if ticked and ticked[0] < len(views) else None
    opener, taker, _ = st.columns([2, 2, 6])
    number = one.id if one is not None else 0
    open_key, take_key = f"batch-open-{number}", f"batch-take-{number}"
    is_opened = opener.button("在审阅台打开", disabled=one is None, help="先点一行", width="stretch", key=open_key)
    if is_opened and one is not None:
        target = {"dataset": str(dataset.id), "batch": str(one.id)}
        st.switch_page(navigation.WORKBENCH, query_params=target)
    taker.button(
        "收回批次",
        width="stretch",
        key=take_key,
        **only_for(Permission.BATCHES, disabled=one is None, hint="群聊和记录都留着"),
        on_click=_withdraw,
        args=(number, one.name if one is not None else ""),
    )


def _withdraw(batch_id: int, name: str) -> None:
    """Withdraw the batch that stood on screen."""
    with show_errors():
        withdraw(state.store(), batch_id)
        st.toast(f"已收回「{escape_markdown(name)}」", icon=":material/undo:")


def draw_new_batch(dataset: DatasetView) -> None:
    """Form of a new batch: name, reviewers, number and order of chats."""
    form = state.form_of(dataset)
    with state.store().read() as session:
        run = base_run(session, dataset.id)
        people = sorted({*queries.reviewers(session, dataset.id), state.reviewer()} - {""})
    number = int(st.session_state.get(_FORMS, 0))
    left, right = st.columns([5, 4], gap="large")
    with left:
        name = st.text_input("批次名称", placeholder="例如：第一周", key=f"batch-name-{dataset.id}-{number}")
        chosen = st.multiselect(
            "分给谁",
            people,
            accept_new_options=True,
            placeholder="选择或输入名字，可以多人",
            key=f"batch-people-{dataset.id}-{number}",
        )
        count = st.number_input(
            "一共多少条", min_value=1, value=min(50, max(1, dataset.chats)), key=f"batch-count-{dataset.id}"
        )
        order = address.segments(st.container(), "先分哪些", ORDERS, key="order", what="顺序")
        st.caption("按这个顺序取符合条件、还不在别的批次里的群聊，轮流分给每个人。")
    with right:
        st.caption("从哪些群聊里分")
        queue = filter_controls.choose_status(first="待审阅")
        conditions = filter_controls.choose_conditions(dataset, form, queue=queue, of_batch=False)
    incomplete = not (name.strip() and chosen)
    hint = "先填写批次名称和审阅人" if incomplete else None
    if left.button("分派", type="primary", **only_for(Permission.BATCHES, disabled=incomplete, hint=hint)):
        made = assign(
            state.store(),
            form,
            dataset.id,
            name=name,
            reviewers=chosen,
            count=int(count),
            who=state.reviewer(),
            narrow=conditions,
            in_order=order,
            base_run=run.id if run else None,
        )
        left_out = len(set(chosen)) - len(made)
        nobody = f"；可分的群聊不够，后面 {left_out:,} 人没有分到" if left_out > 0 else ""
        st.session_state[_FORMS] = number + 1  # an empty form: the same click again would deal out a second batch
        announce_and_rerun(f"已分派给 {len(made):,} 人；他们在审阅台的队列里选「我的批次」{nobody}")


@guarded
def draw_batch_page(available: list[DatasetView]) -> None:
    """Draw the existing batches and the form for a new one."""
    dataset, _ = draw_heading("批次", available)
    views = batches(state.store(), dataset.id)
    if views:
        draw_batches(dataset, views)
    else:
        st.caption("还没有批次：选好条件、条数和审阅人，把群聊分派出去。")
    st.subheader("新的批次")
    draw_new_batch(dataset)
    draw_passing(dataset)
