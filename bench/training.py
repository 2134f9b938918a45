"""A training set of 10,000 chats, the whole of it twelve times, written as a stream and read back; then as it is asked.

With a limit and a policy the long chats are looked into (evidence, windows); with a validation part near-duplicates are
looked for. Goal for the plain set: under 20 s and under 500 MB.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from bench.child import Usage, measured
from bench.material import write_many
from bench.report import line
from core.adapters.store import open_store
from core.services.datasets import import_chats

CHATS, REPEATS = 10_000, 12


def run() -> None:
    """Build the set plain, with everything that a careful person asks for, and again from its manifest."""
    with TemporaryDirectory() as folder:
        place = Path(folder)
        url = f"sqlite:///{place / 'bench.db'}"
        file = write_many(place / "train.json", CHATS)
        store = open_store(url)
        import_chats(store, file, filename=file.name, dataset="bench")
        store.close()
        export = ("export", "training", "--dataset", "bench", "--source", "labels", "--json", "--db", url)
        repeated = ("--min-rows", str(CHATS * REPEATS), "--out", str(place / "set"))
        plain = measured(*export, *repeated)
        megabytes = (place / "set" / "train.jsonl").stat().st_size / (1 << 20)
        _tell(f"{CHATS:,} chats × {REPEATS} ({megabytes:,.0f} MB)", plain)
        again = measured("training", "rebuild", "1", "--out", str(place / "set"), "--db", url)
        _tell("the same from its manifest", again)
        careful = ("--target", "spark-8k", "--over-budget", "window", "--val", "0.1", "--seed", "1", "--min-rows", "0")
        _tell("once, with limit, windows, validation", measured(*export, *careful, "--out", str(place / "set")))


def _tell(name: str, used: Usage) -> None:
    line(name, f"{used.seconds:.1f} s")
    line("    of which on the processor", f"{used.processor:.1f} s")
    line("    peak memory", f"{used.peak:,.0f} MB")
