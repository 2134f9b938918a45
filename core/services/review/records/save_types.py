"""Types passed between workbench and store: saves with their acknowledgements, confirmation states."""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.adapters.store.models import Confirmation, RecordStatus
from core.domain.form import FormValues

UNREVIEWED = str(RecordStatus.UNREVIEWED)
"""Status shown for a chat without a record, and for one whose decision was undone without changes."""


class CustomerSave(BaseModel):
    """One customer's form as sent by the browser.

    Attributes:
        values: any mapping; coerced by the form before it is stored.
        confirmed: :class:`Confirmation` per field key; keys that are missing count as 未看.
        origin: position of the run's form that this customer came from; ``None`` for one that a person added.
        pinned: message indices per field key that a reviewer pinned as evidence.
    """

    model_config = ConfigDict(extra="ignore")

    values: dict[str, Any]
    confirmed: dict[str, Confirmation] = Field(default_factory=dict)
    origin: int | None = None
    pinned: dict[str, list[int]] = Field(default_factory=dict)


class Save(BaseModel):
    """One save of one chat's record (docs/workbench.md, ``outbox``)."""

    model_config = ConfigDict(extra="ignore")

    save_id: str = Field(min_length=8, max_length=64)
    after_save_id: str | None = None
    chat: int
    reviewer: str = Field(min_length=1, max_length=60)
    base_version: int = Field(ge=0)
    customers: list[CustomerSave]
    status: Literal["未审阅", "草稿", "已确认", "待讨论", "已跳过"]
    note: str = Field(default="", max_length=4000)
    reason: str = Field(default="", max_length=400)
    undo: bool = False
    seconds: float = Field(default=0.0, ge=0)


@dataclass(frozen=True, slots=True)
class Ack:
    """The acknowledgement of one save.

    Attributes:
        save_id: the save's.
        result: saved; conflict: somebody else saved in between; rejected: it can never be saved as it is.
        version: the record's version now.
        why: a sentence for the reviewer; empty where it was saved.
        theirs: on a conflict, the customers as they are stored now.
        who: on a conflict, who saved them.
        status: on a conflict, what they decided.
        note: on a conflict, their note.
    """

    save_id: str
    result: Literal["saved", "conflict", "rejected"]
    version: int
    why: str = ""
    theirs: list[dict[str, Any]] | None = None
    who: str | None = None
    status: str = ""
    note: str = ""


def changed_fields(before: list[FormValues], after: list[FormValues]) -> list[str]:
    """``"<customer>:<key>"`` of every cell that differs, and ``"<customer>:*"`` for a customer added or removed."""
    changed: list[str] = []
    for position in range(max(len(before), len(after))):
        if position >= len(before) or position >= len(after):
            changed.append(f"{position}:*")
            continue
        old, new = before[position], after[position]
        changed += [f"{position}:{key}" for key in new if old.get(key) != new[key]]
    return changed
