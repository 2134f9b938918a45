"""Walking through the differences of the compared runs, chat and values side by side."""

from bisect import bisect_left
from collections.abc import Sequence

import streamlit as st

from core.adapters.store import DatasetView, queries
from core.services.quality import (
    REFERENCE,
    Alignment,
    Difference,
    disputes,
    pick,
    picks,
    remember_reference_shown,
)
from core.ui import address, state
from core.ui.links import draw_workbench_link
from core.ui.notices import fragment, show_errors
from core.ui.quality import compare_panes
from core.ui.quality.difference_actions import draw_dispute_popover, draw_merge_popover, draw_save_popover
from core.ui.quality.difference_filters import MODES

_PIXELS_ABOVE = 330
_POSITION = "shiyao.compare.at"


def current_difference(differences: list[Difference], alignment: Alignment) -> Difference | None:
    """The cell in focus: the session's, else the first difference of the chat in the address, else the first of all."""
    at = st.session_state.get(_POSITION)
    if at is not None and at[0] in alignment.chats and at[1] < len(alignment.chats[at[0]]) and at[2] in alignment.form:
        return Difference(*at)
    chat = address.index_parameter("chat")
    if chat is not None and chat in alignment.chats:
        first = Difference(chat, 0, alignment.form.keys[0])
        here = differences[_place_in_order(alignment.form.keys, differences, first) :][:1]
        if here and here[0].chat == chat:
            return here[0]
        return first if alignment.chats[chat] else None
    if requested := address.text_parameter("chat"):
        address.note_unknown("群聊", f"第 {requested} 条", f"第 {differences[0].chat} 条" if differences else "")
    return differences[0] if differences else None


def go_to_difference(place: Difference | tuple[int, int, str] | None) -> None:
    """Put a cell in focus; the address follows its chat."""
    if place is not None:
        st.session_state[_POSITION] = tuple(place)
        st.query_params["chat"] = str(place[0])


def neighbour_difference(
    keys: Sequence[str], differences: list[Difference], at: Difference, *, forward: bool
) -> Difference | None:
    """The next (or previous) difference, seen from any cell.

    Args:
        keys: the form's field keys, in order.
        differences: the differences to walk through, in order.
        at: where the reader is; need not be one of them.
        forward: next instead of previous.
    """
    here = _place_in_order(keys, differences, at)
    if forward:
        here += here < len(differences) and tuple(differences[here]) == tuple(at)
        return differences[here] if here < len(differences) else None
    return differences[here - 1] if here else None


def _place_in_order(keys: Sequence[str], differences: Sequence[Difference], at: Difference) -> int:
    """Number of differences in front of a cell: of 100,000 chats they are too many to look through at each step."""
    order = {key: i for i, key in enumerate(keys)}

    def rank(place: Difference) -> tuple[int, int, int]:
        return place.chat, place.customer, order[place.key]

    return bisect_left(differences, rank(at), key=rank)


@fragment
def draw_difference_walk(
    dataset: DatasetView, alignment: Alignment, differences: list[Difference], mode: str, key: str, right_from: float
) -> None:
    """The chat beside the runs' values, with buttons for the cell in focus.

    Args:
        dataset: whose chats.
        alignment: the compared runs.
        differences: the differences to walk through.
        mode: one of ``MODES``.
        key: the only field to show, ``""`` for all.
        right_from: similarity from which a free text counts as right.
    """
    at = current_difference(differences, alignment)
    if at is None:
        st.success("按现在的筛选，没有不同的地方。", icon=":material/check_circle:")
        return
    place = _place_in_order(alignment.form.keys, differences, at)
    nearest = place if place < len(differences) and tuple(differences[place]) == tuple(at) else None
    with state.store().read() as session:
        text = queries.chat(session, dataset.id, at.chat).text
    open_disputes = disputes(state.store(), dataset.id) if alignment.against == "labels" else []
    remember_reference_shown(state.store(), dataset.id, alignment, [at.chat])
    customers = alignment.chats[at.chat]
    customer = customers[at.customer]
    all_chosen = picks(state.store(), alignment, dataset, state.reviewer())
    chosen = all_chosen.get(at.chat, {})
    left, right = st.columns([4, 7], gap="small")
    with left:
        _draw_walk_buttons(alignment, differences, at, nearest)
        compare_panes.draw_chat(alignment.form, text, customer, at.key, chat=at.chat, above=_PIXELS_ABOVE)
    with right:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            for number, source in enumerate(compare_panes.column_sources(alignment), 1):
                on = chosen.get(f"{at.customer}:{at.key}") == source
                name = "对照" if source == REFERENCE else "ABCD"[int(source)]
                st.button(
                    f"取 {name}",
                    shortcut=str(number),
                    type="primary" if on else "secondary",
                    key=f"take-{source}",
                    on_click=_pick_source,
                    args=(dataset, alignment, differences, at, "" if on else source),
                )
            draw_save_popover(dataset, alignment, at, chosen)
            draw_merge_popover(dataset, alignment, all_chosen)
            if alignment.against == "labels" and customer.gold is not None:
                draw_dispute_popover(dataset, alignment, at, customer.gold)
            draw_workbench_link(dataset.id, at.chat, "审阅台")
        compare_panes.draw_compare_table(
            alignment,
            at.chat,
            shown_fields(alignment, at, mode, key),
            focus=(at.customer, at.key),
            picked=chosen,
            disputed=frozenset(
                (one.customer, one.field) for one in open_disputes if one.chat == at.chat and one.status != "不成立"
            ),
            right_from=right_from,
            above=_PIXELS_ABOVE,
            on_click=lambda customer, key: go_to_difference((at.chat, customer, key)),
        )


def shown_fields(alignment: Alignment, at: Difference, mode: str, key: str) -> dict[int, list[str]]:
    """Fields to show per customer of a chat (position → keys); the cell in focus is always among them."""
    keys = alignment.form.keys
    rows: dict[int, list[str]] = {}
    for position, customer in enumerate(alignment.chats[at.chat]):
        numbers = set(range(len(keys))) if mode == MODES[2] else set(customer.differs_between_runs)
        if mode == MODES[1]:
            numbers |= customer.differs_from_reference
        field_keys = [
            k for n, k in enumerate(keys) if (n in numbers and (not key or k == key)) or (position, k) == at[1:]
        ]
        if field_keys:
            rows[position] = field_keys
    return rows


def _draw_walk_buttons(
    alignment: Alignment, differences: list[Difference], at: Difference, nearest: int | None
) -> None:
    """Buttons to the previous and next difference, and the position among them."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        before = neighbour_difference(alignment.form.keys, differences, at, forward=False)
        after = neighbour_difference(alignment.form.keys, differences, at, forward=True)
        st.button(
            "上一处", shortcut="K", key="back", disabled=before is None, on_click=go_to_difference, args=(before,)
        )
        st.button(
            "下一处",
            shortcut="J",
            key="on",
            disabled=after is None,
            on_click=go_to_difference,
            args=(after,),
            type="primary",
        )
        where = (
            f"第 {nearest + 1:,} / {len(differences):,} 处" if nearest is not None else f"共 {len(differences):,} 处"
        )
        st.caption(f"第 {at.chat:d} 条群聊 · {where}")


def _pick_source(
    dataset: DatasetView, alignment: Alignment, differences: list[Difference], at: Difference, source: str
) -> None:
    """Pick a source for the cell in focus, then go to the next difference."""
    with show_errors():
        if not state.reviewer():
            st.toast("请先在审阅台填写名字。", icon=":material/person:")
            return
        pick(
            state.store(),
            alignment,
            dataset,
            chat=at.chat,
            customer=at.customer,
            key=at.key,
            source=source,
            who=state.reviewer(),
        )
        if source:
            go_to_difference(neighbour_difference(alignment.form.keys, differences, at, forward=True))
