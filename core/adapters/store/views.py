"""What services hand out instead of rows: frozen values, safe to cache and to pass between threads."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.domain.form import FormValues


@dataclass(frozen=True, slots=True)
class DatasetView:
    """A dataset. ``chats`` is how many are in; ``expected`` how many its source held."""

    id: int
    name: str
    split: str
    form: str
    expected: int
    chats: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ChatView:
    """A chat with its text; ``index`` is its position in the source, from 1."""

    id: int
    dataset_id: int
    index: int
    text: str
    sha256: str
    residue_characters: int


@dataclass(frozen=True, slots=True)
class RunView:
    """A run and how far it is; ``tokens`` and ``seconds`` are sums over its extractions."""

    id: int
    dataset_id: int
    name: str
    kind: str
    status: str
    provider: str
    model: str
    prompt_name: str
    prompt_version: str
    prompt_sha256: str
    prompt_text: str
    parameters: dict[str, Any]
    total: int
    done: int
    failed: int
    tokens_in: int
    tokens_out: int
    seconds: float
    created_at: datetime

    @property
    def pending(self) -> int:
        """Chats that have neither an answer nor a failure yet."""
        return max(0, self.total - self.done - self.failed)


@dataclass(frozen=True, slots=True)
class ExtractionView:
    """What one run says about one chat; ``forms`` is ``None`` where it failed."""

    run_id: int
    chat_id: int
    index: int
    status: str
    forms: list[FormValues] | None
    replies: list[dict[str, Any]]
    notes: list[str]
    cause: str
    error: str
    attempts: int
    tokens_in: int
    tokens_out: int
    seconds: float


@dataclass(frozen=True, slots=True)
class RecordView:
    """What a reviewer made of a chat."""

    id: int
    dataset_id: int
    chat_id: int
    index: int
    review_pass: str
    customers: list[dict[str, Any]]
    status: str
    base_run_id: int | None
    reviewer: str
    note: str
    version: int
    seconds: float
    updated_at: datetime

    @property
    def forms(self) -> list[FormValues]:
        """The values alone."""
        return [customer["values"] for customer in self.customers]


@dataclass(frozen=True, slots=True)
class EventView:
    """One save in a record's history."""

    version: int
    who: str
    at: datetime
    status: str
    change: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    save_id: str = ""
