"""Where the changing parts of a template stand: services keep the unchanging beginning and charge less for it."""

from dataclasses import dataclass
from typing import Any, Final

from core.domain.form import Form
from core.domain.prompts.prompt_types import COMMON_VARIABLES, STAGE_VARIABLES, Example, Prompt, Rendered
from core.domain.prompts.rendering import render

WORTH_MOVING: Final = 200
"""Characters of unchanging text behind the first changing part from which its place is remarked on."""


@dataclass(frozen=True, slots=True)
class CacheOrder:
    """How much of a prompt's unchanging text can be kept by a service.

    Attributes:
        first: the variable that stands first of those that change from question to question; ``""`` for none.
        before: characters of the messages that stand before it: the same for every question, so they can be kept.
        behind: unchanging characters behind it, which are paid for in full each time.
    """

    first: str
    before: int
    behind: int

    @property
    def is_early(self) -> bool:
        """Whether a changing part stands so early that moving it to the end would pay."""
        return self.behind > WORTH_MOVING


def cache_order(prompt: Prompt, form: Form, *, json_object: bool = False) -> CacheOrder:
    """Measure where the changing parts of a prompt stand, by rendering it with a mark in the place of each.

    Args:
        prompt: the prompt.
        form: what the answer has to fill.
        json_object: see :func:`~core.domain.prompts.rendering.render`.

    Raises:
        PromptError: the template fails.
    """
    names = sorted(STAGE_VARIABLES[prompt.stage] - COMMON_VARIABLES)
    marks = {name: chr(0xE000 + number) for number, name in enumerate(names)}
    given: dict[str, Any] = {
        name: [Example(mark, mark)] if name == "examples" else mark for name, mark in marks.items()
    }
    whole = _joined(render(prompt, form, json_object=json_object, **given))
    places = {name: place for name, mark in marks.items() if (place := whole.find(mark)) >= 0}
    if not places:
        return CacheOrder("", len(whole), 0)
    first = min(places, key=lambda name: places[name])
    behind = whole[places[first] :]
    return CacheOrder(first, places[first], sum(character not in marks.values() for character in behind))


def _joined(rendered: Rendered) -> str:
    return f"{rendered.system}\n{rendered.user}" if rendered.system else rendered.user
