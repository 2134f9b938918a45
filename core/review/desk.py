"""One turn of the review desk: take the browser's saves, answer with acknowledgements and the chats to show."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.form import Form
from core.review import queue
from core.review.model import Ack
from core.review.payload import chat_payloads
from core.review.saving import apply_saves
from core.store import DatasetView, RunView, Store

AHEAD = 4
BEHIND = 1


@dataclass(frozen=True, slots=True)
class Desk:
    """Who reviews what, starting from which run, in which order.

    Attributes:
        dataset: the dataset under review.
        form: its form.
        base: the run whose values unreviewed chats start from; ``None`` for empty forms.
        wanted: name of the filter, see :data:`core.review.queue.FILTERS`.
        reviewer: who sits at the desk; ``""`` shows without claiming.
    """

    dataset: DatasetView
    form: Form
    base: RunView | None
    wanted: str
    reviewer: str

    @property
    def session(self) -> str:
        """Changes whenever what the browser has cached no longer fits."""
        return "|".join((str(self.dataset.id), self.base.name if self.base else "", self.wanted, self.reviewer))

    def save(self, store: Store, outbox: Sequence[Any]) -> list[Ack]:
        """Apply the browser's saves, each once."""
        base_id = self.base.id if self.base else None
        return apply_saves(store, self.form, self.dataset.id, outbox, base_run_id=base_id)

    def turn(
        self, store: Store, *, outbox: Sequence[Any] = (), at: int | None = None, want_residue: int | None = None
    ) -> dict[str, Any]:
        """Apply the outbox and give the component its data (docs/workbench.md, ``data``).

        Args:
            store: the open store.
            outbox: the browser's saves that are not acknowledged yet.
            at: the chat on screen; ``None`` opens the first of the queue.
            want_residue: the chat whose residue is to be shown.
        """
        acks = self.save(store, outbox)
        statuses = queue.FILTERS[self.wanted]
        with store.read() as session:
            if at is None:
                at = queue.first(session, self.dataset.id, statuses=statuses, reviewer=self.reviewer)
            if at is None:
                following, before = list[int](), list[int]()
            else:
                following, before = queue.neighbours(
                    session, self.dataset.id, at=at, statuses=statuses, reviewer=self.reviewer, ahead=AHEAD
                )
            shown = [at] if at is not None else []
            saved = [index for save in outbox if isinstance(index := save.get("chat"), int)]
            indices = list(dict.fromkeys([*shown, *following, *before[:BEHIND], *saved]))
            chats = chat_payloads(session, self.form, self.dataset.id, indices, self.base, want_residue=want_residue)
            done = queue.progress(session, self.dataset.id)
        ids = {chat["chat"]: chat["chat_id"] for chat in chats}
        held = queue.claim(store, [ids[i] for i in [*shown, *following] if i in ids], self.reviewer)
        for chat in chats:
            chat["claimed_by"] = held.get(chat["chat_id"], "")
        return {
            "form": {
                "name": self.form.name,
                "title": self.form.title,
                "name_field": self.form.name_field,
                "groups": list(self.form.groups),
                "fields": [field.model_dump(mode="json") for field in self.form.fields],
            },
            "session": self.session,
            "reviewer": self.reviewer,
            "dataset": {"id": self.dataset.id, "name": self.dataset.name},
            "progress": {
                "total": done.total,
                "confirmed": done.confirmed,
                "discussed": done.discussed,
                "skipped": done.skipped,
                "left": done.left,
            },
            "open": at,
            "order": {"next": following, "prev": before},
            "chats": chats,
            "acks": [ack.as_json() for ack in acks],
            "error": "",
        }


def open_desk(
    store: Store, dataset: DatasetView, form: Form, *, base: str = "", wanted: str = "", reviewer: str = ""
) -> Desk:
    """The desk for a dataset.

    Args:
        store: the open store.
        dataset: the dataset.
        form: its form.
        base: name of the run to start from; ``""`` for the newest one with answers.
        wanted: name of a filter; anything unknown is the default one.
        reviewer: who sits at the desk.
    """
    with store.read() as session:
        run = queue.base_run(session, dataset.id, base)
    return Desk(dataset, form, run, wanted if wanted in queue.FILTERS else next(iter(queue.FILTERS)), reviewer)
