"""A name means the same row however its accents are written; older databases may hold either spelling, or both."""

import pytest

from core.adapters.store import Store, queries
from core.adapters.store.models import Dataset, Run, RunKind
from core.adapters.store.named_rows import run_named
from core.errors import NotFoundError

COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"


def add(store: Store, *names: str) -> list[int]:
    with store.write() as session:
        datasets = [Dataset(name=name, form="role_elements", sha256="") for name in names]
        session.add_all(datasets)
        session.flush()
        first = datasets[0].id or 0
        session.add_all(Run(dataset_id=first, name=name, kind=RunKind.IMPORT) for name in names)
        return [dataset.id or 0 for dataset in datasets]


@pytest.mark.both_databases
@pytest.mark.parametrize("stored", [COMPOSED, DECOMPOSED])
def test_what_is_stored_is_found_as_it_was_stored_and_composed(store: Store, stored: str) -> None:
    (number,) = add(store, stored)
    with store.read() as session:
        assert queries.dataset(session, stored).id == queries.dataset(session, number).id == number
        assert queries.run(session, stored, number).name == stored
        row = run_named(session, number, DECOMPOSED)
        assert row is not None and row.name == stored
        assert run_named(session, number, "cafe") is None
        with pytest.raises(NotFoundError):
            queries.dataset(session, "cafe")


def test_of_two_spellings_the_typed_one_is_meant(store: Store) -> None:
    numbers = add(store, COMPOSED, DECOMPOSED)
    with store.read() as session:
        for number, name in zip(numbers, (COMPOSED, DECOMPOSED), strict=True):
            assert queries.dataset(session, name).id == number
            assert queries.run(session, name).name == name
