"""The model catalogue: shipped entries from a file, own entries from the database; names are unique."""

from core.services.extraction.models.entries import (
    create,
    delete,
    find_model,
    models,
    resolve,
    training_set_names,
    update,
)
from core.services.extraction.models.keys import key_states
from core.services.extraction.models.test_call import Probe, probe
from core.services.extraction.models.validation import draft_of

__all__ = [
    "Probe",
    "create",
    "delete",
    "draft_of",
    "find_model",
    "key_states",
    "models",
    "probe",
    "resolve",
    "training_set_names",
    "update",
]
