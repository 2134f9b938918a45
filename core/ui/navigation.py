"""The menu: every page once, with the address under which links reopen it, and the look that all of them share."""

import re
from collections.abc import Mapping
from contextlib import suppress

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.domain.permissions import AccountRole, Permission, allows, who_may
from core.errors import ShiyaoError
from core.services.discussion import OpenCounts, open_counts
from core.ui import address, state
from core.ui.markdown import escape_markdown
from core.ui.page_shell import TITLE

_REQUESTED = "shiyao.page.requested"
_NAME = re.compile(r"[^/?#]+")
OVERVIEW = "pages/home/overview.py"
START = "pages/home/start.py"
IMPORT = "pages/data/import_.py"
DATASETS = "pages/data/datasets.py"
FORMS = "pages/data/forms.py"
RUNS = "pages/extract/runs.py"
PROMPTS = "pages/extract/prompts.py"
MODELS = "pages/extract/models.py"
MERGE = "pages/extract/merge.py"
WORKBENCH = "pages/review/workbench.py"
RECORDS = "pages/review/records.py"
DISCUSSIONS = "pages/review/discussions.py"
HISTORY = "pages/review/history.py"
GUIDELINES = "pages/review/guidelines.py"
BATCHES = "pages/review/batches.py"
SCORES = "pages/quality/scores.py"
COMPARE = "pages/quality/compare.py"
CHANGES = "pages/quality/changes.py"
DISPUTES = "pages/quality/disputes.py"
AGREEMENT = "pages/quality/agreement.py"
TRAINING_SETS = "pages/training/sets.py"
TUNING = "pages/training/tuning.py"
LESSONS = "pages/training/lessons.py"
LEARNED = "pages/training/learned.py"
EXPORTS = "pages/export/exports.py"
SETTINGS = "pages/settings/settings.py"
ACCOUNTS = "pages/settings/accounts.py"
AUDIT = "pages/settings/audit.py"

_MENU: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "": ((OVERVIEW, "总览", "overview"),),
    "数据": ((IMPORT, "导入", "import"), (DATASETS, "数据集", "datasets"), (FORMS, "表单", "forms")),
    "抽取": (
        (RUNS, "抽取任务", "runs"),
        (PROMPTS, "提示词", "prompts"),
        (MERGE, "合并任务", "merge"),
        (MODELS, "模型", "models"),
    ),
    "审阅": (
        (WORKBENCH, "审阅台", "workbench"),
        (RECORDS, "记录表", "records"),
        (DISCUSSIONS, "待讨论", "discussions"),
        (HISTORY, "记录历史", "history"),
        (GUIDELINES, "标注规范", "guidelines"),
        (BATCHES, "批次", "batches"),
    ),
    "质量": (
        (SCORES, "评分", "scores"),
        (COMPARE, "对比", "compare"),
        (CHANGES, "修好与改坏", "changes"),
        (DISPUTES, "标注争议", "disputes"),
        (AGREEMENT, "一致性", "agreement"),
    ),
    "训练": (
        (TRAINING_SETS, "训练集", "training-sets"),
        (TUNING, "微调", "tuning"),
        (LESSONS, "经验", "lessons"),
        (LEARNED, "学习模型", "learned"),
    ),
    "导出": ((EXPORTS, "导出", "exports"),),
    "设置": ((SETTINGS, "设置", "settings"), (ACCOUNTS, "账号", "accounts"), (AUDIT, "操作记录", "audit")),
}

_PARTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    BATCHES: (("按把握放行", ""),),
    SCORES: (("把握", "把握"), ("填写率", "填写率"), ("失分最多的群聊", "失分最多的群聊")),
    CHANGES: (("按习惯校正", ""),),
    AGREEMENT: (("待仲裁", "待仲裁"), ("我的改正", "我的改正"), ("把关", "把关"), ("过快确认", "把关")),
    EXPORTS: (("带回改过的表格", ""),),
    SETTINGS: (("访问令牌", ""), ("回调", ""), ("密钥", "")),
}
"""What stands on a page under a name of its own, with the page's view; the palette finds it."""

_CHANGED_BY = {
    IMPORT: Permission.IMPORT,
    FORMS: Permission.FORMS,
    RUNS: Permission.RUNS,
    PROMPTS: Permission.PROMPTS,
    MERGE: Permission.RUNS,
    MODELS: Permission.MODELS,
    GUIDELINES: Permission.GUIDELINES,
    BATCHES: Permission.BATCHES,
    TRAINING_SETS: Permission.TRAINING,
    LEARNED: Permission.TRAINING,
    EXPORTS: Permission.EXPORT,
}
"""What one needs for what a page is there for; who only looks is told so before they type anything."""

_NEEDED = {ACCOUNTS: Permission.ACCOUNTS, AUDIT: Permission.AUDIT}
"""Pages that only some see in the menu; who comes by the address is told who may."""

PASS, SECOND = "pass", "second"
"""Query parameter of the workbench's address for the blind second review, ``?pass=second``."""

WORKBENCH_ADDRESS = "workbench"
"""Address of the workbench: on any other page the chats it claimed are released."""

LINK_MARK = "\u2060"
"""Invisible end of a menu's name: it has one entry and is a link to it (``js/page_shell.js``)."""

ADDRESSES = tuple(address for entries in _MENU.values() for _, _, address in entries)
"""Where each page is, in the order of the menu; the first one is the start page and answers ``/`` alone."""


def navigation() -> dict[str, list[st.Page]]:
    """The menu for ``st.navigation``, and the start page's own name, which is not in sight."""
    waiting = _waiting_discussions()
    menu = {
        group: [
            st.Page(
                script,
                title=title + (waiting if script == DISCUSSIONS else ""),
                url_path=address,
                visibility="visible" if script not in _NEEDED or state.may(_NEEDED[script]) else "hidden",
            )
            for script, title, address in entries
        ]
        for group, entries in _MENU.items()
    }
    menu = {group + LINK_MARK * (bool(group) and _visible_count(pages) == 1): pages for group, pages in menu.items()}
    # The start page answers "/" alone; its name belongs to a page out of sight that leads there.
    start = st.Page(OVERVIEW, title="总览", url_path="start", default=True)
    menu[""] = [start, st.Page(START, title="总览", url_path=ADDRESSES[0], visibility="hidden")]
    if requested := _unknown_address():
        menu[""].append(st.Page(_draw_no_such_page, title="没有这个页面", url_path=requested, visibility="hidden"))
    return menu


def _waiting_discussions() -> str:
    """How many discussions are open, and how many of them wait for who looks, behind the page's name."""
    counts = OpenCounts()
    with suppress(ShiyaoError):  # a menu without numbers is better than none
        for one in open_counts(state.store(), state.reviewer()).values():
            counts += one
    return waiting_text(counts.open, counts.mine)


def waiting_text(count: int, mine: int) -> str:
    """Numbers behind the name of 待讨论: `` 3 · @我 1``; ``""`` where nothing is open."""
    return f" {count:d}" + (f" · @我 {mine:d}" if mine else "") if count else ""


def _visible_count(pages: list[st.Page]) -> int:
    return sum(page.visibility == "visible" for page in pages)


def pages_for(role: AccountRole) -> list[tuple[str, str, str]]:
    """Group, title and address of each page that a role sees in the menu, in its order."""
    return [
        (group, title, address)
        for group, entries in _MENU.items()
        for script, title, address in entries
        if script not in _NEEDED or allows(role, _NEEDED[script])
    ]


def parts_for(role: AccountRole) -> list[tuple[str, str, str, str]]:
    """Title, page's title, page's address and view of what stands on the pages that a role sees."""
    scripts = {address: script for entries in _MENU.values() for script, _, address in entries}
    return [
        (part, title, address, view)
        for _, title, address in pages_for(role)
        for part, view in _PARTS.get(scripts[address], ())
    ]


def script_at(url_path: str) -> str:
    """The script of the page at an address; ``""`` where there is none. The start page's own address is empty."""
    scripts = {address: script for entries in _MENU.values() for script, _, address in entries}
    return scripts.get(url_path or ADDRESSES[0], "")


def _unknown_address() -> str:
    """The address that a browser came to, where no page is: it gets a page in Chinese, not Streamlit's dialog.

    The browser names it once; later runs of its session know it from there.
    """
    context = get_script_run_ctx(suppress_warning=True)
    requested = (context.pages_manager.intended_page_name or "" if context is not None else "").strip("/")
    if requested:
        known = {*ADDRESSES, "start"}
        st.session_state[_REQUESTED] = "" if requested in known or not _NAME.fullmatch(requested) else requested
    return str(st.session_state.get(_REQUESTED, ""))


def _draw_no_such_page() -> None:
    """The page at an address that leads nowhere: what was asked for, and every page that there is."""
    st.title("没有这个页面")
    st.caption(
        f"没有地址是「/{escape_markdown(address.quoted(str(st.session_state.get(_REQUESTED, ''))))}」的页面。"
        "请检查地址，或从这里继续："
    )
    for group, entries in _MENU.items():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{group or '开始'}**", width=60)
            for script, title, _ in entries:
                st.page_link(script, label=title, width="content")


def draw_page_frame(title: str, script: str) -> None:
    """What belongs to every page and takes no room on it: the browser tab's title, and the cookie with the name.

    Whoever may only look on the page is told so in the row of the menu.

    Args:
        title: of the page, from the menu.
        script: of the page.
    """
    plain = {script: name for entries in _MENU.values() for script, name, _ in entries}.get(script, title)
    st.set_page_config(page_title=f"{plain} · {TITLE}")
    state.remember_reviewer()
    person, needed = state.page_person(), _CHANGED_BY.get(script)
    if person is not None and needed is not None and not state.may(needed):
        with st.container(key="looks-only"):
            st.caption(f"{escape_markdown(person.role)}在这里只看，改动由{escape_markdown(who_may(needed))}做")
