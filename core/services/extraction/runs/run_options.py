"""Choices for a new run: models and whether they can be called, prompts, chats, a free name."""

import re
from dataclasses import dataclass

from core.adapters.llm import (
    PROVIDERS,
    ModelSpec,
    SpecSource,
    adhoc_model,
    default_concurrency,
    local,
    provider_title,
    unready_reason,
)
from core.adapters.store import Store, queries
from core.domain.form import Form
from core.domain.indices import parse_index
from core.domain.prompts import Prompt, Stage
from core.errors import RunError
from core.services.extraction import models as model_catalog
from core.services.extraction import prompt_library

_RANGE = re.compile(r"(\d+)(?:\s*[-–~至到]\s*(\d+))?")
_ALONE = (Stage.EXTRACT, Stage.FEWSHOT)
_VOTERS = 3
_DASH = re.compile(r"(?:(?<!\s)\s++)?+([-–~至到])\s*+")
_BETWEEN = re.compile(r"[,，、;；\s]+")


@dataclass(frozen=True, slots=True)
class RunOption:
    """A model offered for a new run.

    Attributes:
        spec: the entry.
        missing: ``""`` if it can be called, else the sentence that says what is missing.
        concurrency: calls at a time by default.
    """

    spec: ModelSpec
    missing: str
    concurrency: int

    @property
    def label(self) -> str:
        """Text shown on the page: title, name, and whether it can be called."""
        spec = self.spec
        state = "模板" if spec.missing_settings() else ("未配置" if self.missing else "")
        name = spec.name if spec.name != spec.title else provider_title(spec.provider)
        return " · ".join(part for part in (spec.title, name, state) if part)


def run_options(store: Store) -> list[RunOption]:
    """All models: own, shipped, and the one set in the environment; callable ones first."""
    specs = model_catalog.models(store)
    for entry in PROVIDERS.values():
        named = entry.default_model() if entry.any_model else ""
        if named and not any((spec.provider, spec.name) == (entry.name, named) and _callable(spec) for spec in specs):
            specs.append(adhoc_model(entry.name, named))
    options = [run_option(spec) for spec in specs]
    return sorted(
        options,
        key=lambda option: (
            bool(option.missing),
            option.spec.provider == "learned",
            option.spec.source == SpecSource.FILE,
        ),
    )


def run_option(spec: ModelSpec) -> RunOption:
    """A model as it is offered for a new run."""
    return RunOption(spec, unready_reason(spec), spec.concurrency or default_concurrency(spec.provider))


def typed_option(name: str) -> RunOption:
    """A model name that was typed and has no entry, asked for at the environment's URL."""
    provider = next(entry.name for entry in PROVIDERS.values() if entry.any_model)
    return run_option(adhoc_model(provider, name))


def prompt_options(store: Store, form: Form) -> list[tuple[str, str]]:
    """``(what create_run takes, title)``: the usual prompt, other single ones, newest first, then usual pipelines.

    Args:
        store: open store.
        form: what is asked for.
    """
    with store.read() as session:
        entries = [entry for entry in prompt_library.list_entries(session) if not entry.problem]
    prompts = [entry.prompt for entry in entries]
    single = [(prompt.id, prompt.title) for prompt in prompts if prompt.stage in _ALONE]
    newest: dict[Stage, Prompt] = {}
    for entry in sorted(entries, key=lambda entry: entry.prompt.name != "baseline"):
        if entry.prompt.stage not in newest:
            newest[entry.prompt.stage] = prompt_library.earliest_alike(entry, entries, form)
    first = newest.get(Stage.EXTRACT)
    joined: list[tuple[str, str]] = []
    if first and (verify := newest.get(Stage.VERIFY)):
        joined.append((f"{first.id},{verify.id}", f"{first.title}，再{verify.title}"))
    if (summary := newest.get(Stage.SUMMARY)) and (filled := newest.get(Stage.FROM_SUMMARY)):
        joined.append((f"{summary.id},{filled.id}", f"{summary.title}，再{filled.title}"))
    if (naming := newest.get(Stage.CUSTOMERS)) and (filling := newest.get(Stage.ONE_CUSTOMER)):
        joined.append((f"{naming.id},{filling.id}", f"两步：{naming.title}，再{filling.title}"))
    if first:
        joined.append((f"{first.id}*{_VOTERS}", f"{first.title} {_VOTERS} 次投票"))
    usual = first.id if first else ""
    return sorted(single, key=lambda entry: (entry[0] != usual, not entry[0].startswith("baseline."))) + joined


def free_name(store: Store, dataset_id: int, provider: str, model: str) -> str:
    """The first unused run name of the dataset: ``generalv3.5-1``, ``generalv3.5-2`` and so on.

    The rules, which are no model, are called what the pages call them.
    """
    stem = provider_title(provider) if provider == local.ENTRY.name else model or provider
    with store.read() as session:
        taken = {run.name for run in queries.runs(session, dataset_id)}
    number = 1
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"


def parse_indices(text: str) -> list[int]:
    """Parse chat indices as users write them: ``1-20，35``; in order, without repeats.

    Raises:
        RunError: something else is in it.
    """
    indices: set[int] = set()
    for part in filter(None, _BETWEEN.split(_DASH.sub(r"\1", text.strip()))):
        match = _RANGE.fullmatch(part)
        first = parse_index(match[1]) if match else None
        last = parse_index(match[2] or match[1]) if match else None
        if first is None or last is None or not 0 <= last - first <= 1_000_000:
            raise RunError(f"看不懂群聊序号「{part[:40]}」", "请写成 1-20，35 的样子")
        indices.update(range(first, last + 1))
    return sorted(indices)


def _callable(spec: ModelSpec) -> bool:
    return not unready_reason(spec)
