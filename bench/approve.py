"""Keydown of approve to the next chat painted, for chats of 4,000 and of 30,000 characters; see bench/desk.py."""

from bench.desk import measure


def run() -> None:
    """Measure both lengths, in datasets of 100 chats."""
    for characters in (4_000, 30_000):
        measure(f"chats of {characters:,} characters", characters=characters, chats=100)
