"""Streamlit's side of the house: session keys, notices, the workbench component, grids and charts."""
