"""What a new run can be made of: providers and whether their keys are there, models, prompts, a free name."""

from dataclasses import dataclass

from core.jobs.runs import DEFAULT_CONCURRENCY, default_model
from core.llm import PROVIDERS, presets
from core.llm import provider as make_provider
from core.prompts import Stage, list_prompts
from core.store import Store, queries

_TITLES = {"local": "本地规则", "spark": "星火", "openai": "OpenAI 兼容接口"}


@dataclass(frozen=True, slots=True)
class Offer:
    """A provider as it may be chosen.

    Attributes:
        name: ``local``, ``spark`` or ``openai``.
        title: what the page shows.
        missing: ``""`` if it can be called, else the sentence that names the missing variables.
        models: names, the default first; any other name may be typed.
        titles: ``{model: what the page shows}`` where a model has a name for people.
        concurrency: calls at a time by default.
    """

    name: str
    title: str
    missing: str
    models: tuple[str, ...]
    titles: dict[str, str]
    concurrency: int


def offers() -> list[Offer]:
    """All providers, those that can be called first."""
    found = []
    for name in PROVIDERS:
        known = {preset.name: preset.title for preset in presets() if preset.provider == name}
        default = default_model(name)
        models = tuple(dict.fromkeys([default, *known] if default else known))
        missing = make_provider(name).ready()
        found.append(Offer(name, _TITLES.get(name, name), missing, models, known, DEFAULT_CONCURRENCY.get(name, 4)))
    return sorted(found, key=lambda offer: bool(offer.missing))


def prompts() -> list[tuple[str, str]]:
    """``(name.version, title)`` of the prompts that a run can use, newest version of each name first."""
    return [(prompt.id, prompt.title) for prompt in list_prompts() if prompt.stage is Stage.EXTRACT]


def free_name(store: Store, dataset_id: int, provider: str, model: str) -> str:
    """A name that no run of the dataset has yet: ``generalv3.5-1``, then ``generalv3.5-2`` and so on."""
    stem = model or provider
    with store.read() as session:
        taken = {run.name for run in queries.runs(session, dataset_id)}
    number = 1
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"
