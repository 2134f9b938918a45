"""Parameters of a run, and the chats in its scope that have no answer yet. Reads only, inside a session."""

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import bindparam, func, select
from sqlmodel import Session, col

from core.adapters.store import queries
from core.adapters.store.models import Chat, Extraction, ExtractionStatus, Run
from core.errors import RunError

DEFAULT_DEADLINE = 120.0
_SETTLED = select(func.count()).where(col(Extraction.run_id) == bindparam("run_id"))


class BatchWay(StrEnum):
    """How a run's calls go as a batch."""

    FILES = "files"  # as files of requests (OpenAI's Batch API)
    ADDRESS = "address"  # as calls to another address, which answers late


class RunParameters(BaseModel):
    """The content of ``Run.parameters`` for a run of kind *model*.

    Attributes:
        request: goes to the model as it is (``temperature``, ``max_tokens``, ``patch_id`` …); part of what the
            run *is*.
        entry: the model's entry as it was when the run was last started (:meth:`core.adapters.llm.ModelSpec.as_dict`).
        pipeline: the stages with the text of every prompt (``Pipeline.as_dict``); ``None`` for one
            question with the run's own prompt.
        deadline: seconds for one call.
        concurrency: calls at a time for this run's model.
        per_minute: calls started per minute at most for this run's model; ``None`` for no limit.
        chats: indices in the run's scope; ``None`` for all chats of the dataset.
        newest_chat: id of the dataset's last chat when the scope was settled; those that come later are none of the
            run's until it is started or extended again. ``None`` where that was not noted.
        fresh: ask anew even where an identical request was answered before.
        budget: yuan that the run may cost; it is paused once that much is spent; ``None`` for no limit.
        chat_yuan: yuan that one chat was estimated to cost when a budget was set or the run was started.
        tokens_estimated: whether the service left out how many tokens some call took, so that they are estimates.
        batch: see :class:`BatchWay`; ``""`` for calls that are answered at once.
        batch_failures: what is done about lines of a batch that failed in a way that may pass: ``batch`` puts them into
            the next one, ``live`` asks about their chats once all batches are there.
        live: ids of chats that wait for that.
        retry: ``{chat id: attempts}`` of failures that are to be asked again; an entry holds as long as the failed
            extraction has that number of attempts, so a retry that fails again does not start over by itself.
    """

    model_config = ConfigDict(extra="ignore")

    request: dict[str, Any] = Field(default_factory=dict)
    entry: dict[str, Any] | None = None
    pipeline: dict[str, Any] | None = None
    deadline: float = Field(default=DEFAULT_DEADLINE, gt=0)
    concurrency: int = Field(default=1, ge=1, le=256)
    per_minute: int | None = Field(default=None, ge=1)
    chats: list[int] | None = None
    newest_chat: int | None = None
    fresh: bool = False
    budget: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    chat_yuan: float | None = None
    tokens_estimated: bool = False
    batch: BatchWay | Literal[""] = ""
    batch_failures: Literal["batch", "live"] = "batch"
    live: list[int] = Field(default_factory=list)
    retry: dict[int, int] = Field(default_factory=dict)


def parameters_of(row: Run) -> RunParameters:
    """The parameters of a run."""
    return RunParameters.model_validate(row.parameters or {})


def scope(session: Session, row: Run) -> dict[int, int]:
    """``{index: chat id}`` of the chats in the run's scope, in order."""
    every = queries.chat_ids(session, row.dataset_id)
    parameters = parameters_of(row)
    if (newest := parameters.newest_chat) is not None:
        every = {index: chat_id for index, chat_id in every.items() if chat_id <= newest}
    indices = parameters.chats
    return every if indices is None else {index: every[index] for index in indices if index in every}


def settle_scope(session: Session, row: Run) -> None:
    """Count the chats of a run that is created, started or extended; the calls for them are what was ordered."""
    parameters = parameters_of(row)
    newest = select(func.max(col(Chat.id))).where(col(Chat.dataset_id) == row.dataset_id)
    parameters.newest_chat = int(session.execute(newest).scalar_one() or 0)
    row.parameters = parameters.model_dump(mode="json")
    row.total = len(scope(session, row))


def awaiting_retry(session: Session, row: Run) -> set[int]:
    """Ids of failed chats that wait for a retry."""
    retry = parameters_of(row).retry
    if not retry:
        return set()
    failed = session.execute(
        select(col(Extraction.chat_id), col(Extraction.attempts)).where(
            col(Extraction.run_id) == row.id, col(Extraction.status) == ExtractionStatus.FAILED
        )
    )
    return {chat_id for chat_id, attempts in failed if retry.get(chat_id) == attempts}


def require_one_choice(limit: int | None, chat_indices: object) -> None:
    """Refuse a number of chats beside a list of them: one would be left out without a word.

    Raises:
        RunError: both are given.
    """
    if limit is not None and chat_indices is not None:
        raise RunError("「前几条」和「哪几条」只能写一个", "请去掉其中一个")


def missing(session: Session, row: Run) -> list[int]:
    """Ids of chats in scope that have no answer and no final failure, in order of the index."""
    have = set(session.execute(select(col(Extraction.chat_id)).where(col(Extraction.run_id) == row.id)).scalars())
    have -= awaiting_retry(session, row)
    return [chat_id for chat_id in scope(session, row).values() if chat_id not in have]


def pending(session: Session, row: Run) -> int:
    """Number of missing chats, by counting alone: cheap enough to call several times a second."""
    settled: int = session.execute(_SETTLED, {"run_id": row.id}).scalar_one()
    return max(0, row.total - settled + len(awaiting_retry(session, row)))
