"""What to do with a difference: merge the picks into a run, save them as a draft, dispute the label."""

from uuid import uuid4

import streamlit as st

from core.adapters.store import DatasetView, queries
from core.domain.permissions import Permission
from core.services.quality import Alignment, Difference, dispute, drop_picks, picked_forms, run_from_picks
from core.services.review import apply_saves
from core.ui import state
from core.ui.markdown import escape_markdown
from core.ui.notices import guarded, show_errors
from core.ui.only_for import only_for


@guarded
def draw_merge_popover(dataset: DatasetView, alignment: Alignment, chosen: dict[int, dict[str, str]]) -> None:
    """Popover that makes a new run out of the picks (per chat: cell → source)."""
    who = state.reviewer()
    count = sum(len(choices) for choices in chosen.values())
    with st.popover(f"已挑选 {count:,} 处", icon=":material/call_merge:", disabled=not count):
        st.caption(
            f"以 A「{escape_markdown(alignment.runs[0].name)}」为底，"
            f"换上挑选的值，生成一个新的抽取任务，可以评分、对比，也可以从它开始审阅。"
        )
        name = st.text_input("新的抽取任务的名称", value="合并", key="compare-merge-name")
        left, right = st.columns(2)
        if left.button("生成合并任务", type="primary", width="stretch", **only_for(Permission.RUNS)):
            made = run_from_picks(state.store(), alignment, dataset, name=name, who=who)
            st.toast(f"已生成抽取任务「{escape_markdown(made.name)}」", icon=":material/check:")
        if right.button("清空挑选", width="stretch"):
            drop_picks(state.store(), alignment, dataset, who)
            st.rerun()


def draw_save_popover(dataset: DatasetView, alignment: Alignment, at: Difference, chosen: dict[str, str]) -> None:
    """Popover that saves the picks of one chat as a draft record; never over a record that exists."""
    with state.store().read() as session:
        chat_id = queries.chat(session, dataset.id, at.chat).id
        record = next(queries.records(session, dataset.id, chat_ids=[chat_id]), None)
    with st.popover("存为记录", icon=":material/save:"):
        if record is not None:
            st.caption(
                f"这条群聊已有{escape_markdown(record.reviewer)}的记录（{escape_markdown(record.status)}），请到审阅台修改，这里不会覆盖它。"
            )
            return
        st.caption(f"以 A 的值为底，换上这条群聊的 {len(chosen):,} 处挑选，存为草稿，再到审阅台确认。")
        if not state.reviewer():
            st.caption("请先在审阅台填写名字。")
        elif st.button("存为草稿", type="primary", key=f"save-{at.chat}"):
            _save_draft(dataset, alignment, at.chat, chosen)


def _save_draft(dataset: DatasetView, alignment: Alignment, chat: int, chosen: dict[str, str]) -> None:
    """Save a draft; a record saved in the meantime is not overwritten."""
    save = {
        "save_id": str(uuid4()),
        "chat": chat,
        "reviewer": state.reviewer(),
        "base_version": 0,
        "customers": [{"values": values} for values in picked_forms(alignment.form, alignment.chats[chat], chosen)],
        "status": "草稿",
        "reason": f"对比：在 {len(chosen):,} 处挑选了更好的值",
    }
    base = alignment.runs[0].id
    (ack,) = apply_saves(state.store(), alignment.form, dataset.id, [save], base_run_id=base)
    if ack.result == "saved":
        st.toast(f"第 {chat} 条已存为草稿", icon=":material/check:")
    else:
        st.error(escape_markdown(ack.why))


def draw_dispute_popover(dataset: DatasetView, alignment: Alignment, at: Difference, gold: int) -> None:
    """Popover that disputes the label in focus.

    Args:
        dataset: the dataset.
        alignment: the compared runs.
        at: the cell in focus.
        gold: position of the labelled customer.
    """
    with st.popover("标注有误？", icon=":material/flag:"):
        label = alignment.form.field(at.key).label
        st.caption(
            f"第 {at.chat:d} 条群聊，第 {gold + 1} 位{escape_markdown(alignment.form.subject)}的「"
            f"{escape_markdown(label)}」。提出后，评分会另外给出不计这一格的得分。"
        )
        with st.form(f"dispute-{at.chat}-{gold}-{at.key}", border=False, enter_to_submit=False):
            reason = st.text_area("理由", placeholder="例如：群里说的是下周三，标注写成了周二")
            pressed = st.form_submit_button("提出争议", type="primary")
        if pressed:
            with show_errors():
                dispute(
                    state.store(),
                    dataset=dataset.id,
                    chat=at.chat,
                    customer=gold,
                    field=at.key,
                    reason=reason,
                    who=state.reviewer(),
                )
                st.rerun()
