"""``python -m bench.chaos``: every part once; exit code 1 if anything was lost, doubled and so on.

A part that cannot be done here is a fault as well: it is printed as not done.
"""

import argparse
import sys
import time
from collections.abc import Callable

from bench.chaos import (
    clocks,
    cuts,
    kills,
    malformed_files,
    malformed_messages,
    malformed_replies,
    postgresql_outages,
    sessions,
    sqlite_outages,
)
from bench.chaos.options import Options
from bench.chaos.tally import Tally, table

PARTS: dict[str, Callable[[Options], Tally]] = {
    "kill -9": kills.run,
    "cuts: browsers": cuts.run_browsers,
    "cuts: PostgreSQL": cuts.run_postgresql,
    "disk full": sqlite_outages.run_full_disk,
    "outages: SQLite": sqlite_outages.run,
    "outages: PostgreSQL": postgresql_outages.run,
    "clock jumps": clocks.run,
    "malformed files": malformed_files.run,
    "malformed replies": malformed_replies.run,
    "malformed messages": malformed_messages.run,
    "sessions": sessions.run,
}
_DETAILS = 20


def main() -> int:
    """Do the parts that were asked for, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description="Chaos: nothing may be lost.")
    usual = Options()
    parser.add_argument("--seed", type=int, default=usual.seed, help="the same seed gives the same material")
    parser.add_argument("--minutes", type=float, default=usual.minutes, help="how long the sessions work")
    for name in ("kills", "sessions", "files", "replies", "messages"):
        parser.add_argument(f"--{name}", type=int, default=getattr(usual, name), help="how many")
    parser.add_argument("--only", action="append", metavar="PART", help=f"may be repeated: {', '.join(PARTS)}")
    given = vars(parser.parse_args())
    only = given.pop("only") or [""]
    options = Options(**given)
    chosen = [name for name in PARTS if any(words in name for words in only)]
    print(f"seed {options.seed}; to repeat: python -m bench.chaos --seed {options.seed} --only PART", flush=True)
    tallies = {name: _do(name, options) for name in chosen}
    print(f"\n{table(tallies)}\n\nseed {options.seed}")
    return 0 if chosen and not any(any(tally.faults().values()) for tally in tallies.values()) else 1


def _do(name: str, options: Options) -> Tally:
    print(f"\n{name} …", flush=True)
    started = time.monotonic()
    try:
        tally = PARTS[name](options)
    except Exception as error:
        tally = Tally()
        tally.count("crashed", f"the part ended with {type(error).__name__}: {error}")
    tally.seconds = time.monotonic() - started
    for figure, value in tally.figures.items():
        print(f"  {figure}: {value}")
    for detail in tally.details[:_DETAILS]:
        print(f"  ! {detail}")
    if len(tally.details) > _DETAILS:
        print(f"  ! … and {len(tally.details) - _DETAILS} more")
    sys.stdout.flush()
    return tally


if __name__ == "__main__":
    sys.exit(main())
