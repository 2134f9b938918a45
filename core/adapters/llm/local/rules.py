"""Rules of the ``local`` provider: general patterns, and per form the words that indicate each value."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator, model_validator

from core.domain.form import Form, form_path, load_named_form
from core.domain.form.toml_file import parse_toml, read_source, refusal

GENERAL_RULES = Path(__file__).with_name("rules.toml")
"""File of the patterns that hold for every form."""


class By(StrEnum):
    """Whose messages a rule reads."""

    CUSTOMER = "customer"
    STAFF = "staff"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason to give a field one value.

    Attributes:
        value: what is filled.
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
        """Number of texts that match its words."""
        return sum(self.matches(texts))

    def matches(self, texts: Iterable[str]) -> list[bool]:
        """Which texts match its words."""
        search = self.words.search
        if self.unless is None:
            return [search(text) is not None for text in texts]
        excepted = self.unless.search
        return [search(text) is not None and excepted(text) is None for text in texts]


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules.

    Attributes:
        choices: per field key, in the order of the form's file.
        patterns: named patterns of the filler (``appointment``, ``budget`` …).
    """

    choices: dict[str, tuple[Rule, ...]]
    patterns: dict[str, re.Pattern[str]]


class _Choice(BaseModel):
    """One ``[[choice]]`` of a form's rules file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    value: str
    words: tuple[str, ...]
    unless: tuple[str, ...] = ()
    by: By = By.CUSTOMER
    least: int = 1
    weight: float = 1

    @field_validator("words", "unless")
    @classmethod
    def _compiles(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            try:
                re.compile(word)
            except re.error as error:
                raise refusal(f"「{word}」不是正则表达式") from error
        return words

    def rule(self) -> Rule:
        """Rule with compiled patterns."""
        unless = _pattern(self.unless) if self.unless else None
        return Rule(self.value, _pattern(self.words), unless, self.by, self.least, self.weight)


class _RulesFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    choices: tuple[_Choice, ...] = ()

    @model_validator(mode="after")
    def _fits(self, info: ValidationInfo) -> "_RulesFile":
        form = info.context
        assert isinstance(form, Form)
        for index, choice in enumerate(self.choices):
            if choice.key not in form:
                raise refusal(f"表单「{form.title}」没有字段「{choice.key}」", "choices", index, "key")
            values = form.field(choice.key).values
            if values and choice.value not in values:
                raise refusal(f"字段「{choice.key}」没有值「{choice.value}」", "choices", index, "value")
        return self


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(words), re.IGNORECASE)


def rules_path(form_name: str) -> Path:
    """Path of a form's rules file, beside the form."""
    return form_path(form_name).with_suffix(".rules.toml")


@lru_cache(maxsize=16)
def load_rules(form_name: str) -> Rules:
    """Load the rules for a form, once per process; a form without a rules file has the general patterns only.

    Raises:
        FormError: the form's rules cannot be used; names the line.
    """
    path = rules_path(form_name)
    choices = parse_rules(read_source(path), path.name, load_named_form(form_name)) if path.is_file() else {}
    patterns = tomllib.loads(GENERAL_RULES.read_text(encoding="utf-8"))["patterns"]
    return Rules(choices, {name: _pattern(words) for name, words in patterns.items()})


def parse_rules(source: str, name: str, form: Form) -> dict[str, tuple[Rule, ...]]:
    """Parse a rules file into rules by field key.

    Args:
        source: TOML text.
        name: the file's name, for messages.
        form: whose fields and values the rules name.

    Raises:
        FormError: names the file, the line and the reason.
    """
    choices: dict[str, list[Rule]] = {}
    for choice in parse_toml(source, name, _RulesFile, {"choice": "choices"}, form).choices:
        choices.setdefault(choice.key, []).append(choice.rule())
    return {key: tuple(rules) for key, rules in choices.items()}
