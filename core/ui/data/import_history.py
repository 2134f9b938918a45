"""The history of a dataset's imports, and the button that takes one back."""

import streamlit as st

from core.adapters.store import DatasetView
from core.domain.permissions import Permission
from core.errors import ShiyaoError
from core.services.datasets import ImportEntry, list_imports, plan_undo, undo_import
from core.services.team import is_allowed
from core.ui import state
from core.ui.data.reading_decisions import COLUMN_TITLES
from core.ui.markdown import escape_markdown
from core.ui.notices import show_error, show_errors
from core.ui.tables import count_columns

_UNDONE = "shiyao.import.undone"


def draw_import_history(dataset: DatasetView) -> None:
    """Table of the imports of a dataset; the selected one with its notes."""
    entries = list_imports(state.store(), dataset.id)
    with st.expander(f"导入记录（{len(entries):,} 次）", icon=":material/history:", expanded=False):
        if not entries:
            st.caption("这个数据集是有导入记录之前导入的，没有可以列出的。")
            return
        picked = st.dataframe(
            [_entry_row(entry) for entry in entries],
            hide_index=True,
            height="auto" if len(entries) < 8 else 280,
            on_select="rerun",
            selection_mode="single-row",
            key=f"datasets-imports-{dataset.id}-{len(entries)}",
            column_config=count_columns("新增", "已有", "未导入")
            | {
                "编号": st.column_config.NumberColumn(width=60),
                "文件": st.column_config.TextColumn(width=280),
                "说明": st.column_config.TextColumn(width=320),
            },
        )
        rows = picked.selection.rows
        if not rows or rows[0] >= len(entries):
            st.caption("点一行，看当时的说明；还没有人审阅的，可以整个撤销。")
            return
        _draw_entry(entries[rows[0]])


def _entry_row(entry: ImportEntry) -> dict[str, str | int]:
    state_now = f"已撤销（{entry.undone_by or '未记名'}）" if entry.undone_at else ""
    return {
        "编号": entry.id,
        "时间": f"{entry.at.astimezone():%Y-%m-%d %H:%M}",
        "文件": entry.file,
        "格式": " · ".join(part for part in (entry.format, entry.encoding) if part),
        "新增": entry.added,
        "已有": entry.skipped,
        "未导入": entry.rejected,
        "谁": entry.who,
        "状态": state_now,
        "说明": "；".join(entry.notes),
    }


def _draw_entry(entry: ImportEntry) -> None:
    titles = COLUMN_TITLES | {"text": "聊天文本列", "index": "编号列", "date": "日期列"}
    read = "，".join(f"{titles.get(part, part)}取「{name}」" for part, name in entry.columns.items())
    st.markdown(f"**{escape_markdown(entry.file)}** &nbsp; 共 {entry.total:,d} 条")
    if read:
        st.caption(escape_markdown(read))
    for note in entry.notes:
        st.caption(escape_markdown(note))
    if not entry.notes:
        st.caption("没有要说明的。")
    for refusal in entry.refusals[:20]:
        st.caption(escape_markdown(f"未导入第 {refusal['index']} 条：{refusal['why']}"))
    if entry.undone_at is None:
        draw_undo(entry.id, key=f"history-{entry.id}")


def draw_undo(import_id: int, *, key: str) -> None:
    """A button that says what goes if this import is taken back, and takes it back when that is confirmed.

    Args:
        import_id: its number; the button is bound to it.
        key: of the widgets.
    """
    if not is_allowed(Permission.UNDO_IMPORT):
        return
    with st.popover("撤销这次导入", icon=":material/undo:"):
        try:
            plan = plan_undo(state.store(), import_id)
        except ShiyaoError as error:
            show_error(error)
            return
        if plan.refused:
            st.markdown(f"**不能撤销**：{escape_markdown(plan.refused)}。")
            return
        for sentence in plan.sentences():
            st.markdown(f"{escape_markdown(sentence)}。")
        st.button("确认撤销", type="primary", key=f"import-undo-{key}", on_click=_undo, args=(import_id,))


def _undo(import_id: int) -> None:
    """Take back the import that stood on screen."""
    with show_errors():
        plan = undo_import(state.store(), import_id, who=state.reviewer())
        st.session_state[_UNDONE] = {*undone_imports(), import_id}
        st.toast(f"已撤销「{escape_markdown(plan.file)}」的导入，删去 {plan.chats:,d} 条群聊", icon=":material/undo:")


def undone_imports() -> set[int]:
    """Numbers of the imports that were taken back in this session."""
    return set(st.session_state.get(_UNDONE, ()))
