"""Lanes: permissions to have one call to a model under way, over all workers as many as the model's limit.

On SQLite one process executes runs, so it has them all. On PostgreSQL each is a job of Procrastinate, see
:mod:`core.services.extraction.runs.shared_lanes`.
"""

import secrets
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from sqlalchemy import delete
from sqlmodel import col

from core.adapters.store import Store
from core.adapters.store.models import Place

Bound = Callable[[str, int, int], int]
"""Told ``(model, lanes for new chats, lanes that are held)``, says how many of these are still needed."""


class Lanes(Protocol):
    """The lanes that this process holds.

    Attributes:
        holder: what it is called in the places that it takes.
        others: whether other processes may hold lanes of the same models.
        yielding: models whose lanes others wait for until a call ends here.
    """

    holder: int
    others: bool
    yielding: frozenset[str]

    def update(self, limits: Mapping[str, int], lacking: Collection[str], bound: Bound) -> bool:
        """Take lanes that are free and wanted, give back those that are not; called several times a second.

        Args:
            limits: ``{model: lanes over all workers}`` of models with pending chats.
            lacking: models of which some chats have nobody.
            bound: told the new number of each model; lanes that it still needs are held on to.

        Returns:
            Whether to call again at once: there may be more to take.

        Raises:
            StoreUnavailableError: the database does not answer.
        """
        ...

    def keep(self) -> None:
        """Show that this process is alive, while it stops."""
        ...

    def leave(self) -> None:
        """Give back all lanes and places."""
        ...


class OwnLanes:
    """All lanes of all models: no other process executes runs."""

    others = False
    yielding: frozenset[str] = frozenset()

    def __init__(self, store: Store) -> None:
        """Prepare; nothing is written yet.

        Args:
            store: on SQLite; the caller holds its executor lock.
        """
        self._store = store
        self.holder = secrets.randbits(62)
        self._held: dict[str, int] | None = None

    def update(self, limits: Mapping[str, int], lacking: Collection[str], bound: Bound) -> bool:
        """Hold as many lanes as the limits say.

        Args:
            limits: ``{model: lanes}``.
            lacking: not looked at.
            bound: told the numbers.
        """
        if self._held is None:
            with self._store.write() as session:
                session.execute(delete(Place))  # of a process that was killed: nobody else may hold the lock now
            self._held = {}
        for model in limits.keys() | self._held.keys():
            limit = limits.get(model, 0)
            self._held[model] = max(limit, bound(model, limit, self._held.get(model, 0)))
        return False

    def keep(self) -> None:
        """Nobody asks: the lock says it."""

    def leave(self) -> None:
        """Give back the places of calls that nobody waited for."""
        with self._store.write() as session:
            session.execute(delete(Place).where(col(Place.holder) == self.holder))
