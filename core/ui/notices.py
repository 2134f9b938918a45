"""Errors as sentences on the page (details in the log), guarded fragments, and empty states."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import Any, ParamSpec
from uuid import uuid4
from zlib import crc32

import streamlit as st

from core.errors import ShiyaoError, SignInError, StoreUnavailableError
from core.ui import state
from core.ui.markdown import Markdown, escape_markdown
from core.ui.sign_in.person import check_signed_in

P = ParamSpec("P")
_AN_HOUR = 3600.0
_LOOK_SECONDS = 3.0
_log = logging.getLogger("shiyao.ui")
_WAITING = "messages-of-the-next-run"
_LEFT = "message-if-left"
_LEFT_SHOWN = "message-if-left-shown"
"""In the session: what was left undone, and the page that says so until somebody goes on from there."""


def show_error(error: ShiyaoError) -> None:
    """Show a known error as its sentence; the traceback goes to the log."""
    _log.warning("%s", error, exc_info=error)
    st.error(escape_markdown(error), icon=":material/error:")
    if isinstance(error, SignInError):
        st.html('<a href="/sign-in" target="_self">去登录</a>')


@contextmanager
def show_errors(*, waits: bool = False) -> Iterator[None]:
    """Context manager: show whatever is raised inside as a sentence; details go to the log.

    Args:
        waits: where the database is away, draw the page again once it is back. Not in callbacks: they draw nothing.
    """
    try:
        yield
    except StoreUnavailableError as error:
        show_error(error)
        if waits and not state.is_store_available():
            wait_for_store()
    except ShiyaoError as error:
        show_error(error)
    except Exception:
        number = uuid4().hex[:8]
        _log.exception("unexpected error %s", number)
        st.error(
            f"这里出错了，已记入日志（编号 {escape_markdown(number)}）。已保存的内容不受影响，请刷新页面重试；"
            "再次出现请把编号告诉工程师。",
            icon=":material/error:",
        )


def announce(message: Markdown, *, icon: str = ":material/check:") -> None:
    """Keep a message for the next run of the page, in front of an ``st.rerun``.

    One of ``st.toast`` belongs to the run that ends there: a busy browser gets both at once and never shows it.

    Args:
        message: Chinese, Markdown with names escaped.
        icon: Material symbol in front of it.
    """
    st.session_state[_WAITING] = [*st.session_state.get(_WAITING, []), partial(st.toast, message, icon=icon)]


@contextmanager
def announced_if_left(message: Markdown) -> Iterator[None]:
    """Show a message on the page that comes next, as long as it is open, where somebody goes there before this is done.

    The next page is drawn while the script of this one may still go on, so what is said must be true in either case.
    Where the same is begun again and done, the message goes: it is true no more.

    Args:
        message: Chinese, Markdown with names escaped.
    """
    st.session_state[_LEFT] = partial(st.warning, message, icon=":material/error:")
    try:
        yield
    except Exception:
        st.session_state.pop(_LEFT, None)
        raise
    st.session_state.pop(_LEFT, None)
    st.session_state.pop(_LEFT_SHOWN, None)


def announce_and_rerun(message: Markdown, *, icon: str = ":material/check:") -> None:
    """Draw the page anew with a message on it; see :func:`announce`."""
    announce(message, icon=icon)
    st.rerun()


def show_announcements(page: str) -> None:
    """Show the messages that the run before left.

    Args:
        page: script of the page that is drawn; what was left undone is said on one page, below its title (page.css).
    """
    for show in st.session_state.pop(_WAITING, []):
        show()
    if (left := st.session_state.pop(_LEFT, None)) is not None:
        st.session_state[_LEFT_SHOWN] = (left, page)
    draw, place = st.session_state.get(_LEFT_SHOWN, (None, page))
    if place != page:
        st.session_state.pop(_LEFT_SHOWN)
    elif draw is not None:
        with st.container(key="message-left"):
            draw()


@st.fragment(run_every=_LOOK_SECONDS)
def wait_for_store() -> None:
    """Look every few seconds whether the database is back, and draw the page then."""
    st.caption("正在等数据库恢复，恢复后本页自动继续。")
    if state.is_store_available():
        st.rerun()


def guarded(function: Callable[P, Any]) -> Callable[P, None]:
    """Decorator: :func:`show_errors` around a function, for code outside the page's own guard."""

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> None:
        with show_errors(waits=True):
            check_signed_in()
            function(*args, **kwargs)

    return wrapper


def fragment(function: Callable[P, Any], *, every: float | None = None) -> Callable[P, Any]:
    """Decorator: a guarded fragment that is drawn again by itself, and so outlives a restart of the server.

    A restarted server knows none of a page's fragments until the page was drawn; what a browser sends to one is dropped
    with a line in the log. When a connection comes back, Streamlit's browser side draws the page only where a fragment
    was drawn last or one has a clock. So every fragment gets a clock, if only one that strikes each hour: without it, a
    workbench whose page was drawn last would send its saves into the void until somebody reloads it.

    Args:
        function: draws the fragment.
        every: seconds between two drawings without anybody's doing; an hour where nothing moves by itself.
    """
    return st.fragment(guarded(function), run_every=every or _AN_HOUR)


def draw_empty_state(
    title: Markdown, body: Markdown, *, page: str = "", label: Markdown = "", is_last: bool = True
) -> None:
    """Draw an empty page's notice: what is missing, and what to do about it.

    It takes all the room below what stands above it, unless more comes below.

    Args:
        title: what is not there yet.
        body: what to do about it.
        page: script of the page where one does it, as given to ``st.Page``; ``""`` where it is done on this one.
        label: text of the link.
        is_last: whether nothing comes below it; what does would be out of sight.
    """
    name = f"{'' if is_last else 'above-'}{crc32(title.encode())}"
    with (
        st.container(border=True, key=f"empty-{name}", horizontal_alignment="center"),
        st.container(key=f"main-{name}", horizontal_alignment="center", gap="small"),
    ):
        st.markdown(f"### {title}")
        st.caption(body)
        if page:
            st.page_link(page, label=label, icon=":material/arrow_forward:", width="content")
