"""Two reviewers at ordinary, delta and blind desks: whatever happens in whatever order, nothing is lost or mixed up."""

import os
import shutil
from collections.abc import Iterator

import pytest

from core.adapters.store import Store
from tests.services.review.workbench.desk_histories import Desks, play

HISTORIES = int(os.environ.get("SHIYAO_DESK_HISTORIES", "10"))
"""A few, for the time that they take; ``SHIYAO_DESK_HISTORIES=2000`` looks longer, ``SHIYAO_DESK_SEED`` elsewhere."""
SEED = int(os.environ.get("SHIYAO_DESK_SEED", "0"))
NODE = shutil.which("node")


@pytest.fixture
def desks() -> Iterator[Desks]:
    if NODE is None:
        pytest.skip("node is not installed: the browsers' side cannot be played")
    running = Desks(NODE)
    yield running
    running.close()


def test_histories_of_two_reviewers_lose_and_mix_nothing(store: Store, desks: Desks) -> None:
    wrong, settled = [], 0
    for number in range(HISTORIES):
        history = play(store, desks, number, seed=SEED)
        settled += history.settled
        if history.differences:
            wrong.append("\n".join([*history.differences, *history.steps]))
    assert not wrong, f"{len(wrong)} of {HISTORIES} histories; the first one:\n{wrong[0]}"
    assert settled >= HISTORIES // 10, "hardly anybody saved what a conflict proposed: the histories look past that"
