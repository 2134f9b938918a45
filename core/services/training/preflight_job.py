"""What is told of a training set as heavy jobs: its preflight, and how the sources of a built one have changed."""

import json
from collections.abc import Hashable, Mapping
from functools import partial
from typing import Any, Final

from core.adapters.store import Store
from core.services.extraction import prompt_library
from core.services.jobs import JobKind, JobProgress, viewer_parameter
from core.services.quality.cache import cached
from core.services.training.preflight import Preflight, data_version, preflight, remember_preflight_seen
from core.services.training.set_versions import SourceChange, changes_since
from core.services.training.training_options import TrainingOptions, options_from_json


def preflight_parameters(store: Store, options: TrainingOptions) -> dict[str, Any]:
    """Parameters of the job ``preflight``, for whoever reads now."""
    return {"options": options.as_json(), **viewer_parameter(store)}


def shared_preflight(store: Store, options: TrainingOptions, chats: int) -> Preflight:
    """The preflight of a few chats, computed once for everybody until choices, prompt or data change.

    Args:
        store: the open store.
        options: every choice.
        chats: how many there are to choose from.

    Raises:
        ExportError, NotFoundError, PromptError: as :func:`preflight`.
    """
    options.check()
    parameters = preflight_parameters(store, options)
    key = ("preflight", store.url, json.dumps(parameters, sort_keys=True), _version(store, parameters))
    report = cached(key, lambda: preflight(store, options), chats=chats)
    remember_preflight_seen(store, report)
    return report


def changes_parameters(store: Store, number: int) -> dict[str, Any]:
    """Parameters of the job ``training_changes`` about a built set, for whoever reads now."""
    return {"set": number, **viewer_parameter(store)}


def _data_version(store: Store, parameters: Mapping[str, Any]) -> Hashable:
    return data_version(store)


def _changes(store: Store, parameters: Mapping[str, Any], progress: JobProgress) -> list[SourceChange]:
    return changes_since(store, int(parameters["set"]), partial(progress, "读取"))


def _version(store: Store, parameters: Mapping[str, Any]) -> Hashable:
    options = options_from_json(parameters["options"])
    with store.read() as session:
        prompt = prompt_library.finder(session)(options.prompt_reference)
    return data_version(store), prompt.id, prompt.sha256


def _preflight(store: Store, parameters: Mapping[str, Any], progress: JobProgress) -> Preflight:
    return preflight(store, options_from_json(parameters["options"]), progress)


_CLASSES: Final = (
    "preflight:Preflight",
    "rows:SpooledRow",
    "tasks:TrainingTask",
    "length_limits:RowLength",
    "overlong_rows:OverlongRow",
    "lost_evidence:LostValue",
    "field_balance:FieldBalance",
    "row_inputs:WindowPlace",
)

KINDS: Final = {
    "training_changes": JobKind(
        "来源检查", _data_version, _changes, ("core.services.training.set_versions:SourceChange",)
    ),
    "preflight": JobKind(
        "预检",
        _version,
        _preflight,
        (
            "core.errors:ExportError",
            "core.domain.form.form_definition:Form",
            "core.domain.form.form_definition:Contradiction",
            "core.domain.form.form_definition:Companion",
            "core.domain.form.form_definition:SummarySection",
            "core.domain.form.form_definition:Field",
            "core.domain.form.form_definition:FieldType",
            "core.domain.form.form_definition:Kind",
            "core.domain.form.form_definition:Nature",
            *(f"core.services.training.{name}" for name in _CLASSES),
        ),
    ),
}
