"""The model catalogue: shipped entries from a file, own entries from the database; names are unique."""

from core.services.extraction.models.entries import (
    create,
    delete,
    find,
    in_use,
    listed,
    models,
    resolve,
    training_sets,
    update,
)
from core.services.extraction.models.keys import KeyState, key_states
from core.services.extraction.models.test_call import Probe, probe
from core.services.extraction.models.validation import ModelDraft, draft_of

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
