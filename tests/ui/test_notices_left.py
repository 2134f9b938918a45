"""Leaving 导入 while it reads ends the import, which is said on whatever page comes next."""

from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from core.errors import InputError
    from core.ui.notices import announced_if_left, show_announcements, show_errors

    opened = st.session_state.setdefault("opened", "导入")
    show_announcements(opened)
    ways = st.session_state.setdefault("ways", ["left", "refused"])
    if opened == "导入" and ways:
        way = ways.pop(0)
        with show_errors(), announced_if_left("没有做完"):
            if way == "left":
                st.session_state["opened"] = st.session_state.get("goes to", "评分")
                st.rerun()  # what another page's opening does to the script
            if way == "refused":
                raise InputError("不能用", "请换一个")


def messages(app: AppTest) -> list[str]:
    return [warning.value for warning in app.warning]


def test_what_was_left_is_told_on_the_next_page_until_it_is_left() -> None:
    app = AppTest.from_function(page, default_timeout=60).run()
    assert messages(app) == ["没有做完"] and not app.toast
    assert messages(app.run()) == ["没有做完"], "as long as the page is open"
    app.session_state["opened"] = "导入"
    app = app.run()
    assert not messages(app) and [error.value for error in app.error] == ["不能用。请换一个"]
    assert not messages(app.run())


def test_what_is_done_at_last_was_not_left() -> None:
    app = AppTest.from_function(page, default_timeout=60)
    app.session_state["goes to"] = "导入"
    app.session_state["ways"] = ["left", "", "done"]
    app = app.run()
    assert messages(app) == ["没有做完"], "it is said while the other one is under way"
    assert not messages(app.run())
