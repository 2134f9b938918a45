"""How good the runs of a dataset are, as quickly as a page can wait for: by its first chats, or measured elsewhere."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store import queries
from core.adapters.store.models import Dataset, ExternalScore, RunKind
from core.domain.form import Form, FormValues, items_of, load_named_form, means_nothing
from core.domain.scoring import prepare_reference, score_against
from core.services.quality.answered_runs import AnsweredRun, database_address
from core.services.quality.cache import cached

_ENOUGH_LABELS = 10
"""Labelled chats that tell runs apart better than a score measured elsewhere, or none."""
JUDGED_ON = 500
"""Chats that a run is judged on at most, the first ones: the workbench waits for it."""


@dataclass(frozen=True, slots=True)
class MeasuredRun:
    """How good a run is.

    Attributes:
        score: against the labels, or measured elsewhere.
        found: F1 over filled cells, 0 to 1: what of the labels it found, and how much else it says; 0 where there are
            no labels.
        chats: score of every labelled chat.
        right: values that agree with the labels (true-positive credit over filled cells); 0 where there are none.
        judged: labelled chats that it answered.
    """

    score: float
    found: float = 0.0
    chats: tuple[float, ...] = ()
    right: float = 0.0
    judged: int = 0


def measured_runs(session: Session, dataset_id: int, runs: Sequence[AnsweredRun]) -> Mapping[int, MeasuredRun]:
    """Scores by run: against the labels, without labels those measured elsewhere; kept while nothing changes.

    A run that answers no labelled chat has none: nothing is known of it.
    """
    labels = judging_labels(session, dataset_id, runs)
    rivals = [run for run in runs if run.kind != RunKind.LABELS]
    if labels is None:
        return _external_scores(session, rivals)
    key = ("first scores", database_address(session), dataset_id, *((run.id, run.version) for run in runs))
    return cached(key, lambda: _scores(session, dataset_id, labels.id, rivals))


def judging_labels(session: Session, dataset_id: int, runs: Sequence[AnsweredRun]) -> AnsweredRun | None:
    """The labels, where they say enough to judge runs by: something about ten chats, or about half of a few."""
    labels = next((run for run in runs if run.kind == RunKind.LABELS), None)
    if labels is None:
        return None
    key = ("labels that say something", database_address(session), dataset_id, labels.id, labels.version)
    says = cached(key, lambda: _count_filled(session, form_of_dataset(session, dataset_id), labels.id))
    most = max((run.answered for run in runs if run.kind != RunKind.LABELS), default=0)
    return labels if says > 0 and says >= min(_ENOUGH_LABELS, most / 2) else None


def _count_filled(session: Session, form: Form, run_id: int) -> int:
    """Number of chats of which a run says anything."""
    return sum(any(not form.is_empty(values) for values in forms) for forms in first_answers(session, run_id).values())


def first_answers(session: Session, run_id: int, indices: Collection[int] | None = None) -> dict[int, list[FormValues]]:
    """``{chat index: forms}`` of the answers that a run is judged on: its first ones, or about these few chats."""
    return queries.forms_by_index(session, run_id, first=JUDGED_ON, indices=indices)


def filled_per_chat(
    form: Form, answers: Mapping[int, Sequence[FormValues]], texts: Mapping[int, str] | None = None
) -> float:
    """Filled cells of the fullest form per chat: neither blanks and 未提及 count, nor customers that are made up.

    Args:
        form: of the dataset.
        answers: forms by chat.
        texts: of the chats, where only those cells count of which something stands there.
    """
    fullest = (
        max((_says(form, values, None if texts is None else texts.get(index, "")) for values in forms), default=0)
        for index, forms in answers.items()
    )
    return sum(fullest) / max(len(answers), 1)


def _says(form: Form, values: FormValues, text: str | None) -> int:
    return sum(
        any(not means_nothing(field, item) and (text is None or item in text) for item in items_of(values[field.key]))
        for field in form.fields
        if values.get(field.key)
    )


def form_of_dataset(session: Session, dataset_id: int) -> Form:
    """The form of a dataset."""
    return load_named_form(session.execute(select(col(Dataset.form)).where(col(Dataset.id) == dataset_id)).scalar_one())


def _scores(session: Session, dataset_id: int, labels_id: int, runs: Sequence[AnsweredRun]) -> dict[int, MeasuredRun]:
    """Scores against the labels of their first chats, by run."""
    golds = first_answers(session, labels_id)
    reference = prepare_reference(form_of_dataset(session, dataset_id), golds)
    scores = {run.id: score_against(reference, first_answers(session, run.id, list(golds))) for run in runs}
    return {
        run_id: MeasuredRun(
            result.score,
            result.filled.f1,
            tuple(chat.score for chat in result.chats.values()),
            result.filled.credit,
            len(result.chats) - len(result.missing),
        )
        for run_id, result in scores.items()
        if len(result.missing) < len(result.chats)
    }


def _external_scores(session: Session, runs: Sequence[AnsweredRun]) -> dict[int, MeasuredRun]:
    """The newest score measured elsewhere, by run."""
    statement = (
        select(col(ExternalScore.run_id), col(ExternalScore.score))
        .where(col(ExternalScore.run_id).in_([run.id for run in runs]))
        .order_by(col(ExternalScore.id))
    )
    return {int(run_id): MeasuredRun(float(score)) for run_id, score in session.execute(statement)}
