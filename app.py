"""The entry: the server imports it once, and it runs anew on every request. Start it with ``make run``."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.api import api_routes
from core.metrics import timed_page
from core.ui import address, navigation, server, server_guard, state
from core.ui.monitoring import monitoring_routes
from core.ui.notices import show_announcements, show_errors
from core.ui.page_shell import TITLE
from core.ui.palette import draw_palette
from core.ui.palette.routes import palette_routes
from core.ui.review.workbench_leaving import leave_workbench
from core.ui.sign_in.person import check_signed_in
from core.ui.sign_in.routes import routes

if get_script_run_ctx(suppress_warning=True) is None:
    server.prepare()
    app = st.App(
        __file__,
        lifespan=server.lifespan,
        routes=[*routes(), *monitoring_routes(), *palette_routes(), *api_routes(state.store)],
        middleware=server_guard.guards(),
    )
else:
    st.set_page_config(page_title=TITLE, page_icon=server.ICON, layout="wide")
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
        show_announcements()
        with address.unknown_parts_said():
            with timed_page(script):
                page.run()
