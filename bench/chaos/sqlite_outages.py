"""SQLite: the file is locked by another program, read-only, on a full disk; the app is restarted over it."""

import os
import resource
import shutil
import sqlite3
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

from bench.chaos.ground import Ground, ground
from bench.chaos.options import Options
from bench.chaos.oracle import Oracle
from bench.chaos.outages import RUN_CHATS, Outage, go_through
from bench.chaos.run_watch import CountingService, RunWatch
from bench.chaos.tally import Tally

_DISK = "48m"


def run(options: Options) -> Tally:
    """Locked for 20 s, read-only for 8 s, the app restarted."""
    tally, oracle = Tally(), Oracle()
    with CountingService() as service, ground(60, env=service.environment()) as place:
        watch = RunWatch(place, service, RUN_CHATS)
        outages = [
            Outage("locked", partial(_locked, place), 20.0),
            Outage("restarted", partial(_restarted, place, watch), 1.0, stops_saves=False),
        ]
        if reason := _why_never_immutable(place.folder):
            tally.count("not_done", f"read-only: {reason}")
        else:
            outages.insert(1, Outage("read-only", partial(_immutable, place), 8.0))
        go_through(place, outages, watch, oracle, tally, options)
    tally.memory.clear()  # of two servers
    return tally


def run_full_disk(options: Options) -> Tally:
    """A file system of its own is filled up for 10 s, twice; without root, the system refuses bytes instead."""
    tally, oracle = Tally(), Oracle()
    with ExitStack() as stack:
        disk = _mounted(stack)
        service = stack.enter_context(CountingService())
        database = disk / "chaos.db" if disk else None
        place = stack.enter_context(ground(60, database=database, env=service.environment()))
        watch = RunWatch(place, service, RUN_CHATS)
        happening = partial(_filled, place, disk) if disk else partial(_no_bytes, place)
        tally.figures["how"] = f"a file system of {_DISK} (tmpfs), filled" if disk else "RLIMIT_FSIZE (no root here)"
        outages = [Outage("full", happening, 10.0), Outage("full again", happening, 6.0)]
        go_through(place, outages, watch, oracle, tally, options)
    return tally


@contextmanager
def _locked(place: Ground) -> Iterator[None]:
    holder = sqlite3.connect(str(place.store.path), isolation_level=None, timeout=30)
    holder.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        holder.execute("ROLLBACK")
        holder.close()


@contextmanager
def _restarted(place: Ground, watch: RunWatch) -> Iterator[None]:
    place.server.stop()
    watch.killed()
    yield
    place.server.start()


def _why_never_immutable(folder: Path) -> str:
    probe = folder / "probe"
    probe.touch()
    try:
        _chattr("+i", [probe])
        _chattr("-i", [probe])
    except (OSError, subprocess.CalledProcessError):
        return "files cannot be made immutable here (chattr needs root and a file system that knows it)"
    return ""


@contextmanager
def _immutable(place: Ground) -> Iterator[None]:
    assert place.store.path is not None
    files = [path for path in place.folder.glob(f"{place.store.path.name}*") if path.suffix != ".lock"]
    _chattr("+i", files)
    try:
        yield
    finally:
        _chattr("-i", files)


def _chattr(flag: str, files: list[Path]) -> None:
    subprocess.run(["chattr", flag, *map(str, files)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _mounted(stack: ExitStack) -> Path | None:
    """A small file system of its own; ``None`` where none can be mounted."""
    if os.getuid() or not shutil.which("mount"):
        return None
    disk = Path(tempfile.mkdtemp(prefix="shiyao-chaos-disk-"))
    stack.callback(disk.rmdir)
    options = ["-t", "tmpfs", "-o", f"size={_DISK},mode=700", "shiyao-chaos", str(disk)]
    if subprocess.run(["mount", *options], stderr=subprocess.DEVNULL, check=False).returncode:
        return None
    stack.callback(subprocess.run, ["umount", "-l", str(disk)], check=False)
    return disk


@contextmanager
def _filled(place: Ground, disk: Path) -> Iterator[None]:
    """Every byte of the disk is taken, and again when one becomes free."""
    # The write-ahead log is written from its beginning now and then; its room would last for a while.
    with suppress(sqlite3.OperationalError):
        connection = sqlite3.connect(str(place.store.path), timeout=5)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        connection.close()
    ended = threading.Event()
    filler = disk / "filler"

    def fill() -> None:
        with filler.open("ab", buffering=0) as file:
            while not ended.is_set():
                for size in (1 << 20, 1 << 12, 1):
                    with suppress(OSError):
                        while file.write(b"\x00" * size):
                            pass
                ended.wait(0.02)

    thread = threading.Thread(target=fill, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        filler.unlink()


@contextmanager
def _no_bytes(place: Ground) -> Iterator[None]:
    """The system refuses the server every byte beyond the files as they are: what a full disk does, without one."""
    process = place.server.process
    assert process is not None
    unlimited = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    # The write-ahead log is written from its beginning now and then: a few bytes are the whole disk.
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (64, unlimited[1]))
    try:
        yield
    finally:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, unlimited)
