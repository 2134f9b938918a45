"""Types passed between workbench and store: saves with their acknowledgements, confirmation states."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from core.adapters.store.models import Confirmation, RecordStatus
from core.domain.form import FormValues, storable

UNREVIEWED = str(RecordStatus.UNREVIEWED)
"""Status shown for a chat without a record, and for one whose decision was undone without changes."""

PRIMARY_REVIEW, BLIND_REVIEW = "primary", "blind"
"""Kinds of review that a save can be of, besides :func:`delta_review`."""

MOST_CUSTOMERS = 50
"""Customers of one chat."""
MOST_NOTE, MOST_REASON = 4000, 400
"""Characters of a note, of a reason."""
MOST_PINS = 200
"""Messages that are pinned to one value."""
SECONDS, FIELD_SECONDS = "seconds", "field_seconds"
"""Keys of an event's ``change``: time of work since the save before, and which part of it at each field."""
_DAY = 86_400.0
_LARGEST = 2**31 - 1
"""The largest integer that a column holds."""


def delta_review(run_id: int) -> str:
    """The kind of review that asks about the differences of this run."""
    return f"delta:{run_id}"


def review_title(review: str) -> str:
    """What a kind of review is called on the pages."""
    return {PRIMARY_REVIEW: "普通审阅", BLIND_REVIEW: "盲审"}.get(review, "增量审阅")


def _seconds(value: Any) -> Any:
    """Time of work within a day: what a browser's clock says otherwise is no reason to refuse what was typed."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return float(min(value, _DAY)) if value > 0 else 0.0  # nan is not above 0


_Text = Annotated[str, BeforeValidator(storable)]
_Whole = Annotated[int, Field(strict=True, ge=0, le=_LARGEST)]


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
    origin: Annotated[int, Field(strict=True)] | None = None
    pinned: dict[str, list[Annotated[int, Field(strict=True)]]] = Field(default_factory=dict)


class Save(BaseModel):
    """One save of one chat's record (docs/workbench.md, ``outbox``).

    Attributes:
        review: the kind of review that it was made in; ``None`` from pages that did not say it yet.
        record_id: the record that it was made over; 0 where there was none, or where nobody said.
        base_run_id: the run that the origins of the customers are positions in.
        field_seconds: the part of ``seconds`` spent at each field, by key; pages of before say none.
        form: reference of the form that was on screen; ``""`` from pages that did not say it yet.
        folded: keys of fields that were folded away as long as the chat was on screen: nobody looked at them.
    """

    model_config = ConfigDict(extra="ignore")

    save_id: str = Field(pattern=r"^[\x21-\x7e]{8,64}$")
    after_save_id: str | None = Field(default=None, pattern=r"^[\x21-\x7e]{0,64}$")
    chat: Annotated[int, Field(strict=True, ge=1, le=_LARGEST)]
    reviewer: Annotated[_Text, Field(min_length=1, max_length=60)]
    review: Annotated[str, Field(pattern=r"^(primary|blind|delta:[0-9]{1,18})$")] | None = None
    record_id: _Whole = 0
    base_version: _Whole
    base_run_id: _Whole | None = None
    customers: list[CustomerSave] = Field(max_length=MOST_CUSTOMERS)
    status: Literal["未审阅", "草稿", "已确认", "待讨论", "已跳过"]
    note: Annotated[_Text, Field(max_length=MOST_NOTE)] = ""
    reason: Annotated[_Text, Field(max_length=MOST_REASON)] = ""
    undo: bool = False
    seconds: Annotated[float, BeforeValidator(_seconds)] = 0.0
    field_seconds: dict[str, Annotated[float, BeforeValidator(_seconds)]] = Field(default_factory=dict)
    form: Annotated[_Text, Field(max_length=120)] = ""
    folded: list[str] = Field(default_factory=list)

    def time_spent(self, keys: Sequence[str]) -> dict[str, Any]:
        """What an event keeps of the time of work.

        Args:
            keys: of the form's fields; a browser may name others.
        """
        each = {key: round(self.field_seconds[key], 1) for key in keys if self.field_seconds.get(key)}
        return {SECONDS: self.seconds, FIELD_SECONDS: each}

    @property
    def names_run(self) -> bool:
        """Whether the browser said which run the customers' origins count in."""
        return "base_run_id" in self.model_fields_set


@dataclass(frozen=True, slots=True)
class Ack:
    """The acknowledgement of one save.

    Attributes:
        save_id: the save's.
        result: saved; conflict: somebody else saved in between; rejected: it can never be saved as it is; set_aside: it
            was not stored for a reason that does not lie in it, and stays in the browser while the others go on.
        version: the record's version now.
        why: a sentence for the reviewer; where it was saved, what was left out of it, mostly empty.
        theirs: on a conflict, the customers as they are stored now.
        who: on a conflict, who saved them.
        status: on a conflict, what they decided.
        note: on a conflict, their note.
        base_run_id: on a conflict, the run that the sources of their customers count in.
    """

    save_id: str
    result: Literal["saved", "conflict", "rejected", "set_aside"]
    version: int
    why: str = ""
    theirs: list[dict[str, Any]] | None = None
    who: str | None = None
    status: str = ""
    note: str = ""
    base_run_id: int | None = None


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
