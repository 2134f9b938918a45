"""Version keys of stored data: a cached score is valid as long as the versions it was computed from."""

from collections.abc import Hashable

from sqlalchemy import func, select
from sqlmodel import Session, col

from core.adapters.store import DatasetView, RunView, queries
from core.adapters.store.kept_reads import read_value_once
from core.adapters.store.last_edit import last_edit
from core.adapters.store.models import Chat, Pass, Record, RecordStatus
from core.services.team import withheld


def run_version(run: RunView) -> Hashable:
    """Version of a run's answers: changes when one is added, replaced or edited.

    What edits them where they stand: :func:`core.adapters.store.last_edit.last_edit`.
    """
    return run.id, run.created_at, run.newest, run.done, run.failed, run.outdated, run.form_change, run.edited


def records_version(session: Session, dataset_id: int, review_pass: str | None = None) -> Hashable:
    """Version of a dataset's records: changes with every save; covers all passes unless one is named.

    What is withheld from who reads is part of it: what they are shown is not what others are.
    """
    hidden = withheld(session).chats
    key: Hashable = (dataset_id, review_pass, hidden)

    def read() -> tuple[Hashable, ...]:
        statement = select(
            func.count(), func.coalesce(func.sum(col(Record.version)), 0), func.max(col(Record.updated_at))
        ).where(col(Record.dataset_id) == dataset_id)
        if review_pass is not None:
            statement = statement.where(col(Record.review_pass) == review_pass)
        return tuple(session.execute(statement).one())

    return *read_value_once(session, "version of records", key, read), hidden, last_edit(session)


def chats_version(session: Session, dataset: DatasetView) -> Hashable:
    """Version of a dataset's chats: changes when chats are added, deleted or edited."""

    def read() -> int:
        newest = select(func.max(col(Chat.id))).where(col(Chat.dataset_id) == dataset.id)
        return int(session.execute(newest).scalar_one() or 0)

    newest_id = read_value_once(session, "newest chat", dataset.id, read)
    return dataset.id, dataset.created_at, dataset.chats, newest_id, last_edit(session)


def reference_version(session: Session, dataset: DatasetView, against: str) -> Hashable:
    """Changes whenever what runs are measured against does; see :func:`core.services.quality.scores.reference`."""
    if against == "records":
        confirmed = select(func.count()).where(
            col(Record.dataset_id) == dataset.id,
            col(Record.status) == RecordStatus.CONFIRMED,
            col(Record.review_pass).in_((Pass.PRIMARY, Pass.ADJUDICATED)),
        )
        return "records", records_version(session, dataset.id), session.execute(confirmed).scalar_one()
    if against == "blind":
        return "blind", records_version(session, dataset.id)
    if against == "labels":
        labels = queries.labels_run(session, dataset.id)
        return "labels", run_version(labels) if labels else None
    _, _, name = against.partition(":")
    return "run", run_version(queries.run(session, name, dataset.id)) if name else against
