"""The smallest page that Streamlit can serve: what starting it takes here without anything of ours."""

import streamlit as st

st.title("拾要")
