"""The run that fills chats right after an import, so that they can be reviewed: whether, with which model, how far."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, not_, select
from sqlmodel import Session, col

from core.adapters.llm import is_remote, local, provider_title
from core.adapters.store import RunView, Store
from core.adapters.store.models import (
    Chat,
    Extraction,
    ExtractionStatus,
    Pass,
    Record,
    RecordStatus,
    Run,
    RunKind,
    RunStatus,
)
from core.domain.permissions import Permission
from core.errors import ShiyaoError
from core.services.extraction import models as model_catalog
from core.services.extraction.pipeline import Pipeline
from core.services.extraction.runs.lifecycle import create_run, extend, start
from core.services.extraction.runs.pipeline_loading import load_pipeline, pipeline_of
from core.services.extraction.runs.run_model import default_model
from core.services.extraction.runs.run_options import RunOption, free_name, run_option
from core.services.team import permitted

_RULES = local.ENTRY.name
_LOOKED_BACK = 20
"""Latest runs among which one is looked for whose model can still be asked."""


@dataclass(frozen=True, slots=True)
class SuggestedRun:
    """How the chats of a dataset would be extracted, at one press of a button.

    Attributes:
        option: the model; one that can be called.
        pipeline: what it is asked.
        name: of the run.
        extends: id of the dataset's run that would go on with the chats it lacks; ``None`` for a new run.
    """

    option: RunOption
    pipeline: Pipeline
    name: str
    extends: int | None = None

    @property
    def is_remote(self) -> bool:
        """Whether the model is asked over the network, and may cost something."""
        return is_remote(self.option.spec.provider)

    @property
    def title(self) -> str:
        """What the model is called on a button: the rules by what they are, any other by its own title."""
        spec = self.option.spec
        return provider_title(spec.provider) if spec.provider == _RULES else spec.title or spec.name


@dataclass(frozen=True, slots=True)
class FilledBy:
    """What gives every chat that is still to be reviewed its values already: a run or labels.

    Attributes:
        name: of the run; ``""`` where no chat is left to be reviewed.
        is_labels: whether people gave the values.
        chats: how many chats are to be reviewed.
    """

    name: str
    is_labels: bool
    chats: int


def filled_by(session: Session, dataset_id: int) -> FilledBy | None:
    """What makes a further run pointless for a review; ``None`` where some chat has no values to start from.

    Args:
        session: open session.
        dataset_id: the dataset.
    """
    undecided = select(func.count()).select_from(Chat).where(col(Chat.dataset_id) == dataset_id, _is_undecided())
    count = int(session.execute(undecided).scalar_one())
    if not count:
        return FilledBy("", False, 0)
    answered = (
        select(col(Run.name), col(Run.kind))
        .join(Extraction, col(Extraction.run_id) == col(Run.id))
        .join(Chat, col(Chat.id) == col(Extraction.chat_id))
        .where(col(Run.dataset_id) == dataset_id, _is_answer(), _is_undecided())
        .group_by(col(Run.id), col(Run.name), col(Run.kind))
        .having(func.count() >= count)
        .order_by((col(Run.kind) == RunKind.LABELS).asc(), col(Run.id).desc())
    )
    row = session.execute(answered).first()
    return FilledBy(row[0], row[1] == RunKind.LABELS, count) if row is not None else None


def suggested_runs(store: Store, dataset_id: int) -> list[SuggestedRun]:
    """Ways to fill the chats of a dataset: with the model used last, where it can be called, and with the rules.

    Args:
        store: open store.
        dataset_id: the dataset.

    Returns:
        One or two, the one to offer first in front.
    """
    with store.read() as session:
        last = _model_used_last(session, dataset_id)
        rules = run_option(model_catalog.resolve(session, _RULES, default_model(_RULES)))
        plain = load_pipeline(session, "baseline", dataset=dataset_id)
    ways = [(rules, plain)]
    if last is not None and last[0].spec.provider != _RULES:
        ways.insert(0, last)
    return [_suggested(store, dataset_id, option, pipeline) for option, pipeline in ways]


@permitted(Permission.RUNS)
def start_suggested(store: Store, dataset_id: int, suggestion: SuggestedRun) -> RunView:
    """Start a suggested run; whoever executes runs picks it up, whether or not somebody waits for it.

    Args:
        store: open store.
        dataset_id: the dataset.
        suggestion: one of :func:`suggested_runs`.

    Raises:
        RunError: keys are missing by now, or there is no chat to extract.
    """
    if suggestion.extends is not None:
        return extend(store, suggestion.extends)
    spec = suggestion.option.spec
    created = create_run(
        store,
        dataset=dataset_id,
        name=suggestion.name,
        provider=spec.provider,
        model=spec.name,
        pipeline=suggestion.pipeline,
    )
    return start(store, created.id)


def first_answer(session: Session, run_id: int) -> int | None:
    """The first chat that is still to be reviewed and that a run has answered; ``None`` while there is none.

    Args:
        session: open session.
        run_id: the run.

    Returns:
        The chat's index.
    """
    statement = (
        select(func.min(col(Chat.index)))
        .join(Extraction, col(Extraction.chat_id) == col(Chat.id))
        .where(col(Extraction.run_id) == run_id, _is_answer(), _is_undecided())
    )
    index: int | None = session.execute(statement).scalar_one_or_none()
    return index


def run_to_wait_for(session: Session, dataset_id: int, name: str = "") -> int | None:
    """A run of a dataset that a review could start from and that has no answer for it yet.

    Args:
        session: open session.
        dataset_id: the dataset.
        name: of the run that the review is to start from; ``""`` for the one that is under way while no other run of
            the dataset has answers.

    Returns:
        Its id; ``None`` where there is nothing to wait for.
    """
    runs = select(col(Run.id), col(Run.status)).where(col(Run.dataset_id) == dataset_id, col(Run.kind) == RunKind.MODEL)
    answered = select(col(Extraction.id)).join(Run, col(Run.id) == col(Extraction.run_id)).where(_is_answer()).limit(1)
    if name:
        runs = runs.where(col(Run.name) == name)
    elif session.execute(answered.where(col(Run.dataset_id) == dataset_id)).first():
        return None
    else:
        runs = runs.where(col(Run.status) == RunStatus.RUNNING)
    row = session.execute(runs.order_by(col(Run.id).desc()).limit(1)).first()
    if row is None or first_answer(session, row[0]) is not None:
        return None
    run_id, status = row
    if status != RunStatus.RUNNING and session.execute(answered.where(col(Run.id) == run_id)).first():
        return None  # it has said what it had to say: what is left to be reviewed is not its business
    undecided = select(col(Chat.id)).where(col(Chat.dataset_id) == dataset_id, _is_undecided()).limit(1)
    return int(run_id) if session.execute(undecided).first() is not None else None


def _suggested(store: Store, dataset_id: int, option: RunOption, pipeline: Pipeline) -> SuggestedRun:
    spec = option.spec
    with store.read() as session:
        same = session.execute(
            select(Run)
            .where(
                col(Run.dataset_id) == dataset_id,
                col(Run.kind) == RunKind.MODEL,
                col(Run.provider) == spec.provider,
                col(Run.model) == spec.name,
            )
            .order_by(col(Run.id).desc())
        ).scalars()
        known = next((run for run in same if pipeline_of(run).sha256 == pipeline.sha256), None)
        if known is not None:
            return SuggestedRun(option, pipeline, known.name, known.id)
    return SuggestedRun(option, pipeline, free_name(store, dataset_id, spec.provider, spec.name))


def _model_used_last(session: Session, dataset_id: int) -> tuple[RunOption, Pipeline] | None:
    """The model of the latest run whose model can be called, and what it was asked; ``None`` where there is none.

    What belongs to another dataset, such as forms to start from, is left out.
    """
    latest = select(Run).where(col(Run.kind) == RunKind.MODEL).order_by(col(Run.id).desc()).limit(_LOOKED_BACK)
    for run in session.execute(latest).scalars():
        try:
            option = run_option(model_catalog.resolve(session, run.provider, run.model))
            pipeline = load_pipeline(session, pipeline_of(run).spec, dataset=dataset_id)
        except ShiyaoError:  # a model, a prompt or a field of it that is not there any more
            continue
        if not option.missing:
            return option, pipeline
    return None


def _is_answer() -> ColumnElement[bool]:
    return col(Extraction.status) != ExtractionStatus.FAILED


def _is_undecided() -> ColumnElement[bool]:
    open_statuses = (RecordStatus.UNREVIEWED, RecordStatus.DRAFT)
    decided = exists().where(
        col(Record.chat_id) == col(Chat.id),
        col(Record.review_pass) == Pass.PRIMARY,
        col(Record.status).not_in(open_statuses),
    )
    return not_(decided)
