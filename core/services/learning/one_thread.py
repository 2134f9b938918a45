"""Keeps linear algebra on one thread: several would wait for each other, and sums come out the same everywhere."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import ThreadpoolController

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


def on_one_thread(function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
    """Let a function do its linear algebra on one thread, whatever the process is set to."""

    @wraps(function)
    def limited(*arguments: _Parameters.args, **options: _Parameters.kwargs) -> _Result:
        with _libraries().limit(limits=1):
            return function(*arguments, **options)

    return limited


@lru_cache(maxsize=1)
def _libraries() -> ThreadpoolController:
    """The libraries that compute on several threads; looked for once all of them are loaded."""
    import scipy.linalg  # noqa: F401
    import sklearn.ensemble
    import sklearn.linear_model  # noqa: F401

    return ThreadpoolController()
