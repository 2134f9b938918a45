"""Sessions of primary and delta review: apply the browser's saves, return acknowledgements and chats."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from sqlmodel import Session

from core.adapters.store import DatasetView, Store
from core.adapters.store.models import Record, RecordStatus
from core.domain.checks.form_warning import Level
from core.domain.form import Form, cell_text
from core.domain.permissions import Permission
from core.domain.scoring import Scorer
from core.errors import StoreUnavailableError
from core.services.learning.confidence import expected_loss
from core.services.quality.default_run import run_scores
from core.services.review import delta, guidelines
from core.services.review.base_runs import BaseRun, base_runs
from core.services.review.progress import review_pace, review_progress
from core.services.review.queue import background_update
from core.services.review.queue.filters import EVERY, Filter
from core.services.review.queue.navigation import chats_before, reviewed_by_others
from core.services.review.queue.order import (
    INDEX,
    ORDERS,
    ORDERS_BEFORE,
    PRIORITY,
    QueueSpec,
    next_open_chats,
    queue_and_next,
)
from core.services.review.queue.priority import stored_priorities
from core.services.review.records.delta_drafts import delta_drafts_of
from core.services.review.records.other_forms import refuse_other_form
from core.services.review.records.planted_errors import ShownError, note_shown, plant_errors, shown_errors
from core.services.review.records.save_types import PRIMARY_REVIEW, Ack, Save, delta_review
from core.services.review.records.saving import apply_saves
from core.services.review.workbench.contract import (
    CellWarning,
    ChatPayload,
    ProgressPayload,
    WorkbenchPayload,
)
from core.services.review.workbench.discussions import discussions_payload
from core.services.review.workbench.echo import find_echo, following_in, walk_of
from core.services.review.workbench.end_of_queue import end_of_queue
from core.services.review.workbench.payload import chat_payloads
from core.services.review.workbench.planted_values import shown_unbound
from core.services.review.workbench.sync import (
    AHEAD,
    AHEAD_CHARACTERS,
    BEHIND,
    NOWHERE,
    QueuePosition,
    assemble_payload,
    chats_to_send,
    just_approved,
    plan_claims,
    progress_payload,
    saved_chats,
)
from core.services.review.workbench.why import explain
from core.services.review.workbench.why_contract import WhyPayload
from core.services.team import hidden_sentence, is_allowed, withheld_chats

_DOUBTED_POINTS = 0.5
"""Expected loss of a cell, in points, from which it is worth a look: a field of one point that is as likely wrong."""
_AT_ONCE = 0.5
"""Seconds that opening a session may wait for priorities."""


@dataclass(frozen=True, slots=True)
class PrimarySession:
    """A primary or delta review session: reviewer, base run and queue.

    Attributes:
        dataset: the dataset under review.
        form: its form.
        base: the run whose values unreviewed chats start from; ``None`` for empty forms. Under delta review, the newer
            run whose differences are asked about.
        filter: which chats to walk through.
        order: in which order, one of :data:`core.services.review.ORDERS`.
        reviewer: the reviewer's name; ``""`` shows without claiming.
        asks: delta review: only approved chats from which ``base`` differs.
        scores: of the dataset's runs that were measured, by id: the dissent of weaker ones counts less.
    """

    dataset: DatasetView
    form: Form
    base: BaseRun | None
    filter: Filter
    order: str
    reviewer: str
    asks: bool = False
    scores: Mapping[int, float] = field(default_factory=dict, compare=False, repr=False)
    _scorer: Scorer = field(repr=False, compare=False, kw_only=True)

    @property
    def cache_key(self) -> str:
        """Changes whenever the browser's cached data becomes invalid."""
        narrow = "&".join(f"{name}={value}" for name, value in self.filter.as_query().items())
        base = str(self.base.id) if self.base else ""
        kind = "delta" if self.asks else ""
        return "|".join((str(self.dataset.id), base, narrow, self.order, self.reviewer, kind, self.form.reference))

    @property
    def review(self) -> str:
        """The kind of review: ordinary, or delta review against one run."""
        return delta_review(self.base.id) if self.asks and self.base is not None else PRIMARY_REVIEW

    @property
    def queue_spec(self) -> QueueSpec:
        """The specification of the session's review queue."""
        base_id = self.base.id if self.base else None
        return QueueSpec(self.dataset.id, self.filter, self.order, base_id, self.reviewer, self.asks)

    @property
    def _asks_decided(self) -> bool:
        """Whether, of chats that were decided, the queue has only those that it is about."""
        return self.asks or self.filter.queue != EVERY

    def save(self, store: Store, outbox: Sequence[object]) -> list[Ack]:
        """Apply the browser's saves, each once, in this reviewer's name."""
        base = self.base
        delta_base = base if self.asks else None

        def resolve(session: Session, chat_id: int, record: Record | None, save: Save) -> tuple[Save, int | None]:
            # A draft leaves the chat what it was approved from, so that it is still asked about; a decision does not.
            assert delta_base is not None
            return delta.resolve_save(session, self._scorer, chat_id, record, save, delta_base.id, delta_base.name)

        return apply_saves(
            store,
            self.form,
            self.dataset.id,
            outbox,
            base_run_id=base.id if base else None,
            reviewer=self.reviewer,
            review=self.review,
            delta=resolve if delta_base is not None else None,
        )

    def sync(
        self,
        store: Store,
        *,
        outbox: Sequence[object] = (),
        acks: Sequence[Ack] | None = None,
        at: int | None = None,
        want_residue: int | None = None,
        want_why: tuple[int, int, int] | None = None,
        want_end: bool = False,
        leaving: Sequence[int] = (),
        texts_sent: Collection[int] = (),
        walk: Sequence[int] = (),
    ) -> WorkbenchPayload:
        """Apply the outbox and return the workbench data (docs/workbench.md, ``data``).

        Args:
            store: the open store.
            outbox: the browser's saves that are not acknowledged yet.
            acks: acknowledgements of the outbox where it is applied already; ``None`` applies it.
            at: the chat on screen; ``None`` opens the first of the queue.
            want_residue: the chat whose residue is to be shown.
            want_why: the cell that somebody asks about, in a chat that is sent.
            want_end: whether the card at the end of the queue is on screen: no chat is claimed then, nor opened.
            leaving: ids of chats claimed by the sync before (``sync.claimed_chats``).
            texts_sent: indices of chats whose messages the browser has.
            walk: indices of chats that are gone through instead of the queue (an echo); not under delta review.

        Raises:
            FormChangedError: the dataset has another form by now; the outbox is applied all the same.
        """
        if acks is None:
            acks = self.save(store, outbox)
        queue_spec = self.queue_spec
        may_delete = is_allowed(Permission.DELETE_COMMENTS)
        with store.read() as session:
            hidden = withheld_chats(session, self.dataset.id)
            refused = at if at in hidden else None
            if (at is None and not want_end) or at in hidden:
                at = self._first_chat(session, hidden)
            queue, following = queue_and_next(session, self.form, queue_spec, at or 0, AHEAD)
            left_of_walk = walk_of(session, queue_spec, walk) if walk and not self.asks else None
            if left_of_walk is not None:
                following = following_in(walk, left_of_walk, at)
            before = [] if at is None else self._before(session, at)
            position = QueuePosition(
                at, [index for index in following if index not in hidden], [i for i in before if i not in hidden]
            )
            sendable = chats_to_send(session, self.dataset.id, position, saved_chats(outbox))
            # What is sent is seen (core.services.team.seen): what others made of the chats around comes when these are
            # opened, but where somebody walks through what was decided.
            around = set(sendable) - {at, *saved_chats(outbox), *(following if self._asks_decided else ())}
            left_out = hidden | reviewed_by_others(session, self.dataset.id, around, reviewer=self.reviewer)
            indices = [index for index in sendable if index not in left_out]
            drafts = delta_drafts_of(session, self.dataset.id, indices) if self.asks else {}
            planted = self._planted(session, indices)
            chats = chat_payloads(
                session,
                self.form,
                self.dataset.id,
                indices,
                self.base,
                want_residue=want_residue,
                drafts=drafts,
                scores=self.scores,
                texts_sent=texts_sent,
                planted=planted,
            )
            started_from_deleted = {chat["chat"] for chat in chats if chat["run_gone"] and not chat["version"]}
            if started_from_deleted:
                # Without their run they would come as empty forms, in the place of what the reviewer has before him.
                chats = [chat for chat in chats if chat["chat"] not in started_from_deleted]
            self._add(session, chats, drafts)
            on_screen = shown_unbound(chats, planted or {}, at)
            why = self._why(session, chats, want_why, hidden)
            done = self._progress(session, len(queue.indices))
            agreed = guidelines.texts(session, self.form)
            is_done = want_end or at is None
            claims = plan_claims(session, self, NOWHERE if is_done else position, chats, leaving)
            end = None
            if is_done:
                end = end_of_queue(session, self.form, self.dataset.id, self.reviewer, queued=queue.indices)
            sent = [chat["chat"] for chat in chats]
            seen = {*saved_chats(outbox), *([at] if at is not None else [])}
            talks = discussions_payload(
                session, self.dataset.id, sent, self.reviewer, on_screen=seen, may_delete=may_delete
            )
            approved = just_approved(outbox, acks) if not walk else None
            echo = find_echo(session, self.form, queue_spec, approved) if approved is not None else None
            refuse_other_form(session, self.dataset.id, self.form)
        if on_screen is not None:
            # While the database is away, the next sign of the browser writes it down.
            with suppress(StoreUnavailableError):
                if not note_shown(store, on_screen, self.reviewer):
                    # Another desk opened the chat at this moment and shows the error: this one is read again, without.
                    return self.sync(
                        store,
                        outbox=outbox,
                        acks=acks,
                        at=at,
                        want_residue=want_residue,
                        want_why=want_why,
                        want_end=want_end,
                        leaving=leaving,
                        texts_sent=texts_sent,
                        walk=walk,
                    )
        told = "".join(ack.why for ack in acks if ack.result == "saved")
        return assemble_payload(
            self,
            store,
            position,
            name=self.dataset.name,
            chats=chats,
            acks=acks,
            progress=done,
            claims=claims,
            base_run_id=self.base.id if self.base else None,
            guidelines=agreed,
            why=why,
            end=end,
            discussions=talks,
            echo=echo,
            walk=left_of_walk,
            error=_deleted_run_sentence(self.base)
            if started_from_deleted and self.base
            else f"{hidden_sentence(refused)}。"
            if refused is not None
            else told,
        )

    def _planted(self, session: Session, indices: Sequence[int]) -> dict[int, ShownError] | None:
        """The values that these chats show wrong, by chat id; ``None`` where no chat can: so under delta review."""
        if self.base is None or self.asks:
            return None
        return shown_errors(session, self.form, self.dataset.id, indices, self.base.id, self.reviewer)

    def _why(
        self,
        session: Session,
        chats: Sequence[ChatPayload],
        cell: tuple[int, int, int] | None,
        hidden: Collection[int],
    ) -> WhyPayload | None:
        """The answer to a question about a cell of a chat that is sent; ``None`` where nobody asked."""
        if cell is None or not cell[2] < len(self.form.keys):
            return None
        chat = next((chat for chat in chats if chat["chat"] == cell[0]), None)
        return explain(session, self.form, chat, cell[1], self.form.keys[cell[2]], hidden) if chat else None

    def _first_chat(self, session: Session, hidden: Collection[int]) -> int | None:
        """The first chat of the queue that is open to this reviewer; ``None`` where all are done or held by others.

        Args:
            session: open session.
            hidden: chats that the reviewer may not see here.
        """
        following = next_open_chats(session, self.form, self.queue_spec, 0, 1 + len(hidden))
        return next((index for index in following if index not in hidden), None)

    def _before(self, session: Session, at: int) -> list[int]:
        by_index = self.order == INDEX
        return chats_before(
            session, self.dataset.id, at=at, reviewer=self.reviewer, by_index=by_index, count=BEHIND + 1
        )

    def _add(self, session: Session, chats: Sequence[ChatPayload], drafts: Mapping[int, Mapping[str, Any]]) -> None:
        """Add to each chat its priority, and under delta review what the newer run says."""
        if self.base is None:
            return
        priorities = stored_priorities(session, self.base.id, [chat["chat_id"] for chat in chats])
        for chat in chats:
            priority = priorities.get(chat["chat_id"]) or {}
            chat["expected_loss"], chat["loss_reasons"] = priority.get("points"), priority.get("reasons", [])
            chat["loss_estimated"] = not priority.get("confidence")
            if chat["base_run_id"] == self.base.id:
                _put_confidence(self.form, chat, priority.get("confidence") or [])
        if self.asks:
            for chat in chats:
                chat["warnings"] += _contested_cells(drafts.get(chat["chat"], {}))
            indices = [chat["chat"] for chat in chats]
            deltas = dict(delta.deltas_of_chats(session, self._scorer, self.dataset.id, indices, self.base.id, drafts))
            for chat in chats:
                if chat["chat"] in deltas and chat["status"] in (RecordStatus.CONFIRMED, RecordStatus.DRAFT):
                    _put_delta(chat, deltas[chat["chat"]])

    def _progress(self, session: Session, in_queue: int) -> ProgressPayload:
        """How far the review is, what is left of the queue, and how long that takes at the reviewer's pace.

        Under a filter "left" is about what it lets through, not about the dataset.

        Args:
            session: open session.
            in_queue: chats in the queue.
        """
        counts = review_progress(session, self.dataset.id)
        seconds_each = review_pace(session, self.dataset.id, self.reviewer)
        partly = self.asks or bool(self.filter.narrow) or self.filter.queue != Filter().queue
        to_do = in_queue if partly else counts.left
        return {
            **progress_payload(counts),
            "queue": in_queue,
            "partly": partly,
            "pace_seconds": seconds_each,
            "left_seconds": seconds_each * to_do if seconds_each is not None else None,
        }


def _contested_cells(draft: Mapping[str, Any]) -> list[CellWarning]:
    """A warning for each cell of a draft that somebody has approved otherwise since: an approval stops there."""
    return [
        {
            "customer": cell["customer"],
            "key": cell["key"],
            "level": Level.WARNING,
            "text": f"{cell['who']} 后来把已确认的值改成「{cell_text(cell['value'])}」，"
            + ("草稿里已删除这一位，现在又放了回来：请确认是否还要删除" if cell.get("removed") else "草稿里的不同"),
        }
        for cell in draft.get("contested", ())
    ]


def _deleted_run_sentence(run: BaseRun) -> str:
    return f"审阅所用的抽取任务「{run.name}」刚被删除。眼前的值都还在，可以照常保存；请刷新页面，另选抽取任务后再往下审"


def _put_confidence(form: Form, chat: ChatPayload, confident: Sequence[Mapping[str, float]]) -> None:
    """Add to each customer how sure its values are, and where the most points may be lost.

    A value that is not the run's any more is not what the confidence is about.
    """
    losses = expected_loss(form, confident)
    for customer in chat["customers"]:
        source, baseline = customer["origin"], customer["baseline"]
        if source is None or baseline is None or source >= len(confident):
            continue
        kept = [key for key in form.keys if key in confident[source] and customer["values"][key] == baseline[key]]
        customer["sure"] = {key: int(confident[source][key] * 100) for key in kept}
        doubted = [key for key in kept if losses[source][key] >= _DOUBTED_POINTS]
        customer["doubts"] = sorted(doubted, key=lambda key: -losses[source][key])


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
    """Open a review session for a dataset. Call it once per page run, not on every sync.

    It also starts the upkeep of the search index and the priorities in the background.

    Args:
        store: the open store.
        dataset: the dataset.
        form: its form.
        base: name of the run to start from; ``""`` for the default one.
        wanted: name of a set of statuses, overrides the filter's; anything unknown is the default one.
        reviewer: the reviewer's name.
        narrow: which chats to walk through.
        in_order: one of :data:`core.services.review.queue.order.ORDERS`; anything unknown is the default one.
        newer: name of a newer run: delta review of approved chats against it.
    """
    chosen = narrow if isinstance(narrow, Filter) else Filter.of(narrow or {})
    if wanted:
        chosen = Filter.of({**chosen.as_query(), "queue": wanted})
    with store.read() as session:
        runs = base_runs(session, dataset.id)
        scores = run_scores(session, dataset.id)
    newer_run = next((run for run in runs if newer and run.name == newer), None)
    run = newer_run or next((run for run in runs if run.name == base), runs[0] if runs else None)
    if newer_run is not None:
        chosen = replace(chosen, queue="全部")
    order = ORDERS_BEFORE.get(in_order, in_order)
    order = order if order in ORDERS else ORDERS[0]
    run_id = run.id if run else None
    if order == PRIORITY or chosen.differ or chosen.flag:
        # What the order goes by should be there before it is drawn; what takes longer comes from behind.
        background_update.update_outdated_chats(
            store, form, dataset.id, run_id, seconds=_AT_ONCE, longest=AHEAD_CHARACTERS
        )
    background_update.update_in_background(store, form, dataset.id, run_id)
    with suppress(StoreUnavailableError):
        plant_errors(store, form, dataset.id)
    return PrimarySession(
        dataset, form, run, chosen, order, reviewer, newer_run is not None, scores, _scorer=Scorer(form)
    )
