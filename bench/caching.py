"""Tokens of ``baseline`` that a service can keep: with what never changes first, and with the chat first instead.

What a service keeps is taken from what services document: the same beginning, in blocks of 64 to 128 tokens, from 1,024
tokens on at the earliest. Counted are the estimates of dry runs, so the shares are what to look at.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from os.path import commonprefix

from bench.material import material
from bench.report import line
from core.domain.chat import parse_chat
from core.domain.form import load_named_form
from core.domain.prompts import Prompt, load_prompt, parse_prompt, render
from core.services.extraction.pipeline import estimate_tokens

CHATS = 97
FEWEST, BLOCK = 1024, 128
CACHED_PRICES = (0.1, 0.4)
"""Price of cached tokens as a share of the others', from the cheapest of the usual offers to the dearest."""
_CHAT = "## 群聊记录\n<chat>\n{{ chat }}\n</chat>\n"


def run() -> None:
    """Both orders, as they would be asked one after the other."""
    form = load_named_form()
    chats = [parse_chat(row["chat_text"]).conversation for row in material().rows[:CHATS]]
    shipped = load_prompt("baseline")
    orders: tuple[tuple[str, Prompt], ...] = (
        (f"{shipped.id}: unchanging part first", shipped),
        ("the same with the chat first", _chat_first(shipped)),
    )
    for title, prompt in orders:
        questions = [render(prompt, form, chat=chat) for chat in chats]
        # A service is sent the system message before the question.
        texts = [f"{question.system}\n{question.user}" for question in questions]
        total = sum(map(estimate_tokens, texts))
        cached = _cached(texts, estimate_tokens)
        line(title, f"{total:,} tokens")
        line(f"    of them cached, of {len(texts)} questions", f"{cached:,} ({cached / total:.0%})")
        for price in CACHED_PRICES:
            paid = total - cached + price * cached
            line(f"    paid for, cached ones at {price:.0%}", f"{paid:,.0f} ({paid / total:.0%})")


def _chat_first(prompt: Prompt) -> Prompt:
    source = prompt.source
    assert source.count(_CHAT) == 1
    start = "{% block user %}\n"
    moved = source.replace(_CHAT, "").replace(start, f"{start}{_CHAT}\n")
    return parse_prompt(moved, f"{prompt.id}.md")


def _cached(texts: Sequence[str], count: Callable[[str], int]) -> int:
    """Tokens of all questions but the first that the one before begins with, in whole blocks."""
    total = 0
    for before, text in pairwise(texts):
        same = count(commonprefix([before, text]))
        total += same // BLOCK * BLOCK if same >= FEWEST else 0
    return total
