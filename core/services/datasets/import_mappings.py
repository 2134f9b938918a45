"""Columns of a table kept under a name, and offered for the next file with the same header."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from core.adapters.store import Store
from core.adapters.store.models import ImportMapping
from core.domain.permissions import Permission
from core.domain.stored_names import NAME_RULE, is_usable_name, stored_name
from core.errors import InputError
from core.services.datasets.import_types import BY_NAME, ColumnError, ImportReport, TableColumns
from core.services.datasets.message_columns import plain_column
from core.services.team import permitted

_NAME_LENGTH = 100
_PARTS = {part.name: type(part.default) for part in fields(TableColumns)}
_OF_ONE_FILE = {"sheet": "", "encoding": "", "format": ""}


def mapping_named(store: Store, name: str) -> TableColumns | None:
    """The columns kept under a name; ``None`` where there is none."""
    with store.read() as session:
        stored = session.get(ImportMapping, stored_name(name))
        return None if stored is None else _columns(stored.columns)


def mapping_for(store: Store, names: Sequence[str]) -> tuple[str, TableColumns] | None:
    """The mapping that was kept last for a table with this header, in any order of its columns."""
    if not any(names):
        return None
    with store.read() as session:
        statement = (
            select(ImportMapping)
            .where(col(ImportMapping.shape) == _shape(names))
            .order_by(col(ImportMapping.created_at).desc())
            .limit(1)
        )
        stored: ImportMapping | None = session.execute(statement).scalar_one_or_none()
        return None if stored is None else (stored.name, _columns(stored.columns))


@permitted(Permission.IMPORT)
def save_mapping(store: Store, name: str, names: Sequence[str], columns: TableColumns) -> None:
    """Keep columns under a name; what was kept under it before is replaced.

    Raises:
        InputError: no usable name, or a file without columns.
    """
    name = stored_name(name)
    if not is_usable_name(name, _NAME_LENGTH):
        raise InputError(f"列的对应的名称不能用（1 到 {_NAME_LENGTH} 字，{NAME_RULE}）", "请换一个名称")
    if not any(names):
        raise InputError("这个文件没有列，没有可以存下的对应", "列的对应只用于表格和一条一条的消息")
    with store.write() as session:
        session.merge(ImportMapping(name=name, shape=_shape(names), columns=asdict(columns) | _OF_ONE_FILE))


def mapped_columns(store: Store, name: str, chosen: TableColumns) -> TableColumns:
    """The columns kept under a name (``""``: none), with those that were pointed at in their place."""
    kept = mapping_named(store, name) if name else None
    return chosen if kept is None else replace(kept, **_set_parts(chosen))


def keep_used_mapping(store: Store, name: str, chosen: TableColumns, report: ImportReport) -> tuple[str, ...]:
    """Keep what an import went by under a name, unless it is there already and nothing else was pointed at.

    Returns:
        What was done, Chinese sentences.
    """
    kept = mapping_named(store, name)
    if kept is not None and chosen == BY_NAME:
        return (f"列的对应取自已存的「{name.strip()}」",)
    used = {part: column for part, column in report.reading.columns.items() if part in _PARTS}
    columns = _columns({**(asdict(kept) if kept else {}), **used, **_set_parts(chosen)})
    save_mapping(store, name, report.reading.names, columns)
    return (f"列的对应存为「{name.strip()}」，下次可以用 --mapping 取用",)


def mapping_offer(store: Store, chosen: TableColumns, report: ImportReport) -> tuple[str, ...]:
    """A sentence that offers the mapping kept for a file of this shape, where nothing was pointed at."""
    kept = mapping_for(store, report.reading.names) if chosen == BY_NAME else None
    return () if kept is None else (f"这个文件的列与已存的对应「{kept[0]}」相同，可以用 --mapping 取用",)


@contextmanager
def offering_mapping(store: Store) -> Iterator[None]:
    """Names the mapping kept for a file of this shape, where its columns are not recognised.

    Raises:
        ColumnError: the one raised within, with the name in its remedy.
    """
    try:
        yield
    except ColumnError as error:
        if (kept := mapping_for(store, error.columns)) is None:
            raise
        remedy = f"{error.remedy}；这个文件的列与已存的对应「{kept[0]}」相同，可以用 --mapping 取用"
        raise ColumnError(error.message, remedy, error.columns) from error


def _set_parts(columns: TableColumns) -> dict[str, Any]:
    return {part: value for part, value in asdict(columns).items() if value}


def _columns(stored: dict[str, Any]) -> TableColumns:
    """Columns as they were stored; parts of other versions of the program are passed over."""
    return TableColumns(**{part: stored[part] for part, kind in _PARTS.items() if isinstance(stored.get(part), kind)})


def _shape(names: Sequence[str]) -> str:
    return sha256("\n".join(sorted(plain_column(name) for name in names if name)).encode()).hexdigest()
