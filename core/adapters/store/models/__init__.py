"""The database tables. Forms are stored as JSON keyed by field key, so that a new form needs no migration.

``table=True`` constructors do not validate: only services build rows, from validated values.
"""

from core.adapters.store.models.base import Base, now
from core.adapters.store.models.catalog import ImportMapping, ModelEntry, PromptDraft
from core.adapters.store.models.datasets import (
    Chat,
    ChatBase,
    ChatSearch,
    Dataset,
    DatasetBase,
    DatasetImport,
    Retention,
)
from core.adapters.store.models.export import Export
from core.adapters.store.models.learning import (
    LearnedModel,
    LearnedModelBase,
    TrainingJob,
    TrainingJobBase,
    TrainingJobStatus,
)
from core.adapters.store.models.quality import (
    Dispute,
    DisputeBase,
    DisputeStatus,
    ExternalScore,
    ExternalScoreBase,
    Pick,
)
from core.adapters.store.models.review import (
    Batch,
    BatchChat,
    ChatPriority,
    Claim,
    Confirmation,
    Guideline,
    Pass,
    Record,
    RecordBase,
    RecordEvent,
    RecordEventBase,
    RecordStatus,
)
from core.adapters.store.models.runs import (
    Extraction,
    ExtractionBase,
    ExtractionStatus,
    PinnedRun,
    Reply,
    Run,
    RunBase,
    RunKind,
    RunStatus,
    SeenDefaultRun,
)
from core.adapters.store.models.team import Account, AuditEntry, SignInBrake, SignInSession
from core.adapters.store.models.training import Summary, TrainingSet
from core.adapters.store.models.workers import Lease, ModelLimiter, Worker

__all__ = [
    "Account",
    "AuditEntry",
    "Base",
    "Batch",
    "BatchChat",
    "Chat",
    "ChatBase",
    "ChatPriority",
    "ChatSearch",
    "Claim",
    "Confirmation",
    "Dataset",
    "DatasetBase",
    "DatasetImport",
    "Dispute",
    "DisputeBase",
    "DisputeStatus",
    "Export",
    "ExternalScore",
    "ExternalScoreBase",
    "Extraction",
    "ExtractionBase",
    "ExtractionStatus",
    "Guideline",
    "ImportMapping",
    "LearnedModel",
    "LearnedModelBase",
    "Lease",
    "ModelEntry",
    "ModelLimiter",
    "Pass",
    "Pick",
    "PinnedRun",
    "PromptDraft",
    "Record",
    "RecordBase",
    "RecordEvent",
    "RecordEventBase",
    "RecordStatus",
    "Reply",
    "Retention",
    "Run",
    "RunBase",
    "RunKind",
    "RunStatus",
    "SignInBrake",
    "SignInSession",
    "SeenDefaultRun",
    "Summary",
    "TrainingJob",
    "TrainingJobBase",
    "TrainingJobStatus",
    "TrainingSet",
    "Worker",
    "now",
]
