"""Progress of a run: counts, pace, time left, latest results, failures by cause. Reads only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from core.adapters.store import ExtractionView, RunView, Store, queries
from core.adapters.store.models import Chat, Dataset, Extraction, ExtractionStatus, Reply, Run, RunKind, RunStatus, now
from core.errors import Cause, NotFoundError
from core.services.extraction.runs.scope import BatchWay, RunParameters, awaiting_retry
from core.services.team import withheld

_WINDOW = timedelta(seconds=60)
_WITHHELD_PROMPT = "（提示词里的示例来自您正在盲审的群聊，确认之后才能看）"

CAUSES: dict[str, str] = {
    Cause.CONFIG: "缺少密钥或地址",
    Cause.AUTH: "密钥被拒绝",
    Cause.LICENCE: "没有这个模型的授权，或已到期",
    Cause.QUOTA: "余额或用量不足",
    Cause.RATE: "调用过于频繁",
    Cause.AUDIT: "没有通过内容审核",
    Cause.TOO_LONG: "超过模型的长度限制",
    Cause.BAD_REQUEST: "模型服务不接受请求",
    Cause.TIMEOUT: "超时",
    Cause.NETWORK: "网络连接失败",
    Cause.CUT_OFF: "回答不完整",
    Cause.SERVER: "模型服务出错",
    Cause.SETUP: "抽取任务的提示词、表单或流程有问题",
    Cause.STALE_MODEL: "学习模型不能再用",
    Cause.UNKNOWN: "其他错误",
    "": "回答无法解析成表单",
}
"""Texts shown for a failure's cause; the empty cause is a reply that could not be parsed."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Speed of a run.

    Attributes:
        per_minute: chats settled per minute over the last minute (or since the run's last start, if that is shorter).
        seconds_left: estimate for what is pending; ``None`` where nothing was settled lately.
    """

    per_minute: float
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class Failure:
    """Failures with one cause.

    Attributes:
        cause: :class:`core.errors.Cause` or ``""`` for answers that could not be read.
        title: the cause for the analyst.
        chats: index of each, as they came.
    """

    cause: str
    title: str
    chats: tuple[int, ...]


_STATUS_NAMES = {
    RunStatus.WAITING: "未开始",
    RunStatus.RUNNING: "进行中",
    RunStatus.PAUSED: "已暂停",
    RunStatus.CANCELLED: "已取消",
    RunStatus.FINISHED: "已完成",
}
"""What people call the state of a run."""


def progress(store: Store, run_id: int) -> RunView:
    """A run and its counts; failures waiting for a retry count as pending.

    Raises:
        NotFoundError: no such run.
    """
    with store.read() as session:
        view = queries.run(session, run_id)
        if view.kind != RunKind.MODEL or not view.failed:
            return view
        row = session.get(Run, run_id)
        if row is None:
            raise NotFoundError("这个抽取任务已不存在", "请刷新页面")
        return view.model_copy(update={"failed": view.failed - len(awaiting_retry(session, row))})


def state_name(run: RunView) -> str:
    """What people call the state of a run; one that is done and has failures is not called done."""
    if not has_ended(run):
        return _STATUS_NAMES[RunStatus(run.status)]
    return "有失败" if run.failed else _STATUS_NAMES[RunStatus.FINISHED]


def has_ended(run: RunView) -> bool:
    """Whether nothing of a run is left to ask: finished, or stopped when its last calls were under way."""
    stopped = run.status in (RunStatus.PAUSED, RunStatus.CANCELLED)
    return run.status == RunStatus.FINISHED or (stopped and run.total > 0 and not run.pending)


def under_way(store: Store, runs: Sequence[RunView]) -> int:
    """Number of chats of stopped runs whose calls may still be under way; their answers are stored as they come.

    Workers hold more chats than are asked at a time: those that stand ready are given back without a call.
    """
    stopped = [run for run in runs if run.status in (RunStatus.PAUSED, RunStatus.CANCELLED)]
    if not stopped:
        return 0
    from core.services.extraction.runs.places import placed_counts

    with store.read() as session:
        held = placed_counts(session)
    return sum(
        min(held[run.id], RunParameters.model_validate(run.parameters or {}).concurrency)
        for run in stopped
        if run.id in held
    )


def state_sentence(store: Store, run: RunView) -> str:
    """The state of a model's run, and whether anybody is at it; ``""`` for other runs."""
    if run.kind != RunKind.MODEL:
        return ""
    named = state_name(run)
    if calls := under_way(store, [run]):
        return f"{named}，还有 {calls:,} 条群聊的回答没有回来，回来了照样存下"
    if run.status != RunStatus.RUNNING or not run.pending or run.parameters.get("batch") == BatchWay.FILES:
        return named
    from core.services.extraction.runs.activity import run_activity  # its locks and lanes take their time to import

    workers = run_activity(store).workers
    return f"{named}，有 {workers:,} 个程序在执行" if workers else f"{named}，但没有程序在执行：打开页面，或执行 worker"


def model_runs(store: Store, dataset_id: int) -> list[RunView]:
    """A dataset's runs of kind *model*, newest first, each as from :func:`progress`."""
    return [run for run in listed_runs(store, dataset_id) if run.kind == RunKind.MODEL]


def listed_runs(store: Store, dataset_id: int) -> list[RunView]:
    """All runs of a dataset but its labels, newest first, each as from :func:`progress`."""
    with store.read() as session:
        runs = [run for run in queries.runs(session, dataset_id) if run.kind != RunKind.LABELS]
        retried = {run.id: len(awaiting_retry(session, session.get_one(Run, run.id))) for run in runs if run.failed}
    return [run.model_copy(update={"failed": run.failed - retried.get(run.id, 0)}) for run in runs]


def pace(store: Store, run: RunView) -> Pace:
    """Speed of a run, from the results stored in the last minute."""
    moment = now()
    since = moment - _WINDOW
    with store.read() as session:
        count, first = session.execute(
            select(func.count(), func.min(col(Extraction.created_at))).where(
                col(Extraction.run_id) == run.id,
                # All of them, which leads through the index that has the moments too.
                col(Extraction.status).in_(tuple(ExtractionStatus)),
                col(Extraction.created_at) >= since,
            )
        ).one()
    if count < 2 or first is None:
        return Pace(0.0, None)
    seconds = max(1.0, (moment - first).total_seconds())
    # The first one ends the first interval: n settled chats are n - 1 intervals after it.
    per_second = (count - 1) / seconds
    return Pace(per_second * 60, run.pending / per_second if per_second else None)


def failures(store: Store, run_id: int) -> list[Failure]:
    """A run's failures grouped by cause, most frequent first; those waiting for a retry are omitted."""
    groups: dict[str, list[int]] = {}
    with store.read() as session:
        row = session.get(Run, run_id)
        if row is None:
            return []
        waiting = awaiting_retry(session, row)
        statement = (
            select(col(Extraction.chat_id), col(Chat.index), col(Extraction.cause))
            .join(Chat, col(Chat.id) == col(Extraction.chat_id))
            .where(col(Extraction.run_id) == run_id, col(Extraction.status) == ExtractionStatus.FAILED)
            .order_by(col(Extraction.id))
        )
        for chat_id, index, cause in session.execute(statement):
            if chat_id not in waiting:
                groups.setdefault(cause, []).append(index)
    grouped = [
        Failure(cause, CAUSES.get(cause, CAUSES[Cause.UNKNOWN]), tuple(chats)) for cause, chats in groups.items()
    ]
    return sorted(grouped, key=lambda failure: -len(failure.chats))


def extraction(store: Store, run_id: int, index: int) -> ExtractionView | None:
    """A run's extraction of one chat, with every reply; ``None`` if there is none yet."""
    with store.read() as session:
        chat_id = session.execute(
            select(col(Chat.id))
            .join(Run, col(Run.dataset_id) == col(Chat.dataset_id))
            .where(col(Run.id) == run_id, col(Chat.index) == index)
        ).scalar_one_or_none()
        if chat_id is None:
            return None
        return next(iter(_without_withheld_examples(session, queries.extractions(session, run_id, [chat_id]))), None)


def some_extractions(store: Store, run_id: int, indices: Sequence[int]) -> list[ExtractionView]:
    """A run's extractions of some chats (few), in the given order."""
    with store.read() as session:
        dataset_id = session.execute(select(col(Run.dataset_id)).where(col(Run.id) == run_id)).scalar_one_or_none()
        if dataset_id is None:
            return []
        statement = select(col(Chat.id)).where(col(Chat.dataset_id) == dataset_id, col(Chat.index).in_(list(indices)))
        extractions = queries.extractions(session, run_id, list(session.execute(statement).scalars()))
        by_index = {one.index: one for one in _without_withheld_examples(session, extractions)}
    return [by_index[index] for index in indices if index in by_index]


def latest(store: Store, run_id: int, limit: int = 12) -> list[ExtractionView]:
    """The extractions that a run stored last, newest first."""
    with store.read() as session:
        order = col(Extraction.created_at).desc(), col(Extraction.id).desc()
        # The index has their moments; rows with all that was said are sorted only where they are shown.
        newest = select(col(Extraction.id)).where(col(Extraction.run_id) == run_id).order_by(*order).limit(limit)
        statement = (
            select(Extraction, col(Chat.index))
            .join(Chat, col(Chat.id) == col(Extraction.chat_id))
            .where(col(Extraction.id).in_(newest))
            .order_by(*order)
        )
        views = (ExtractionView.from_row(row, index=index) for row, index in session.execute(statement))
        return _without_withheld_examples(session, views)


def _without_withheld_examples(session: Session, extractions: Iterable[ExtractionView]) -> list[ExtractionView]:
    """Extractions as who reads may see them: no prompt that shows the record of a chat that they review blind.

    Whose records the other prompts show is remembered.
    """
    shown = list(extractions)
    if shown_labels := {str(label) for one in shown for reply in one.replies for label in reply.get("examples", ())}:
        from core.services.extraction.pipeline.few_shot import remember_examples_shown  # imports much

        remember_examples_shown(session, shown_labels)
    hidden = withheld(session).chats
    if not hidden:
        return shown
    from core.services.extraction.pipeline.few_shot import example_label  # imports much, and few withhold anything

    places = select(col(Dataset.name), col(Chat.index)).join(Dataset, col(Dataset.id) == col(Chat.dataset_id))
    labels = tuple(
        example_label(name, index) for name, index in session.execute(places.where(col(Chat.id).in_(hidden)))
    )
    return [
        one.model_copy(update={"replies": [_without_examples(reply, labels) for reply in one.replies]}) for one in shown
    ]


def _without_examples(reply: dict[str, Any], labels: tuple[str, ...]) -> dict[str, Any]:
    if not any(str(example).startswith(labels) for example in reply.get("examples", ())):
        return reply
    words = {key: _WITHHELD_PROMPT for key in ("system", "user") if reply.get(key)}
    notes = [note for note in reply.get("notes", ()) if not any(label in note for label in labels)]
    return reply | words | {"notes": notes}


def chats_out_of_scope(store: Store, run_id: int) -> int:
    """Number of the dataset's chats outside a run's scope: imported later, or excluded at its start."""
    with store.read() as session:
        row = session.get(Run, run_id)
        if row is None:
            return 0
        return queries.dataset(session, row.dataset_id).chats - row.total


def reused(store: Store, run_id: int) -> int:
    """Number of a run's calls that were answered from earlier replies; they cost nothing."""
    with store.read() as session:
        statement = (
            select(func.count())
            .select_from(Reply)
            .join(Extraction, col(Extraction.id) == col(Reply.extraction_id))
            .where(col(Extraction.run_id) == run_id, col(Reply.reused))
        )
        return int(session.execute(statement).scalar_one())
