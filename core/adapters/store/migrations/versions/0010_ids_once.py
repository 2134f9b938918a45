"""Ids of deleted rows are never given again: SQLite's tables get AUTOINCREMENT. Picks name their reference by its id.

PostgreSQL's sequences never give a number again, so only the picks change there. On SQLite the tables are built anew
and keep rows, keys, indices and triggers. New ids go on above the highest one that was ever given, as far as the
database remembers it: in origins of values, events, base runs, picks, reused replies and provenance.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TABLES = ("dataset", "chat", "run", "extraction", "record", "batch", "trainingset")
_IDS_IN_JSON = (
    ("record", "customers"),
    ("recordevent", "change"),
    ("run", "parameters"),
    ("extraction", "replies"),
    ("trainingset", "provenance"),
    ("export", "provenance"),
)
_MENTIONED = re.compile(r'(?:"run:|"(?:base_run_id|base_run|run_id|run|chat|record)": ?)(\d{1,12})\b')
_RUN_KEYS = frozenset(("base_run_id", "base_run", "run_id"))
_ORIGIN = re.compile(r"run:(\d{1,12})")
_LARGEST = 10**9


def upgrade() -> None:
    """Apply."""
    connection = op.get_bind()
    _name_references_by_id(connection)
    if connection.dialect.name != "sqlite":
        return
    highest = _highest_known(connection)
    # They may name a table that is away for a moment, which SQLite refuses while another one is renamed.
    others = list(connection.execute(sa.text("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")))
    for kind, name, _ in others:
        if kind in ("trigger", "view"):
            op.execute(f'DROP {kind.upper()} "{name}"')
    for table in _TABLES:
        with op.batch_alter_table(table, recreate="always", table_kwargs={"sqlite_autoincrement": True}):
            pass
    for wanted_kind in ("index", "view", "trigger"):
        there = set(connection.execute(sa.text("SELECT name FROM sqlite_master")).scalars())
        for kind, name, sql in others:
            if kind == wanted_kind and name not in there:
                connection.exec_driver_sql(sql)
    for table, number in highest.items():
        _go_on_above(connection, table, number)


def downgrade() -> None:
    """Take back: nothing, for older versions of the program use the tables as they are."""


def _go_on_above(connection: sa.Connection, table: str, number: int) -> None:
    parameters = {"table": table, "number": number}
    changed = connection.execute(
        sa.text("UPDATE sqlite_sequence SET seq = max(seq, :number) WHERE name = :table"), parameters
    )
    if not changed.rowcount:
        connection.execute(sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :number)"), parameters)


def _name_references_by_id(connection: sa.Connection) -> None:
    """Picks beside ``labels`` or ``run:NAME`` name that run's id; those of runs that are gone go as well."""
    runs = list(
        connection.execute(
            sa.text("SELECT id, dataset_id, name, kind, created_at FROM run ORDER BY id").columns(
                created_at=sa.DateTime(timezone=True)
            )
        )
    )
    by_id = {run.id: run for run in runs}
    picks = sa.text("SELECT id, dataset_id, selection, at FROM pick").columns(at=sa.DateTime(timezone=True))
    for pick in list(connection.execute(picks)):
        *numbers, against = pick.selection.split("|")
        reference = ""
        named = [by_id.get(int(number)) for number in numbers if number.isdecimal()]
        if against == "labels" or against.startswith("run:"):
            kind, _, name = against.partition(":")
            own = [run for run in runs if run.dataset_id == pick.dataset_id]
            named.append(next((run for run in own if (run.name == name if name else run.kind == "labels")), None))
            reference = f"{kind}:{named[-1].id}" if named[-1] is not None else ""
        if any(run is None or run.created_at > pick.at for run in named):
            connection.execute(sa.text("DELETE FROM pick WHERE id = :id"), {"id": pick.id})
        elif reference:
            parameters = {"id": pick.id, "selection": "|".join((*numbers, reference))}
            connection.execute(sa.text("UPDATE pick SET selection = :selection WHERE id = :id"), parameters)


def _highest_known(connection: sa.Connection) -> Counter[str]:
    """``{table: highest id that anything still names}``, the rows themselves included."""
    highest: Counter[str] = Counter()
    for table in _TABLES:
        highest[table] = connection.execute(sa.text(f'SELECT coalesce(max(id), 0) FROM "{table}"')).scalar_one()
    for selection in connection.execute(sa.text("SELECT selection FROM pick")).scalars():
        for number in re.findall(r"(?:^|[|:])(\d{1,12})(?=$|\|)", selection):
            _note(highest, "run", int(number))
    for table, column in _IDS_IN_JSON:
        for stored in connection.execute(sa.text(f'SELECT "{column}" FROM "{table}"')).scalars():
            # Reading JSON takes long: only where a number stands that could be news.
            mentioned = max((int(number) for number in _MENTIONED.findall(stored or "")), default=0)
            if mentioned > min(highest["run"], highest["chat"], highest["record"]):
                for name, number in _ids_in(json.loads(stored)):
                    _note(highest, name, number)
    return highest


def _ids_in(value: Any) -> Iterator[tuple[str, int]]:
    """``(table, id)`` of all that a stored JSON value names."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name in _RUN_KEYS and isinstance(item, int):
                yield "run", item
            elif name == "origin" and isinstance(item, dict):
                yield from (("run", int(n)) for origin in item.values() for n in _ORIGIN.findall(str(origin)))
            elif name == "reused" and isinstance(item, dict):
                yield from ((table, int(item[table])) for table in ("run", "chat") if isinstance(item.get(table), int))
            elif name == "record" and isinstance(item, int):
                yield "record", item
            elif name not in ("values", "raw", "user", "system"):
                yield from _ids_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from _ids_in(item)


def _note(highest: Counter[str], table: str, number: int) -> None:
    if number < _LARGEST:
        highest[table] = max(highest[table], number)
