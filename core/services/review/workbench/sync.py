"""What every desk's turn ends with: the chats are claimed, and all that the component is given is put together."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from core.adapters.store import DatasetView, Store
from core.adapters.store.models import RecordStatus
from core.domain.form import Form
from core.services.review.queue import claims
from core.services.review.records.model import Ack
from core.services.review.workbench.contract import (
    AckPayload,
    ChatPayload,
    FormPayload,
    ProgressPayload,
    StoredCustomer,
    WorkbenchPayload,
)


class ReviewSession(Protocol):
    """A desk: who reviews what. ``Desk`` and ``BlindSession`` are ones."""

    @property
    def dataset(self) -> DatasetView:
        """The dataset under review."""

    @property
    def form(self) -> Form:
        """Its form."""

    @property
    def reviewer(self) -> str:
        """Who sits at the desk."""

    @property
    def session(self) -> str:
        """Changes whenever what the browser has cached no longer fits."""

    def save(self, store: Store, outbox: Sequence[Any]) -> list[Ack]:
        """Apply the browser's saves, each once."""

    def turn(
        self,
        store: Store,
        *,
        outbox: Sequence[Any] = (),
        at: int | None = None,
        want_residue: int | None = None,
        leaving: Sequence[int] = (),
    ) -> WorkbenchPayload:
        """Apply the outbox and give the component its data."""


def assemble_payload(
    table: ReviewSession,
    store: Store,
    *,
    name: str,
    at: int | None,
    following: Sequence[int],
    before: Sequence[int],
    chats: list[ChatPayload],
    acks: Sequence[Ack],
    progress: ProgressPayload,
    leaving: Sequence[int],
    guidelines: Mapping[str, str] | None = None,
    error: str = "",
) -> WorkbenchPayload:
    """The component's data (docs/workbench.md, ``data``); claims the chat on screen and those that follow.

    Args:
        table: the desk.
        store: the open store.
        name: what the dataset is called above the chat.
        at: the chat on screen.
        following: the chats ahead.
        before: where going back leads.
        chats: their payloads; each is told who else is on it.
        acks: of the saves that came.
        progress: how far it is.
        leaving: ids of chats that this desk had claimed before.
        guidelines: texts by field, where this desk shows them.
        error: a sentence for a banner.
    """
    ids = {chat["chat"]: chat["chat_id"] for chat in chats}
    shown = [at] if at is not None else []
    held = claims.claim(store, [ids[i] for i in [*shown, *following] if i in ids], table.reviewer, leaving=leaving)
    for chat in chats:
        chat["claimed_by"] = held.get(chat["chat_id"], "")
    return {
        "form": _form(table.form),
        "guidelines": dict(guidelines or {}),
        "session": table.session,
        "reviewer": table.reviewer,
        "dataset": {"id": table.dataset.id, "name": name},
        "progress": progress,
        "open": at,
        "order": {"next": list(following), "prev": list(before)},
        "chats": chats,
        "acks": [_ack(ack) for ack in acks],
        "error": error,
    }


def _form(form: Form) -> FormPayload:
    return {
        "name": form.name,
        "title": form.title,
        "name_field": form.name_field,
        "groups": list(form.groups),
        "fields": [
            {
                "key": field.key,
                "label": field.label,
                "group": field.group,
                "type": field.type,
                "kind": field.kind,
                "nature": field.nature,
                "points": field.points,
                "one_right_answer": field.one_right_answer,
                "values": list(field.values),
                "description": field.description,
            }
            for field in form.fields
        ],
    }


def _ack(ack: Ack) -> AckPayload:
    return {
        "save_id": ack.save_id,
        "result": ack.result,
        "version": ack.version,
        "why": ack.why,
        "theirs": cast(list[StoredCustomer] | None, ack.theirs),
        "who": ack.who,
        "status": RecordStatus(ack.status) if ack.status else "",
        "note": ack.note,
    }


def claimed_chats(data: WorkbenchPayload) -> list[int]:
    """Ids of the chats that a turn claimed: what the next one, or leaving the desk, gives back."""
    mine = {data["open"], *data["order"]["next"]}
    return [chat["chat_id"] for chat in data["chats"] if chat["chat"] in mine and not chat["claimed_by"]]
