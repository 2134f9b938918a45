"""Delta review: asks the reviewer again only where a newer run differs from the approved record.

A record that was approved under another run is asked about. Once it has been decided under a delta review of the newer
run, its base run is that one, and it is not asked about again; a plain save leaves a record with the run that it has. A
newer answer that merely repeats what the reviewer has already corrected is no difference.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.adapters.store import queries
from core.adapters.store.models import Chat, Extraction, ExtractionStatus, Pass, Record, RecordStatus
from core.domain.form import Form, FormValues, Value
from core.domain.scoring import Scorer
from core.services.review.records.customer_matching import match_customers, with_matched_origins
from core.services.review.records.save_types import Save
from core.services.review.records.versions import baseline_of, newest_event, values_of


@dataclass(frozen=True, slots=True)
class Delta:
    """Differences between a newer run and the approved customers of one chat.

    Attributes:
        cells: per approved customer ``{key: the newer value}`` where they differ.
        sources: per approved customer the position of the newer form that it was matched with.
        extra: positions of newer forms that match no approved customer.
        gone: positions of approved customers that the newer run does not have.
        newer: the newer forms.
    """

    cells: tuple[dict[str, Value], ...]
    sources: tuple[int | None, ...]
    extra: tuple[int, ...]
    gone: tuple[int, ...]
    newer: tuple[FormValues, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is to be asked."""
        return any(self.cells) or bool(self.extra)


def compare_answers(
    scorer: Scorer,
    approved: Sequence[FormValues],
    newer: Sequence[Mapping[str, Any]],
    older: Sequence[FormValues | None] = (),
) -> Delta:
    """Compute the differences of one chat.

    Args:
        scorer: of the form; matches customers as scores do.
        approved: approved forms.
        newer: what the newer run says.
        older: per approved customer what the run said that it was approved from, ``None`` where there is none.
    """
    gold = [scorer.prepare(values) for values in approved]
    pred = [scorer.prepare(values) for values in newer]
    pairs = match_customers(scorer, pred, gold)
    keys = scorer.form.keys
    cells: list[dict[str, Value]] = []
    for position, reference_form in enumerate(gold):
        source = pairs.get(position)
        if source is None:
            cells.append({})
            continue
        before = older[position] if position < len(older) else None
        old = scorer.prepare(before) if before is not None else (None,) * len(keys)
        clean = scorer.form.coerce(newer[source]).values
        cells.append(
            {
                key: clean[key]
                for key, new, have, was in zip(keys, pred[source], reference_form, old, strict=True)
                if new != have and new != was
            }
        )
    matched = set(pairs.values())
    return Delta(
        tuple(cells),
        tuple(pairs.get(position) for position in range(len(gold))),
        tuple(i for i in range(len(pred)) if i not in matched and pred and any(pred[i])),
        tuple(i for i in range(len(gold)) if i not in pairs),
        tuple(scorer.form.coerce(values).values for values in newer),
    )


def only_uncompared_records(statement: Select[*tuple[Any, ...]], run_id: int | None) -> Select[*tuple[Any, ...]]:
    """Restrict a statement over chats and records to approved ones not yet compared with this run."""
    return statement.where(
        col(Record.status) == RecordStatus.CONFIRMED,
        or_(col(Record.base_run_id).is_(None), col(Record.base_run_id) != run_id),
    )


def with_differences(session: Session, form: Form, dataset_id: int, indices: Sequence[int], run_id: int) -> list[int]:
    """The chats among these whose record differs from the run, in the same order."""
    scorer = Scorer(form)
    differing: set[int] = set()
    for chunk in queries.chunked(indices):
        differing |= {index for index, delta in deltas_of_chats(session, scorer, dataset_id, chunk, run_id) if delta}
    return [index for index in indices if index in differing]


def deltas_of_chats(
    session: Session,
    scorer: Scorer,
    dataset_id: int,
    indices: Sequence[int],
    run_id: int,
    drafts: Mapping[int, Mapping[str, Any]] | None = None,
) -> list[tuple[int, Delta]]:
    """``(chat index, delta)`` for each of these chats (few) that has a record and an answer of the run.

    With ``drafts`` (``delta_drafts.delta_drafts_of``), those are compared in the place of what was approved.
    """
    drafts = drafts or {}
    newer, older = aliased(Extraction), aliased(Extraction)
    statement = (
        select(col(Chat.index), col(Record.customers), newer.forms, older.forms)  # type: ignore[call-overload]
        .join(Record, and_(col(Record.chat_id) == col(Chat.id), col(Record.review_pass) == Pass.PRIMARY))
        .join(newer, and_(col(newer.chat_id) == col(Chat.id), col(newer.run_id) == run_id))
        .outerjoin(older, and_(col(older.chat_id) == col(Chat.id), col(older.run_id) == col(Record.base_run_id)))
        .where(
            col(Chat.dataset_id) == dataset_id,
            col(Chat.index).in_(list(indices)),
            col(newer.status) != ExtractionStatus.FAILED,
        )
    )
    deltas: list[tuple[int, Delta]] = []
    for index, approved, forms, before in session.execute(statement):
        customers = drafts[index]["customers"] if index in drafts else approved
        deltas.append(
            (index, compare_answers(scorer, values_of(customers), forms or [], _older(customers, before or [])))
        )
    return deltas


def _older(customers: Sequence[Mapping[str, Any]], forms: Sequence[FormValues]) -> list[FormValues | None]:
    sources = [customer.get("source") for customer in customers]
    return [forms[s] if isinstance(s, int) and 0 <= s < len(forms) else None for s in sources]


def resolve_save(
    session: Session, scorer: Scorer, chat_id: int, record: Record | None, save: Save, run_id: int, name: str
) -> tuple[Save, int | None]:
    """A save as it is to be applied under delta review, and the run that it is from.

    A draft stays with the run that the record was approved from, and so does what an undone decision replaced. A
    decision belongs to the newer run, and its reason says which run was looked at. Customers are matched with the
    forms of the run that they go to.

    Args:
        session: open.
        scorer: of the form; matches customers as scores do.
        chat_id: the chat that is saved.
        record: its record.
        save: as it came from the browser.
        run_id: the newer run.
        name: of the newer run.
    """
    old_run = record.base_run_id if record is not None else None
    if save.undo and record is not None:
        newest = newest_event(session, record)
        replaced = newest.change.get("replaced") if newest is not None else None
        goes_to = replaced["base_run_id"] if replaced else old_run
    elif save.undo or save.status == RecordStatus.DRAFT.value:
        return save, old_run
    else:
        goes_to = run_id
        save = save.model_copy(update={"reason": save.reason or f"对照新的抽取任务「{name}」"})
    return with_matched_origins(save, scorer, baseline_of(session, goes_to, chat_id)), goes_to
