"""The entry: the server imports it once, and it runs anew on every request. Start it with ``make run``."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.ui import completion

if get_script_run_ctx(suppress_warning=True) is None:
    from core.api import api_routes
    from core.ui import own_routes, server, server_guard

    server.prepare()
    app = st.App(
        __file__,
        lifespan=server.lifespan,
        routes=[*own_routes.own_routes(), *api_routes(own_routes.completed_store)],
        middleware=server_guard.guards(),
    )
else:
    completion.complete()
    from core.ui.page import draw_requested_page

    draw_requested_page()
