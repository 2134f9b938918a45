"""Streamlit side of Shiyao: session state, menu, notices, tables, charts, and the workbench component."""

import gc

# Looking for garbage among what pages import would take a tenth of a start. The server sets thresholds of its own once
# it is ready.
gc.set_threshold(200_000)
