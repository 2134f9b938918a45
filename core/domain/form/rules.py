"""Rules of a form beyond its fields: contradicting values, companion fields, sections of a summary."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Contradiction(_Rule):
    """Two values of one form that contradict each other.

    Attributes:
        key: a field.
        value: what it holds.
        other: another field.
        other_value: what that one must not hold then.
        level: ``warning`` stops the first approval, ``hint`` is only shown.
    """

    key: str
    value: str
    other: str
    other_value: str
    level: Literal["warning", "hint"] = "hint"


class Companion(_Rule):
    """A field that must be filled whenever another one is.

    Attributes:
        key: the field that is filled.
        needs: the field that should be filled too.
    """

    key: str
    needs: str


class SummarySection(_Rule):
    """A section of a chat's summary.

    Attributes:
        title: its heading, as the summary prompt asks for it.
        groups: the form's groups that are told in it.
    """

    title: str = Field(min_length=1)
    groups: tuple[str, ...]
