"""Planted errors: one value that the desk shows wrong, to see whether it is read. It is never written anywhere else.

The run's answer stays as it is; only the payload of the desk differs. A save that brings the wrong value back is put
right in the transaction that stores it, before the record, its event or anything that is made of them exists: there is
no moment, however the program ends, at which a planted value stands in a record. What the reviewer did with it is noted
in the same transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import exists, func, select, update
from sqlmodel import Session, col

from core.adapters.store import Store, queries
from core.adapters.store.models import (
    Chat,
    Claim,
    Confirmation,
    Extraction,
    ExtractionStatus,
    PlantedError,
    PlantedStatus,
    Record,
    RecordEvent,
    RecordStatus,
    ReviewCheck,
    now,
)
from core.domain.checks.planting import planting_of
from core.domain.form import Form
from core.domain.permissions import Permission
from core.domain.scoring import Scorer
from core.services.quality.default_run import default_run
from core.services.quality.review_checks import lot
from core.services.review.records.save_types import Save
from core.services.review.records.versions import Customer
from core.services.team import permitted

_AT_ONCE: Final = 100
"""Chats of one transaction: short enough that saves do not wait for long."""
_OPEN: Final = (PlantedStatus.WAITING, PlantedStatus.STANDING, PlantedStatus.CHANGED)


def plant_errors(store: Store, form: Form, dataset_id: int) -> int:
    """Plant errors in chats whose lot is to have one, and that have had none yet; carries on what a lead has set.

    Chats that somebody has begun, has on screen or is to get next are left alone.

    Args:
        store: the open store.
        form: of the dataset.
        dataset_id: the dataset.

    Returns:
        How many chats have got one.
    """
    with store.read() as session:
        checks = session.get(ReviewCheck, dataset_id)
        if checks is None or not checks.planted_share:
            return 0
        share = checks.planted_share
        run, labels = default_run(session, dataset_id), queries.labels_run(session, dataset_id)
        if run is None or labels is None or run.id == labels.id:
            return 0
        newest = session.execute(
            select(func.max(col(Extraction.id))).where(col(Extraction.run_id) == run.id)
        ).scalar_one()
        after = checks.planted_up_to if checks.planted_run_id == run.id else 0
        if not newest or newest <= after:
            return 0
        drawn = _drawn(session, checks, run.id, after)
        rows = _rows(session, Scorer(form), checks, (run.id, labels.id), drawn)
    planted = 0
    rows.sort(key=lambda row: row.chat_id)
    for start in range(0, len(rows), _AT_ONCE):
        with store.write() as session:
            planted += _plant(session, rows[start : start + _AT_ONCE])
    with store.write() as session:
        kept = session.get(ReviewCheck, dataset_id)
        if kept is not None and kept.planted_share <= share:  # else more are to be drawn
            kept.planted_run_id, kept.planted_up_to = run.id, newest
    return planted


def _plant(session: Session, rows: Sequence[PlantedError]) -> int:
    """Store the errors of chats that nobody has begun or holds, and that have had none; says how many."""
    ids = [row.chat_id for row in rows]
    # As a save does: nobody begins a chat until this has been stored. In order, so that no two wait for one another.
    session.execute(
        select(col(Chat.id)).where(col(Chat.id).in_(ids)).order_by(col(Chat.id)).with_for_update(key_share=True)
    )
    taken: set[int] = set()
    for statement in (
        select(col(Record.chat_id)).where(col(Record.chat_id).in_(ids)),
        select(col(Claim.chat_id)).where(col(Claim.chat_id).in_(ids), col(Claim.until) >= now()),
        select(col(PlantedError.chat_id)).where(col(PlantedError.chat_id).in_(ids)),
    ):
        taken.update(session.execute(statement).scalars())
    free = [row for row in rows if row.chat_id not in taken]
    session.add_all(free)
    return len(free)


def _drawn(session: Session, checks: ReviewCheck, run_id: int, after: int) -> list[int]:
    """Ids of the chats that are to have a planted error, of those that a run has answered since an extraction."""
    statement = select(col(Extraction.chat_id)).where(
        col(Extraction.run_id) == run_id,
        col(Extraction.id) > after,
        col(Extraction.status) != ExtractionStatus.FAILED,
        col(Extraction.made_on).is_(None),  # the chat has gone on since: the answer may be right no more
        ~exists().where(col(Record.chat_id) == col(Extraction.chat_id)),
    )
    return [chat_id for chat_id in session.execute(statement).scalars() if _is_drawn(checks, chat_id)]


def _is_drawn(checks: ReviewCheck, chat_id: int) -> bool:
    return lot(f"{checks.lot_secret}:planted", chat_id) < checks.planted_share


def _rows(
    session: Session, scorer: Scorer, checks: ReviewCheck, run_and_labels: tuple[int, int], chat_ids: Sequence[int]
) -> list[PlantedError]:
    run_id, _ = run_and_labels
    rows = []
    for ids in queries.chunked(chat_ids):
        statement = select(col(Extraction.chat_id), col(Extraction.run_id), col(Extraction.forms)).where(
            col(Extraction.run_id).in_(run_and_labels), col(Extraction.chat_id).in_(ids)
        )
        forms = {(chat_id, run): answer or [] for chat_id, run, answer in session.execute(statement)}
        for chat_id in ids:
            answer, labels = (forms.get((chat_id, run), []) for run in run_and_labels)
            secret = f"{checks.lot_secret}:{chat_id}"
            if (planting := planting_of(scorer, answer, labels, secret)) is not None:
                rows.append(
                    PlantedError(
                        chat_id=chat_id,
                        dataset_id=checks.dataset_id,
                        run_id=run_id,
                        field=planting.field,
                        value=planting.wrong,
                        right=planting.right,
                    )
                )
    return rows


@dataclass(frozen=True, slots=True)
class ShownError:
    """A planted error as one reviewer's desk shows it.

    Attributes:
        field: key of the field.
        value: the wrong value.
        right: what the run says.
        version: of the record, in whose draft it stands; 0 where there is no record.
        confirmation: how the reviewer had confirmed it there.
        is_changed: the reviewer has changed it in a draft: only what the run is said to have said differs.
        is_bound: it is known whose desk it is on.
    """

    field: str
    value: str
    right: str
    version: int
    confirmation: str
    is_changed: bool
    is_bound: bool


def shown_errors(
    session: Session, form: Form, dataset_id: int, indices: Sequence[int], run_id: int, reviewer: str
) -> dict[int, ShownError] | None:
    """The planted errors that a reviewer's desk shows, by chat id; ``None`` where the dataset is to have none.

    Args:
        session: open session.
        form: of the dataset.
        dataset_id: the dataset.
        indices: of the chats that are sent, few.
        run_id: whose answers unreviewed chats start from.
        reviewer: whose desk.
    """
    checks = session.get(ReviewCheck, dataset_id)
    if checks is None or not checks.planted_share:
        return None
    if not reviewer:
        return {}
    chats = select(col(Chat.id)).where(col(Chat.dataset_id) == dataset_id, col(Chat.index).in_(list(indices)))
    statement = select(PlantedError).where(
        col(PlantedError.chat_id).in_(chats),
        col(PlantedError.run_id) == run_id,
        col(PlantedError.status).in_(_OPEN),
        col(PlantedError.reviewer).in_(("", reviewer)),
    )
    return {
        row.chat_id: ShownError(
            row.field,
            row.value,
            row.right,
            row.version,
            row.confirmation,
            row.status == PlantedStatus.CHANGED,
            bool(row.reviewer),
        )
        for row in session.execute(statement).scalars()
        if _is_drawn(checks, row.chat_id) and not _answers_now(session, form, row).is_outdated
    }


@dataclass(frozen=True, slots=True)
class _AnswersNow:
    """What is said now about a cell with a planted error.

    Attributes:
        value: by the run in which it was planted; ``None`` where that has not one customer any more.
        is_outdated: it may be no error: run or labels say something else than when it was planted, or the chat has gone
            on since.
    """

    value: str | None
    is_outdated: bool


def _answers_now(session: Session, form: Form, row: PlantedError) -> _AnswersNow:
    """What run and labels say now: a run may be asked again, labels be replaced after an error was planted."""
    labels = queries.labels_run(session, row.dataset_id)
    label_id = labels.id if labels is not None else None
    statement = select(col(Extraction.run_id), col(Extraction.forms)).where(
        col(Extraction.chat_id) == row.chat_id,
        col(Extraction.run_id).in_([one for one in (row.run_id, label_id) if one is not None]),
        col(Extraction.status) != ExtractionStatus.FAILED,
        col(Extraction.made_on).is_(None),
    )
    values = {
        run_id: str(form.coerce(forms[0]).values[row.field])
        for run_id, forms in session.execute(statement)
        if len(forms or ()) == 1
    }
    value = values.get(row.run_id)
    is_outdated = value != row.right or (label_id is not None and values.get(label_id) != row.right)
    return _AnswersNow(value, is_outdated)


@permitted(Permission.REVIEW)
def note_shown(store: Store, chat_id: int, reviewer: str) -> bool:
    """Write down on whose desk a planted error is to be shown; the first one keeps it.

    Args:
        store: the open store.
        chat_id: the chat on screen.
        reviewer: who has it there.

    Returns:
        Whether it is this reviewer's: of two desks that open a chat at once only one shows the error.
    """
    of_chat = col(PlantedError.chat_id) == chat_id
    with store.write() as session:
        # The condition is looked at again once another's write has ended, so that nobody's name is written over.
        session.execute(update(PlantedError).where(of_chat, col(PlantedError.reviewer) == "").values(reviewer=reviewer))
        return session.execute(select(col(PlantedError.reviewer)).where(of_chat)).scalar() == reviewer


@dataclass(frozen=True, slots=True)
class PutRight:
    """A save without the planted value, and what is to be noted once it is stored.

    Attributes:
        save: as it may be stored.
        row: the planted error of the chat; ``None`` where there is none.
        stands: whether the save had the wrong value.
        is_alone: whether the chat has the one customer that it was planted in: else values may have been moved, and it
            cannot be told from one that somebody means.
        confirmation: how it was confirmed there.
        is_own: whether the reviewer's own desk showed it in the version before; else it counts for nothing.
        right: what stands in its place; ``""`` where nothing was replaced.
    """

    save: Save
    row: PlantedError | None = None
    stands: bool = False
    is_alone: bool = True
    confirmation: str = ""
    is_own: bool = False
    right: str = ""

    def note(self, version: int, form: Form) -> str:
        """Note what became of the planted error in a stored version.

        Args:
            version: of the record now.
            form: of the dataset.

        Returns:
            What the reviewer is told now (a Chinese sentence); ``""`` while they are still at it.
        """
        row, save = self.row, self.save
        if row is None:
            return ""
        is_open = save.status in (RecordStatus.DRAFT.value, RecordStatus.UNREVIEWED.value)
        is_folded = row.field in save.folded
        if row.status in _OPEN:
            row.reviewer = save.reviewer if self.is_own else ""
            if not self.is_own or (self.stands and not self.is_alone):
                row.status = PlantedStatus.WITHDRAWN
            elif is_open:
                row.status = PlantedStatus.STANDING if self.stands else PlantedStatus.CHANGED
                row.confirmation = self.confirmation
            elif save.status != RecordStatus.CONFIRMED.value or (self.stands and is_folded):
                row.status = PlantedStatus.WITHDRAWN  # up for discussion or skipped; or nobody saw the field
            else:
                row.status = PlantedStatus.MISSED if self.stands else PlantedStatus.CORRECTED
            if row.status not in _OPEN:
                row.decided_at = now()
            row.version = version
        if not self.stands or row.status in _OPEN:
            return ""
        return _told(form, row, save, self.right, is_own=self.is_own)


def _told(form: Form, row: PlantedError, save: Save, right: str, *, is_own: bool) -> str:
    """What a reviewer is told whose save had a planted value in it (a Chinese sentence)."""
    label = form.field(row.field).label
    if is_own and row.field in save.folded:
        return (
            f"第 {save.chat} 条有一处把关用的预埋错误，在没有展开的「{label}」里：您没有看到，不算漏看；"
            f"没有存「{row.value}」，已放回「{right}」。"
        )
    if not is_own:
        return (
            f"第 {save.chat} 条没有存「{label}」的「{row.value}」，已放回「{right}」："
            f"这一格有过一处把关用的预埋错误，分不清这个值是预埋的还是您选的。真是「{row.value}」的，请在记录表里填。"
        )
    return (
        f"第 {save.chat} 条放过一处把关用的预埋错误：「{label}」显示的「{row.value}」是错的，没有存，"
        f"已放回「{right}」。请再看一眼这一格；真是「{row.value}」的，请在记录表里填。"
    )


def told_before(session: Session, form: Form, chat_id: int, save: Save, stored: RecordEvent) -> str:
    """What was to be told about a save that comes once more: its first answer may have been lost on the way.

    Args:
        session: open session.
        form: of the dataset.
        chat_id: the chat.
        save: as it came, with what the desk showed.
        stored: the version that it became.

    Returns:
        The sentence of :meth:`PutRight.note`; ``""`` where nothing was put right, or they were still at it.
    """
    row = session.get(PlantedError, chat_id)
    if row is None or row.status in _OPEN or row.field not in form:
        return ""
    # While they were at it nothing was told; later versions of the chat's row say no more who was charged with what.
    is_open = save.status in (RecordStatus.DRAFT.value, RecordStatus.UNREVIEWED.value)
    if is_open and stored.version < row.version:
        return ""
    for customer, kept in zip(save.customers, stored.change.get("customers", ()), strict=False):
        if _holds(form, customer.values, row) and not _holds(form, kept["values"], row):
            is_own = row.reviewer == save.reviewer and row.version in (stored.version, stored.version - 1)
            return _told(form, row, save, str(kept["values"][row.field]), is_own=is_own)
    return ""


def without_planted(
    session: Session, form: Form, chat_id: int, save: Save, base: int | None, record: Record | None
) -> PutRight:
    """A save as it may be stored: wherever it holds the chat's planted value, the right one stands, 未看.

    That holds for good and for everybody who starts from the run in which it was planted: a browser may keep the value
    for days. Who means it enters it in 记录表, which shows what is stored; in a cell that holds it there it stays.
    Where run or labels say something else by now, it may be no error: nobody is charged with it, and only a desk that
    was shown it has the run's value of today put back.

    Args:
        session: open for writing, in which the chat is locked.
        form: of the dataset.
        chat_id: the chat.
        save: as it came.
        base: the run that the record is compared with.
        record: as it is stored; ``None`` where there is none.
    """
    row = session.get(PlantedError, chat_id)
    if row is None or row.field not in form:  # withdrawn by a change of the form
        return PutRight(save)
    if row.run_id not in (base, save.base_run_id):
        return PutRight(save, row)
    shown_here = row.reviewer == save.reviewer or (not row.reviewer and _is_claimed_by(session, chat_id, save.reviewer))
    is_own = shown_here and row.version == (record.version if record is not None else 0)
    right = row.right
    if row.status in _OPEN and (today := _answers_now(session, form, row)).is_outdated:
        if not shown_here or today.value == row.value:
            return PutRight(save, row)
        is_own, right = False, row.right if today.value is None else today.value
    confirmation = ""
    customers = []
    for position, customer in enumerate(save.customers):
        if _holds(form, customer.values, row) and not _is_entered(session, form, row, record, save, position):
            confirmation = str(customer.confirmed.get(row.field, Confirmation.UNSEEN))
            customer = customer.model_copy(
                update={
                    "values": {**customer.values, row.field: right},
                    "confirmed": {**customer.confirmed, row.field: Confirmation.UNSEEN},
                }
            )
        customers.append(customer)
    if not confirmation:
        return PutRight(save, row, is_own=is_own)
    is_alone = len(customers) == 1 and customers[0].origin == 0
    return PutRight(save.model_copy(update={"customers": customers}), row, True, is_alone, confirmation, is_own, right)


def _is_claimed_by(session: Session, chat_id: int, reviewer: str) -> bool:
    """Whether a chat is kept for a reviewer: it was sent ahead, and may be decided before its showing is noted."""
    claim = session.get(Claim, chat_id)
    return claim is not None and claim.reviewer == reviewer and claim.until >= now()


def _holds(form: Form, values: Mapping[str, Any], row: PlantedError) -> bool:
    """Whether a customer has the planted value: no right answer of the chat has it in this field."""
    value: Any = form.coerce({row.field: values.get(row.field, "")}).values[row.field]
    return bool(value == row.value)


def _is_entered(
    session: Session, form: Form, row: PlantedError, record: Record | None, save: Save, position: int
) -> bool:
    """Whether a person entered the value of this customer of a save: no planted one ever came into a record.

    What is undone may go back to any version.
    """
    if record is None:
        return False
    states: list[list[Customer]] = [record.customers]
    if save.undo:
        changes = select(col(RecordEvent.change)).where(col(RecordEvent.record_id) == record.id)
        states += [change.get("customers", []) for change in session.execute(changes).scalars()]
    source = save.customers[position].origin
    return any(
        _holds(form, old["values"], row)
        for state in states
        for place, old in enumerate(state)
        if old.get("source") == source and (source is not None or place == position)
    )
