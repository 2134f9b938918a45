"""The record table on screen: a sheet of rows that can be edited in place, and changes of many rows at once."""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import streamlit as st

from core.errors import ShiyaoError
from core.form import Form
from core.review import bulk, rows
from core.review.model import Confirmation
from core.store import DatasetView, queries
from core.ui import grid, state
from core.ui.notices import notice

_SHEET, _PLAN = "shiyao.records.sheet", "shiyao.records.plan"
_HEAD = ["序号", "客户", "状态", "审阅人", "更新时间"]
_WIDTHS = {"序号": 70, "客户": 60, "状态": 80, "审阅人": 80, "更新时间": 135}
_SHOWN = 50


@dataclass
class Sheet:
    """What the table on screen was drawn from. Own saves are written into it, so that the table need not be redrawn."""

    token: tuple[Any, ...]
    page: rows.Page
    shown: dict[tuple[int, str], str]
    versions: dict[int, int] = field(default_factory=dict)
    turn: int = 0


def sheet(token: tuple[Any, ...], load: Any) -> Sheet:
    """The sheet of this session, loaded anew when something else is to be shown."""
    kept: Sheet | None = st.session_state.get(_SHEET)
    if kept is not None and kept.token == token:
        return kept
    page: rows.Page = load()
    shown = {(number, key): _text(value) for number, row in enumerate(page.rows) for key, value in row.values.items()}
    versions = {row.chat: row.version for row in page.rows}
    new = Sheet(token, page, shown, versions, (kept.turn if kept else 0) + 1)
    st.session_state[_SHEET] = new
    return new


def forget() -> None:
    """Load the sheet anew on the next run."""
    kept: Sheet | None = st.session_state.get(_SHEET)
    if kept is not None:
        kept.token = ()


def draw(form: Form, current: Sheet) -> tuple[pd.DataFrame, list[int]]:
    """The table; returns it as it stands on screen, and the ticked rows."""
    labels = {item.key: item.label for item in form.fields}
    frame = pd.DataFrame(
        [
            {
                "_row": number,
                "序号": row.chat,
                "客户": row.customer + 1,
                "状态": row.status,
                "审阅人": row.reviewer,
                "更新时间": row.updated,
            }
            | {labels[key]: _text(value) for key, value in row.values.items()}
            for number, row in enumerate(current.page.rows)
        ]
    )
    return grid.edit_rows(
        frame,
        key=f"records-grid-{current.turn}",
        editable=list(labels.values()),
        widths=_WIDTHS | {item.label: 190 if item.kind == "text" else 125 for item in form.fields},
        pinned=["序号", "客户"],
        tips={item.label: item.description for item in form.fields},
    )


def save_edits(dataset: DatasetView, form: Form, current: Sheet, data: pd.DataFrame, base_run: int | None) -> None:
    """Save every cell that differs from what was shown: the same rules and versions as at the desk."""
    keys = {item.label: item.key for item in form.fields}
    edits: list[bulk.Edit] = []
    cells = data[["_row", *keys]].to_dict("records")
    for record in cells:
        number = int(record["_row"])
        row = current.page.rows[number]
        for label, key in keys.items():
            text = _text(record[label])
            if text != current.shown[number, key]:
                edits.append(bulk.Edit(row.chat, row.customer, key, text, current.versions[row.chat]))
                current.shown[number, key] = text
    if not edits:
        return
    plan = bulk.plan_edits(state.store(), form, dataset.id, edits, base_run=base_run)
    done = bulk.apply(
        state.store(),
        form,
        plan,
        who=state.reviewer(),
        reason="在记录表里修改",
        base_run=base_run,
        confirmation=Confirmation.SINGLE,
    )
    current.versions |= done.saved
    for skipped in done.skipped:
        st.warning(f"第 {skipped.chat} 条没有保存：{skipped.why}。", icon=":material/sync_problem:")
    if done.skipped:
        forget()
        st.button("重新载入", type="primary")
    elif done.saved:
        st.toast(f"已保存第 {'、'.join(map(str, done.saved))} 条的修改", icon=":material/check:")


def offer_fill(dataset: DatasetView, form: Form, current: Sheet, ticked: list[int], base_run: int | None) -> None:
    """Fill the first ticked row's value of one field into the other ticked rows."""
    labels = {item.key: item.label for item in form.fields}
    key = st.selectbox("填充哪个字段", form.keys, format_func=lambda name: labels[name], key="records-fill-field")
    if len(ticked) < 2:
        st.caption("先在表里勾选两行以上：第一行的值会填到其余各行。")
        return
    first = current.page.rows[ticked[0]]
    value = current.shown[ticked[0], key]
    st.caption(f"把第 {first.chat} 条的「{value or '空'}」填到其余 {len(ticked) - 1} 行。")
    if st.button("预览填充", width="stretch"):
        edits = [
            bulk.Edit(row.chat, row.customer, key, value, current.versions[row.chat])
            for row in (current.page.rows[number] for number in ticked[1:])
        ]
        plan = bulk.plan_edits(state.store(), form, dataset.id, edits, base_run=base_run)
        st.session_state[_PLAN] = (dataset.id, plan, f"向下填充「{labels[key]}」", base_run)
        preview()


def offer_replace(dataset: DatasetView, form: Form, chats: Any) -> None:
    """Find and replace in the records of all chats that the filter lets through.

    Args:
        dataset: the dataset.
        form: its form.
        chats: gives their indices, or ``None`` for all.
    """
    labels = {item.key: item.label for item in form.fields}
    keys = st.multiselect(
        "在哪些字段里",
        form.keys,
        format_func=lambda name: labels[name],
        key="records-replace-fields",
        placeholder="全部",
    )
    find = st.text_input("查找", key="records-replace-find")
    replacement = st.text_input("替换为", key="records-replace-with", placeholder="留空则删去")
    whole = st.checkbox("只替换整个值（列表里的整个一项）", value=True, key="records-replace-whole")
    st.caption("只改已有记录的群聊；范围是上面筛选出来的全部群聊，不只这一页。")
    if st.button("预览替换", width="stretch"):
        try:
            plan = bulk.plan_replace(
                state.store(),
                form,
                dataset.id,
                find=find,
                replacement=replacement,
                keys=keys,
                whole=whole,
                chats=chats(),
            )
        except ShiyaoError as error:
            notice(error)
            return
        st.session_state[_PLAN] = (dataset.id, plan, f"把「{find or '空'}」替换为「{replacement or '空'}」", None)
        preview()


@st.dialog("预览批量修改", width="large")
def preview() -> None:
    """What the plan will do, and the button that does it."""
    dataset_id, plan, reason, base_run = st.session_state[_PLAN]
    with state.store().read() as session:
        form = state.form_of(queries.dataset(session, dataset_id))
    if not plan.changes:
        st.info("没有要改的内容。", icon=":material/info:")
    else:
        st.markdown(f"**{reason}**：{len(plan.chats)} 条记录的 {len(plan.changes)} 个值会改。")
        st.dataframe(
            [
                {
                    "序号": change.chat,
                    "客户": change.customer + 1,
                    "字段": form.field(change.key).label,
                    "现在": _text(change.before),
                    "改为": _text(change.after),
                }
                for change in plan.changes[:_SHOWN]
            ],
            hide_index=True,
            width="stretch",
            height=min(420, 40 + 35 * min(len(plan.changes), _SHOWN)),
        )
        if len(plan.changes) > _SHOWN:
            st.caption(f"这里列出前 {_SHOWN} 个。")
    for skipped in plan.skipped[:_SHOWN]:
        st.caption(f"第 {skipped.chat} 条不改：{skipped.why}。")
    if plan.changes and st.button(f"改这 {len(plan.changes)} 个值", type="primary"):
        try:
            with st.spinner("正在保存…"):
                done = bulk.apply(state.store(), form, plan, who=state.reviewer(), reason=reason, base_run=base_run)
        except ShiyaoError as error:
            notice(error)
            return
        forget()
        left = f"，{len(done.skipped)} 条没有改" if done.skipped else ""
        st.toast(f"改了 {len(done.saved)} 条记录{left}。可以在「最近的批量修改」里撤销。", icon=":material/check:")
        st.rerun()


def list_recent(dataset: DatasetView, form: Form) -> None:
    """The last bulk changes, each with its one undo."""
    done = [change for change in bulk.recent(state.store(), dataset.id) if change.reason != "在记录表里修改"]
    if not done:
        st.caption("还没有批量修改。")
    for change in done:
        text, button = st.columns([5, 2], vertical_alignment="center")
        text.markdown(
            f"{change.reason}  \n:gray[{change.at.astimezone():%m-%d %H:%M} · {change.who} · {change.records} 条]"
        )
        if change.undone:
            button.caption("已撤销")
        elif button.button("撤销", key=f"records-undo-{change.id}", width="stretch"):
            try:
                back = bulk.undo(state.store(), form, dataset.id, change.id, who=state.reviewer())
            except ShiyaoError as error:
                notice(error)
                return
            forget()
            for skipped in back.skipped:
                st.toast(f"第 {skipped.chat} 条没有撤销：{skipped.why}。", icon=":material/sync_problem:")
            st.toast(f"已撤销 {len(back.saved)} 条", icon=":material/undo:")
            st.rerun()


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(value)
    return "" if value is None or value != value else str(value)
