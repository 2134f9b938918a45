"""Leaving 导入 while it reads ends the import, which is said on whatever page comes next."""

from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from core.errors import InputError
    from core.ui.notices import announced_if_left, show_announcements, show_errors

    show_announcements()
    ways = st.session_state.setdefault("ways", ["left", "refused", "done"])
    if ways:
        way = ways.pop(0)
        with show_errors(), announced_if_left("没有做完"):
            if way == "left":
                st.rerun()  # what another page's opening does to the script
            if way == "refused":
                raise InputError("不能用", "请换一个")


def test_what_was_left_is_told_once_and_until_it_is_closed() -> None:
    app = AppTest.from_function(page, default_timeout=60).run()
    [toast] = app.toast
    assert (toast.value, toast.proto.duration) == ("没有做完", 0)
    assert [error.value for error in app.error] == ["不能用。请换一个"]
    app = app.run()
    assert not app.toast and not app.error
    assert not app.run().toast
