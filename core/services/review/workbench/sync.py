"""What every desk's turn ends with: the chats are claimed, and all that the component is given is put together."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from core.adapters.store import DatasetView, Store
from core.domain.form import Form
from core.services.review.queue import claims
from core.services.review.records.model import Ack


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
    ) -> dict[str, Any]:
        """Apply the outbox and give the component its data."""


def assemble_payload(
    table: ReviewSession,
    store: Store,
    *,
    name: str,
    at: int | None,
    following: Sequence[int],
    before: Sequence[int],
    chats: list[dict[str, Any]],
    acks: Sequence[Ack],
    progress: Mapping[str, Any],
    leaving: Sequence[int],
    guidelines: Mapping[str, str] | None = None,
    error: str = "",
) -> dict[str, Any]:
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
    form = table.form
    return {
        "form": {
            "name": form.name,
            "title": form.title,
            "name_field": form.name_field,
            "groups": list(form.groups),
            "fields": [field.model_dump(mode="json") for field in form.fields],
        },
        "guidelines": dict(guidelines or {}),
        "session": table.session,
        "reviewer": table.reviewer,
        "dataset": {"id": table.dataset.id, "name": name},
        "progress": dict(progress),
        "open": at,
        "order": {"next": list(following), "prev": list(before)},
        "chats": chats,
        "acks": [ack.as_json() for ack in acks],
        "error": error,
    }


def claimed_chats(data: Mapping[str, Any]) -> list[int]:
    """Ids of the chats that a turn claimed: what the next one, or leaving the desk, gives back."""
    mine = {data["open"], *data["order"]["next"]}
    return [chat["chat_id"] for chat in data["chats"] if chat["chat"] in mine and not chat["claimed_by"]]
