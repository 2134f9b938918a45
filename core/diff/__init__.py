"""Differences between two values: texts by characters, lists as sets. Pure; the drawing is in ``core.ui.diff``."""

from core.diff.pieces import Op, Piece, diff_lists, diff_text, diff_values

__all__ = ["Op", "Piece", "diff_lists", "diff_text", "diff_values"]
