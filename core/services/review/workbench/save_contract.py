"""The saves that the browser sends: part of the workbench's contract (``contract.py``)."""

from typing import NotRequired, TypedDict

from core.adapters.store.models import Confirmation, RecordStatus
from core.domain.form import FormValues

# ``from`` is a keyword of Python, so this one cannot be written as a class.
SentCustomer = TypedDict(
    "SentCustomer",
    {
        "values": FormValues,
        "confirmed": dict[str, Confirmation],
        "origin": int | None,
        "pinned": dict[str, list[int]],
        "from": int | None,
    },
)
SentCustomer.__doc__ = """One customer's form in a save.

    Attributes:
        from: where the customer stood in the chat as it came; the browser's own, Python ignores it.
    """


class SentSave(TypedDict):
    """One save of one chat's record; Python reads it as :class:`core.services.review.records.save_types.Save`.

    Attributes:
        save_id: a UUID made in the browser: each is applied once.
        after_save_id: one's own save of the same record that this one follows, so that it is no conflict.
        review: the payload's: a save of another kind of review is set aside, never stored.
        record_id: the record that was edited; 0 where there was none.
        base_version: the version that was edited.
        base_run_id: the chat's, as it came: what the customers' ``origin`` counts in.
        undo: takes the last decision back.
        seconds: of work on the chat.
        field_seconds: which part of them at each field, by key.
        folded: keys of fields that were folded away as long as the chat was on screen; with decisions.
        made: when, in milliseconds; the browser's own.
        form: reference of the form that was on screen; the server carries the save over where it was changed since.
        tries: how often it was sent; the browser's own.
    """

    save_id: str
    after_save_id: str | None
    review: str
    record_id: int
    chat: int
    reviewer: str
    base_version: int
    base_run_id: NotRequired[int | None]
    customers: list[SentCustomer]
    status: RecordStatus
    note: str
    reason: str
    undo: NotRequired[bool]
    seconds: float
    field_seconds: NotRequired[dict[str, float]]
    folded: NotRequired[list[str]]
    form: NotRequired[str]
    made: float
    tries: int
