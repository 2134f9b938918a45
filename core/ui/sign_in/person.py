"""Who sits before a page: looked up by the cookie of its browser, anew whenever it matters."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.errors import SignInError, StoreUnavailableError
from core.services.team import Actor, person_of, set_actor_source, set_viewer_source
from core.ui import state
from core.ui.markdown import escape_markdown
from core.ui.sign_in import ways
from core.ui.sign_in.connection import COOKIE, connection_token

_leave = st.components.v2.component(
    "shiyao_leave",
    js="""
export default function ({ data }) {
  if (data?.to) window.location.assign(data.to);
  else if (data) window.location.reload();
}
""",
)


def own_token() -> str:
    """Token of the browser for which this runs; ``""`` if it has none."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return connection_token.get()
    return str(st.context.cookies.get(COOKIE, ""))


def signed_in_person() -> Actor:
    """Who is signed in, by what the database says now.

    Raises:
        SignInError: nobody is, or not any more.
    """
    person = person_of(state.store(), own_token())
    if person is None:
        raise SignInError("登录已结束", "请重新登录；没保存完的内容还在这个浏览器里，登录后会继续保存")
    return person


def _page_viewer() -> str:
    """The reviewer's name, of who is signed in or as typed; asked at every read, so it is the one that the page has."""
    return "" if get_script_run_ctx(suppress_warning=True) is None else state.reviewer()


def watch_actors() -> None:
    """Let services learn from the browser who acts, and for whom a page is drawn; call once per server."""
    set_actor_source(signed_in_person if ways.is_required() else None)
    set_viewer_source(_page_viewer)


def check_signed_in() -> None:
    """Refuse to draw for a browser whose sign-in has ended, or which somebody else uses now; call it first.

    Raises:
        SignInError: nobody is signed in, although somebody has to be.
    """
    if not ways.is_required():
        return
    try:
        person = signed_in_person()
    except StoreUnavailableError:
        if state.page_person() is None:
            raise
        return  # what is on the page stays there, the typed text above all; services ask for themselves
    before = state.page_person()
    if state.keep_person(person):
        leave_for()  # what the other person typed is still in the browser
    if before is not None and before.role is not person.role:
        st.toast(f"您的角色现在是{escape_markdown(person.role)}，能做的事跟着变了。", icon=":material/info:")


def leave_for(address: str = "") -> None:
    """Let the browser leave the page, for an address of this server or for the same page anew; ends this run."""
    _leave(data={"to": address}, key="shiyao_leave", height=1)
    st.stop()
