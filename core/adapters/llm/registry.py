"""The registered providers: everything that the program has to know about one stands in its single entry."""

from collections.abc import Callable
from dataclasses import dataclass

from core.adapters.llm.base import Provider
from core.adapters.llm.model_spec import ModelSpec
from core.adapters.llm.redaction import removes_keys
from core.domain.model_settings import ModelSettings
from core.errors import SettingsError

_CONCURRENCY = 4


def _none() -> str:
    return ""


@dataclass(frozen=True, slots=True)
class ProviderEntry:
    """What the program knows about a provider; pages, validation and the rules for keys read it here.

    Attributes:
        name: as runs and model entries name it.
        title: on the pages.
        make: makes the provider for a model (``None``: the model of the environment).
        concurrency: default number of calls at a time.
        schemes: schemes that a model's URL may have, the usual one first; empty for rules that compute on this machine.
        url_hint: placeholder of the URL in the form of a model.
        environment_url: URL that the operator set in the environment, not the program's default; ``""`` for none.
        key_variables: variables of the keys that are sent together; empty where no key is sent.
        key_variable: which of them stands for all; the first where empty.
        own_key: whether a model may name another variable for its key, or none.
        default_model: model name from the environment; ``""``: the provider's first shipped model.
        any_model: whether a name without an entry may be typed, to be asked for at the environment's URL.
        model_hint: placeholder of the service's name of a model.
        resource: parameter that names a fine-tuned model's resource; ``""`` where there is none.
        json_mode: whether the service can be asked for JSON.
        batch: whether a service of its kind may take requests as a batch.
    """

    name: str
    title: str
    make: Callable[[ModelSpec | None], Provider]
    concurrency: int = _CONCURRENCY
    schemes: tuple[str, ...] = ()
    url_hint: str = ""
    environment_url: Callable[[], str] = _none
    key_variables: tuple[str, ...] = ()
    key_variable: str = ""
    own_key: bool = False
    default_model: Callable[[], str] = _none
    any_model: bool = False
    model_hint: str = ""
    resource: str = ""
    json_mode: bool = False
    batch: bool = False

    def connect(self, spec: ModelSpec | None) -> Provider:
        """Make the provider for a model (``None``: the model of the environment).

        Raises:
            TypeError: a remote provider does not keep keys out of what leaves it.
        """
        provider = self.make(spec)
        if self.remote and not removes_keys(provider):
            raise TypeError(f"decorate {type(provider).__name__}.complete with without_keys")
        return provider

    @property
    def remote(self) -> bool:
        """Whether models are asked over a connection; else rules compute on this machine."""
        return bool(self.schemes)

    @property
    def usual_variable(self) -> str:
        """Variable that stands for the provider's own keys; ``""`` where no key is sent."""
        return self.key_variable or next(iter(self.key_variables), "")

    def variable_of(self, model: ModelSettings) -> str:
        """Variable of the key that is sent for a model; ``""`` where none is sent."""
        if self.own_key and (model.url or model.key_env):
            return model.key_env
        return self.usual_variable

    def variables_of(self, model: ModelSettings) -> tuple[str, ...]:
        """All variables that are sent for a model."""
        variable = self.variable_of(model)
        if variable in self.key_variables:
            return self.key_variables
        return (variable,) if variable else ()


PROVIDERS: dict[str, ProviderEntry] = {}
"""Registered providers by name, in the order of the pages."""


def register(entry: ProviderEntry) -> None:
    """Make a provider known to the whole program."""
    PROVIDERS[entry.name] = entry


def provider_entry(name: str) -> ProviderEntry:
    """Entry of a provider.

    Raises:
        SettingsError: no such provider.
    """
    if name not in PROVIDERS:
        raise SettingsError(f"没有名为「{name}」的模型服务", f"可以是 {'、'.join(PROVIDERS)}")
    return PROVIDERS[name]


def provider_title(name: str) -> str:
    """Title of a provider on the pages; its name where it is not registered."""
    return PROVIDERS[name].title if name in PROVIDERS else name


def is_remote(name: str) -> bool:
    """Whether a provider's models are asked over a connection; true for one that is not registered."""
    return name not in PROVIDERS or PROVIDERS[name].remote


def default_concurrency(name: str) -> int:
    """Default number of calls at a time of a provider."""
    return PROVIDERS[name].concurrency if name in PROVIDERS else _CONCURRENCY
