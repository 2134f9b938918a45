"""Addresses of chats on other pages, the links that lead there, and table columns that show them."""

from typing import Any
from urllib.parse import urlencode

import streamlit as st

from core.adapters.store import DatasetView
from core.ui import navigation
from core.ui.address import Link
from core.ui.markdown import Markdown

ALL_STATUSES = "全部"
"""The workbench queue that holds every chat, whatever its status."""


def workbench_address(dataset_id: int, chat: int, *, queue: str = ALL_STATUSES) -> str:
    """Address of a chat in the workbench.

    Args:
        dataset_id: id of the dataset.
        chat: index of the chat, from 1.
        queue: status filter of the queue around it; ``""`` for the reviewer's usual one.
    """
    return f"/workbench?dataset={dataset_id}&chat={chat}" + (f"&queue={queue}" if queue else "")


def workbench_query(dataset_id: int, chat: int) -> dict[str, str]:
    """Query parameters of :func:`workbench_address`, for ``st.page_link`` and ``st.switch_page``."""
    return {"dataset": str(dataset_id), "chat": str(chat), "queue": ALL_STATUSES}


def all_runs(dataset: DatasetView) -> Link:
    """Way to all runs of a dataset, from an address that names one that is not there."""
    return Link(navigation.RUNS, "全部抽取任务", {"dataset": str(dataset.id)})


def draw_workbench_link(dataset_id: int, chat: int, label: Markdown) -> None:
    """Link that opens a chat in the workbench."""
    st.page_link(
        navigation.WORKBENCH,
        label=label,
        icon=":material/arrow_forward:",
        query_params=workbench_query(dataset_id, chat),
    )


def workbench_column(width: int | None = 70) -> Any:
    """Column configuration for a column of :func:`workbench_address` (width in pixels)."""
    return st.column_config.LinkColumn("打开", display_text="审阅台", width=width)


def compare_address(dataset_id: int, chat: int, *, reference: str = "", runs: tuple[str, ...] = ()) -> str:
    """Address of a chat on the page 对比.

    Args:
        dataset_id: id of the dataset.
        chat: index of the chat, from 1.
        reference: title of the reference, ``""`` for the usual one.
        runs: names of the runs to compare, none for the usual ones.
    """
    query = [("dataset", str(dataset_id)), ("chat", str(chat))]
    query += [("against", reference)] if reference else []
    return "/compare?" + urlencode([*query, *(("runs", name) for name in runs)])


def compare_column(label: str, width: int) -> Any:
    """Column configuration for a column of :func:`compare_address` (width in pixels)."""
    return st.column_config.LinkColumn("对比", display_text=label, width=width)
