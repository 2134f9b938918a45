"""The rules of the ``local`` provider as data: which words speak for which value of which field."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

RULES_FILE = Path(__file__).with_name("rules.toml")


class By(StrEnum):
    """Whose messages a rule reads."""

    CUSTOMER = "customer"
    STAFF = "staff"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason to give a field one value.

    Attributes:
        value: what is filled; ignored where the form does not offer it.
        words: matches any of the words (regular expressions).
        unless: a message that matches this as well does not count; ``None`` for no exception.
        by: whose messages are read.
        least: how many messages must match.
        weight: the heavier of several firing rules wins where only one value fits.
    """

    value: str
    words: re.Pattern[str]
    unless: re.Pattern[str] | None
    by: By
    least: int
    weight: float

    def hits(self, texts: Iterable[str]) -> int:
        """In how many of the texts its words stand."""
        return sum(1 for text in texts if self.words.search(text) and not (self.unless and self.unless.search(text)))


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules.

    Attributes:
        choices: per field key, in the order of the file.
        patterns: named patterns of the filler (``appointment``, ``budget`` …).
    """

    choices: dict[str, tuple[Rule, ...]]
    patterns: dict[str, re.Pattern[str]]


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(words), re.IGNORECASE)


def _rule(raw: dict[str, Any]) -> Rule:
    return Rule(
        value=raw["value"],
        words=_pattern(raw["words"]),
        unless=_pattern(raw["unless"]) if raw.get("unless") else None,
        by=By(raw.get("by", By.CUSTOMER)),
        least=int(raw.get("least", 1)),
        weight=float(raw.get("weight", 1)),
    )


@lru_cache(maxsize=1)
def load_rules() -> Rules:
    """The shipped rules, read once per process."""
    raw = tomllib.loads(RULES_FILE.read_text(encoding="utf-8"))
    choices: dict[str, list[Rule]] = {}
    for entry in raw["choice"]:
        choices.setdefault(entry["key"], []).append(_rule(entry))
    return Rules(
        choices={key: tuple(rules) for key, rules in choices.items()},
        patterns={name: _pattern(words) for name, words in raw["patterns"].items()},
    )
