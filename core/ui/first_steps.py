"""What a page says before there is anything to show: what comes here, the way there in four steps, and the sample."""

from collections.abc import Sequence
from typing import Literal
from zlib import crc32

import streamlit as st

from core.ui import navigation
from core.ui.markdown import Markdown
from core.ui.samples import draw_sample_buttons

_WAY: tuple[tuple[str, Markdown, Markdown], ...] = (
    (navigation.IMPORT, "1　导入", "群聊的文件、表格、压缩包，或粘贴的一段"),
    (navigation.RUNS, "2　抽取", "由规则或模型先填一遍表，规则不需要密钥"),
    (navigation.WORKBENCH, "3　审阅", "原文在左，表单在右，逐条核对并确认"),
    (navigation.EXPORTS, "4　导出、训练", "提交文件、表格、训练集，或继续评分"),
)


def draw_first_steps(title: Markdown, body: Markdown, *, label: Markdown = "导入群聊") -> None:
    """Draw what a page says while there is no dataset; it takes all the room below the heading.

    Args:
        title: what is not there yet.
        body: what will be here, and what to do for it.
        label: text of the link to the import.
    """
    name = crc32(title.encode())
    with st.container(border=True, key=f"empty-first-{name}", horizontal_alignment="center", gap="medium"):
        st.markdown(f"### {title}")
        st.caption(body)
        draw_import_and_sample(label)
        draw_way(str(name))


def draw_import_and_sample(label: Markdown, *, opens_desk: bool = False) -> None:
    """Draw the page's main link, to the import, and beside it the sample.

    Args:
        label: text of the link.
        opens_desk: whether the sample opens on the desk at once, rather than on this page.
    """
    with st.container(
        key="main-first-steps",
        horizontal=True,
        horizontal_alignment="center",
        vertical_alignment="center",
        gap="small",
    ):
        st.page_link(navigation.IMPORT, label=label, icon=":material/arrow_forward:", width="content")
        draw_sample_buttons("用示例开始审阅" if opens_desk else "先看看示例", opens_desk=opens_desk)


def draw_way(
    name: str,
    states: Sequence[Markdown] | None = None,
    *,
    whose: int | None = None,
    side: Literal["left", "center"] = "center",
) -> None:
    """Draw the way in four steps, each a link.

    Args:
        name: of the place where it stands.
        states: how far each step is, in a few words; what each step is where there is nothing yet.
        whose: id of the dataset that the states are of.
        side: where the steps stand in their place.
    """
    query = {"dataset": str(whose)} if whose is not None else None
    with st.container(key=f"way-{name}", horizontal=True, horizontal_alignment=side, gap="small"):
        for place, (page, step, what) in enumerate(_WAY):
            with st.container(border=True, gap="xsmall"):
                st.page_link(page, label=step, width="content", query_params=query if place else None)
                st.caption(what if states is None else states[place])
