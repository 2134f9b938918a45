"""The ledger: what left the house, when, made of what. Entries are never changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import Dataset, Export, TrainingSet
from core.services.export.export_result import ExportResult


@dataclass(frozen=True, slots=True)
class ExportLogEntry:
    """One earlier export, without its provenance (which can be long).

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


def log_export(
    session: Session,
    report: ExportResult,
    *,
    dataset_id: int,
    parameters: dict[str, Any],
    provenance: list[dict[str, Any]],
) -> None:
    """Enter a file; call inside the transaction in which it is published."""
    session.add(
        Export(
            dataset_id=dataset_id,
            kind=report.kind,
            filename=report.out.name,
            parameters=parameters,
            counts={**report.counts, "bytes": report.size},
            sha256=report.sha256,
            provenance=provenance,
        )
    )
    session.flush()


def log_training_set(
    session: Session,
    report: ExportResult,
    *,
    name: str,
    who: str,
    data_format: str,
    parameters: dict[str, Any],
    provenance: list[dict[str, Any]],
) -> int:
    """Enter a training set; call inside the transaction in which it is published. Returns its number."""
    row = TrainingSet(
        name=name,
        format=data_format,
        who=who,
        parameters=parameters,
        counts={**report.counts, "bytes": report.size},
        files=dict(report.files),
        sha256=report.sha256,
        provenance=provenance,
    )
    session.add(row)
    session.flush()
    return row.id or 0


def export_log_entries(store: Store, limit: int = 50) -> list[ExportLogEntry]:
    """The newest exports and training sets, newest first."""
    with store.read() as session:
        found = _exports(session, limit) + _training_sets(session, limit)
    return sorted(found, key=lambda entry: entry.created_at, reverse=True)[:limit]


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
