"""Interface between the scheduler and an engine, so that another way of executing chats can be used."""

from collections.abc import Mapping
from typing import Protocol

from core.services.extraction.runs.places import PlacedChat


class Engine(Protocol):
    """Executes chats of running runs, up to a number of concurrent chats per model.

    The scheduler says how many; which chats, in which order and in whose threads is the engine's own affair. Every
    engine keeps the promises of ``docs/runs.md``: nobody else executes a chat meanwhile, the numbers hold over all
    workers of a store, and a result and the end of its place are stored in one transaction.
    """

    @property
    def active(self) -> frozenset[PlacedChat]:
        """Chats being executed in this process."""
        ...

    def ensure(self, chat_limits: Mapping[str, int]) -> None:
        """Bring the number of executed chats per model up to its limit; called repeatedly, returns at once.

        Args:
            chat_limits: ``{model: chats at a time over all workers}`` of every model with pending chats that this
                process has the keys for. A model that is not named begins nothing new; what is under way goes on.

        Raises:
            StoreUnavailableError: the database does not answer; the scheduler calls again.
        """
        ...

    def stop(self, patience: float) -> None:
        """Start nothing new, and wait until running chats are stored.

        Args:
            patience: seconds to wait at most; what is under way then is left to itself.
        """
        ...
