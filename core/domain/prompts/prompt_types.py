"""Types of prompt templates, and the variables that each stage offers."""

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """The purpose of a prompt; decides its variables and its place in a pipeline."""

    EXTRACT = "extract"
    SUMMARY = "summary"
    FROM_SUMMARY = "from_summary"
    VERIFY = "verify"
    FIELDS = "fields"
    FEWSHOT = "fewshot"
    CUSTOMERS = "customers"
    ONE_CUSTOMER = "one_customer"


COMMON_VARIABLES = frozenset({"form", "guidelines", "skeleton", "json_object"})
"""Variables of every template: the form, the first guideline of each field that has one by its key, an empty answer as
JSON, whether the server demands a single JSON object."""

STAGE_VARIABLES: dict[Stage, frozenset[str]] = {
    Stage.EXTRACT: COMMON_VARIABLES | {"chat"},
    Stage.SUMMARY: COMMON_VARIABLES | {"chat"},
    Stage.FROM_SUMMARY: COMMON_VARIABLES | {"summary"},
    Stage.VERIFY: COMMON_VARIABLES | {"chat", "forms"},
    Stage.FIELDS: COMMON_VARIABLES | {"chat"},
    Stage.FEWSHOT: COMMON_VARIABLES | {"chat", "examples"},
    Stage.CUSTOMERS: COMMON_VARIABLES | {"chat"},
    Stage.ONE_CUSTOMER: COMMON_VARIABLES | {"chat", "customer"},
}
"""All variables that a template may use, by stage.

``summary`` is Markdown, ``forms`` the given forms as JSON text, ``examples`` a list of :class:`Example`, ``customer``
the name of one customer. For *fields* and *customers*, ``form`` is the part of the form that is asked for.
"""

STAGE_PARTNERS: dict[Stage, tuple[str, str]] = {
    Stage.VERIFY: ("baseline,", ""),
    Stage.FROM_SUMMARY: ("summary,", ""),
    Stage.SUMMARY: ("", ",from_summary"),
    Stage.ONE_CUSTOMER: ("customers,", ""),
}
"""What a stage that cannot stand alone is tried with: the stages before it and behind it, as a user writes them."""

STAGE_TITLES: dict[Stage, str] = {
    Stage.EXTRACT: "填表",
    Stage.SUMMARY: "归纳",
    Stage.FROM_SUMMARY: "由摘要填表",
    Stage.VERIFY: "复核",
    Stage.FIELDS: "部分字段",
    Stage.FEWSHOT: "带示例填表",
    Stage.CUSTOMERS: "找出客户",
    Stage.ONE_CUSTOMER: "逐位填表",
}
"""Titles of the stages in the user interface."""


def needs(stage: Stage, variable: str) -> bool:
    """Whether a stage is given a variable, such as ``forms`` (of an earlier stage) or ``examples``."""
    return variable in STAGE_VARIABLES[stage]


def gives_forms(stage: Stage) -> bool:
    """Whether a stage's answer is forms; else it is text."""
    return stage is not Stage.SUMMARY


@dataclass(frozen=True, slots=True)
class Prompt:
    """One version of one prompt.

    Attributes:
        name: short name, e.g. ``baseline``.
        version: from 1; a published version never changes, a new one is a new file.
        title: what the page shows, in Chinese.
        purpose: one Chinese sentence: what it is good for.
        stage: what it is for.
        body: the Jinja2 source, with a block ``user`` and, if wanted, a block ``system``.
        source: the whole file, kept with every run.
        sha256: of ``source``.
    """

    name: str
    version: int
    title: str
    purpose: str
    stage: Stage
    body: str
    source: str
    sha256: str

    @property
    def id(self) -> str:
        """Name and version, as in the file name: ``baseline.v1``."""
        return f"{self.name}.v{self.version}"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A rendered prompt: the messages sent to a model.

    Attributes:
        system: the system message, or ``""``.
        user: the user message.
        sha256: of both; equal questions have equal hashes.
    """

    system: str
    user: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Example:
    """A few-shot example: a chat with its correct answer.

    Attributes:
        chat: the conversation.
        answer: its forms as JSON text.
    """

    chat: str
    answer: str
