"""/overview: redirects to ``/``, the start page's only address, instead of Streamlit's English dialog."""

import streamlit as st

from core.ui import navigation

st.switch_page(navigation.OVERVIEW, query_params=st.query_params.to_dict())
