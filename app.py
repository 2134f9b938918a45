"""The entry: the server imports it once, and it runs anew on every request. Start it with ``make run``."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.ui import desk, pages, server, state
from core.ui.notices import reported

if get_script_run_ctx(suppress_warning=True) is None:
    server.prepare()
    app = st.App(__file__, lifespan=server.lifespan)
else:
    st.set_page_config(page_title="拾要", page_icon=server.ICON, layout="wide")
    with reported():
        state.store()
        page = st.navigation(pages.navigation(), position="top")
        pages.chrome()
        if page.url_path != pages.DESK:
            desk.leave()
        page.run()
