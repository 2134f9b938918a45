"""Selection of the answers that a set is made of: confirmed records and labels, filtered, each with its chat."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from core.adapters.store import ChatView, DatasetView, RecordView, queries
from core.adapters.store.models import Confirmation, Record
from core.adapters.store.queries import PASSED_BY
from core.domain.chat import strip_residue
from core.domain.form import Form, FormValues
from core.domain.scoring import Scorer
from core.errors import ExportError
from core.services.export.answer_sources import OrderedStream, resolve_run
from core.services.team import withheld_chats
from core.services.training.chat_summaries import SummaryView, latest_summaries
from core.services.training.rejected_answers import RejectedAnswers
from core.services.training.training_options import AnswerFilters, TrainingOptions

REASONS = {
    "filled": "必填字段是空的",
    "confirmed": "没有逐项确认",
    "reviewer": "不是所选审阅人的记录",
    "date": "不在日期范围内",
    "score": "得分不在范围内",
}
"""Why an answer was left out, in the words of the page."""


@dataclass(frozen=True, slots=True)
class SelectedAnswer:
    """A chat with the answer to train on: its confirmed record, else its labels.

    Attributes:
        dataset: name.
        chat: with its stored text.
        conversation: the text without residue.
        forms: clean forms.
        customers: as the record keeps them, with confirmations and pinned evidence; empty for labels.
        provenance: dataset, index, digest of the text, origin; record, version and reviewer, or run.
        summary: the newest summary, where the set may need one.
        rejected: what a run answered in its place, in preference formats.
    """

    dataset: str
    chat: ChatView
    conversation: str
    forms: list[FormValues]
    customers: list[dict[str, Any]]
    provenance: dict[str, Any]
    summary: SummaryView | None = None
    rejected: list[FormValues] | None = None

    @property
    def is_record(self) -> bool:
        """Whether the answer is a record, not labels or a run's."""
        return bool(self.provenance["origin"] == "record")

    @property
    def place(self) -> str:
        """How the chat is named in a message."""
        return f"{self.dataset} 第 {self.chat.index} 条"


@dataclass(slots=True)
class SelectionTally:
    """Counts of what was not selected.

    Attributes:
        total: chats of all sources, rejected ones included.
        unanswered: chats without an answer.
        filtered: reason (a key of :data:`REASONS`) → places.
        withheld: chats whose records are not taken, because who builds the set reviews them blind just now.
        passed: chats whose records are not taken, because a threshold let them pass and nobody has reviewed them.
        unpaired: reason (a key of ``rejected_answers.UNPAIRED``) → places of answers without a rejected one.
    """

    total: int = 0
    unanswered: int = 0
    filtered: dict[str, list[str]] = field(default_factory=dict)
    withheld: int = 0
    passed: int = 0
    unpaired: dict[str, list[str]] = field(default_factory=dict)


def select_answers(
    session: Session,
    dataset: DatasetView,
    form: Form,
    options: TrainingOptions,
    tally: SelectionTally,
    *,
    summaries: bool = False,
) -> Iterator[SelectedAnswer]:
    """The selected answers of one dataset in order of the chats' index, streamed.

    Args:
        session: open session.
        dataset: whose.
        form: of the dataset.
        options: source and filters.
        tally: counts what was not selected.
        summaries: give each chat's summary too.

    Raises:
        ExportError, NotFoundError: the source, or the run of the score filter, does not exist.
    """
    source, filters = options.source, options.filters
    run = resolve_run(session, dataset, source)
    records: OrderedStream[RecordView] | None = None
    if source.records:
        with_passed = PASSED_BY in filters.reviewers  # nobody has reviewed these: only who names them takes them
        confirmed = queries.confirmed(session, dataset.id, passed=with_passed)
        tally.passed += 0 if with_passed else _count_passed(session, dataset.id)
        records = OrderedStream((record.index, record) for record in confirmed)
        tally.withheld += len(withheld_chats(session, dataset.id))
    labels = OrderedStream(queries.stream_forms(session, run.id)) if run is not None else None
    newest_summaries = OrderedStream(latest_summaries(session, dataset.id)) if summaries else None
    runs = RejectedAnswers(session, dataset, form, options.rejected_run) if options.format.is_preference else None
    filter_check = _FilterCheck(session, dataset, form, filters)
    tally.total += max(dataset.expected, dataset.chats)
    chats = 0
    for chat in queries.chats(session, dataset.id):
        record = records.take(chat.index) if records else None
        labelled = labels.take(chat.index) if labels else None
        chats += 1
        if record is not None:
            origin, raw, customers = "record", record.forms, record.customers
            identity: dict[str, Any] = {"record": record.id, "version": record.version, "reviewer": record.reviewer}
        elif labelled is not None and run is not None:
            origin, raw, customers = "labels", labelled, []
            identity = {"run": run.name, "run_id": run.id}
        else:
            tally.unanswered += 1
            continue
        answer = SelectedAnswer(
            dataset=dataset.name,
            chat=chat,
            conversation=strip_residue(chat.text),
            forms=[form.coerce(values).values for values in raw],
            customers=customers,
            provenance={
                "dataset": dataset.name,
                "index": chat.index,
                "chat_sha256": chat.sha256,
                "origin": origin,
                **identity,
            },
            summary=newest_summaries.take(chat.index) if newest_summaries else None,
        )
        if reason := filter_check.reason(answer, record):
            tally.filtered.setdefault(reason, []).append(answer.place)
            continue
        if runs is not None:
            rejected = runs.of(chat.index, record)
            if isinstance(rejected, str):
                tally.unpaired.setdefault(rejected, []).append(answer.place)
                continue
            answer = replace(answer, rejected=rejected.forms, provenance={**answer.provenance, **rejected.provenance})
        yield answer
    tally.unanswered += max(dataset.expected, dataset.chats) - chats


def _count_passed(session: Session, dataset_id: int) -> int:
    statement = select(func.count()).where(
        col(Record.dataset_id) == dataset_id, queries.is_final(), queries.is_passed()
    )
    return int(session.execute(statement).scalar_one())


class _FilterCheck:
    """Checks answers of one dataset against the filters."""

    def __init__(self, session: Session, dataset: DatasetView, form: Form, filters: AnswerFilters) -> None:
        for key in (*filters.filled, *filters.confirmed):
            if key not in form:
                raise ExportError(f"表单没有字段「{key}」，不能按它筛选", "请检查字段名")
        self._filters = filters
        self._scores: Mapping[int, list[FormValues]] = {}
        self._scorer = Scorer(form)
        if filters.score_run:
            self._scores = queries.forms_by_index(session, queries.run(session, filters.score_run, dataset.id).id)

    def reason(self, answer: SelectedAnswer, record: RecordView | None) -> str:
        """Why an answer does not pass, a key of :data:`REASONS`; ``""`` where it does."""
        filters = self._filters
        if filters.reviewers and (record is None or record.reviewer not in filters.reviewers):
            return "reviewer"
        if filters.since or filters.until:
            # As the reviewer's calendar has it: a day ends at midnight where the server stands.
            day = record.updated_at.astimezone().date().isoformat() if record is not None else ""
            if not day or day < filters.since or (filters.until and day > filters.until):
                return "date"
        if not all(any(values[key] for values in answer.forms) for key in filters.filled):
            return "filled"
        if filters.confirmed and not (record is not None and _confirmed(answer.customers, filters.confirmed)):
            return "confirmed"
        return "score" if filters.score_run and not self._is_score_in_range(answer) else ""

    def _is_score_in_range(self, answer: SelectedAnswer) -> bool:
        predicted = self._scores.get(answer.chat.index)
        if predicted is None:
            return False
        prepare = self._scorer.prepare
        score = self._scorer.chat([prepare(form) for form in predicted], [prepare(form) for form in answer.forms]).score
        low, high = self._filters.score_min, self._filters.score_max
        return (low is None or score >= low) and (high is None or score <= high)


def reviewers_of(session: Session, datasets: Sequence[int]) -> list[str]:
    """Names of the reviewers who confirmed records of these datasets, sorted."""
    statement = (
        select(col(Record.reviewer))
        .where(col(Record.dataset_id).in_(datasets), queries.is_final())
        .distinct()
        .order_by(col(Record.reviewer))
    )
    return [str(name) for name in session.execute(statement).scalars()]


def _confirmed(customers: list[dict[str, Any]], keys: tuple[str, ...]) -> bool:
    """Whether a reviewer confirmed these fields of every customer; without customers nothing was confirmed."""
    return bool(customers) and all(
        customer.get("confirmed", {}).get(key) == Confirmation.SINGLE for customer in customers for key in keys
    )
