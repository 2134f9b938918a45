"""Counts the calls of a run that earlier replies would answer, by a dry run without a model."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlmodel import col

from core.adapters.llm import ModelReply, ModelRequest, ModelSpec, Provider, connect, is_remote
from core.adapters.store import Store
from core.adapters.store.models import Chat, Extraction, Reply, Run
from core.domain.chat import UnparsedChat
from core.domain.form import Form
from core.errors import ShiyaoError
from core.services.extraction.pipeline import Pipeline, run_pipeline
from core.services.extraction.pipeline.outcome import AnswerAwaited
from core.services.extraction.runs.cached_provider import CachedProvider
from core.services.extraction.runs.pipeline_loading import examples_for, given_forms, require_base_forms

MOST_CHATS = 400
"""Largest number of chats for which replies are counted: it takes some milliseconds per chat."""


class _AbsentProvider:
    """A provider that answers nothing, in place of another; no call is counted of it."""

    def __init__(self, other: Provider) -> None:
        self.name, self.default_url = other.name, other.default_url

    def ready(self) -> str:
        return ""

    def complete(self, request: ModelRequest) -> ModelReply:
        raise AnswerAwaited


def reusable_replies(
    store: Store, spec: ModelSpec, form: Form, pipeline: Pipeline, chats: Mapping[int, int]
) -> dict[int, int]:
    """Number of already answered calls per chat.

    A stage that follows on an unknown answer counts as new, so this is never too high.

    Args:
        store: open store.
        spec: the model with the run's parameters.
        form: what is filled.
        pipeline: the stages.
        chats: ``{index: chat id}`` to look at.

    Returns:
        ``{index: calls}``; chats without any are left out.
    """
    if not is_remote(spec.provider) or len(chats) > MOST_CHATS or not _has_answered(store, spec):
        return {}
    answered: dict[int, int] = {}
    absent = _AbsentProvider(connect(spec))
    for index, chat_id in chats.items():
        provider = CachedProvider(store, spec, absent)
        try:
            with store.read() as session:
                chat = session.get(Chat, chat_id)
                given = given_forms(session, pipeline, chat_id)
                text = chat.text if chat is not None else ""
            run_pipeline(
                form=form,
                chat=UnparsedChat(text),
                pipeline=pipeline,
                provider=provider,
                model=spec.api_name,
                parameters=spec.request(),
                attempts=1,
                context_tokens=spec.context_tokens,
                max_output_tokens=spec.max_output_tokens,
                replace_personal=spec.replace_personal,
                base=require_base_forms(pipeline, given),
                examples=examples_for(store, form, pipeline, chat_id),
            )
        except AnswerAwaited:
            pass  # as far as the answers reach
        except ShiyaoError:
            continue  # it would fail before the first call
        if provider.answered_calls:
            answered[index] = len(provider.answered_calls)
    return answered


def _has_answered(store: Store, spec: ModelSpec) -> bool:
    """Whether this provider has answered anything at all: most runs are of a new model, and need not be played."""
    statement = (
        select(col(Reply.key))
        .join(Extraction, col(Extraction.id) == col(Reply.extraction_id))
        .join(Run, col(Run.id) == col(Extraction.run_id))
        .where(col(Run.provider) == spec.provider)
        .limit(1)
    )
    with store.read() as session:
        return session.execute(statement).first() is not None
