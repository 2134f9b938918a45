"""The model of a run: its entry as of the last start, with the run's own parameters."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import func, select
from sqlmodel import Session, col

from core.adapters.llm import ModelSpec, Provider, adhoc_model, connect, find_preset, presets, provider_entry
from core.adapters.llm.learned import DIGEST, LEARNED, LearnedProvider
from core.adapters.store import Store
from core.adapters.store.models import CallLine, Extraction, Run
from core.services.extraction import models as model_catalog
from core.services.extraction.runs.scope import BatchWay, RunParameters, parameters_of

ADDRESS_HOURS: Final = 1
"""How long a call to an address for batches may wait, where the entry does not say."""


def with_run_parameters(spec: ModelSpec, own: Mapping[str, Any]) -> ModelSpec:
    """The entry with a run's parameters applied over its own."""
    return spec.model_copy(update={"parameters": spec.request(own)})


def model_key(row: Run) -> str:
    """``provider:name`` of a run's model: what its limits belong to."""
    return f"{row.provider}:{row.model}"


def spec_of(row: Run) -> ModelSpec:
    """The model of a run with the run's own parameters, ready to connect."""
    parameters = parameters_of(row)
    if parameters.entry:
        spec = ModelSpec.from_dict(parameters.entry)
    else:
        # A run from before there were entries.
        spec = find_preset(row.provider, row.model) or adhoc_model(row.provider, row.model)
    return with_run_parameters(spec, parameters.request)


def called_spec(spec: ModelSpec, parameters: RunParameters) -> ModelSpec:
    """The model where a run's calls go: at its other address, where they go there as a batch.

    What a request *is* stays with the entry itself: the same question has the same answer at both addresses.
    """
    return spec.model_copy(update={"url": spec.batch_url}) if parameters.batch == BatchWay.ADDRESS else spec


def call_deadline(spec: ModelSpec, parameters: RunParameters) -> float:
    """Seconds for one call of a run; the address for batches answers late."""
    if parameters.batch == BatchWay.ADDRESS:
        return 3600.0 * (spec.batch_deadline or ADDRESS_HOURS)
    return parameters.deadline


def connect_with(store: Store, spec: ModelSpec) -> Provider:
    """Provider for a model; a learned extractor is given the database that it was learned from.

    Raises:
        SettingsError: no such provider.
    """
    digest = str(spec.parameters.get(DIGEST, ""))
    if spec.provider == LEARNED and digest:
        from core.services.learning import extract_with  # imports much that other models need not

        return LearnedProvider(digest, extract_with(store, digest))
    return connect(spec)


def refresh(session: Session, row: Run) -> None:
    """Update the run's copy of the entry; what affects answers stays fixed once there is an answer.

    Address, key variable, limits and prices follow the entry, so that a service that moved can be followed. The model
    and its parameters do so only while nothing has been answered: a run is one way of asking.
    """
    entry = model_catalog.find_model(session, row.model)
    parameters = parameters_of(row)
    if entry is None or entry.provider != row.provider:
        return
    if parameters.entry:
        answers = session.execute(
            select(func.count()).where(col(Extraction.run_id) == row.id, col(Extraction.forms).is_not(None))
        ).scalar_one()
        lines = session.execute(select(func.count()).where(col(CallLine.run_id) == row.id)).scalar_one()
        if answers or lines:
            used = ModelSpec.from_dict(parameters.entry)
            answering = {
                "model": used.api_name,
                "parameters": used.parameters,
                "json_mode": used.json_mode,
                "system": used.system,
                "replace_personal": used.replace_personal,
            }
            entry = entry.model_copy(update=answering)
    parameters.entry = entry.as_dict()
    row.parameters = parameters.model_dump(mode="json")


def default_model(provider: str) -> str:
    """Default model of a provider: from the environment, else its first shipped one; ``""`` if there is none.

    Raises:
        SettingsError: no such provider.
    """
    entry = provider_entry(provider)
    name = entry.default_model()
    if name or entry.any_model:
        return name
    return next((preset.name for preset in presets() if preset.provider == provider), "")
