"""One run of a page: who looks, which page was asked for, what belongs to every page, and the page itself."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.metrics import timed_page
from core.ui import address, navigation, state
from core.ui.notices import show_announcements, show_errors
from core.ui.page_shell import TITLE
from core.ui.palette import draw_palette
from core.ui.review.workbench_leaving import leave_workbench
from core.ui.sign_in.person import check_signed_in

COMPUTED = {
    navigation.OVERVIEW: "正在统计各个数据集的进度、得分和花费",
    navigation.RUNS: "正在读取抽取任务，估算新的要问多少",
    navigation.RECORDS: "正在读取这一页的记录",
    navigation.SCORES: "正在计算得分、下限和区间",
    navigation.COMPARE: "正在逐格对比抽取任务",
    navigation.CHANGES: "正在数修好和改坏的格",
}
"""Pages that may take seconds to open where a dataset is large, and what they compute meanwhile."""


@contextmanager
def said_while_computed(script: str) -> Iterator[None]:
    """Say at the lower edge (page.css) what a page computes, once it takes half a second."""
    if script not in COMPUTED:
        yield
        return
    with st.container(key="computing").spinner(f"{COMPUTED[script]}，群聊多时要等几秒到半分钟…"):
        yield


def draw_requested_page() -> None:
    """Draw the page that the browser asked for; errors are sentences on it."""
    # No icon: one by name would be fetched from the net, a file costs each page an import; see program_files.
    st.set_page_config(page_title=TITLE, layout="wide")
    with show_errors(waits=True):
        state.store()
        check_signed_in()
        page = st.navigation(navigation.navigation(), position="top")
        script = navigation.script_at(page.url_path)
        navigation.draw_page_frame(page.title, script)
        draw_palette()
        if page.url_path != navigation.WORKBENCH_ADDRESS:
            leave_workbench()
        state.keep_page(script)
        show_announcements(script)
        with address.unknown_parts_said():
            with said_while_computed(script), timed_page(script):
                page.run()
