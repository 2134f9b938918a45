"""Malformed files, bombs among them: each import ends with a report or a sentence, and good files still come in."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.chaos.garbage import broken
from bench.chaos.options import Options
from bench.chaos.tally import Tally
from core.adapters.store import Store, open_store
from core.errors import ShiyaoError
from core.services.datasets import import_chats
from tests.factories.hostile_files import CHAT, HEAD, HOSTILE, workbook

_TEXT = "林木1：你好\n客服小陈：好的"
GOOD = {
    "json": b'[{"chat_text": "a: b", "infos": [{"name": "a"}]}, {"chat_text": "c: d"}]',
    "jsonl": b'{"chat_text": "a: b", "infos": []}\n{"chat_text": "c: d"}\n',
    "csv": f'index,chat_text\n1,"{_TEXT}"\n2,"{_TEXT}"\n'.encode(),
    "xlsx": workbook([HEAD, CHAT]),
    "txt": _TEXT.encode(),
}
"""A right file by the end of its name."""
_GOOD_AFTER = 50


def run(options: Options) -> Tally:
    """Import every hostile file of the tests, then broken ones; after each fifty a good one has to come in."""
    tally, chance = Tally(), options.random("files")
    refused = 0
    with TemporaryDirectory(prefix="shiyao-chaos-") as name:
        folder = Path(name)
        store = open_store(f"sqlite:///{folder / 'files.db'}")
        bombs = list(HOSTILE.values())[: options.files // 2]
        _import_good(store, folder, -1, tally)
        tally.memory.append((_own_megabytes(), 0))
        for number in range(options.files):
            if number < len(bombs):
                suffix, content = bombs[number][0].rpartition(".")[2], bombs[number][1]()
            else:
                suffix = list(GOOD)[number % len(GOOD)]
                content = broken(GOOD[suffix], chance)
            refused += not _import(store, folder / f"f{number}.{suffix}", content, tally)
            if number % _GOOD_AFTER == _GOOD_AFTER - 1:
                _import_good(store, folder, number, tally)
        tally.memory.append((_own_megabytes(), options.files))
        for problem in store.problems():
            tally.count("lost", f"the database: {problem}")
        store.close()
    tally.figures["files"] = f"{options.files}, {len(bombs)} of them bombs; {refused} refused with a sentence"
    tally.figures["memory"] = "of the importing process, per 1,000 files"
    return tally


def _import(store: Store, path: Path, content: bytes, tally: Tally) -> bool:
    path.write_bytes(content)
    try:
        import_chats(store, path, filename=path.name, dataset=path.stem)
    except ShiyaoError:
        return False
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        tally.count("crashed", f"{path.name}: {type(error).__name__}: {str(error)[:200]}")
    finally:
        path.unlink()
    return True


def _import_good(store: Store, folder: Path, number: int, tally: Tally) -> None:
    for suffix, content in GOOD.items():
        path = folder / f"good{number}.{suffix}"
        path.write_bytes(content)
        try:
            import_chats(store, path, filename=path.name, dataset=f"{path.stem}-{suffix}")
        except Exception as error:
            tally.count("lost", f"a good {suffix} after file {number}: {type(error).__name__}: {error}")
        path.unlink()


def _own_megabytes() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
