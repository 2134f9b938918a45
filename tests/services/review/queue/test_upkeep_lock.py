"""One process at a time brings a dataset up to date, and its lock is in no folder that others can write to."""

from pathlib import Path

import pytest

from core.adapters.store import Store, open_store
from core.services.review.queue.upkeep_lock import only_upkeep


@pytest.mark.both_databases
def test_only_one_holds_it_and_then_the_next(store: Store) -> None:
    other = open_store(store.engine.url.render_as_string(hide_password=False))
    try:
        with only_upkeep(store, 7) as mine, only_upkeep(other, 7) as theirs:
            assert (mine, theirs) == (True, False)
        with only_upkeep(other, 7) as theirs:
            assert theirs
    finally:
        other.close()


def test_on_postgresql_each_dataset_has_its_own_and_no_file(pg_store: Store) -> None:
    before = set(Path("/tmp").glob("shiyao-upkeep*"))
    with only_upkeep(pg_store, 1) as one, only_upkeep(pg_store, 2) as two:
        assert one and two
        assert set(Path("/tmp").glob("shiyao-upkeep*")) == before


def test_the_file_lies_beside_the_database_for_its_user_alone(store: Store) -> None:
    assert store.path is not None
    with only_upkeep(store, 1):
        file = Path(f"{store.path}.upkeep.lock")
        assert file.stat().st_mode & 0o777 == 0o600


def test_a_link_that_somebody_put_there_is_not_followed(store: Store, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    Path(f"{store.path}.upkeep.lock").symlink_to(victim)
    with pytest.raises(OSError), only_upkeep(store, 1):
        pass
    assert victim.read_text() == "precious"
