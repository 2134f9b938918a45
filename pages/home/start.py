"""/overview: the start page answers ``/`` alone, so its name leads there instead of to Streamlit's English dialog."""

import streamlit as st

from core.ui import navigation

st.switch_page(navigation.OVERVIEW, query_params=st.query_params.to_dict())
