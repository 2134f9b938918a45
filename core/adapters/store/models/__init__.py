"""The database tables. Forms are stored as JSON keyed by field key, so that a new form needs no migration.

``table=True`` constructors do not validate: only services build rows, from validated values.
"""

from core.adapters.store.models.base import Base, UtcDateTime, now
from core.adapters.store.models.catalog import ModelEntry, PromptDraft
from core.adapters.store.models.datasets import Chat, ChatSearch, Dataset
from core.adapters.store.models.export import Export
from core.adapters.store.models.quality import Dispute, DisputeStatus, ExternalScore, Pick
from core.adapters.store.models.review import (
    Batch,
    BatchChat,
    ChatStake,
    Claim,
    Guideline,
    Pass,
    Record,
    RecordEvent,
    RecordStatus,
)
from core.adapters.store.models.runs import Extraction, ExtractionStatus, Reply, Run, RunKind, RunStatus
from core.adapters.store.models.training import Summary, TrainingSet
from core.adapters.store.models.workers import Lease, ModelLimiter, Worker

__all__ = [
    "Base",
    "Batch",
    "BatchChat",
    "Chat",
    "ChatSearch",
    "ChatStake",
    "Claim",
    "Dataset",
    "Dispute",
    "DisputeStatus",
    "Export",
    "ExternalScore",
    "Extraction",
    "ExtractionStatus",
    "Guideline",
    "Lease",
    "ModelEntry",
    "ModelLimiter",
    "Pass",
    "Pick",
    "PromptDraft",
    "Record",
    "RecordEvent",
    "RecordStatus",
    "Reply",
    "Run",
    "RunKind",
    "RunStatus",
    "Summary",
    "TrainingSet",
    "UtcDateTime",
    "Worker",
    "now",
]
