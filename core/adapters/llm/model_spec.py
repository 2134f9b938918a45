"""A model and its source: shipped entry, own entry, or a name at the environment's URL."""

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import ConfigDict

from core.domain.model_settings import ModelSettings


class SpecSource(StrEnum):
    """Where a model's entry comes from."""

    FILE = "file"  # ships with the program, read-only
    DATABASE = "database"  # made here, editable; one of the same name stands before the file's
    SETTINGS = "settings"  # no entry: a name that was typed, at the address of the environment


class ModelSpec(ModelSettings):
    """Settings of one model, ready to call. Holds the names of keys' variables, never keys.

    Attributes:
        needs: what has to be filled in before it can be called (``model``, ``patch_id``, ``lora_id``): a template.
        source: see :class:`SpecSource`.
        id: of the row, for entries of the database.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    needs: tuple[str, ...] = ()
    source: SpecSource = SpecSource.FILE
    id: int | None = None

    @property
    def api_name(self) -> str:
        """The model's name in the service's API."""
        return self.model or self.name

    def request(self, own: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Parameters of a call: the entry's, overridden by the run's.

        Args:
            own: the run's.
        """
        default = {"json_mode": True} if self.json_mode else {}
        return {**default, **self.parameters, **(own or {})}

    def missing_settings(self, own: Mapping[str, Any] | None = None) -> tuple[str, ...]:
        """Names of settings that a template still needs, given the run's own parameters."""
        settings = {**self.request(own), "model": self.model}
        return tuple(name for name in self.needs if not settings.get(name))

    def fingerprint(self) -> str:
        """Hash of the settings that affect answers: URL, API name and parameters; not limits, prices or titles."""
        parts = [self.provider, self.url, self.api_name, dict(self.parameters), self.json_mode]
        parts += ["replace_personal"] if self.replace_personal else []
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False, sort_keys=True, default=str).encode()).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """Settings as plain values, for a run to store."""
        return {**self.model_dump(), "source": self.source.value, "needs": list(self.needs)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ModelSpec":
        """Spec from the values of :meth:`as_dict`; unknown keys are ignored."""
        return cls.model_validate({**values, "needs": tuple(values.get("needs") or ())})
