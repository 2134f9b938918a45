"""What a chat's calls need: model, pipeline, the chat's text, earlier answers; read for several chats at a time."""

import logging
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import and_, bindparam, select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col

from core.adapters.llm import ModelSpec
from core.adapters.store.models import Chat, Dataset, Extraction, ExtractionStatus, Run, RunStatus
from core.domain.form import FormValues
from core.errors import ShiyaoError
from core.services.extraction.pipeline import Pipeline, earlier_answers
from core.services.extraction.runs.pipeline_loading import given_forms, pipeline_of
from core.services.extraction.runs.places import THE_RUN, PlacedChat, by_run, padded
from core.services.extraction.runs.run_model import spec_of
from core.services.extraction.runs.scope import RunParameters, parameters_of

_log = logging.getLogger("shiyao.runs")

# Put together once: that takes longer than carrying them out, and every chat needs them while others wait.
_CHATS = (
    select(col(Chat.id), col(Chat.text), col(Dataset.form), Extraction)
    .join(Run, col(Run.dataset_id) == col(Chat.dataset_id))
    .join(Dataset, col(Dataset.id) == col(Chat.dataset_id))
    .outerjoin(Extraction, and_(col(Extraction.run_id) == col(Run.id), col(Extraction.chat_id) == col(Chat.id)))
    .where(
        *THE_RUN,
        col(Run.status) == RunStatus.RUNNING,
        col(Chat.id).in_(bindparam("chats", expanding=True)),
    )
)


@dataclass(frozen=True, slots=True)
class Task:
    """All that a chat's calls need, read in one transaction that ends before the first begins."""

    spec: ModelSpec
    pipeline: Pipeline | ShiyaoError
    given: list[FormValues] | None
    earlier: dict[str, str]
    parameters: RunParameters
    form: str
    text: str


def read_task(session: Session, placed: PlacedChat) -> Task | None:
    """The task of one chat; ``None`` where its run does not run, or it is answered already."""
    return _read_tasks(session, [placed]).get(placed)


def tasks_ahead(session: Session, chats: Collection[PlacedChat]) -> dict[PlacedChat, Task]:
    """Tasks of chats that come next; what is wrong with one comes up once it is its turn, not here."""
    try:
        return _read_tasks(session, chats) if chats else {}
    except SQLAlchemyError:
        raise
    except Exception:
        _log.debug("not prepared: %s", sorted((chat.run_id, chat.chat_id) for chat in chats), exc_info=True)
        return {}


def may_replace(before: Extraction, parameters: RunParameters) -> bool:
    """Whether an extraction is a failure that was to be retried, and has not been since."""
    return before.status == ExtractionStatus.FAILED and parameters.retry.get(before.chat_id) == before.attempts


def _read_tasks(session: Session, chats: Collection[PlacedChat]) -> dict[PlacedChat, Task]:
    tasks: dict[PlacedChat, Task] = {}
    for of_run in by_run(chats):
        tasks |= _tasks_of_run(session, of_run)
    return tasks


def _tasks_of_run(session: Session, chats: list[PlacedChat]) -> dict[PlacedChat, Task]:
    values = chats[0].parameters() | {"chats": padded([chat.chat_id for chat in chats])}
    rows = {row[0]: row for row in session.execute(_CHATS, values)}
    run = session.get(Run, chats[0].run_id) if rows else None
    if run is None:
        return {}
    parameters, spec = parameters_of(run), spec_of(run)
    pipeline: Pipeline | ShiyaoError
    try:
        pipeline = pipeline_of(run)
    except ShiyaoError as error:
        pipeline = error
    tasks: dict[PlacedChat, Task] = {}
    for chat in chats:
        if chat.chat_id not in rows:
            continue
        _, text, form, before = rows[chat.chat_id]
        if before is not None and not may_replace(before, parameters):
            continue
        given: list[FormValues] | None = None
        usable = pipeline
        try:
            if not isinstance(usable, ShiyaoError):
                given = given_forms(session, usable, chat.chat_id, before=run.created_at)
        except ShiyaoError as error:
            usable = error
        tasks[chat] = Task(
            spec=spec,
            pipeline=usable,
            given=given,
            earlier=earlier_answers(before.replies) if before is not None else {},
            parameters=parameters,
            form=form,
            text=text,
        )
    return tasks
