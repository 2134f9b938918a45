"""The entry of every request: settings, store, navigation, page. Start it with ``make run``."""

import streamlit as st

from core.logs import setup_logging
from core.ui import pages, state
from core.ui.notices import reported

st.set_page_config(page_title="拾要", page_icon=":material/fact_check:", layout="wide")
setup_logging()

with reported():
    state.store()
    page = st.navigation(pages.navigation(), position="top")
    pages.chrome()
    page.run()
