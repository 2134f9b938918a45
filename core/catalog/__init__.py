"""The catalogue of models: shipped entries from a file, own ones from the database, one name for one model."""

from core.catalog.draft import ModelDraft, draft_of
from core.catalog.entries import create, delete, find, in_use, listed, models, resolve, training_sets, update
from core.catalog.keys import KeyState, key_states
from core.catalog.probe import Probe, probe

__all__ = [
    "KeyState",
    "ModelDraft",
    "Probe",
    "create",
    "delete",
    "draft_of",
    "find",
    "in_use",
    "key_states",
    "listed",
    "models",
    "probe",
    "resolve",
    "training_sets",
    "update",
]
