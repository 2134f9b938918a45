"""Waits for a database that is away for a moment while a run goes on."""

from collections.abc import Callable
from typing import TypeVar

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_exponential

from core.errors import StoreDamagedError, StoreUnavailableError

STORE_SECONDS = 60.0
"""Seconds for which the database is waited for: one that restarts is back within the minute."""

_LONGEST_WAIT = 1.0  # whoever ends the program right after an outage ends what still waits
_T = TypeVar("_T")


def is_away(error: BaseException) -> bool:
    """Whether an error says that the database is away and may come back; a damaged one does not."""
    return isinstance(error, StoreUnavailableError) and not isinstance(error, StoreDamagedError)


def patiently(use_store: Callable[[], _T]) -> _T:
    """Use the store; while it is away, try again for :data:`STORE_SECONDS`.

    Args:
        use_store: one transaction, or several that may all be repeated.

    Raises:
        StoreUnavailableError: it did not come back, or is damaged.
    """
    patience = Retrying(
        retry=retry_if_exception(is_away),
        wait=wait_exponential(multiplier=0.5, max=_LONGEST_WAIT),
        stop=stop_after_delay(STORE_SECONDS),
        reraise=True,
    )
    return patience(use_store)
