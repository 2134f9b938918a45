"""Tables. Forms are JSON keyed by field key, so that a new form needs no migration.

``table=True`` constructors do not validate: rows are built only by services, from validated values.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ARRAY, JSON, Column, DateTime, Index, Text, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import registry
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel


class Base(SQLModel, registry=registry()):
    """Base of all tables, with a registry of its own: a hot reload cannot define a table twice."""


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC datetimes on every database (SQLite forgets the zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: UTC."""
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database: aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    """The present moment, aware, UTC."""
    return datetime.now(UTC)


class RunKind(StrEnum):
    """Where a run's forms come from."""

    MODEL = "model"
    IMPORT = "import"
    LABELS = "labels"
    MERGE = "merge"


class RunStatus(StrEnum):
    """What a run is doing."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    FINISHED = "finished"


class ExtractionStatus(StrEnum):
    """How one chat went in one run."""

    OK = "ok"
    REPAIRED = "repaired"
    FAILED = "failed"


class RecordStatus(StrEnum):
    """What a reviewer decided about a chat. 未审阅 is the absence of a record, or a decision that was taken back."""

    UNREVIEWED = "未审阅"
    DRAFT = "草稿"
    CONFIRMED = "已确认"
    DISCUSS = "待讨论"
    SKIPPED = "已跳过"


class Pass(StrEnum):
    """Which review of a chat a record is."""

    PRIMARY = "primary"
    SECOND = "second"
    ADJUDICATED = "adjudicated"


def _timestamp() -> Any:
    return Column(UtcDateTime(), nullable=False)


def _json(*, nullable: bool = False) -> Any:
    return Column(JSON(none_as_null=True), nullable=nullable)


class Dataset(Base, table=True):
    """A source of chats. ``expected`` is how many chats the source held, rejected ones included."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    split: str = "other"
    form: str
    sha256: str
    expected: int = 0
    created_at: datetime = Field(default_factory=now, sa_column=_timestamp())


class Chat(Base, table=True):
    """One group chat. ``index`` is its position in the source, from 1, never renumbered."""

    __table_args__ = (
        UniqueConstraint("dataset_id", "index", name="uq_chat_dataset_index"),
        Index("ix_chat_dataset_sha256", "dataset_id", "sha256"),
    )

    id: int | None = Field(default=None, primary_key=True)
    dataset_id: int = Field(foreign_key="dataset.id", ondelete="CASCADE")
    index: int
    text: str = Field(sa_column=Column(Text, nullable=False))
    sha256: str
    characters: int
    residue_characters: int


class Run(Base, table=True):
    """A set of forms for a dataset, wherever it came from. ``prompt_text`` is the whole template as it was used."""

    __table_args__ = (UniqueConstraint("dataset_id", "name", name="uq_run_dataset_name"),)

    id: int | None = Field(default=None, primary_key=True)
    dataset_id: int = Field(foreign_key="dataset.id", ondelete="CASCADE")
    name: str
    kind: str
    status: str = RunStatus.WAITING
    provider: str = ""
    model: str = ""
    prompt_name: str = ""
    prompt_version: str = ""
    prompt_sha256: str = ""
    prompt_text: str = Field(default="", sa_column=Column(Text, nullable=False))
    parameters: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    total: int = 0
    created_at: datetime = Field(default_factory=now, sa_column=_timestamp())


class Extraction(Base, table=True):
    """What one run says about one chat. Never edited: a retry replaces a failed row and keeps its replies."""

    __table_args__ = (
        UniqueConstraint("run_id", "chat_id", name="uq_extraction_run_chat"),
        Index("ix_extraction_chat", "chat_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id", ondelete="CASCADE")
    chat_id: int = Field(foreign_key="chat.id", ondelete="CASCADE")
    status: str
    forms: list[dict[str, Any]] | None = Field(default=None, sa_column=_json(nullable=True))
    replies: list[dict[str, Any]] = Field(default_factory=list, sa_column=_json())
    notes: list[str] = Field(default_factory=list, sa_column=_json())
    cause: str = ""
    error: str = ""
    attempts: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    created_at: datetime = Field(default_factory=now, sa_column=_timestamp())


class Record(Base, table=True):
    """What a reviewer made of a chat. ``customers`` is a list of ``{values, origin, confirmed, pinned}``."""

    __table_args__ = (
        UniqueConstraint("chat_id", "review_pass", name="uq_record_chat_pass"),
        Index("ix_record_dataset_status", "dataset_id", "review_pass", "status"),
        Index("ix_record_dataset_reviewer", "dataset_id", "reviewer", "updated_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    dataset_id: int = Field(foreign_key="dataset.id", ondelete="CASCADE")
    chat_id: int = Field(foreign_key="chat.id", ondelete="CASCADE")
    review_pass: str = Pass.PRIMARY
    customers: list[dict[str, Any]] = Field(default_factory=list, sa_column=_json())
    status: str
    base_run_id: int | None = Field(default=None, foreign_key="run.id", ondelete="SET NULL")
    reviewer: str
    note: str = ""
    seconds: float = 0.0
    version: int
    created_at: datetime = Field(default_factory=now, sa_column=_timestamp())
    updated_at: datetime = Field(default_factory=now, sa_column=_timestamp())


class RecordEvent(Base, table=True):
    """One save of a record; append-only. ``save_id`` is the browser's and makes a save happen once."""

    __table_args__ = (Index("ix_recordevent_record", "record_id", "version"),)

    id: int | None = Field(default=None, primary_key=True)
    record_id: int = Field(foreign_key="record.id", ondelete="CASCADE")
    version: int
    who: str
    at: datetime = Field(default_factory=now, sa_column=_timestamp())
    status: str
    change: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    reason: str = ""
    save_id: str = Field(unique=True)


class Claim(Base, table=True):
    """Who is on a chat, and until when."""

    chat_id: int = Field(primary_key=True, foreign_key="chat.id", ondelete="CASCADE")
    reviewer: str
    until: datetime = Field(sa_column=_timestamp())


class ChatStake(Base, table=True):
    """What is at stake in a chat if a run's answer is taken unseen. Derived: computed anew when ``signature`` differs.

    ``reasons`` is ``[{customer, key, points, why}]``, the largest first.
    """

    __table_args__ = (Index("ix_chatstake_chat", "chat_id"),)

    run_id: int = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    chat_id: int = Field(primary_key=True, foreign_key="chat.id", ondelete="CASCADE")
    signature: str
    points: float
    differing: int
    warnings: int
    reasons: list[dict[str, Any]] = Field(default_factory=list, sa_column=_json())


class ChatSearch(Base, table=True):
    """A chat that the text search has indexed.

    ``grams`` holds its pairs of characters on PostgreSQL; on SQLite an FTS5 table does.
    """

    chat_id: int = Field(primary_key=True, foreign_key="chat.id", ondelete="CASCADE")
    grams: list[str] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True).with_variant(ARRAY(Text), "postgresql"), nullable=True)
    )


class Guideline(Base, table=True):
    """How one field is to be filled, as agreed; append-only, the highest version is in force."""

    __table_args__ = (UniqueConstraint("form", "field", "version", name="uq_guideline_version"),)

    id: int | None = Field(default=None, primary_key=True)
    form: str
    field: str
    version: int
    text: str = Field(sa_column=Column(Text, nullable=False))
    reason: str = ""
    who: str
    at: datetime = Field(default_factory=now, sa_column=_timestamp())


class Batch(Base, table=True):
    """Chats that a lead gave to a reviewer; ``selection`` says how they were picked."""

    id: int | None = Field(default=None, primary_key=True)
    dataset_id: int = Field(foreign_key="dataset.id", ondelete="CASCADE", index=True)
    name: str
    reviewer: str
    who: str
    selection: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    created_at: datetime = Field(default_factory=now, sa_column=_timestamp())


class BatchChat(Base, table=True):
    """One chat of a batch."""

    __table_args__ = (Index("ix_batchchat_chat", "chat_id"),)

    batch_id: int = Field(primary_key=True, foreign_key="batch.id", ondelete="CASCADE")
    chat_id: int = Field(primary_key=True, foreign_key="chat.id", ondelete="CASCADE")


class Export(Base, table=True):
    """A file that left the house. Immutable."""

    id: int | None = Field(default=None, primary_key=True)
    dataset_id: int | None = Field(default=None, foreign_key="dataset.id", ondelete="SET NULL")
    kind: str
    filename: str
    parameters: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    counts: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    sha256: str
    provenance: list[dict[str, Any]] = Field(default_factory=list, sa_column=_json())
    created_at: datetime = Field(default_factory=now, sa_column=_timestamp())


class Summary(Base, table=True):
    """One version of a chat's summary; append-only, the highest version counts. ``who`` is a reviewer or a model."""

    __table_args__ = (UniqueConstraint("chat_id", "version", name="uq_summary_chat_version"),)

    id: int | None = Field(default=None, primary_key=True)
    chat_id: int = Field(foreign_key="chat.id", ondelete="CASCADE")
    version: int
    text: str = Field(sa_column=Column(Text, nullable=False))
    run_id: int | None = Field(default=None, foreign_key="run.id", ondelete="SET NULL")
    who: str
    created_at: datetime = Field(default_factory=now, sa_column=_timestamp())


class TrainingSet(Base, table=True):
    """A set of training rows as it was built. Immutable.

    ``provenance`` has one entry per distinct row; ``files`` gives the sha256 of each file by name.
    """

    id: int | None = Field(default=None, primary_key=True)
    name: str
    format: str
    who: str = Field(default="", sa_column_kwargs={"server_default": ""})
    parameters: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    counts: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    files: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSON(none_as_null=True), nullable=False, server_default="{}")
    )
    sha256: str
    provenance: list[dict[str, Any]] = Field(default_factory=list, sa_column=_json())
    created_at: datetime = Field(default_factory=now, sa_column=_timestamp())


class ModelEntry(Base, table=True):
    """A model as it can be called, made on the page 模型. Holds the name of a key's variable, never a key."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    title: str
    provider: str
    model: str = ""
    url: str = ""
    key_env: str = ""
    context_tokens: int = 0
    max_output_tokens: int = 0
    concurrency: int | None = None
    per_minute: int | None = None
    price_in: float | None = None
    price_out: float | None = None
    parameters: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    json_mode: bool = False
    system: bool = True
    training_set_id: int | None = Field(default=None, foreign_key="trainingset.id", ondelete="SET NULL")
    note: str = ""
    created_at: datetime = Field(default_factory=now, sa_column=_timestamp())


class DisputeStatus(StrEnum):
    """What became of a disputed label."""

    OPEN = "待定"
    UPHELD = "成立"
    DISMISSED = "不成立"


class Dispute(Base, table=True):
    """A label cell that a reviewer thinks wrong. ``value`` is the label as it stood when it was disputed.

    ``customer`` is the position of the label's form. Never deleted by a decision: ``status`` says what came of it.
    """

    __table_args__ = (Index("ix_dispute_dataset_status", "dataset_id", "status"),)

    id: int | None = Field(default=None, primary_key=True)
    dataset_id: int = Field(foreign_key="dataset.id", ondelete="CASCADE")
    chat_id: int = Field(foreign_key="chat.id", ondelete="CASCADE", index=True)
    customer: int
    field: str
    value: Any = Field(default=None, sa_column=_json(nullable=True))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    who: str
    at: datetime = Field(default_factory=now, sa_column=_timestamp())
    status: str = DisputeStatus.OPEN
    decided_by: str = ""
    decided_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    decision: str = ""


class ExternalScore(Base, table=True):
    """A run's score as somebody else measured it, such as the platform's online score; append-only."""

    __tablename__ = "outsidescore"

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id", ondelete="CASCADE", index=True)
    score: float
    source: str
    note: str = ""
    who: str = ""
    at: datetime = Field(default_factory=now, sa_column=_timestamp())


class Pick(Base, table=True):
    """Which run's value a person took while comparing, chat by chat; a draft until it becomes a record or a run.

    ``selection`` names the runs and the reference that were compared, ``choices`` is ``{"customer:field": source}``.
    """

    __table_args__ = (UniqueConstraint("chat_id", "who", "selection", name="uq_pick_chat_who_selection"),)

    id: int | None = Field(default=None, primary_key=True)
    dataset_id: int = Field(foreign_key="dataset.id", ondelete="CASCADE", index=True)
    chat_id: int = Field(foreign_key="chat.id", ondelete="CASCADE")
    who: str
    selection: str
    choices: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    at: datetime = Field(default_factory=now, sa_column=_timestamp())


class PromptDraft(Base, table=True):
    """A prompt version that is kept here and not in a file. Its text may change until a run has used it."""

    __table_args__ = (UniqueConstraint("name", "version", name="uq_promptdraft_name_version"),)

    id: int | None = Field(default=None, primary_key=True)
    name: str
    version: int
    source: str = Field(sa_column=Column(Text, nullable=False))
    sha256: str
    created_by: str = ""
    created_at: datetime = Field(default_factory=now, sa_column=_timestamp())


class Worker(Base, table=True):
    """A process that carries runs out. One not seen for a while is taken for dead, and its leases go with its row.

    ``models`` names what it has the keys for.
    """

    id: str = Field(primary_key=True)
    host: str
    pid: int
    models: list[str] = Field(default_factory=list, sa_column=_json())
    started_at: datetime = Field(sa_column=_timestamp())
    seen_at: datetime = Field(sa_column=_timestamp())


class Lease(Base, table=True):
    """A chat of a run that a worker is at. The primary key is what keeps a chat from being asked about twice."""

    __table_args__ = (
        Index("ix_lease_chat", "chat_id"),
        Index("ix_lease_model", "model"),
        Index("ix_lease_worker", "worker_id"),
    )

    run_id: int = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    chat_id: int = Field(primary_key=True, foreign_key="chat.id", ondelete="CASCADE")
    worker_id: str = Field(foreign_key="worker.id", ondelete="CASCADE")
    model: str
    started_at: datetime = Field(sa_column=_timestamp())


class ModelLimiter(Base, table=True):
    """One per model: whoever gives out its calls locks this row meanwhile. ``next_at``: when the next may start."""

    __tablename__ = "gate"

    model: str = Field(primary_key=True)
    next_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))


class Reply(Base, table=True):
    """Where the answer to a request is found: ``replies[position]`` of an extraction that succeeded.

    ``key`` is a digest of the whole request; ``reused``: the answer was itself taken from an earlier one.
    """

    __table_args__ = (Index("ix_reply_key", "key"),)

    extraction_id: int = Field(primary_key=True, foreign_key="extraction.id", ondelete="CASCADE")
    position: int = Field(primary_key=True)
    key: str
    reused: bool = False
