"""Taking chats apart: characters per second of the parser, and what the desk needs for one chat."""

import time
from statistics import median

from bench.material import material, of_length
from bench.report import line, spread
from core.domain.chat import guess_roles, parse_chat

ROUNDS = 5


def run() -> None:
    """Parse everything at hand several times, then chats of given lengths."""
    texts = [row["chat_text"] for row in material().rows]
    characters = sum(map(len, texts))
    rounds = [_seconds(texts) for _ in range(ROUNDS)]
    line(f"{len(texts)} chats, {characters:,} characters", f"{characters / median(rounds) / 1e6:.1f} M/s")
    line("    chats per second", f"{len(texts) / median(rounds):,.0f}")
    for length in (4_000, 30_000):
        chats = [row["chat_text"] for row in of_length(length, 20)]
        spread(
            f"one chat of {length:,} characters, roles too",
            [_seconds([text], roles=True) * 1000 for text in chats],
            "ms",
        )


def _seconds(texts: list[str], *, roles: bool = False) -> float:
    started = time.perf_counter()
    for text in texts:
        parsed = parse_chat(text)
        if roles:
            guess_roles(parsed)
    return time.perf_counter() - started
