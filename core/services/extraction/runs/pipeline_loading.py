"""Loads pipelines with their prompts, initial forms and examples."""

import json
import threading
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store import Store, queries
from core.adapters.store.models import Extraction, Run
from core.domain.cleaning import OVERLAP
from core.domain.form import Form, FormValues, load_named_form
from core.domain.prompts import Prompt, parse_prompt
from core.errors import RunError
from core.services.extraction.pipeline import DEFAULT_EXAMPLES, Pipeline, PipelineStep, parse_pipeline
from core.services.extraction.pipeline.stages import Examples, PickedExample
from core.services.extraction.prompt_library import finder
from core.services.extraction.runs.scope import parameters_of

if TYPE_CHECKING:
    from core.services.extraction.pipeline.few_shot import ExamplePool

_pools: dict[tuple[str, str], tuple[tuple[int, int], "ExamplePool"]] = {}
_mutex = threading.Lock()


def load_pipeline(
    session: Session,
    spec: str,
    *,
    dataset: str | int,
    clean: Iterable[str] = (),
    overlap: float = OVERLAP,
    context_tokens: int | None = None,
    examples: int = DEFAULT_EXAMPLES,
    base: str | int | None = None,
) -> Pipeline:
    """Load a pipeline from its written form (``pipeline.definition``), with prompts from files and database.

    Args:
        session: open session.
        spec: ``baseline``, ``baseline,verify``, ``baseline*5`` …
        dataset: name or id.
        clean: names of cleaning steps.
        overlap: share of a chunk that is repeated.
        context_tokens: budget instead of the model's.
        examples: how many examples to show at most.
        base: a run of the dataset (name or id) whose forms the first stage is given.

    Raises:
        NotFoundError: no such dataset or run.
        PromptError: no such prompt or field, or stages that do not fit together.
        SettingsError: no such cleaning step.
    """
    data = queries.dataset(session, dataset)
    base_run = queries.run(session, base, data.id).id if base else None
    form = load_named_form(data.form)
    pipeline = parse_pipeline(
        spec,
        finder(session, form=form),
        clean=clean,
        overlap=overlap,
        context_tokens=context_tokens,
        examples=examples,
        base_run=base_run,
    )
    pipeline.check(form)
    return pipeline


def pipeline_of(row: Run) -> Pipeline:
    """The pipeline of a run, as the run stores it."""
    kept = parameters_of(row).pipeline
    if kept is None:
        return Pipeline((PipelineStep(_prompt(row.prompt_text, f"{row.prompt_name}.v{row.prompt_version}.md")),))
    return _pipeline(json.dumps(kept, ensure_ascii=False))


def given_forms(
    session: Session, pipeline: Pipeline, chat_id: int, *, before: datetime | None = None
) -> list[FormValues] | None:
    """Initial forms for the first stage; ``None`` if there are none for this chat.

    Args:
        session: open session.
        pipeline: names the run that it starts from.
        chat_id: the chat.
        before: when the asking run was created; a younger run with the id of the one it started from is not that one.

    Raises:
        RunError: the run that it starts from was deleted.
    """
    if pipeline.base_run is None:
        return None
    created_at = session.execute(
        select(col(Run.created_at)).where(col(Run.id) == pipeline.base_run)
    ).scalar_one_or_none()
    if created_at is None or (before is not None and created_at > before):
        raise RunError("作为起点的抽取任务已经被删除", "请选另一个起点，新建一个抽取任务")
    statement = select(col(Extraction.forms)).where(
        col(Extraction.run_id) == pipeline.base_run, col(Extraction.chat_id) == chat_id
    )
    return session.execute(statement).scalar_one_or_none()


def require_base_forms(pipeline: Pipeline, given: list[FormValues] | None) -> list[FormValues]:
    """Initial forms of a pipeline; raises an error if they are missing.

    Raises:
        RunError: it starts from another run, and that one has no answer for the chat.
    """
    if pipeline.base_run is not None and given is None:
        raise RunError("作为起点的抽取任务没有这条群聊的结果", "请先让它抽取完成，再重试这一条")
    return given or []


def examples_for(store: Store, form: Form, pipeline: Pipeline, chat_id: int) -> Examples:
    """The example pool of a run: the records approved so far."""

    def similar(conversation: str) -> list[PickedExample]:
        return _pool(store, form).pick(conversation, pipeline.examples, chat_id=chat_id)

    return similar


def _pool(store: Store, form: Form) -> "ExamplePool":
    from core.services.extraction.pipeline.few_shot import ExamplePool, approved_records, records_state

    key = (store.url, form.reference)
    with _mutex:
        with store.read() as session:
            state = records_state(session, form)
            kept = _pools.get(key)
            if kept is None or kept[0] != state:
                kept = (state, ExamplePool(form, approved_records(session, form)))
                _pools[key] = kept
        return kept[1]


@lru_cache(maxsize=8)
def _prompt(source: str, file_name: str) -> Prompt:
    """The prompt as the run keeps it, whatever has become of the file; compiled once, not once per chat."""
    return parse_prompt(source, file_name)


@lru_cache(maxsize=8)
def _pipeline(kept: str) -> Pipeline:
    return Pipeline.from_dict(json.loads(kept))
