"""Trains a model from approvals in the background: after 5, 10 and 20 of them, then after every 10 % more.

A job is a row; who wants to do it has to make the row, so that two processes never train for the same approvals. It is
done by a process of its own, which leaves the server its processor, and which may be killed at any moment: nothing of
a model is stored before it is complete, and a job without a living process is done again.
"""

import logging
import math
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from core.adapters.store import Store, TrainingJobView, queries
from core.adapters.store.models import Dataset, LearnedModel, Record, TrainingJob, TrainingJobStatus, now
from core.domain.form import Form, load_named_form
from core.errors import NotFoundError, ShiyaoError
from core.services.jobs.claims import is_gone, this_process
from core.services.jobs.own_process import give_way, start_own_process
from core.settings import settings

FIRST_AT: Final = (5, 10, 20)
"""Approvals after which a model is trained; afterwards after every :data:`GROWTH`."""
GROWTH: Final = 1.1
LOST_AFTER: Final = timedelta(minutes=10)
"""A job on another machine without a sign of life for so long is done again."""
_LOOK_SECONDS: Final = 10.0
QUIET: Final = timedelta(seconds=20)
"""Nothing is trained before nobody has approved anything for so long."""
_BEAT_SECONDS: Final = 1.0
_FOLDS: Final = 5
_FEWEST: Final = 6
"""Fewest common chats by which two models are compared with an interval."""

_log = logging.getLogger("shiyao.learning")


def model_name(form: Form) -> str:
    """Name of the model that is trained by itself for a form: each version of a form in the database has its own."""
    # Titles are not unique; a name in the database is.
    version = f"（{form.name}）第 {form.version} 版" if form.reference != form.name else ""
    return f"学自审阅·{form.title[:60]}{version}"


def next_training(approvals: int) -> int:
    """Number of approvals at which the next model is trained, after one that was trained at ``approvals``."""
    return next((at for at in FIRST_AT if at > approvals), max(approvals + 1, math.ceil(approvals * GROWTH)))


def approvals_of(session: Session, form_name: str) -> int:
    """Number of chats of a form that people approved."""
    statement = (
        select(func.count())
        .select_from(Record)
        .join(Dataset, col(Dataset.id) == col(Record.dataset_id))
        .where(col(Dataset.form) == form_name, queries.is_final(), ~queries.is_passed())
    )
    return int(session.execute(statement).scalar_one())


def approvals_by_dataset(session: Session) -> dict[int, int]:
    """Number of chats that people approved, by dataset; those without one are omitted."""
    statement = (
        select(col(Record.dataset_id), func.count())
        .where(queries.is_final(), ~queries.is_passed())
        .group_by(col(Record.dataset_id))
    )
    return {int(dataset_id): int(count) for dataset_id, count in session.execute(statement)}


def newest_job(session: Session, form_name: str) -> TrainingJobView | None:
    """The newest training job of a form, or ``None``."""
    of_form = select(TrainingJob).where(col(TrainingJob.form) == form_name)
    statement = of_form.order_by(col(TrainingJob.id).desc()).limit(1)
    row = session.execute(statement).scalar_one_or_none()
    return TrainingJobView.from_row(row) if row else None


def claim_job(store: Store, form_name: str) -> int | None:
    """Make the job that is due, or take over one whose process is gone; ``None`` where there is nothing to do.

    Args:
        store: open store.
        form_name: of the form.
    """
    with store.read() as session:  # an idle server writes nothing
        if not _is_due(session, form_name):
            return None
    try:
        with store.write() as session:
            if not _is_due(session, form_name):
                return None
            job = newest_job(session, form_name)
            if job is not None and job.status == TrainingJobStatus.RUNNING:
                row = _job(session, job.id)
                row.worker, row.seen_at, row.done = this_process(), now(), 0
                return job.id
            made = TrainingJob(
                form=form_name, approvals=approvals_of(session, form_name), worker=this_process(), seen_at=now()
            )
            session.add(made)
            session.flush()
            return made.id
    except IntegrityError:  # somebody else has just made the same one
        return None


def _is_due(session: Session, form_name: str) -> bool:
    job = newest_job(session, form_name)
    if job is not None and job.status == TrainingJobStatus.RUNNING:
        return is_lost(job)
    return approvals_of(session, form_name) >= next_training(job.approvals if job else 0)


def is_lost(job: TrainingJobView) -> bool:
    """Whether the process that trains is gone: dead on this machine, or silent for too long on another one."""
    return is_gone(job.worker, job.seen_at, LOST_AFTER)


def run_job(store: Store, job_id: int) -> None:
    """Train for a job that this process has claimed, and say how it ended; never raises what a person can understand.

    Raises:
        NotFoundError: no such job.
    """
    with store.write() as session:
        row = _job(session, job_id)
        row.worker, row.seen_at = this_process(), now()
        form = row.form
    try:
        status, problem = _train(store, form, _Progress(store, job_id))
    except ShiyaoError as error:
        status, problem = TrainingJobStatus.FAILED, str(error)
    with store.write() as session:
        row = _job(session, job_id)
        row.status, row.problem, row.stage, row.seen_at = status, problem, "", now()


def _job(session: Session, job_id: int) -> TrainingJob:
    row = session.get(TrainingJob, job_id)
    if row is None:
        raise NotFoundError("这次训练已不存在", "请刷新页面")
    return row


class _Progress:
    """Writes how far a job is, once a second at most."""

    def __init__(self, store: Store, job_id: int) -> None:
        self._store, self._job_id, self._written = store, job_id, 0.0

    def stage(self, title: str, total: int) -> Callable[[int], None]:
        """Begin a stage; the callback is told how much of it is done."""

        def seen(done: int) -> None:
            if done in (0, total) or time.monotonic() - self._written > _BEAT_SECONDS:
                self._beat(title, done, total)

        seen(0)
        return seen

    def _beat(self, title: str, done: int, total: int) -> None:
        self._written = time.monotonic()
        with self._store.write() as session:
            row = _job(session, self._job_id)
            row.stage, row.done, row.total, row.seen_at = title, done, total, now()


def _train(store: Store, form_name: str, progress: _Progress) -> tuple[TrainingJobStatus, str]:
    # Only the process that trains: every server looks for approvals from its start.
    from core.services.learning.corpus import read_corpus
    from core.services.learning.evaluation import evaluate
    from core.services.learning.models import evaluation_of, examples_of, put_into_use

    name = model_name(load_named_form(form_name))
    with store.read() as session:
        names = [view.name for view in queries.datasets(session) if view.form == form_name]
        corpus = read_corpus(session, names, "records")
    examples = examples_of(corpus, seen=progress.stage("读取群聊", len(corpus.approved)))
    validated = progress.stage("交叉验证", _FOLDS)
    result = evaluate(
        corpus.form, examples, folds=_FOLDS, repeats=1, sizes=(), seen=lambda done, total: validated(done)
    )
    kept = evaluation_of(corpus, result)
    if reason := _reason_against(store, name, kept):
        return TrainingJobStatus.KEPT_OLD, reason
    put_into_use(store, corpus, name=name, who="", evaluation=kept)
    return TrainingJobStatus.DONE, ""


def _reason_against(store: Store, name: str, kept: dict[str, object]) -> str:
    """Why the model in use stays: the new one was worse on the chats that both were judged on; ``""`` if it goes."""
    from core.services.learning.evaluation import FOLDS_VERSION

    with store.read() as session:
        statement = select(col(LearnedModel.evaluation)).where(col(LearnedModel.name) == name)
        before = session.execute(statement.order_by(col(LearnedModel.id).desc()).limit(1)).scalar_one_or_none() or {}
    points = before.get("points") if before.get("folds") == FOLDS_VERSION else None
    return worse_than(points or {}, kept["points"])  # type: ignore[arg-type]


def worse_than(before: dict[str, float], after: dict[str, float]) -> str:
    """Why a new model is worse than the one in use; ``""`` where it is not.

    Args:
        before: cross-validated points of the model in use, by text.
        after: of the new one.
    """
    import numpy as np

    from core.domain.scoring import mean_intervals

    common = sorted(before.keys() & after.keys())
    if len(common) < _FEWEST:
        return ""
    differences = np.array([[after[one] - before[one]] for one in common])
    [interval] = mean_intervals(differences)
    if interval.high >= 0:
        return ""
    return f"新模型在共同的 {len(common):,} 条群聊上低 {-float(differences.mean()):.2f} 分，继续用原来的"


class LearningWatch:
    """A thread of the server that trains whenever enough was approved, in a quiet moment."""

    def __init__(
        self, store: Callable[[], Store | None], *, look_seconds: float = _LOOK_SECONDS, quiet: timedelta = QUIET
    ) -> None:
        """Prepare.

        Args:
            store: gives the open store; ``None`` while nobody has had it opened.
            look_seconds: how often to look for approvals.
            quiet: how long nobody must have approved anything: who reviews comes first.
        """
        self._store, self._look_seconds, self._quiet = store, look_seconds, quiet
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="shiyao-learning", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking; a training under way is given up and done again by the next server."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(self._look_seconds):
            try:
                store = self._store()
                for form in forms_to_learn(store, self._quiet) if store else ():
                    if store and (job := claim_job(store, form)) is not None:
                        train_in_process(store, job, stopped=self._stopping)
            except Exception:
                # Reviewing goes on without; the next look tries again.
                _log.warning("learning from approvals stopped", exc_info=True)


def forms_to_learn(store: Store, quiet: timedelta) -> list[str]:
    """Forms with approvals, none of which is younger than ``quiet``."""
    statement = (
        select(col(Dataset.form), func.max(col(Record.updated_at)))
        .join(Record, col(Record.dataset_id) == col(Dataset.id))
        .where(queries.is_final(), ~queries.is_passed())
        .group_by(col(Dataset.form))
    )
    with store.read() as session:
        rows = session.execute(statement).all()
    return [form for form, newest in rows if newest is None or now() - newest >= quiet]


def train_in_process(store: Store, job_id: int, *, stopped: Event | None = None) -> int:
    """Train for a claimed job in a process of its own, and wait for it.

    Args:
        store: open store.
        job_id: the job.
        stopped: when set, the process is ended; its job is done again later.

    Returns:
        The exit code of the process: 0, or that of what ended it.
    """
    with start_own_process(store, "core.services.learning.background", str(job_id), one_thread=True) as process:
        while process.poll() is None:
            if stopped is not None and stopped.wait(0.2):
                process.kill()
            elif stopped is None:
                process.wait()
        return process.returncode


def _main(job_id: int) -> None:
    from core.adapters.store import open_store

    give_way()
    run_job(open_store(settings().database_url), job_id)


if __name__ == "__main__":
    _main(int(sys.argv[1]))
