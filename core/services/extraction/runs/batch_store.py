"""Batches of runs as they are stored: which there are, putting questions into one, and what came of its lines."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from sqlalchemy import delete, func, or_, select, update
from sqlmodel import Session, col

from core.adapters.store import CallBatchView, Store
from core.adapters.store.call_batches import is_at_service
from core.adapters.store.models import (
    AT_SERVICE,
    CallBatch,
    CallBatchState,
    CallLine,
    CallLineState,
    Run,
    RunKind,
    RunStatus,
    now,
)
from core.domain.form import storable
from core.errors import RunError
from core.services.extraction.runs.scope import BatchWay, parameters_of

if TYPE_CHECKING:
    from core.adapters.llm import ModelRequest

OPEN = tuple(state for state in CallBatchState if state != CallBatchState.CLOSED)
WAITING = (CallBatchState.PREPARED, CallBatchState.UPLOADED)
"""States in which a batch of a run that stands still stays."""
_NOT_SENT = (CallBatchState.PREPARED, CallBatchState.UPLOADING, CallBatchState.UPLOADED)
"""States of batches that no service was asked to carry out."""
_AT_ONCE = 500
_MOST_LEVELS = 50
"""Of a result; an answer has six."""
UNSURE = "unsure"
"""Status of a batch of which the service does not say whether it was made."""
GONE = "gone"
"""Status of a batch that the service does not know any more."""
MISSING = "missing"
"""Code of lines that a finished batch says nothing about."""


class OpenQuestion(NamedTuple):
    """A question that a chat waits for, to be put into a batch.

    Attributes:
        chat_id: the chat.
        key: of the request, see :class:`~core.adapters.store.models.Reply`.
        request: what is asked.
        variant: which response format is asked for.
        attempts: of the extraction that is to be replaced; 0 for none.
        form: reference of the form that is asked for.
        examples: that were picked for the chat, see :class:`~core.adapters.store.models.CallLine`.
    """

    chat_id: int
    key: str
    request: "ModelRequest"
    variant: int
    attempts: int
    form: str
    examples: dict[str, Any]


FILES_LEFT = "服务方的文件没有删掉"
"""How the problem of a batch begins whose files with chats stay at the service."""
_ENDINGS = {"completed": "完成", "expired": "到时限没有答完", "cancelled": "取消了", "failed": "没有被接受"}


def batches_of(store: Store, run_id: int) -> list[CallBatchView]:
    """All batches of a run, in the order in which they were made."""
    with store.read() as session:
        return views_of(session, run_id)


def open_batches(store: Store, run_id: int) -> list[CallBatchView]:
    """Batches of a run with which something is still to be done."""
    with store.read() as session:
        return [view for view in views_of(session, run_id) if view.state != CallBatchState.CLOSED]


def batch_sentence(batch: CallBatchView) -> str:
    """How far a batch is, in Chinese, without a full stop."""
    left = f"{batch.total:,} 条"
    counts = f"已答 {batch.completed:,}" + (f"，失败 {batch.failed:,}" if batch.failed else "")
    until = f"，最迟 {batch.expires_at.astimezone():%m-%d %H:%M}" if batch.expires_at else ""
    texts: dict[str, str] = {
        CallBatchState.PREPARED: f"{left}，等待上传",
        CallBatchState.UPLOADING: f"{left}，正在上传",
        CallBatchState.UPLOADED: f"{left}，已上传，等待提交",
        CallBatchState.CREATING: f"{left}，正在提交",
        CallBatchState.CREATED: f"{left}，服务方正在处理，{counts}{until}",
        CallBatchState.ENDED: f"{left}，服务方做完了，正在取回",
        CallBatchState.FETCHED: f"{left}，取回了，正在删除服务方的文件",
        CallBatchState.CLOSED: f"{left}，{_ENDINGS.get(batch.remote_status, '没有提交')}，{counts}",
    }
    return f"第 {batch.id} 批：{texts[batch.state]}"


def views_of(session: Session, run_id: int) -> list[CallBatchView]:
    """The same, read inside a session."""
    statement = select(CallBatch).where(col(CallBatch.run_id) == run_id).order_by(col(CallBatch.id))
    return [CallBatchView.from_row(row) for row in session.execute(statement).scalars()]


def batch_runs(session: Session) -> list[int]:
    """Ids of runs with whose batches something is to be done, now or later; of stopped ones as long as any is open."""
    with_open = select(col(CallBatch.run_id)).where(col(CallBatch.state).in_(OPEN))
    statement = select(Run).where(
        col(Run.kind) == RunKind.MODEL,
        or_(col(Run.status) == RunStatus.RUNNING, col(Run.id).in_(with_open)),
    )
    open_ids = set(session.execute(with_open).scalars())
    rows = session.execute(statement.order_by(col(Run.id))).scalars()
    return [row.id or 0 for row in rows if row.id in open_ids or parameters_of(row).batch == BatchWay.FILES]


def require_none_at_service(session: Session, row: Run, what: str, *, files: bool = False) -> None:
    """Refuse something while a service has requests of a run: they are paid for, and their answers are to be stored.

    Args:
        session: open session.
        row: of the run.
        what: is refused, in Chinese.
        files: whether its files, which hold chats, may not lie there either.

    Raises:
        RunError: a service has some.
    """
    is_there = is_at_service() if files else col(CallBatch.state).in_(AT_SERVICE)
    if session.execute(select(func.count()).where(col(CallBatch.run_id) == row.id, is_there)).scalar_one():
        raise RunError(
            f"抽取任务「{row.name}」还有批量在服务方，现在不能{what}",
            "请等它结束，或先取消它，等服务方停下并收回结果",
        )


def resume_batches(session: Session, run_id: int) -> None:
    """Try again what did not go on: somebody started the run again, and so has seen why it stopped.

    A batch of which nobody knows whether the service has made it is made again: who starts the run has looked.
    """
    mine = col(CallBatch.run_id) == run_id
    unsure = (col(CallBatch.state) == CallBatchState.CREATING, col(CallBatch.remote_status) == UNSURE)
    session.execute(update(CallBatch).where(mine, *unsure).values(state=CallBatchState.UPLOADED, remote_status=""))
    session.execute(
        update(CallBatch).where(mine, col(CallBatch.state).in_(OPEN)).values(problem="", tries=0, next_at=None)
    )


def leave_batches(session: Session, row: Run, pending: Iterable[int], what: str) -> None:
    """Give up the batches of a run that no service has, so that its chats can be asked in another way.

    None of their requests was paid for; files that were uploaded are deleted at the service by who drives batches.

    Args:
        session: open for writing.
        row: of the run.
        pending: ids of chats without a result.
        what: is to be done, in Chinese.

    Raises:
        RunError: a service has some, or there are answers that were paid for and would be asked for again.
    """
    require_none_at_service(session, row, what)
    answered = select(col(CallLine.chat_id)).where(
        col(CallLine.run_id) == row.id, col(CallLine.state) == CallLineState.ANSWERED
    )
    if paid := set(session.execute(answered).scalars()) & set(pending):
        raise RunError(
            f"抽取任务「{row.name}」有 {len(paid):,} 条群聊已经由批量答过、还没有答完，现在不能{what}",
            "请按批量继续：换一种方式，已经付过费的要再付一次",
        )
    given_up = (
        update(CallBatch)
        .where(col(CallBatch.run_id) == row.id, col(CallBatch.state).in_(_NOT_SENT))
        .values(state=CallBatchState.FETCHED, remote_status="", problem="", tries=0, next_at=None)
        .returning(col(CallBatch.id))
    )
    ids = list(session.execute(given_up).scalars())
    session.execute(delete(CallLine).where(col(CallLine.batch_id).in_(ids)))
    forget_settled(session, row.id or 0, [])
    require_none_at_service(session, row, what)  # one that was sent while its row was waited for


def add_batch(store: Store, run_id: int, lines: Sequence[tuple[OpenQuestion, str, str, int]]) -> None:
    """Write down a batch before anything of it is sent.

    Args:
        store: open store.
        run_id: the run; nothing is written where it is not running as a batch any more.
        lines: ``(question, custom id, body, tokens)`` of each request.
    """
    with store.write() as session:
        run = session.get(Run, run_id, with_for_update=True)
        if run is None or run.status != RunStatus.RUNNING or parameters_of(run).batch != BatchWay.FILES:
            return
        batch = CallBatch(run_id=run_id, token=uuid4().hex, total=len(lines))
        session.add(batch)
        session.flush()
        session.add_all(
            CallLine(
                batch_id=batch.id or 0,
                run_id=run_id,
                chat_id=question.chat_id,
                custom_id=custom_id,
                key=question.key,
                variant=question.variant,
                attempts=question.attempts,
                form=question.form,
                body=body,
                tokens=tokens,
                examples=question.examples,
            )
            for question, custom_id, body, tokens in lines
        )


def file_of(store: Store, batch_id: int) -> bytes:
    """The requests of a batch as they are uploaded, one line each."""
    statement = select(col(CallLine.body)).where(col(CallLine.batch_id) == batch_id).order_by(col(CallLine.id))
    with store.read() as session:
        return "".join(f"{body}\n" for body in session.execute(statement).scalars()).encode()


def move_batch(store: Store, batch: CallBatchView, **values: Any) -> bool:
    """Write down a step of a batch, if it is still where it was.

    Args:
        store: open store.
        batch: as it was read.
        values: what changes.

    Returns:
        Whether it was: else somebody else is at it.
    """
    statement = update(CallBatch).where(col(CallBatch.id) == batch.id, col(CallBatch.state) == batch.state)
    with store.write() as session:
        return bool(session.connection().execute(statement.values(**values)).rowcount)


def settle_lines(
    store: Store, batch_id: int, results: Iterable[tuple[str, Mapping[str, Any]]]
) -> Iterator[Mapping[str, Any]]:
    """Store what came of lines, once each; those that the service was told to leave are unasked.

    Args:
        store: open store.
        batch_id: the batch; lines of others are not touched.
        results: ``(custom id, result)`` as the service gave them.

    Yields:
        Results with an answer that were not stored before.
    """
    chunk: list[tuple[str, Mapping[str, Any]]] = []
    for one in results:
        chunk.append(one)
        if len(chunk) >= _AT_ONCE:
            yield from _settle(store, batch_id, chunk)
            chunk = []
    if chunk:
        yield from _settle(store, batch_id, chunk)


def _settle(store: Store, batch_id: int, results: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Mapping[str, Any]]:
    answered = []
    with store.write() as session:
        for custom_id, result in results:
            statement = update(CallLine).where(
                col(CallLine.custom_id) == custom_id,
                col(CallLine.batch_id) == batch_id,
                col(CallLine.state) == CallLineState.SENT,
            )
            values = {"state": _state_of(result), "result": _kept(result), "body": ""}
            settled: Any = session.execute(statement.values(**values))
            if settled.rowcount and values["state"] == CallLineState.ANSWERED:
                answered.append(result)
    return answered


def _kept(result: Mapping[str, Any]) -> dict[str, Any]:
    """A result as it can be stored; of one that is nested too deeply that it was answered, for it was paid for."""
    inside: list[Any] = [result]
    for _ in range(_MOST_LEVELS):
        parts = (part.values() if isinstance(part, Mapping) else part for part in inside)
        inside = [one for part in parts for one in part if isinstance(one, Mapping | list)]
    if inside:
        from core.adapters.llm.batch_files import status_of

        return {"response": {"status_code": status_of(result), "body": None}, "error": None}
    kept: dict[str, Any] = storable(dict(result))
    return kept


def _state_of(result: Mapping[str, Any]) -> CallLineState:
    from core.adapters.llm.batch_files import CANCELLED, status_of  # who only looks how far a run is waits for neither

    error = result.get("error")
    if status_of(result) == 200:
        return CallLineState.ANSWERED
    if isinstance(error, Mapping) and error.get("code") == CANCELLED:
        return CallLineState.UNASKED
    return CallLineState.FAILED


def settle_rest(session: Session, batch: CallBatchView) -> None:
    """Settle the lines that a batch that ended says nothing about."""
    from core.adapters.llm.batch_files import EXPIRED  # likewise

    code = {"expired": EXPIRED, "completed": MISSING}.get(batch.remote_status)
    statement = update(CallLine).where(col(CallLine.batch_id) == batch.id, col(CallLine.state) == CallLineState.SENT)
    if code is None:
        session.execute(statement.values(state=CallLineState.UNASKED, body=""))
    else:
        result = {"response": None, "error": {"code": code, "message": ""}}
        session.execute(statement.values(state=CallLineState.FAILED, result=result, body=""))


def give_up(store: Store, batch: CallBatchView, *, problem: str = "") -> None:
    """Close a batch that was never created: none of its requests was asked, and none was paid for.

    Args:
        store: open store.
        batch: as it was read.
        problem: what is told of files that stay at the service; ``""``: none does.
    """
    with store.write() as session:
        moved = update(CallBatch).where(col(CallBatch.id) == batch.id, col(CallBatch.state) == batch.state)
        closed = {"state": CallBatchState.CLOSED, "ended_at": now()} | ({"problem": problem} if problem else {})
        if session.connection().execute(moved.values(**closed)).rowcount:
            session.execute(delete(CallLine).where(col(CallLine.batch_id) == batch.id))


def forget_settled(session: Session, run_id: int, pending: Iterable[int]) -> None:
    """Delete lines of chats that have their result: questions and answers stand with it."""
    held = select(col(CallLine.chat_id)).where(col(CallLine.run_id) == run_id).distinct()
    settled = sorted(set(session.execute(held).scalars()) - set(pending))
    for start in range(0, len(settled), _AT_ONCE):
        session.execute(
            delete(CallLine).where(
                col(CallLine.run_id) == run_id,
                col(CallLine.chat_id).in_(settled[start : start + _AT_ONCE]),
                col(CallLine.state) != CallLineState.SENT,
            )
        )


def next_moment(batches: Iterable[CallBatchView]) -> datetime | None:
    """When something is to be tried next; ``None`` where something can be at once, or nothing is to be."""
    moments = [batch.next_at for batch in batches]
    known = [moment for moment in moments if moment is not None]
    return min(known) if known and len(known) == len(moments) else None
