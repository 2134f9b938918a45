"""One process at a time brings a dataset up to date, and its lock is in no folder that others can write to."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.adapters.store import Store, open_store
from core.services.review.queue.upkeep_lock import only_upkeep
from tests.waiting import wait_until


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


def test_on_postgresql_the_next_one_goes_on_where_a_server_was_killed(pg_store: Store) -> None:
    url = pg_store.engine.url.render_as_string(hide_password=False)
    code = f"""
from core.adapters.store import open_store
from core.services.review.queue.upkeep_lock import only_upkeep
from tests.waiting import wait_until
with only_upkeep(open_store({url!r}), 7) as mine:
    print(mine, flush=True)
    input()
"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "True\n"
        with only_upkeep(pg_store, 7) as mine:
            assert not mine
        other.kill()
        other.wait(10)
        wait_until(lambda: _is_free(pg_store))


def _is_free(store: Store) -> bool:
    with only_upkeep(store, 7) as mine:
        return mine


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
