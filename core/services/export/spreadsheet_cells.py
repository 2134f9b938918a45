"""Cells of exported CSV tables; reading and writing them is one rule, kept where files are read."""

from core.services.datasets.spreadsheet_cells import csv_row, escape_formula, unescape_formula

__all__ = ["csv_row", "escape_formula", "unescape_formula"]
