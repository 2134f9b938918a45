"""The export log: which files and training sets were exported, when, and of what. Entries are never changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import Dataset, Export, TrainingSet
from core.domain.permissions import Permission
from core.services.export.atomic_file import PendingFile
from core.services.export.export_result import ExportResult
from core.services.team import AuditKind, permitted, record_audit


@dataclass(frozen=True, slots=True)
class ExportLogEntry:
    """An earlier export, without its provenance (which can be long).

    Attributes:
        id: number in its own table; exports and training sets count separately.
        kind: as in :class:`ExportResult`.
        name: file name, or name of the training set.
        dataset: names of the datasets it was made of; ``""`` where they are gone.
        parameters: all choices that made it.
        counts: how many of what.
        sha256: of the file.
        created_at: aware, UTC.
    """

    id: int
    kind: str
    name: str
    dataset: str
    parameters: dict[str, Any]
    counts: dict[str, Any]
    sha256: str
    created_at: datetime


def publish_export(
    store: Store,
    file: PendingFile,
    result: ExportResult,
    *,
    dataset_id: int,
    parameters: dict[str, Any],
    provenance: list[dict[str, Any]],
) -> None:
    """Log an exported file and move it into place.

    The file is moved before the transaction ends: what dies in between leaves a file that is not logged, never an entry
    without its file.

    Args:
        store: the open store.
        file: the finished, checked file.
        result: what it holds.
        dataset_id: the dataset that it was made of.
        parameters: all choices that made it.
        provenance: one entry per answer.

    Raises:
        OSError: the file cannot be moved; nothing is logged then.
    """
    with store.write() as session:
        form = session.execute(select(col(Dataset.form)).where(col(Dataset.id) == dataset_id)).scalar_one_or_none()
        session.add(
            Export(
                dataset_id=dataset_id,
                kind=result.kind,
                filename=result.out.name,
                parameters={**parameters, "form": form},
                counts={**result.counts, "bytes": result.size},
                sha256=result.sha256,
                provenance=provenance,
            )
        )
        record_audit(session, AuditKind.EXPORT, result.out.name, _in_words(result))
        session.flush()
        file.publish()


def log_training_set(
    session: Session,
    result: ExportResult,
    *,
    name: str,
    who: str,
    data_format: str,
    parameters: dict[str, Any],
    provenance: list[dict[str, Any]],
) -> int:
    """Log a training set and return its number; call inside the transaction in which it is published."""
    row = TrainingSet(
        name=name,
        format=data_format,
        who=who,
        parameters=parameters,
        counts={**result.counts, "bytes": result.size},
        files=dict(result.files),
        sha256=result.sha256,
        provenance=provenance,
    )
    session.add(row)
    record_audit(session, AuditKind.EXPORT, name, _in_words(result))
    session.flush()
    return row.id or 0


def _in_words(result: ExportResult) -> str:
    masked = f"，已遮盖 {'、'.join(result.masked)}" if result.masked else ""
    return f"{result.kind}，{result.size:,} 字节{masked}"


@permitted(Permission.EXPORT)
def log_shown_table(store: Store, name: str, rows: int) -> None:
    """Put the download of a table that a page shows into the audit log; such tables are no exports of their own.

    Args:
        store: the open store.
        name: of the file.
        rows: how many it has.
    """
    with store.write() as session:
        record_audit(session, AuditKind.EXPORT, name, f"页面上的表格，{rows:,} 行")


def export_log_entries(store: Store, limit: int = 50) -> list[ExportLogEntry]:
    """The newest exports and training sets, newest first."""
    with store.read() as session:
        entries = _exports(session, limit) + _training_sets(session, limit)
    return sorted(entries, key=lambda entry: entry.created_at, reverse=True)[:limit]


def _exports(session: Session, limit: int) -> list[ExportLogEntry]:
    rows = session.execute(
        select(
            col(Export.id),
            col(Export.kind),
            col(Export.filename),
            col(Dataset.name),
            col(Export.parameters),
            col(Export.counts),
            col(Export.sha256),
            col(Export.created_at),
        )
        .outerjoin(Dataset, col(Dataset.id) == col(Export.dataset_id))
        .order_by(col(Export.id).desc())
        .limit(limit)
    )
    return [
        ExportLogEntry(number or 0, kind, name, dataset or "", parameters, counts, sha256, at)
        for number, kind, name, dataset, parameters, counts, sha256, at in rows
    ]


def _training_sets(session: Session, limit: int) -> list[ExportLogEntry]:
    rows = session.execute(
        select(
            col(TrainingSet.id),
            col(TrainingSet.name),
            col(TrainingSet.parameters),
            col(TrainingSet.counts),
            col(TrainingSet.sha256),
            col(TrainingSet.created_at),
        )
        .order_by(col(TrainingSet.id).desc())
        .limit(limit)
    )
    return [
        ExportLogEntry(number or 0, "training", name, "、".join(parameters["datasets"]), parameters, counts, sha256, at)
        for number, name, parameters, counts, sha256, at in rows
    ]
