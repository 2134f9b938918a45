"""One turn of the review desk: take the browser's saves, answer with acknowledgements and the chats to show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlmodel import Session

from core.adapters.store import DatasetView, Store
from core.adapters.store.models import RecordStatus
from core.domain.form import Form
from core.domain.scoring import Scorer
from core.services.review import delta, guidelines
from core.services.review.queue import claims, search_index
from core.services.review.queue.filters import Filter
from core.services.review.queue.order import INDEX, ORDERS, STAKES, QueueSpec, next_open_chats, review_queue
from core.services.review.queue.priority import stored_priorities
from core.services.review.records.delta_drafts import delta_drafts_of
from core.services.review.records.model import Ack
from core.services.review.records.saving import apply_saves
from core.services.review.workbench.contract import ChatPayload, ProgressPayload, WorkbenchPayload
from core.services.review.workbench.payload import chat_payloads
from core.services.review.workbench.sync import assemble_payload

AHEAD = 4
BEHIND = 1
_AT_ONCE = 0.5


@dataclass(frozen=True, slots=True)
class PrimarySession:
    """Who reviews what, starting from which run, in which order.

    Attributes:
        dataset: the dataset under review.
        form: its form.
        base: the run whose values unreviewed chats start from; ``None`` for empty forms. Under delta review, the newer
            run whose differences are asked about.
        filter: which chats to walk through.
        order: in which order, one of :data:`core.services.review.ORDERS`.
        reviewer: who sits at the desk; ``""`` shows without claiming.
        asks: delta review: only approved chats from which ``base`` differs.
    """

    dataset: DatasetView
    form: Form
    base: claims.BaseRun | None
    filter: Filter
    order: str
    reviewer: str
    asks: bool = False
    _scorer: Scorer = field(repr=False, compare=False, kw_only=True)

    @property
    def session(self) -> str:
        """Changes whenever what the browser has cached no longer fits."""
        narrow = "&".join(f"{name}={value}" for name, value in self.filter.as_query().items())
        base = self.base.name if self.base else ""
        return "|".join((str(self.dataset.id), base, narrow, self.order, self.reviewer, "delta" if self.asks else ""))

    @property
    def wish(self) -> QueueSpec:
        """What the desk walks through."""
        base_id = self.base.id if self.base else None
        return QueueSpec(self.dataset.id, self.filter, self.order, base_id, self.reviewer, self.asks)

    def save(self, store: Store, outbox: Sequence[Any]) -> list[Ack]:
        """Apply the browser's saves, each once."""
        if not self.asks or self.base is None:
            base_id = self.base.id if self.base else None
            return apply_saves(store, self.form, self.dataset.id, outbox, base_run_id=base_id)
        acks: list[Ack] = []
        for raw in outbox:
            # A draft leaves the chat what it was approved from, so that it is still asked about; a decision does not.
            save, run_id = delta.resolve_save(store, self._scorer, self.dataset.id, raw, self.base.id, self.base.name)
            done = apply_saves(store, self.form, self.dataset.id, [save], base_run_id=run_id, delta=True)
            acks += done
            if not done and isinstance(raw, dict) and raw.get("save_id"):
                break  # it could not be stored now; those behind it wait with it
        return acks

    def turn(
        self,
        store: Store,
        *,
        outbox: Sequence[Any] = (),
        at: int | None = None,
        want_residue: int | None = None,
        leaving: Sequence[int] = (),
    ) -> WorkbenchPayload:
        """Apply the outbox and give the component its data (docs/workbench.md, ``data``).

        Args:
            store: the open store.
            outbox: the browser's saves that are not acknowledged yet.
            at: the chat on screen; ``None`` opens the first of the queue.
            want_residue: the chat whose residue is to be shown.
            leaving: ids of chats claimed by the turn before (``sync.claimed_chats``).
        """
        acks = self.save(store, outbox)
        wish = self.wish
        if at is None:
            # Where all are on other desks, the first one says whose.
            first = next_open_chats(store, self.form, wish, 0, 1) or review_queue(store, self.form, wish).indices[:1]
            with store.read() as session:
                at = first[0] if first else claims.first_chat(session, self.dataset.id)
        following = next_open_chats(store, self.form, wish, at, AHEAD) if at is not None else []
        with store.read() as session:
            before = [] if at is None else self._before(session, at)
            shown = [at] if at is not None else []
            saved = [index for save in outbox if isinstance(index := save.get("chat"), int)]
            indices = list(dict.fromkeys([*shown, *following, *before[:BEHIND], *saved]))
            drafts = delta_drafts_of(session, self.dataset.id, indices) if self.asks else {}
            chats = chat_payloads(
                session, self.form, self.dataset.id, indices, self.base, want_residue=want_residue, drafts=drafts
            )
            self._add(session, chats, drafts)
            progress = self._progress(session, store)
            agreed = guidelines.texts(session, self.form)
        return assemble_payload(
            self,
            store,
            name=self.dataset.name,
            at=at,
            following=following,
            before=before,
            chats=chats,
            acks=acks,
            progress=progress,
            leaving=leaving,
            guidelines=agreed,
        )

    def _before(self, session: Session, at: int) -> list[int]:
        by_index = self.order == INDEX
        return claims.chats_before(
            session, self.dataset.id, at=at, reviewer=self.reviewer, by_index=by_index, count=BEHIND + 1
        )

    def _add(self, session: Session, chats: Sequence[ChatPayload], drafts: Mapping[int, Mapping[str, Any]]) -> None:
        """What the flow of review adds to a chat: the points at stake, and what a newer run says."""
        if self.base is None:
            return
        stakes = stored_priorities(session, self.base.id, [chat["chat_id"] for chat in chats])
        for chat in chats:
            known = stakes.get(chat["chat_id"]) or {}
            chat["stake"], chat["stake_reasons"] = known.get("points"), known.get("reasons", [])
        if self.asks:
            indices = [chat["chat"] for chat in chats]
            found = dict(delta.deltas_of_chats(session, self._scorer, self.dataset.id, indices, self.base.id, drafts))
            for chat in chats:
                if chat["chat"] in found and chat["status"] in (RecordStatus.CONFIRMED, RecordStatus.DRAFT):
                    _put_delta(chat, found[chat["chat"]])

    def _progress(self, session: Session, store: Store) -> ProgressPayload:
        done = claims.progress(session, self.dataset.id)
        pace = claims.pace(session, self.dataset.id, self.reviewer)
        # Under a filter "left" is about what it lets through, not about the dataset.
        path = review_queue(store, self.form, self.wish)
        in_queue = len(path.indices)
        partly = self.asks or bool(self.filter.narrow) or self.filter.queue != Filter().queue
        return {
            "total": done.total,
            "confirmed": done.confirmed,
            "discussed": done.discussed,
            "skipped": done.skipped,
            "left": done.left,
            "queue": in_queue,
            "partly": partly,
            "pace_seconds": pace,
            "left_seconds": pace * (in_queue if partly else done.left) if pace is not None else None,
        }


def _put_delta(chat: ChatPayload, asked: delta.Delta) -> None:
    """Add to a chat what is asked; the values that it is compared with become the newer run's."""
    for customer, cells, source in zip(chat["customers"], asked.cells, asked.sources, strict=False):
        customer["delta"] = dict(cells)
        customer["baseline"] = asked.newer[source] if source is not None else None
    chat["delta_new"] = [asked.newer[position] for position in asked.extra]


def open_session(
    store: Store,
    dataset: DatasetView,
    form: Form,
    *,
    base: str = "",
    wanted: str = "",
    reviewer: str = "",
    narrow: Filter | Mapping[str, Any] | None = None,
    in_order: str = "",
    newer: str = "",
) -> PrimarySession:
    """The desk for a dataset. Call it once per page run, not on every turn: it also starts the upkeep of the queue.

    Args:
        store: the open store.
        dataset: the dataset.
        form: its form.
        base: name of the run to start from; ``""`` for the newest one with answers.
        wanted: name of a set of statuses, overrides the filter's; anything unknown is the default one.
        reviewer: who sits at the desk.
        narrow: which chats to walk through.
        in_order: one of :data:`core.services.review.queue.order.ORDERS`; anything unknown is the default one.
        newer: name of a newer run: delta review of approved chats against it.
    """
    wish = narrow if isinstance(narrow, Filter) else Filter.of(narrow or {})
    if wanted:
        wish = Filter.of({**wish.as_query(), "queue": wanted})
    with store.read() as session:
        runs = claims.base_runs(session, dataset.id)
    asked = next((run for run in runs if newer and run.name == newer), None)
    run = asked or next((run for run in runs if run.name == base), runs[0] if runs else None)
    if asked is not None:
        wish = replace(wish, queue="全部")
    how = in_order if in_order in ORDERS else ORDERS[0]
    if how == STAKES or wish.differ or wish.flag:
        # What the order goes by should be there before it is drawn; what takes longer comes from behind.
        search_index.update(store, form, dataset.id, run.id if run else None, seconds=_AT_ONCE)
    search_index.update_in_background(store, form, dataset.id, run.id if run else None)
    return PrimarySession(dataset, form, run, wish, how, reviewer, asked is not None, _scorer=Scorer(form))
