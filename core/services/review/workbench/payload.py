"""The workbench's data for a chat: messages, forms, evidence, warnings, omissions and alternatives.

Everything with a right answer is computed here; the browser only draws. The shape is
:mod:`core.services.review.workbench.contract`.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store import ChatView, RecordView, queries
from core.adapters.store.models import Chat, Confirmation, Pass, RecordStatus, RunKind
from core.domain.chat import ParsedChat, Role, residue_copies
from core.domain.chat.parsed_chat import Message, Span
from core.domain.checks import check, find_mentions, find_omissions
from core.domain.entities import Mention
from core.domain.entities.spoken_dates import spoken_date
from core.domain.evidence import EvidenceStatus, FieldEvidence, cached_analysis, garbage_kept, locate
from core.domain.form import Form, FormValues, Kind
from core.services.quality.stored_votes import read_votes
from core.services.review.base_runs import BaseRun
from core.services.review.records.planted_errors import ShownError
from core.services.review.records.versions import initial_customers
from core.services.review.workbench.alternatives import MOST_RUNS, Alternatives
from core.services.review.workbench.contract import ChatPayload, CustomerPayload, MarkPayload, RunName
from core.services.review.workbench.message_slices import message_slices
from core.services.review.workbench.planted_values import hide_labels, show_planted, vouch_without_labels
from core.services.review.workbench.run_answers import OUTDATED, RunAnswer, RunAnswers
from core.services.team import remember_seen
from core.services.team.acting import current_viewer


def chat_payloads(
    session: Session,
    form: Form,
    dataset_id: int,
    indices: Sequence[int],
    base: BaseRun | None,
    *,
    want_residue: int | None = None,
    review_pass: str = Pass.PRIMARY,
    only_of: str | None = None,
    drafts: Mapping[int, Mapping[str, Any]] | None = None,
    scores: Mapping[int, float] | None = None,
    texts_sent: Collection[int] = (),
    planted: Mapping[int, ShownError] | None = None,
) -> list[ChatPayload]:
    """Payloads of these chats, in the given order; unknown indices are omitted.

    Args:
        session: open session.
        form: the dataset's form.
        dataset_id: the dataset.
        indices: chat indices, few.
        base: the run that unreviewed chats start from. A record is compared with the run that it was started from.
        want_residue: index of the chat whose residue is to be shown.
        review_pass: whose records are shown; a second review is blind: no run is asked.
        only_of: show nothing of records by anybody else than this reviewer: only where the next save has to go on.
        drafts: ``{chat index: {customers, note}}``, shown in the place of what was approved.
        scores: of the runs that were measured, by id.
        texts_sent: indices of chats whose messages the browser has: only those with evidence are sent again.
        planted: by chat id, the values that are shown wrong; ``None`` where the dataset has no planted errors.
    """
    blind = review_pass == Pass.SECOND
    statement = select(Chat).where(col(Chat.dataset_id) == dataset_id, col(Chat.index).in_(list(indices)))
    chats = {row.index: ChatView.from_row(row) for row in session.execute(statement).scalars()}
    ids = [chat.id for chat in chats.values()]
    records = {
        record.chat_id: record for record in queries.records(session, dataset_id, review_pass=review_pass, chat_ids=ids)
    }
    if only_of is not None:
        records = {i: one if one.reviewer == only_of else _without_answers(form, one) for i, one in records.items()}
    if not blind:
        viewer = current_viewer()
        remember_seen(session, [i for i, record in records.items() if record.reviewer != viewer])
    for i, draft in (drafts or {}).items():
        records[chats[i].id] = records[chats[i].id].model_copy(
            update={"customers": draft["customers"], "note": draft["note"]}
        )
    base_id = base.id if base is not None and not blind else None
    runs_of_chats = {i: records[i].base_run_id if i in records else base_id for i in ids}
    needed = {run_id for run_id in runs_of_chats.values() if run_id is not None}
    newest = 0 if blind else MOST_RUNS + len(needed)
    answers = RunAnswers(session, dataset_id, ids, run_ids=needed, newest=newest)
    votes = read_votes(session, sorted(needed), ids) if needed else {}
    others = Alternatives(form, answers, without=runs_of_chats, scores=scores or {}, votes=votes)
    names: dict[int, RunName] = {
        run.id: {"name": run.name, "model": run.model, "is_labels": run.kind == RunKind.LABELS} for run in answers.runs
    }
    with garbage_kept():
        return [
            chat_payload(
                form,
                chats[i],
                records.get(chats[i].id),
                answers.answer(runs_of_chats[chats[i].id], chats[i].id),
                runs_of_chats[chats[i].id],
                names,
                others,
                want_residue == i,
                i in texts_sent,
                (planted or {}).get(chats[i].id),
                planted is not None,
            )
            for i in indices
            if i in chats
        ]


def analyse_ahead(text: str) -> None:
    """Compute what a chat's payload takes long for, so that it is there when the chat is opened."""
    _mentions(text)
    _conversation_length(text)


@lru_cache(maxsize=64)
def _mentions(text: str) -> tuple[tuple[Kind, Mention, Message], ...]:
    """What can be recognised in a chat; kept for a while, for one chat is asked for with every draft."""
    return find_mentions(cached_analysis(text).index)


@lru_cache(maxsize=64)
def _conversation_length(text: str) -> int:
    return len(cached_analysis(text).parsed.conversation)


def chat_payload(
    form: Form,
    chat: ChatView,
    record: RecordView | None,
    answer: RunAnswer | None,
    run_id: int | None,
    names: Mapping[int, RunName],
    others: Alternatives | None,
    show_residue: bool = False,
    text_kept: bool = False,
    planted: ShownError | None = None,
    has_planted: bool = False,
) -> ChatPayload:
    """The payload of one chat, from what was read.

    Args:
        form: the dataset's form.
        chat: the chat.
        record: of the chat, if it has one.
        answer: of the run that the review starts from.
        run_id: of that run.
        names: of runs, by id.
        others: what other runs say; ``None`` where there are none.
        show_residue: whether residue is shown.
        text_kept: whether the browser has the messages: only those with evidence are sent again.
        planted: a value that is shown wrong.
        has_planted: whether any chat of the dataset may have one.
    """
    chat_analysis = cached_analysis(chat.text)
    parsed, roles, index = chat_analysis.parsed, chat_analysis.roles, chat_analysis.index
    baseline = [form.coerce(values).values for values in (answer.forms or [])] if answer else []
    has_answer = answer is not None and answer.forms is not None
    customers = _customers(form, record, baseline)
    if planted is not None:
        show_planted(customers, planted, record.version if record else 0)
    forms = [customer["values"] for customer in customers]
    highlights: list[tuple[Span, str]] = []
    unsupported: list[set[str]] = []
    customer_names = [form.name_of(values) for values in forms]
    for position, customer in enumerate(customers):
        marks = locate(form, index, customer["values"], customer_names[position], customer_names)
        customer["marks"] = _marks(form, position, marks, highlights)
        _add_dates(form, parsed, customer)
        pinned = customer["pinned"]  # a person's word that it stands there
        unsupported.append(
            {k for k, mark in marks.items() if mark.status is EvidenceStatus.MISSING and not pinned.get(k)}
        )
    sources = [customer["origin"] for customer in customers]
    if others is not None:
        for customer, heard in zip(customers, others.of(chat.id, forms, sources), strict=True):
            customer["others"], customer["dissent"], customer["compared"] = heard
    if planted:
        hide_labels(customers, planted)
    if has_planted:
        vouch_without_labels(customers)
    gaps = [(f"m:{n}", one) for n, one in enumerate(find_omissions(form, index, forms, _mentions(chat.text)))]
    highlights += [(one.span, name) for name, one in gaps]
    sides = [guess.role for guess in roles.values()]
    payload: ChatPayload = {
        "chat": chat.index,
        "chat_id": chat.id,
        "record_id": record.id if record else 0,
        "version": record.version if record else 0,
        "status": RecordStatus(record.status) if record else RecordStatus.UNREVIEWED,
        "reviewer": record.reviewer if record else "",
        "note": record.note if record else "",
        "run": _run_name(names, run_id, answer) if record or has_answer else None,
        # Who starts before the run has answered starts from none: nothing that arrives later was theirs to change.
        "base_run_id": run_id if record or has_answer or run_id not in names else None,
        "run_gone": _came_from_a_run(record) and run_id is None
        if record
        else run_id is not None and run_id not in names,
        "failed": answer.error if answer and answer.forms is None else "",
        "claimed_by": "",  # the sync says it, which claims
        "counts": {
            "messages": len(parsed.messages),
            "customers": sides.count(Role.CUSTOMER),
            "staff": sides.count(Role.STAFF),
            "characters": _conversation_length(chat.text),
        },
        "residue": {
            "copies": residue_copies(parsed),
            "characters": chat.residue_characters,
            "text": "\n\n".join(span.of(chat.text) for span in parsed.residue) if show_residue else "",
        },
        "speakers": [
            {"name": name, "role": roles[name].role, "reasons": list(roles[name].reasons)} for name in parsed.speakers
        ],
        "messages": message_slices(parsed, roles, index.exchanges, highlights, only_evidence=text_kept),
        "customers": customers,
        "missed": [
            {"id": name, "key": one.key, "value": one.value, "message": one.message, "customer": one.customer}
            for name, one in gaps
        ],
        "warnings": [
            {"customer": warning.customer, "key": warning.key, "level": warning.level, "text": warning.text}
            for warning in check(form, parsed, roles, forms, unsupported)
        ],
    }
    if text_kept:
        payload["text_kept"] = True
    return payload


def _run_name(names: Mapping[int, RunName], run_id: int | None, answer: RunAnswer | None) -> RunName | None:
    """The run that answered, as the desk names it; ``None`` where none has."""
    name = names.get(run_id) if run_id is not None and answer is not None else None
    if name is not None and answer is not None and answer.is_outdated:
        return {**name, "name": f"{name['name']}{OUTDATED}"}
    return name


def _customers(form: Form, record: RecordView | None, baseline: list[FormValues]) -> list[CustomerPayload]:
    """The record's customers if there is one, else the run's, else one empty form to fill."""
    if record is not None:
        return [
            {
                "values": form.coerce(stored["values"]).values,
                "baseline": _at(baseline, stored.get("source")),
                "origin": stored.get("source"),
                "confirmed": {key: stored["confirmed"].get(key, Confirmation.UNSEEN) for key in form.keys},
                "pinned": stored.get("pinned", {}),
                "marks": {},
                "others": {},
            }
            for stored in record.customers
        ]
    starts: list[tuple[int | None, FormValues]] = list(enumerate(baseline)) or [(None, form.empty())]
    return [
        {
            "values": dict(values),
            "baseline": values if origin is not None else None,
            "origin": origin,
            "confirmed": dict.fromkeys(form.keys, Confirmation.UNSEEN),
            "pinned": {},
            "marks": {},
            "others": {},
        }
        for origin, values in starts
    ]


def _without_answers(form: Form, record: RecordView) -> RecordView:
    """A record as if nobody had made it, with its id and version."""
    blank = {
        "customers": initial_customers(form, [], None),
        "status": str(RecordStatus.UNREVIEWED),
        "base_run_id": None,
        "reviewer": "",
        "note": "",
    }
    return record.model_copy(update=blank)


def _came_from_a_run(record: RecordView) -> bool:
    return any(
        str(origin).startswith("run:")
        for customer in record.customers
        for origin in customer.get("origin", {}).values()
    )


def _add_dates(form: Form, parsed: ParsedChat, customer: CustomerPayload) -> None:
    """Add to marks of dates what words like 下周二 meant when they were said, where the chat has times."""
    for field in form.fields:
        value = customer["values"][field.key]
        if field.kind is not Kind.DATE or not isinstance(value, str) or not value:
            continue
        mark = customer["marks"][field.key]
        for number in (*customer["pinned"].get(field.key, ()), *mark["messages"]):
            time = parsed.messages[number].time if 0 <= number < len(parsed.messages) else ""
            if day := spoken_date(value, time):
                mark["date"] = str(day)
                break


def _at(baseline: list[FormValues], position: int | None) -> FormValues | None:
    return baseline[position] if position is not None and 0 <= position < len(baseline) else None


def _marks(
    form: Form, customer: int, marks: dict[str, FieldEvidence], highlights: list[tuple[Span, str]]
) -> dict[str, MarkPayload]:
    """Marks for the browser; adds the evidence of this customer to ``highlights``."""
    drawn: dict[str, MarkPayload] = {}
    for number, field in enumerate(form.fields):
        mark = marks[field.key]
        ids = [f"{customer}:{number}:{n}" for n in range(len(mark.spans))]
        highlights += zip(mark.spans, ids, strict=True)
        drawn[field.key] = {"status": mark.status, "evidence": ids, "messages": list(mark.messages)}
    return drawn
