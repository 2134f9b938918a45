"""One model as it can be called: where it is, what it is called there, what it takes, allows and costs."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any


class SpecSource(StrEnum):
    """Where an entry comes from."""

    FILE = "file"  # ships with the program, read-only
    DATABASE = "database"  # made here, editable; one of the same name stands before the file's
    SETTINGS = "settings"  # no entry: a name that was typed, at the address of the environment


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model. Holds the names of keys' variables, never keys.

    Attributes:
        name: the entry's name, as a run names it.
        title: what the page shows.
        provider: ``spark``, ``openai`` or ``local``.
        model: what the service calls it (Spark: domain or service id); the name where empty.
        url: websocket address (``spark``) or base address (``openai``); ``""`` where the environment decides.
        key_env: the variable with the key (``openai`` with an address of its own); ``""``: it wants none.
        context_tokens: prompt and answer together; 0 where unknown.
        max_output_tokens: the longest answer that may be asked for; 0 where unknown.
        concurrency: calls at a time that the service allows; ``None`` where unknown.
        per_minute: calls started per minute that it allows; ``None`` for no limit.
        price_in: yuan per thousand tokens of the question; ``None`` where unknown.
        price_out: yuan per thousand tokens of the answer; ``None`` where unknown.
        parameters: goes with every call (``temperature``, ``patch_id``, ``lora_id`` …).
        json_mode: whether the service can be asked for JSON (``response_format``).
        system: whether it takes a system message; else it is put before the question.
        needs: what has to be filled in before it can be called (``model``, ``patch_id``, ``lora_id``): a template.
        note: for people.
        training_set_id: the set that it was tuned on.
        source: see :class:`SpecSource`.
        id: of the row, for entries of the database.
    """

    name: str
    title: str
    provider: str
    model: str = ""
    url: str = ""
    key_env: str = ""
    context_tokens: int = 0
    max_output_tokens: int = 0
    concurrency: int | None = None
    per_minute: int | None = None
    price_in: float | None = None
    price_out: float | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    json_mode: bool = False
    system: bool = True
    needs: tuple[str, ...] = ()
    note: str = ""
    training_set_id: int | None = None
    source: str = SpecSource.FILE
    id: int | None = None

    @property
    def api_name(self) -> str:
        """What the service calls it."""
        return self.model or self.name

    def request(self, own: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Parameters of a call: the entry's, those of the run before them.

        Args:
            own: the run's.
        """
        usual = {"json_mode": True} if self.json_mode else {}
        return {**usual, **self.parameters, **(own or {})}

    def missing_settings(self, own: Mapping[str, Any] | None = None) -> tuple[str, ...]:
        """What a template still needs, given the run's own parameters."""
        given = self.request(own)
        return tuple(name for name in self.needs if not (self.model if name == "model" else given.get(name)))

    def fingerprint(self) -> str:
        """Equal for entries that answer alike: address, name there, parameters; not limits, prices or titles."""
        what = [self.provider, self.url, self.api_name, dict(self.parameters), self.json_mode]
        return hashlib.sha256(json.dumps(what, ensure_ascii=False, sort_keys=True, default=str).encode()).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """For a run to keep as it was used."""
        return {**asdict(self), "parameters": dict(self.parameters), "needs": list(self.needs)}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> "ModelSpec":
        """What :meth:`as_dict` made; keys of other versions of the program are passed over."""
        known = {entry.name for entry in fields(cls)}
        values = {key: value for key, value in kept.items() if key in known}
        return cls(**{**values, "needs": tuple(values.get("needs") or ())})
