"""Modules stay small enough to be read in one go."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES = 450
"""Past this many lines a module is split along a seam; most have 60 to 250."""


def test_no_module_is_too_long() -> None:
    files = [
        file
        for folder in ("core", "pages")
        for suffix in (".py", ".js", ".css", ".ts")
        for file in sorted((ROOT / folder).rglob(f"*{suffix}"))
    ]
    lengths = {str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}
