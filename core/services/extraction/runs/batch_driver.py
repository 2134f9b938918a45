"""Drives the batches of a run, step by step: each is written down before it is begun, and what came of it after.

So whoever goes on after a kill knows what may have happened, and looks at the service before anything that costs money
is done again. Of several processes one drives a run at a time (``batch_thread``); a step is taken only from the state
that it was read in.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.llm.batch_files import UNNAMED, OpenAIBatches, RemoteBatch
from core.adapters.store import CallBatchView, Store
from core.adapters.store.models import MOST_TRIES_TO_DELETE, CallBatch, CallBatchState, Run, RunStatus, now
from core.errors import Cause, ProviderError
from core.metrics import count_call
from core.services.extraction.runs import batch_store
from core.services.extraction.runs.batch_round import BatchRound
from core.services.extraction.runs.run_model import spec_of
from core.services.extraction.runs.store_patience import patiently

_log = logging.getLogger("shiyao.runs")
_MOST_DOUBLINGS = 30
"""Of a pause between two tries: more than any of them may be."""
_LONGEST_WAIT = 300.0
_REFUSALS = frozenset({Cause.CONFIG, Cause.AUTH, Cause.LICENCE, Cause.QUOTA, Cause.BAD_REQUEST, Cause.TOO_LONG})
"""Causes that say that nothing was done, and that waiting does not help."""
_NOT_DONE = _REFUSALS | {Cause.RATE, Cause.AUDIT}
_GONE = "404"
_KEY_REFUSED = frozenset({Cause.AUTH, Cause.LICENCE, Cause.CONFIG})
_SELDOM = 3600.0
"""Seconds between two tries to delete files that stay at a service again and again."""
_MOST_UNNAMED = 3
"""Answers to looks at a batch that do not say which one they are about, before somebody has to look."""
_MOST_COPIES = 3
"""Of one file that may lie at a service."""


@dataclass(frozen=True, slots=True)
class BatchPace:
    """How long the driver waits, in seconds, and how large a batch is.

    Attributes:
        poll: between two looks at a batch under way; later on longer, up to ``slow_poll``.
        slow_poll: see there.
        lost: since a step was begun whose answer was lost, before it is done again where the service has nothing of it.
        most_lines: requests of a batch; services take 50,000.
        most_bytes: of its file; services take 100 MB and more.
    """

    poll: float = 15.0
    slow_poll: float = 60.0
    lost: float = 120.0
    most_lines: int = 5_000
    most_bytes: int = 50_000_000


class BatchDriver:
    """Drives the batches of one run; cheap to make."""

    def __init__(
        self,
        store: Store,
        run_id: int,
        pace: BatchPace | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            store: open store.
            run_id: the run.
            pace: how long to wait.
            stopping: asked between two steps: whether the process ends.
        """
        self._store, self._run_id = store, run_id
        self._pace, self._stopping = pace or BatchPace(), stopping

    def advance(self) -> None:
        """Take every step that is due, of every open batch, and go on with the chats whose answers came.

        Raises:
            StoreUnavailableError: the database does not answer.
        """
        batches = self._service()
        if batches is None:
            return
        for batch in batch_store.open_batches(self._store, self._run_id):
            self._step(batch, batches)
        if self._stopping():
            return
        BatchRound(self._store, self._run_id, batches, self._pace, self._stopping).play()
        # What was put into a new batch is sent at once; what was fetched is forgotten once its chats have results.
        for batch in batch_store.open_batches(self._store, self._run_id):
            if batch.state in (CallBatchState.PREPARED, CallBatchState.FETCHED):
                self._step(batch, batches, close=True)

    def _service(self) -> OpenAIBatches | None:
        with self._store.read() as session:
            run = session.get(Run, self._run_id)
            return None if run is None else OpenAIBatches(spec_of(run))

    def _step(self, batch: CallBatchView, batches: OpenAIBatches, *, close: bool = False) -> None:
        """Steps of a batch, one after the other, as long as one leads to the next."""
        steps: dict[str, Callable[[CallBatchView, OpenAIBatches], bool]] = {
            CallBatchState.PREPARED: self._upload,
            CallBatchState.UPLOADING: self._find_upload,
            CallBatchState.UPLOADED: self._create,
            CallBatchState.CREATING: self._find_created,
            CallBatchState.CREATED: self._look,
            CallBatchState.ENDED: self._fetch,
        }
        if close:
            steps[CallBatchState.FETCHED] = self._close
        current: CallBatchView | None = batch
        while current is not None and current.state in steps and not self._stopping():
            if current.next_at is not None and current.next_at > now():
                return
            try:
                if not steps[current.state](current, batches):
                    return
            except ProviderError as error:
                self._fail(current, error)
                return
            current = self._read(batch.id)

    def _read(self, batch_id: int) -> CallBatchView | None:
        with self._store.read() as session:
            row = session.get(CallBatch, batch_id)
            return None if row is None else CallBatchView.from_row(row)

    def _status(self) -> str | None:
        with self._store.read() as session:
            return session.execute(select(col(Run.status)).where(col(Run.id) == self._run_id)).scalar_one_or_none()

    def _move(self, batch: CallBatchView, state: CallBatchState, **values: Any) -> bool:
        """Write down a step; what the service did meanwhile is worth waiting for the database."""
        done = {"tries": 0, "problem": "", "next_at": None} | values
        return patiently(lambda: batch_store.move_batch(self._store, batch, state=state, **done))

    def _begin(self, batch: CallBatchView, state: CallBatchState) -> CallBatchView | None:
        """Write down that a step begins, which the service may carry out whatever becomes of this process."""
        if not self._move(batch, state, tried_at=now(), tries=batch.tries):
            return None
        return self._read(batch.id)

    # Steps: each says whether the next one may follow at once.

    def _upload(self, batch: CallBatchView, batches: OpenAIBatches) -> bool:
        if self._status() != RunStatus.RUNNING:
            return self._withdraw(batch, batches)
        begun = self._begin(batch, CallBatchState.UPLOADING)
        if begun is None:
            return False
        try:
            file_id = batches.upload(_file_name(batch), batch_store.file_of(self._store, batch.id))
        except ProviderError as error:
            self._fail(begun, error, back_to=CallBatchState.PREPARED if error.cause in _NOT_DONE else None)
            return False
        if not self._move(begun, CallBatchState.UPLOADED, file_id=file_id):  # given up meanwhile
            self._forget(batches, file_id)
            return False
        return True

    def _find_upload(self, batch: CallBatchView, batches: OpenAIBatches) -> bool:
        try:
            file_id = batches.find_file(_file_name(batch))
        except ProviderError as error:
            if error.retryable:
                raise
            file_id = None  # a service that lists no files: a second copy costs nothing, and both are deleted
        if file_id is not None:
            return self._move(batch, CallBatchState.UPLOADED, file_id=file_id)
        if self._is_lost(batch):
            return self._move(batch, CallBatchState.PREPARED)
        return self._wait(batch, self._pace.poll)

    def _create(self, batch: CallBatchView, batches: OpenAIBatches) -> bool:
        if self._status() != RunStatus.RUNNING:
            return self._withdraw(batch, batches)
        begun = self._begin(batch, CallBatchState.CREATING)
        if begun is None:
            return False
        try:
            remote = batches.create(batch.file_id, batch.token)
        except ProviderError as error:
            self._fail(begun, error, back_to=CallBatchState.UPLOADED if error.cause in _NOT_DONE else None)
            return False
        return self._created(begun, remote)

    def _find_created(self, batch: CallBatchView, batches: OpenAIBatches) -> bool:
        was_told = batch.remote_status == batch_store.UNSURE
        try:
            remote = batches.find_batch(batch.file_id, batch.token)
        except ProviderError as error:
            if error.retryable:
                raise
            if was_told and self._status() == RunStatus.CANCELLED:  # who cancels does not wait for it any more
                return self._give_up(batch, batches)
            self._fail(batch, error, unsure=True)
            return False
        if remote is not None:
            return self._created(batch, remote)
        if was_told and self._status() == RunStatus.CANCELLED:
            return self._give_up(batch, batches)
        if was_told:
            return self._wait(batch, self._pace.slow_poll)  # somebody has to look
        if self._is_lost(batch):
            return self._move(batch, CallBatchState.UPLOADED)
        return self._wait(batch, self._pace.poll)

    def _created(self, batch: CallBatchView, remote: RemoteBatch) -> bool:
        return self._move(
            batch,
            CallBatchState.CREATED,
            remote_id=remote.id,
            remote_status=remote.status,
            submitted_at=batch.submitted_at or now(),
            expires_at=remote.expires_at,
            next_at=now() + timedelta(seconds=self._pace.poll),
        )

    def _look(self, batch: CallBatchView, batches: OpenAIBatches) -> bool:
        try:
            remote = batches.retrieve(batch.remote_id)
        except ProviderError as error:
            if error.code != _GONE:
                raise
            if not self._may_be_given_up(batch):
                return self._ask_about(batch)
            remote = RemoteBatch(batch.remote_id, "failed", problem="已经没有这个批量")
        overdue = remote.expires_at is not None and now() > remote.expires_at + timedelta(hours=1)
        stopped = self._status() == RunStatus.CANCELLED or overdue
        if stopped and not remote.ended and remote.status != "cancelling":
            remote = batches.cancel(batch.remote_id)
        values: dict[str, Any] = {
            "remote_status": remote.status,
            "completed": remote.completed,
            "failed": remote.failed,
            "expires_at": remote.expires_at,
        }
        if remote.ended:
            files = {"output_file": remote.output_file, "error_file": remote.error_file}
            moved = self._move(batch, CallBatchState.ENDED, ended_at=now(), **values, **files)
            if remote.status == "failed":
                self._stop_run(batch.id, f"服务方没有做这一批（{remote.problem or '没有说原因'}），请核对后再继续")
            return moved
        waited = (now() - (batch.submitted_at or now())).total_seconds()
        seconds = min(self._pace.slow_poll, max(self._pace.poll, waited / 20))
        problem = "" if remote.is_known else _unknown_status(remote.status)
        self._move(batch, CallBatchState.CREATED, next_at=now() + timedelta(seconds=seconds), problem=problem, **values)
        return False

    def _may_be_given_up(self, batch: CallBatchView) -> bool:
        """Whether a batch that the service does not know is done with: somebody was told, and goes on or cancels.

        It is paid for: a service that was moved, or another account's key, does not know it either.
        """
        return batch.remote_status == batch_store.GONE and self._status() != RunStatus.PAUSED

    def _ask_about(self, batch: CallBatchView) -> bool:
        """Pause the run until somebody has looked at a batch that the service does not know; look again meanwhile."""
        problem = (
            "服务方查不到这一批。地址或密钥改过的，改回去，答案会照常取回；"
            "确实没有了的，点「继续」，这些群聊会重新提交，再付一次。"
        )
        self._stop_run(batch.id, problem)
        next_at = now() + timedelta(seconds=self._pace.slow_poll)
        unknown = {"remote_status": batch_store.GONE, "problem": problem, "next_at": next_at}
        self._move(batch, CallBatchState.CREATED, **unknown)
        return False

    def _fetch(self, batch: CallBatchView, batches: OpenAIBatches) -> bool:
        for file_id in (batch.output_file, batch.error_file):
            if file_id and not self._settle(batch, batches, file_id):
                return self._ask_about(batch)
        with self._store.write() as session:
            batch_store.settle_rest(session, batch)
        return self._move(batch, CallBatchState.FETCHED, problem=batch.problem)

    def _settle(self, batch: CallBatchView, batches: OpenAIBatches, file_id: str) -> bool:
        """Store the results in a file; says whether the service knows the batch, if it has no such file."""
        try:
            for result in batch_store.settle_lines(self._store, batch.id, batches.results(file_id)):
                count_call(batches.provider, "answered", None, tokens=batches.tokens_of(result))
        except ProviderError as error:
            if error.code != _GONE:
                raise
            try:
                batches.retrieve(batch.remote_id)
            except ProviderError as unknown:
                if unknown.code == _GONE:
                    return False
                raise
            _log.warning("results of a batch are gone at the service: run %s: %s", self._run_id, error)
        return True

    def _close(self, batch: CallBatchView, batches: OpenAIBatches) -> bool:
        """Delete the files at the service: all that was in them is stored here. What stays is told, and tried again."""
        for file_id in (batch.file_id, batch.output_file, batch.error_file):
            if file_id:
                self._forget(batches, file_id)
        self._forget_copies(batch, batches)
        was_left = batch.problem.startswith(batch_store.FILES_LEFT)
        self._move(batch, CallBatchState.CLOSED, problem="" if was_left else batch.problem)
        return False

    def _forget_copies(self, batch: CallBatchView, batches: OpenAIBatches) -> None:
        """Delete what was uploaded by a step whose answer was lost: nobody has noted its id."""
        if batch.tried_at is None:  # nothing was
            return
        for _ in range(_MOST_COPIES):
            try:
                file_id = batches.find_file(_file_name(batch))
            except ProviderError as error:
                if error.retryable or (error.cause in _KEY_REFUSED and not batch.file_id):
                    raise
                return  # a service that lists no files; the key that could delete the known one is right
            if file_id is None:
                return
            self._forget(batches, file_id)

    def _forget(self, batches: OpenAIBatches, file_id: str) -> None:
        try:
            batches.forget(file_id)
        except ProviderError as error:
            if error.code != _GONE:  # else nothing is there any more
                raise

    def _withdraw(self, batch: CallBatchView, batches: OpenAIBatches) -> bool:
        """A batch that was not created waits while its run is paused, and is given up once it is cancelled."""
        return False if self._status() == RunStatus.PAUSED else self._give_up(batch, batches)

    def _give_up(self, batch: CallBatchView, batches: OpenAIBatches) -> bool:
        """Close a batch of which no service has anything to do, and delete its file."""
        problem = ""
        try:
            if batch.file_id:
                self._forget(batches, batch.file_id)
            self._forget_copies(batch, batches)
        except ProviderError as error:
            if error.retryable and batch.tries < MOST_TRIES_TO_DELETE:
                raise
            problem = _files_left(batch, error)
            _log.warning("file of a batch not deleted at the service: run %s: %s", self._run_id, error)
        batch_store.give_up(self._store, batch, problem=problem)
        return False

    def _is_lost(self, batch: CallBatchView) -> bool:
        return batch.tried_at is None or (now() - batch.tried_at).total_seconds() > self._pace.lost

    def _wait(self, batch: CallBatchView, seconds: float) -> bool:
        next_at = now() + timedelta(seconds=seconds)
        batch_store.move_batch(self._store, batch, next_at=next_at)
        return False

    def _fail(
        self, batch: CallBatchView, error: ProviderError, back_to: CallBatchState | None = None, *, unsure: bool = False
    ) -> None:
        """Note a failed step; what waiting does not help stops the run, which says why."""
        _log.warning("batch %s of run %s, %s: %s", batch.id, self._run_id, batch.state, error)
        tries = batch.tries + 1
        seconds = min(_LONGEST_WAIT, self._pace.poll * 2.0 ** min(tries - 1, _MOST_DOUBLINGS))
        values: dict[str, Any] = {"tries": tries, "next_at": now() + timedelta(seconds=seconds), "problem": str(error)}
        if batch.state == CallBatchState.FETCHED:  # its answers are here: nothing else waits for its files
            seldom = timedelta(seconds=_SELDOM if tries >= MOST_TRIES_TO_DELETE else seconds)
            values |= {"next_at": now() + seldom, "problem": _files_left(batch, error)}
            batch_store.move_batch(self._store, batch, state=batch.state, **values)
            return
        if unsure:
            problem = "上一次提交没有收到答复，服务方也列不出批量，不知道有没有提交成功"
            values |= {"remote_status": batch_store.UNSURE}
            values["problem"] = f"{problem}。请在服务方的控制台核对：没有的话点「继续」，会再提交一次。"
        batch_store.move_batch(self._store, batch, state=back_to or batch.state, **values)
        is_lost = error.code == UNNAMED and batch.state == CallBatchState.CREATED and tries >= _MOST_UNNAMED
        if unsure or is_lost or error.cause in _REFUSALS:
            self._stop_run(batch.id, values["problem"])

    def _stop_run(self, batch_id: int, problem: str) -> None:
        """Pause the run, with the reason on the batch: somebody has to look."""
        with self._store.write() as session:
            _pause(session, self._run_id)
            if (row := session.get(CallBatch, batch_id)) is not None:
                row.problem = problem


def _pause(session: Session, run_id: int) -> None:
    row = session.get(Run, run_id)
    if row is not None and row.status == RunStatus.RUNNING:
        row.status = RunStatus.PAUSED


def _unknown_status(status: str) -> str:
    told = f"「{status[:30]}」"
    return f"服务方说这一批的状态是{told}，不认识这个说法，先当作还在处理；请在服务方的控制台核对"


def _files_left(batch: CallBatchView, error: ProviderError) -> str:
    """What is told of files with chats that could not be deleted at the service, with the ways out."""
    why = error.message
    if error.cause in _KEY_REFUSED:
        way = "密钥改对以后会再删，最晚一小时后"
    else:
        way = "每小时会再删一次"
    return (
        f"{batch_store.FILES_LEFT}（{why}），里面有群聊。{way}；"
        f"也可以在服务方的控制台删除 {_file_name(batch)} 和它的结果文件"
    )


def _file_name(batch: CallBatchView) -> str:
    return f"shiyao-{batch.token}.jsonl"
