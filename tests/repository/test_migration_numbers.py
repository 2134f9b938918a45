"""Each migration follows the one before it: two that were written at the same time never get the same number."""

import re
from pathlib import Path

VERSIONS = Path(__file__).resolve().parents[2] / "core" / "adapters" / "store" / "migrations" / "versions"


def test_migrations_are_one_chain() -> None:
    files = sorted(VERSIONS.glob("[0-9]*.py"))
    sources = [path.read_text("utf-8") for path in files]
    numbers = [re.findall(r'^revision = "(.+)"$', source, re.MULTILINE) for source in sources]
    before = [re.findall(r'^down_revision = (?:"(.+)"|None)$', source, re.MULTILINE) for source in sources]
    assert numbers == [[path.name[:4]] for path in files]
    assert before == [[""], *numbers[:-1]]
