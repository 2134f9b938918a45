"""Cleaning of chat texts: what may be left out before a model or a colleague sees them. Pure.

Three texts must not be confused. The *stored* text is what was imported, spreadsheet residue included; only the export
of the dataset itself hands it out. The *conversation* is its first copy, otherwise untouched: what prompts and "raw"
training rows hold. A *cleaned* conversation lacks messages that hold nothing but a placeholder.
"""

from core.clean.placeholders import without_placeholders
from core.clean.residue import without_residue

__all__ = ["without_placeholders", "without_residue"]
