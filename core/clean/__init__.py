"""Cleaning of chat texts: what may be left out before a model or a colleague sees them. Pure.

``raw`` means two things that must not be confused. A *stored* text is what was imported, spreadsheet residue included;
only the export of the dataset itself hands it out. A model, a prompt or a training row never sees residue, so their
"raw" is the conversation: the first copy, otherwise untouched.
"""

from core.clean.residue import without_residue

__all__ = ["without_residue"]
