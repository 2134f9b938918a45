"""One run of a page: who looks, which page was asked for, what belongs to every page, and the page itself."""

import streamlit as st

from core.metrics import timed_page
from core.ui import address, navigation, state
from core.ui.notices import show_announcements, show_errors
from core.ui.page_shell import TITLE
from core.ui.palette import draw_palette
from core.ui.review.workbench_leaving import leave_workbench
from core.ui.sign_in.person import check_signed_in


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
            with timed_page(script):
                page.run()
