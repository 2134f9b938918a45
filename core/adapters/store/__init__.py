"""The store: tables, engine, migrations and the queries that services share. Rows stay inside; frozen views leave."""

from core.adapters.store.address import has_database, require_database
from core.adapters.store.db import Store, open_store
from core.adapters.store.models.base import prepare_tables
from core.adapters.store.views import (
    CallBatchView,
    ChatView,
    DatasetView,
    EventView,
    ExtractionView,
    HeavyJobView,
    LearnedModelView,
    PassingRuleView,
    RecordView,
    ReviewCheckView,
    RunView,
    TrainingJobView,
)

__all__ = [
    "ChatView",
    "DatasetView",
    "EventView",
    "ExtractionView",
    "CallBatchView",
    "HeavyJobView",
    "LearnedModelView",
    "PassingRuleView",
    "RecordView",
    "ReviewCheckView",
    "RunView",
    "Store",
    "TrainingJobView",
    "has_database",
    "open_store",
    "prepare_tables",
    "require_database",
]
