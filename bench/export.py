"""A submission of 10,000 chats, read back and compared: what ``python -m core export submission`` takes."""

from pathlib import Path
from tempfile import TemporaryDirectory

from bench.child import measured
from bench.material import write_many
from bench.report import line
from core.adapters.store import open_store
from core.services.datasets import import_chats
from core.services.datasets.chat_import import LABELS_RUN

CHATS = 10_000


def run() -> None:
    """Export every chat's labels as if a model had given them."""
    with TemporaryDirectory() as folder:
        place = Path(folder)
        url = f"sqlite:///{place / 'bench.db'}"
        file = write_many(place / "train.json", CHATS)
        store = open_store(url)
        import_chats(store, file, filename=file.name, dataset="bench")
        store.close()
        out = place / "submission.json"
        used = measured(
            *("export", "submission", "--dataset", "bench", "--source", f"run:{LABELS_RUN}"),
            *("--fill-missing", "--out", str(out), "--db", url),
        )
        megabytes = out.stat().st_size / (1 << 20)
    line(f"submission of {CHATS:,} chats ({megabytes:,.0f} MB)", f"{used.seconds:.1f} s")
    line("    of which on the processor", f"{used.processor:.1f} s")
    line("    peak memory", f"{used.peak:,.0f} MB")
    line("    chats per second", f"{CHATS / used.seconds:,.0f}")
