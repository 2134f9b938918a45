"""The desk in a dataset of 100,000 chats against one of 100, both of 2,000 characters a chat; see bench/desk.py."""

from bench.desk import measure


def run() -> None:
    """Measure both datasets; the large one takes about 700 MB on the disk while it runs."""
    for chats in (100, 100_000):
        measure(f"{chats:,} chats", characters=2_000, chats=chats)
