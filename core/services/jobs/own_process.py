"""Starts a module of this program in a process of its own, with the database that this one has open."""

import os
import subprocess
import sys
import threading
import time
from typing import Final

from core.adapters.store import Store
from core.places import ROOT

_LOOK_SECONDS: Final = 0.5


def start_own_process(
    store: Store, module: str, *arguments: str, one_thread: bool = False, temporary: str = ""
) -> subprocess.Popen[bytes]:
    """Start ``python -m module`` in the current folder, so that paths in the settings mean there what they mean here.

    Args:
        store: open store; its address is handed on in the environment, password included.
        module: dotted name of a module of ours.
        arguments: of its command line.
        one_thread: whether libraries that reckon in many threads get one only.
        temporary: folder for its temporary files, which the caller removes; ``""``: the usual one.
    """
    address = store.engine.url.render_as_string(hide_password=False)
    environment = os.environ | {"SHIYAO_DATABASE_URL": address, "PYTHONPATH": str(ROOT)}
    if one_thread:
        environment["OMP_NUM_THREADS"] = "1"
    if temporary:
        environment["TMPDIR"] = temporary
    # -P: a folder named like one of ours in the current folder is not the program.
    command = [sys.executable, "-P", "-m", module, *arguments]
    return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL)


def give_way() -> None:
    """Lower the priority of this process, which nobody waits for as for a page: pages and reviewers come first."""
    if hasattr(os, "nice"):
        os.nice(10)


def end_with_parent(parent: int) -> None:
    """End this process once the one that started it has ended, however that was and whatever this one is at.

    For work that may be broken off at any moment, and that somebody else will begin anew when it is asked for.

    Args:
        parent: id of the process that started this one, as it says itself: it may be gone already.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="shiyao-parent", daemon=True).start()
