"""Shared by the routes: the store, the caller, datasets and runs by their number, and pages."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request

from core.adapters.store import DatasetView, RunView, Store, queries
from core.api.guard import holder_of
from core.services.team import TokenHolder

LARGEST_NUMBER = 2**63 - 1
"""Greater numbers are none of a row: databases refuse them."""


def _opened(request: Request) -> Store:
    store: Store = request.app.state.store()
    return store


def _caller(request: Request) -> TokenHolder:
    return holder_of(request)


StoreOf = Annotated[Store, Depends(_opened)]
"""The open store of this process."""
Caller = Annotated[TokenHolder, Depends(_caller)]
"""Who calls."""
DatasetId = Annotated[int, Path(ge=1, le=LARGEST_NUMBER, description="数据集的编号")]
RunId = Annotated[int, Path(ge=1, le=LARGEST_NUMBER, description="抽取任务的编号")]
After = Annotated[int, Query(ge=0, le=2**31 - 1, description="从这条群聊之后开始；上一页的 next_after")]


def dataset_numbered(store: Store, dataset_id: int) -> DatasetView:
    """A dataset by its number.

    Raises:
        NotFoundError: there is none.
    """
    with store.read() as session:
        return queries.dataset(session, dataset_id)


def run_numbered(store: Store, run_id: int, dataset_id: int | None = None) -> RunView:
    """A run by its number, in a dataset where one is given.

    Raises:
        NotFoundError: there is none.
    """
    with store.read() as session:
        return queries.run(session, run_id, dataset_id)
