"""The model catalogue: shipped entries from a file, own entries from the database; names are unique."""

from core.services.extraction.models.entries import create, delete, find, models, resolve, training_sets, update
from core.services.extraction.models.keys import key_states
from core.services.extraction.models.test_call import Probe, probe
from core.services.extraction.models.validation import draft_of

__all__ = [
    "Probe",
    "create",
    "delete",
    "draft_of",
    "find",
    "key_states",
    "models",
    "probe",
    "resolve",
    "training_sets",
    "update",
]
