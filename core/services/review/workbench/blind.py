"""The blind second review: a session that shows no model's values and nothing of the first review.

Its queue are the chats that somebody else has confirmed and nobody has reviewed a second time. What is saved is the
chat's record of the pass *second*; the first record is never touched. How far the two agree is the business of
:mod:`core.services.quality.reviewer_agreement`.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, false, func, not_, or_, select, true
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.adapters.store import DatasetView, Store
from core.adapters.store.models import Chat, Claim, Pass, Record, RecordStatus, now
from core.adapters.store.queries import PASSED_BY
from core.domain.form import Form
from core.domain.permissions import Permission
from core.errors import StoreUnavailableError
from core.services.quality.review_checks import blind_lots
from core.services.review.passing_audits import audit_chats, check_audits
from core.services.review.progress import DECIDED, Progress
from core.services.review.records.other_forms import refuse_other_form
from core.services.review.records.save_types import BLIND_REVIEW, Ack
from core.services.review.records.saving import apply_saves
from core.services.review.records.second_review import second_review_refusal, worked_on
from core.services.review.workbench.contract import ProgressPayload, WorkbenchPayload
from core.services.review.workbench.discussions import discussions_payload
from core.services.review.workbench.end_of_queue import end_of_queue
from core.services.review.workbench.payload import chat_payloads
from core.services.review.workbench.sync import (
    AHEAD,
    BEHIND,
    NOWHERE,
    QueuePosition,
    assemble_payload,
    chats_to_send,
    plan_claims,
    progress_payload,
    saved_chats,
)
from core.services.team import SEEN_ALREADY, everything_shown, has_seen, is_allowed
from core.services.team.withheld import is_noted_as_opened, note_opening

BLIND = "盲审"


@dataclass(frozen=True, slots=True)
class BlindSession:
    """A blind review session. Synchronised like :class:`core.services.review.PrimarySession`.

    Attributes:
        dataset: the dataset under review.
        form: its form.
        reviewer: the reviewer's name.
    """

    dataset: DatasetView
    form: Form
    reviewer: str

    @property
    def review(self) -> str:
        """The kind of review."""
        return BLIND_REVIEW

    @property
    def cache_key(self) -> str:
        """Changes whenever the browser's cached data becomes invalid."""
        return "|".join((str(self.dataset.id), BLIND, self.reviewer, self.form.reference))

    def save(self, store: Store, outbox: Sequence[object]) -> list[Ack]:
        """Apply the browser's saves, each once, to the second records, in this reviewer's name.

        What they say of cells that a threshold let pass may switch its rule off.
        """
        acks = apply_saves(
            store,
            self.form,
            self.dataset.id,
            outbox,
            review_pass=Pass.SECOND,
            reviewer=self.reviewer,
            review=self.review,
        )
        if any(ack.result == "saved" for ack in acks):
            check_audits(store, self.form, self.dataset.id)
        return acks

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

        A chat that is not this reviewer's to see (their own first review, or not confirmed yet) is not opened: the
        first of the queue is. Where a save of such a chat is refused, it comes without anybody's answers, so that the
        reviewer's own can be shown.

        Args:
            store: the open store.
            outbox: the browser's saves that are not acknowledged yet.
            acks: acknowledgements of the outbox where it is applied already; ``None`` applies it.
            at: the chat on screen; ``None`` opens the first of the queue.
            want_residue: the chat whose residue is to be shown.
            want_why: never answered here: it would tell what others said.
            want_end: whether the card at the end of the queue is on screen: no chat is claimed then.
            leaving: ids of chats claimed by the sync before (``sync.claimed_chats``).
            texts_sent: indices of chats whose messages the browser has.
            walk: never followed here: what others look like would tell what was decided.
        """
        if acks is None:
            acks = self.save(store, outbox)
        may_delete = is_allowed(Permission.DELETE_COMMENTS)
        with store.read() as session, everything_shown(session):
            mine = list(session.execute(self._mine()).scalars())
            audited = audit_chats(session, self.dataset.id)
            waiting, first = self._waiting(session, audited)
            allowed, sentence = {*mine, *waiting}, ""
            if at not in allowed:
                sentence = self._refusal(session, at)
                at = waiting[0] if waiting else mine[-1] if mine else None
            here = next((place for place, index in enumerate(waiting) if index == at), None)
            if here is None and not (waiting and waiting[0] in first):
                here = next((place for place, index in enumerate(waiting) if index > (at or 0)), 0)
            here = here or 0
            following = [index for index in (*waiting[here:], *waiting[:here]) if index != at]
            position = QueuePosition(at, following[:AHEAD], [i for i in reversed(mine) if i != at][:BEHIND])
            chats = chat_payloads(
                session,
                self.form,
                self.dataset.id,
                chats_to_send(session, self.dataset.id, position, saved_chats(outbox)),
                None,
                want_residue=want_residue,
                review_pass=Pass.SECOND,
                only_of=self.reviewer,
                texts_sent=texts_sent,
            )
            progress = self._progress(session, audited)
            talks = discussions_payload(
                session,
                self.dataset.id,
                [chat["chat"] for chat in chats],
                self.reviewer,
                on_screen=(),
                may_delete=may_delete,
                review_pass=Pass.SECOND,
            )
            if at is None:
                sentence = self._nothing_waits(session, audited)
            is_done = want_end or at is None
            claims = plan_claims(session, self, NOWHERE if is_done else position, chats, leaving)
            end = None
            if is_done:
                end = end_of_queue(session, self.form, self.dataset.id, self.reviewer, review_pass=Pass.SECOND)
            opened = next((chat["chat_id"] for chat in chats if chat["chat"] == at and at in waiting), None)
            if opened is not None and is_noted_as_opened(session, opened, self.reviewer):
                opened = None
            refuse_other_form(session, self.dataset.id, self.form)
        if opened is not None:
            # While the database is away, the next sign of the browser writes it down.
            with suppress(StoreUnavailableError):
                note_opening(store, opened, self.reviewer)
        return assemble_payload(
            self,
            store,
            position,
            name=f"{self.dataset.name} · {BLIND}",
            chats=chats,
            acks=acks,
            progress=progress,
            claims=claims,
            end=end,
            discussions=talks,
            error=sentence,
        )

    def _refusal(self, session: Session, index: int | None) -> str:
        """Why a chat that was asked for is not opened (a Chinese sentence); ``""`` where nothing speaks against it."""
        statement = select(Record).join(Chat, col(Chat.id) == col(Record.chat_id))
        statement = statement.where(col(Chat.dataset_id) == self.dataset.id, col(Chat.index) == index)
        records = {record.review_pass: record for record in session.execute(statement).scalars()}
        why = second_review_refusal(session, records.get(Pass.PRIMARY), records.get(Pass.SECOND), self.reviewer)
        return f"第 {index} 条不能由您盲审：{why}。" if index is not None and why else ""

    def _nothing_waits(self, session: Session, audited: Collection[int]) -> str:
        """Why there is nothing to review (a Chinese sentence)."""
        seen = self._count_seen(session, audited)
        why = f"有 {seen:,} 条{SEEN_ALREADY}" if seen else "要先有别人确认过的群聊"
        return f"没有可以盲审的群聊：{why}。"

    def _count_seen(self, session: Session, audited: Collection[int]) -> int:
        """Number of chats that this reviewer could review, had they not seen the first review."""
        passed = session.execute(self._eligible(col(Chat.id), is_passed=True, is_seen=True)).scalars()
        confirmed = int(session.execute(self._eligible(func.count(), is_seen=True)).scalar_one())
        return confirmed + len(set(audited).intersection(passed))

    def _eligible(self, *columns: Any, is_passed: bool = False, is_seen: bool = False) -> Select[Any]:
        """Chats that somebody else has confirmed and nobody else is reviewing a second time.

        The rule is ``second_review_refusal``. A second review that was taken back is anybody's again.

        Args:
            columns: what to select.
            is_passed: chats instead of which cells have passed, and that nobody has begun: an audit asks them at once.
            is_seen: chats instead of which this reviewer has seen the first review, and that could else be theirs.
        """
        first, second = aliased(Record), aliased(Record)
        seen = has_seen(first, self.reviewer)
        return (
            select(*columns)
            .select_from(Chat)
            .join(first, and_(col(first.chat_id) == col(Chat.id), col(first.review_pass) == Pass.PRIMARY))
            .outerjoin(second, and_(col(second.chat_id) == col(Chat.id), col(second.review_pass) == Pass.SECOND))
            .where(
                col(Chat.dataset_id) == self.dataset.id,
                and_(col(first.status) == RecordStatus.DRAFT, col(first.reviewer) == PASSED_BY)
                if is_passed
                else and_(col(first.status) == RecordStatus.CONFIRMED, col(first.reviewer) != self.reviewer),
                or_(
                    and_(
                        or_(col(second.id).is_(None), col(second.status) == RecordStatus.UNREVIEWED),
                        not_(worked_on(col(first.id), self.reviewer)),
                        seen if is_seen else not_(seen),
                        or_(col(second.reviewer) == self.reviewer, not_(worked_on(col(second.id), self.reviewer))),
                    ),
                    and_(
                        col(second.status) == RecordStatus.DRAFT,
                        col(second.reviewer) == self.reviewer,
                        false() if is_seen else true(),
                    ),
                ),
            )
        )

    def _waiting(self, session: Session, audited: Collection[int]) -> tuple[list[int], set[int]]:
        """Indices of the chats to review that nobody else is on, and of those that come first.

        First come audits of what a threshold let pass, then what was drawn by lot for a blind review, in the order of
        the lots: whatever is done of them is a fair sample. Then the others by index.
        """
        is_free = or_(col(Claim.chat_id).is_(None), col(Claim.until) < now(), col(Claim.reviewer) == self.reviewer)
        lot_of = blind_lots(session, self.dataset.id)
        rows: list[tuple[int, float, int]] = []
        for is_passed in (False, True):
            statement = self._eligible(col(Chat.index), col(Chat.id), is_passed=is_passed)
            statement = statement.outerjoin(Claim, col(Claim.chat_id) == col(Chat.id)).where(is_free)
            rows += [
                _place(chat_id in audited, lot_of(chat_id) if lot_of is not None else None, index)
                for index, chat_id in session.execute(statement)
                if chat_id in audited or not is_passed
            ]
        rows.sort()
        return [index for *_, index in rows], {index for rank, _, index in rows if rank != _BY_INDEX}

    def _mine(self) -> Select[Any]:
        """Chats that this reviewer has reviewed blindly, the latest last."""
        return (
            select(col(Chat.index))
            .join(Record, col(Record.chat_id) == col(Chat.id))
            .where(
                col(Record.dataset_id) == self.dataset.id,
                col(Record.review_pass) == Pass.SECOND,
                col(Record.reviewer) == self.reviewer,
            )
            .order_by(col(Record.updated_at))
        )

    def _progress(self, session: Session, audited: Collection[int]) -> ProgressPayload:
        rows = session.execute(
            select(col(Record.status), func.count())
            .where(col(Record.dataset_id) == self.dataset.id, col(Record.review_pass) == Pass.SECOND)
            .group_by(col(Record.status))
        )
        counts = {str(status): int(count) for status, count in rows}
        left = int(session.execute(self._eligible(func.count())).scalar_one())
        passed = session.execute(self._eligible(col(Chat.id), is_passed=True)).scalars() if audited else ()
        left += sum(chat_id in audited for chat_id in passed)
        total = left + sum(counts.get(status, 0) for status in DECIDED)
        return progress_payload(Progress.of(total, counts))


_BY_INDEX = 2


def _place(is_audited: bool, lot: float | None, index: int) -> tuple[int, float, int]:
    """What a chat's place in the queue goes by."""
    if is_audited:
        return 0, 0.0, index
    return (1, lot, index) if lot is not None else (_BY_INDEX, 0.0, index)


def blind_waiting(store: Store, dataset: DatasetView, form: Form, reviewer: str) -> int:
    """Number of chats that a reviewer could review blindly now."""
    review_session = BlindSession(dataset, form, reviewer)
    with store.read() as session, everything_shown(session):
        return len(review_session._waiting(session, audit_chats(session, dataset.id))[0])


def blind_seen(store: Store, dataset: DatasetView, form: Form, reviewer: str) -> int:
    """Number of chats that a reviewer may not review blindly only because they have seen the first review."""
    with store.read() as session, everything_shown(session):
        return BlindSession(dataset, form, reviewer)._count_seen(session, audit_chats(session, dataset.id))
