"""Numbers of things are written one way wherever people read them: 2,000."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MANY = re.compile(r" ?(条|格|行|处)(?![件式数])")
"""What there may be thousands of."""
NAMED = re.compile(r"(?:\w+\.)*_?[A-Z][A-Z0-9_]*(\[.*\])?|.*escape_markdown\(.*|.*money\(.*")
"""Limits of the program, and texts."""


def plain_numbers(source: str) -> Iterator[tuple[int, str]]:
    """Line and expression of each number before a measure word that is written without separators."""
    for node in ast.walk(ast.parse(source)):
        parts = node.values if isinstance(node, ast.JoinedStr) else []
        for at, part in enumerate(parts[:-1]):
            after, before = parts[at + 1], parts[at - 1] if at else None
            if not isinstance(part, ast.FormattedValue) or not isinstance(after, ast.Constant):
                continue
            is_place = isinstance(before, ast.Constant) and str(before.value).endswith("第 ")
            spec = ast.unparse(part.format_spec) if part.format_spec is not None else ""
            if not is_place and "," not in spec and MANY.match(str(after.value)):
                written = ast.unparse(part.value)
                if not NAMED.fullmatch(written):
                    yield node.lineno, written


def test_numbers_of_things_have_separators() -> None:
    files = [*(ROOT / "core").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
    plain = {
        f"{file.relative_to(ROOT)}:{line}: {written}"
        for file in files
        for line, written in plain_numbers(file.read_text(encoding="utf-8"))
    }
    assert plain == set()


def test_a_number_without_is_noticed() -> None:
    assert list(plain_numbers('f"还剩 {n} 条，第 {n} 条，{n:,} 条，{MOST} 条"')) == [(1, "n")]
