"""Datasets with their counts, the chats of one page by page, and deletion."""

import streamlit as st

from core.adapters.store import DatasetView
from core.domain.form import form_label
from core.domain.permissions import Permission
from core.services.datasets import ChatListItem, DatasetSummary, delete_dataset, list_chats
from core.services.datasets.dataset_list import is_name_typed
from core.ui import navigation, state
from core.ui.data.import_target import SPLIT_TITLES
from core.ui.links import workbench_query
from core.ui.markdown import escape_markdown
from core.ui.notices import show_errors
from core.ui.only_for import only_for
from core.ui.tables import count_column

_PAGE_SIZE = 50
_UNREVIEWED = "未审阅"


def draw_datasets(summaries: list[DatasetSummary]) -> None:
    """Table of all datasets with their counts."""
    st.dataframe(
        [
            {
                "名称": item.dataset.name,
                "用途": SPLIT_TITLES.get(item.dataset.split, item.dataset.split),
                "表单": form_label(item.dataset.form),
                "群聊": item.dataset.chats,
                "未导入": item.absent,
                "已确认": item.confirmed,
                "标注": item.labels,
                "抽取任务": item.runs,
                "导入时间": f"{item.dataset.created_at.astimezone():%Y-%m-%d %H:%M}",
            }
            for item in summaries
        ],
        hide_index=True,
        height="auto" if len(summaries) < 8 else 300,
        column_config={
            "群聊": count_column(),
            "未导入": count_column(help="来源里有、但没有导入或后来删除了的条数；序号不会因此改变"),
            "已确认": count_column(help="记录状态为已确认的群聊"),
            "标注": count_column(help="有标注的群聊"),
            "抽取任务": count_column(help="不含标注"),
        },
    )


def draw_chats(dataset: DatasetView) -> None:
    """Paginated table of chats; the selected one can be opened in the workbench."""
    count = max(1, -(-dataset.chats // _PAGE_SIZE))
    page = st.pagination(count, key=f"datasets-page-{dataset.id}-{dataset.chats}") if count > 1 else 1
    chats = list_chats(state.store(), dataset.id, page=page, size=_PAGE_SIZE)
    picked = st.dataframe(
        [_chat_row(chat) for chat in chats],
        hide_index=True,
        height=420,
        on_select="rerun",
        selection_mode="single-row",
        key=f"datasets-chats-{dataset.id}-{dataset.chats}-{page}",
        column_config={
            "序号": st.column_config.NumberColumn(width=70),
            "开头": st.column_config.TextColumn(width=700),
            "消息": count_column(width=70),
            "字数": st.column_config.NumberColumn(width=80, format="localized", help="不含表格残留，和审阅台一样"),
            "表格残留": st.column_config.NumberColumn(
                width=90, format="localized", help="在线表格留下的重复内容，字数；审阅和抽取时不用"
            ),
            "状态": st.column_config.TextColumn(width=80),
            "审阅人": st.column_config.TextColumn(width=90),
        },
    )
    rows = picked.selection.rows
    if not rows or rows[0] >= len(chats):
        st.caption("点一行，再打开审阅台。")
        return
    index = chats[rows[0]].index
    if st.button(f"在审阅台打开第 {index:d} 条", type="primary", icon=":material/arrow_forward:"):
        st.switch_page(navigation.WORKBENCH, query_params=workbench_query(dataset.id, index))


def _chat_row(chat: ChatListItem) -> dict[str, str | int]:
    """A chat as a table row."""
    return {
        "序号": chat.index,
        "开头": chat.opening,
        "消息": chat.messages,
        "字数": chat.characters,
        "表格残留": chat.residue,
        "状态": chat.status or _UNREVIEWED,
        "审阅人": chat.reviewer,
    }


def draw_deletion(item: DatasetSummary) -> None:
    """Deletion of a dataset, confirmed by typing its name."""
    view = item.dataset
    with st.expander("删除这个数据集", icon=":material/delete:"):
        st.markdown(
            f"将删除「**{escape_markdown(view.name)}**」的 {view.chats:,d} 条群聊、{item.records:,d} 条记录"
            f"（其中 {item.confirmed:,d} 条已确认）、{item.labels:,d} 条标注和 {item.runs:d} 个抽取任务。**不能恢复。**"
        )
        st.caption("导出过的文件仍然留在导出记录里。可以先在「设置」里备份数据库。")
        field, button = st.columns([4, 1], vertical_alignment="bottom")
        typed = field.text_input("输入数据集名称以确认", key=f"datasets-confirm-{view.id}")
        button.button(
            "删除",
            width="stretch",
            **only_for(Permission.DELETE_DATASET, disabled=not is_name_typed(typed, view.name)),
            key=f"datasets-delete-{view.id}",
            on_click=_delete,
            args=(view.id, typed, view.name),
        )


def _delete(dataset_id: int, typed: str, name: str) -> None:
    """Delete the dataset that stood on screen."""
    with show_errors():
        delete_dataset(state.store(), dataset_id, confirmation=typed)
        st.toast(f"已删除数据集「{escape_markdown(name)}」", icon=":material/delete:")
