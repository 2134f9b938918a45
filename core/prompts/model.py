"""What a prompt is: frozen values, and the variables that each stage gives to its templates."""

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """What a prompt is for; decides which variables its body may use."""

    EXTRACT = "extract"


COMMON_VARIABLES = frozenset({"form", "skeleton", "json_object"})
"""Given to every template: the form, an empty answer as JSON text, whether the server insists on one JSON object."""

STAGE_VARIABLES: dict[Stage, frozenset[str]] = {
    Stage.EXTRACT: COMMON_VARIABLES | {"chat"},
}
"""All variables that a template of a stage may use; a new stage is a new line here."""


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
        """Name and version, as the file is called: ``baseline.v1``."""
        return f"{self.name}.v{self.version}"


@dataclass(frozen=True, slots=True)
class Rendered:
    """What is sent to a model.

    Attributes:
        system: the system message, or ``""``.
        user: the user message.
        sha256: of both; equal questions have equal hashes.
    """

    system: str
    user: str
    sha256: str
