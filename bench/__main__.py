"""``python -m bench [topic …]``: run these topics, or all of them. A topic is a module here with a ``run()``."""

import argparse
import platform
from collections.abc import Callable
from importlib import import_module
from os import cpu_count, getloadavg
from pathlib import Path

from bench.material import material


def topics() -> dict[str, Callable[[], None]]:
    """``{name: run}`` of every module in this folder that has a ``run``, in alphabetical order."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))
    modules = {name: import_module(f"bench.{name}") for name in names}
    return {name: module.run for name, module in modules.items() if hasattr(module, "run")}


def main() -> None:
    found = topics()
    parser = argparse.ArgumentParser(prog="python -m bench", description="Medians and ratios, measured in one run.")
    parser.add_argument("topic", nargs="*", help=f"which: {', '.join(found)}; all without one")
    wanted = parser.parse_args().topic or list(found)
    if unknown := [name for name in wanted if name not in found]:
        parser.error(f"no such topic: {', '.join(unknown)} (there are {', '.join(found)})")
    chats = material()
    machine = f"Python {platform.python_version()}, {cpu_count()} cores, load {getloadavg()[0]:.1f}"
    print(f"{len(chats.rows)} chats ({chats.name}); {machine}")
    for name in wanted:
        print(f"\n{name}", flush=True)
        found[name]()


if __name__ == "__main__":
    main()
