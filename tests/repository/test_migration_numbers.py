"""Each migration follows the one before it: two that were written at the same time never get the same number."""

import re
from pathlib import Path

# Numbers that users' databases had when the last one was published. A new migration goes behind them: one that is
# put between two of them never runs on a database that has the later one. Add numbers here when they are published.
PUBLISHED = [f"{number:04d}" for number in (*range(1, 21), 22)]
VERSIONS = Path(__file__).resolve().parents[2] / "core" / "adapters" / "store" / "migrations" / "versions"


def test_migrations_are_one_chain() -> None:
    files = sorted(VERSIONS.glob("[0-9]*.py"))
    sources = [path.read_text("utf-8") for path in files]
    numbers = [re.findall(r'^revision = "(.+)"$', source, re.MULTILINE) for source in sources]
    before = [re.findall(r'^down_revision = (?:"(.+)"|None)$', source, re.MULTILINE) for source in sources]
    assert numbers == [[path.name[:4]] for path in files]
    assert before == [[""], *numbers[:-1]]


def test_nothing_is_put_between_published_migrations() -> None:
    numbers = [path.name[:4] for path in sorted(VERSIONS.glob("[0-9]*.py"))]
    assert numbers[: len(PUBLISHED)] == PUBLISHED
