"""Streamlit side of Shiyao: session state, menu, notices, tables, charts, and the workbench component."""
