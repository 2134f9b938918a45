"""Import of 10,000 chats with their labels: seconds and peak memory of ``python -m core import`` in a fresh process."""

from pathlib import Path
from tempfile import TemporaryDirectory

from bench.child import measured
from bench.material import write_many
from bench.report import line

CHATS = 10_000


def run() -> None:
    """Import a file as the challenge's, then the same file again."""
    with TemporaryDirectory() as folder:
        file = write_many(Path(folder) / "train.json", CHATS)
        megabytes = file.stat().st_size / (1 << 20)
        base = Path(folder) / "bench.db"
        arguments = ("import", str(file), "--dataset", "bench", "--db", f"sqlite:///{base}")
        first = measured(*arguments)
        again = measured(*arguments)
        stored = base.stat().st_size / (1 << 20)
    line(f"{CHATS:,} chats with labels ({megabytes:,.0f} MB)", f"{first.seconds:.1f} s", "≤ 5 s")
    line("    of which on the processor", f"{first.processor:.1f} s")
    line("    peak memory", f"{first.peak:,.0f} MB", "< 300 MB")
    line("    chats per second", f"{CHATS / first.seconds:,.0f}")
    line("    database over file", f"{stored / megabytes:.2f} ×")
    line("the same file again, which adds nothing", f"{again.seconds:.1f} s")
