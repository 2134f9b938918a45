"""Cleaning of chat texts: optional steps that leave out what a model need not see. Pure.

Three texts must not be confused. The *stored* text is what was imported, spreadsheet residue included; only the export
of the dataset itself hands it out. The *conversation* is its first copy, otherwise untouched: what prompts and "raw"
training rows hold. A *cleaned* conversation is what the chosen steps leave of it, with the way back to the original
offsets (:class:`Cleaned`).
"""

from core.domain.cleaning.apply_steps import clean, known_steps, uncut
from core.domain.cleaning.chunking import OVERLAP, Chunk, single_chunk, split_chunks
from core.domain.cleaning.cleaned_text import Cleaned
from core.domain.cleaning.removal_report import left_out_report
from core.domain.cleaning.steps import STEPS

__all__ = [
    "OVERLAP",
    "STEPS",
    "Cleaned",
    "Chunk",
    "clean",
    "known_steps",
    "left_out_report",
    "split_chunks",
    "single_chunk",
    "uncut",
]
