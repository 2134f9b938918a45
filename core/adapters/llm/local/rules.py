"""Rules of the ``local`` provider: general patterns, and per form the words that indicate each value."""

import re
import tomllib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from core.adapters.llm.local.linear_patterns import Pattern, compile_linear, why_not_linear
from core.domain.form import Form, load_named_form
from core.domain.form.loading import read_beside, stored_version
from core.domain.form.toml_file import parse_toml, refusal

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
    words: Pattern
    unless: Pattern | None
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


@dataclass(frozen=True, slots=True)
class _Fitting:
    """What rules have to fit: their form, and whether their words must be searched in linear time."""

    form: Form
    linear: bool


class _Choice(BaseModel):
    """One ``[[choice]]`` of a form's rules file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    value: str
    words: tuple[str, ...]
    unless: tuple[str, ...] = ()
    by: By = By.CUSTOMER
    least: int = 1
    weight: float = Field(default=1, allow_inf_nan=False)

    @field_validator("words", "unless")
    @classmethod
    def _compiles(cls, words: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        for word in words:
            try:
                matches_nothing = re.compile(word).search("") is not None
            except (re.error, OverflowError, RecursionError) as error:
                raise refusal(f"「{word[:60]}」不是正则表达式") from error
            if matches_nothing:
                raise refusal(f"「{word[:60]}」在没有字的地方也算数，每条消息都会碰上")
        assert isinstance(info.context, _Fitting)
        if words and info.context.linear and (reason := why_not_linear(words)):
            raise refusal(reason)
        return words

    def rule(self, compiled: Callable[[Iterable[str]], Pattern]) -> Rule:
        """Rule with compiled patterns."""
        unless = compiled(self.unless) if self.unless else None
        return Rule(self.value, compiled(self.words), unless, self.by, self.least, self.weight)


class _RulesFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    choices: tuple[_Choice, ...] = ()

    @model_validator(mode="after")
    def _fits(self, info: ValidationInfo) -> "_RulesFile":
        assert isinstance(info.context, _Fitting)
        form = info.context.form
        for index, choice in enumerate(self.choices):
            if choice.key not in form:
                raise refusal(f"表单「{form.title}」没有字段「{choice.key}」", "choices", index, "key")
            values = form.field(choice.key).values
            if values and choice.value not in values:
                raise refusal(f"字段「{choice.key}」没有值「{choice.value}」", "choices", index, "value")
        return self


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(words), re.IGNORECASE)


@lru_cache(maxsize=16)
def _general_patterns() -> dict[str, re.Pattern[str]]:
    patterns = tomllib.loads(GENERAL_RULES.read_text(encoding="utf-8"))["patterns"]
    return {name: _pattern(words) for name, words in patterns.items()}


def load_rules(reference: str) -> Rules:
    """Load the rules for a form, once per process; a form without rules has the general patterns only.

    Args:
        reference: of the form.

    Raises:
        FormError: the form's rules cannot be used; names the line.
    """
    is_stored = stored_version(reference) is not None
    return _parsed_rules(reference, read_beside(reference, "rules") if is_stored else _shipped_source(reference))


@lru_cache(maxsize=16)
def _shipped_source(name: str) -> str:
    return read_beside(name, "rules")


@lru_cache(maxsize=16)
def _parsed_rules(reference: str, source: str) -> Rules:
    if not source:
        return Rules({}, _general_patterns())
    is_stored = stored_version(reference) is not None
    choices = parse_rules(source, f"{reference}.rules.toml", load_named_form(reference), linear=is_stored)
    return Rules(choices, _general_patterns())


def rules_of(source: str, form: Form) -> Rules:
    """Rules of a form that lies nowhere yet.

    Args:
        source: TOML text; may be empty.
        form: whose fields and values the rules name.

    Raises:
        FormError: names the line and the reason.
    """
    return Rules(parse_rules(source, "规则", form, linear=True), _general_patterns())


def parse_rules(
    source: str, name: str, form: Form, *, linear: bool = False, others: Collection[str] = ()
) -> dict[str, tuple[Rule, ...]]:
    """Parse a rules file into rules by field key.

    Args:
        source: TOML text.
        name: the file's name, for messages.
        form: whose fields and values the rules name.
        linear: whether words that may take more than linear time are refused, as in rules that somebody brought along.
        others: names at the top of the text that are somebody else's.

    Raises:
        FormError: names the file, the line and the reason.
    """
    choices: dict[str, list[Rule]] = {}
    fitting = _Fitting(form, linear)
    for choice in parse_toml(source, name, _RulesFile, {"choice": "choices"}, fitting, others=others).choices:
        choices.setdefault(choice.key, []).append(choice.rule(compile_linear if linear else _pattern))
    return {key: tuple(rules) for key, rules in choices.items()}
