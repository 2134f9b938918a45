"""Settling what two reviewers filled differently: the chats, and one of them cell by cell."""

import streamlit as st

from core.adapters.store import DatasetView
from core.domain.form import Form, Value, text_of
from core.domain.permissions import Permission
from core.services.quality import PairwiseAgreement
from core.services.review import TwoReviews, save_adjudication, two_reviews
from core.ui import diff, state
from core.ui.links import draw_workbench_link
from core.ui.markdown import escape_markdown
from core.ui.notices import guarded, show_errors
from core.ui.only_for import only_for
from core.ui.tables import count_column, table_height

_FIRST, _SECOND, _OTHER = "初审", "复审", "另写"
_LEAVE = "不要"


def draw_unsettled_chats(agreements: PairwiseAgreement, dataset: DatasetView, form: Form) -> None:
    """Chats on which two reviewers differ, and the adjudication of the selected one."""
    if not agreements.chats:
        st.success("两人填的完全一样，没有要仲裁的群聊。", icon=":material/check_circle:")
        return
    open_ones = [one for one in agreements.chats if not one.settled_by]
    left, right = st.columns([4, 7], gap="medium")
    with left:
        st.caption(f"{len(agreements.chats):,} 条不同，{len(open_ones):,} 条还没有仲裁。点一行的左端。")
        rows = [
            {
                "群聊": one.chat,
                "不同": one.differing,
                "初审": one.first,
                "复审": one.second,
                "仲裁": one.settled_by,
            }
            for one in agreements.chats
        ]
        picked = st.dataframe(
            rows,
            hide_index=True,
            height=table_height(rows, most=520),
            on_select="rerun",
            selection_mode="single-row",
            # A row that is picked by its number is the same chat only in the same list.
            key=f"unsettled-{dataset.id}-{'-'.join(str(one.chat) for one in agreements.chats)}",
            column_config={
                "群聊": st.column_config.NumberColumn(width=56),
                "不同": count_column(width=56),
            },
        )
        chosen = [row for row in picked.selection.rows if row < len(rows)]
        chat = agreements.chats[chosen[0] if chosen else 0].chat
    with right:
        reviews = two_reviews(state.store(), dataset, form, chat)
        if reviews is not None:
            draw_adjudication(reviews, dataset, form, chat)


@guarded
def draw_adjudication(reviews: TwoReviews, dataset: DatasetView, form: Form, chat: int) -> None:
    """Cell-by-cell choice between two reviews of a chat, saved as the adjudicated record."""
    first, second = reviews.first, reviews.second
    version = reviews.settled.version if reviews.settled else 0
    key = f"{dataset.id}-{chat}"  # not the versions: what was chosen stays when somebody saves meanwhile
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**第 {chat} 条群聊**")
        draw_workbench_link(dataset.id, chat, "看群聊")
    if reviews.settled is not None:
        st.caption(f"{escape_markdown(reviews.settled.reviewer)} 已仲裁；再保存一次会成为新的版本。")
    st.html(diff.STYLE)
    _, one_head, other_head, _ = st.columns([2, 4, 4, 3])
    one_head.caption(f"初审 · {escape_markdown(first.reviewer)}")
    other_head.caption(f"复审 · {escape_markdown(second.reviewer)}")
    for position, customer in enumerate(reviews.customers):
        name = customer.name(form) or f"第 {position + 1} 位{form.subject}"
        if None in customer.forms:
            whose = _FIRST if customer.forms[0] is not None else _SECOND
            st.segmented_control(
                f"{escape_markdown(name)}：只有{whose}有这位{escape_markdown(form.subject)}",
                ("保留", _LEAVE),
                key=f"keep-{key}-{position}",
            )
            continue
        one, other = customer.forms[0] or {}, customer.forms[1] or {}
        for number in sorted(customer.differs_between_runs):
            field = form.fields[number]
            a, b = one.get(field.key, field.empty), other.get(field.key, field.empty)
            label_side, left, right, choice = st.columns([2, 4, 4, 3], vertical_alignment="center")
            label_side.markdown(f"**{escape_markdown(field.label)}**  \n:gray[{escape_markdown(name)}]")
            left.html(diff.value_html(b, a, "right"))
            right.html(diff.value_html(a, b, "right"))
            place = f"{key}-{position}-{number}"
            taken = choice.segmented_control(
                escape_markdown(field.label),
                (_FIRST, _SECOND, _OTHER),
                key=f"take-{place}",
                label_visibility="collapsed",
            )
            if taken == _OTHER:
                st.session_state.setdefault(f"write-{place}", text_of(a))
                st.text_input(f"{escape_markdown(field.label)}（列表用、分开）", key=f"write-{place}")
    _, waiting = _choices(form, reviews, key)
    label = f"还有 {waiting:,d} 处没有选" if waiting else "保存仲裁结果"
    st.button(
        label,
        type="primary",
        key=f"settle-{key}",
        **only_for(Permission.ADJUDICATE, disabled=bool(waiting) or not state.reviewer()),
        on_click=_save_adjudication,
        args=(dataset, form, chat, version, reviews, key),
    )
    if not state.reviewer():
        st.caption("请先在审阅台填写名字。")


def _choices(form: Form, reviews: TwoReviews, key: str) -> tuple[dict[str, Value], int]:
    """What the session's controls choose, for ``adjudication.settled_forms``, and how many are open."""
    choices: dict[str, Value] = {}
    waiting = 0
    for position, customer in enumerate(reviews.customers):
        if None in customer.forms:
            kept = st.session_state.get(f"keep-{key}-{position}")
            waiting += kept is None
            if kept == _LEAVE:
                choices[f"{position}:*"] = ""
            continue
        one, other = customer.forms[0] or {}, customer.forms[1] or {}
        for number in sorted(customer.differs_between_runs):
            field, place = form.fields[number], f"{key}-{position}-{number}"
            taken = st.session_state.get(f"take-{place}")
            waiting += taken is None
            if taken == _OTHER:
                written = st.session_state.get(f"write-{place}", "")
                choices[f"{position}:{field.key}"] = [written] if field.is_list else written
            elif taken is not None:
                choices[f"{position}:{field.key}"] = (one if taken == _FIRST else other).get(field.key, field.empty)
    return choices, waiting


def _save_adjudication(
    dataset: DatasetView, form: Form, chat: int, version: int, reviews: TwoReviews, key: str
) -> None:
    """Save the adjudicated record out of the reviews that stood on screen."""
    with show_errors():
        choices, _ = _choices(form, reviews, key)
        ack = save_adjudication(
            state.store(), dataset, form, chat, reviews, choices, reviewer=state.reviewer(), base_version=version
        )
        if ack.result == "saved":
            st.toast(f"第 {chat} 条已仲裁", icon=":material/gavel:")
        else:
            st.error(escape_markdown(ack.why))
