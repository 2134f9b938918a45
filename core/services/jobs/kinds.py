"""Kinds of heavy computations: what each computes, from which data, and which classes its results consist of."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, Protocol

from sqlmodel import Session

from core.adapters.store import Store
from core.errors import InputError

Parameters = Mapping[str, Any]


class JobProgress(Protocol):
    """Told how far a computation is."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Note it.

        Args:
            stage: what is being done, in Chinese.
            done: steps that are done.
            total: all steps.
        """
        ...


@dataclass(frozen=True, slots=True)
class JobKind:
    """One kind of heavy computation.

    Attributes:
        title: what a person waits for, in Chinese.
        inputs: version of the data that the result depends on; cheap, and different whenever the result could be.
        compute: the result; a Chinese sentence (``ShiyaoError``) where it cannot be computed.
        classes: ``module:name`` of each class that results consist of, beside the usual ones; no other is read back.
        about: what a result is about where that is less than all parameters: of each subject the newest is kept.
    """

    title: str
    inputs: Callable[[Store, Parameters], Hashable]
    compute: Callable[[Store, Parameters, JobProgress], Any]
    classes: tuple[str, ...]
    about: Callable[[Parameters], Parameters] = lambda parameters: parameters


@dataclass(frozen=True, slots=True)
class ResultWithEntry:
    """What ``compute`` gives where something has to be written with the result, both or neither.

    Attributes:
        value: the result.
        enter: called in the transaction that stores it; not at all where the job was cancelled or taken over.
    """

    value: Any
    enter: Callable[[Session], None]


KIND_MODULES: Final = {
    "scores": "core.services.quality.score_jobs",
    "comparison": "core.services.quality.score_jobs",
    "alignment": "core.services.quality.score_jobs",
    "fill_rates": "core.services.quality.score_jobs",
    "reliability": "core.services.learning.reliability_job",
    "preflight": "core.services.training.preflight_job",
    "training_changes": "core.services.training.preflight_job",
    "training_set": "core.services.training.set_jobs",
    "training_rebuild": "core.services.training.set_jobs",
    "form_preview": "core.services.forms.change_jobs",
    "form_change": "core.services.forms.change_jobs",
    "form_undo": "core.services.forms.change_jobs",
    "passing": "core.services.review.passing_jobs",
    "passing_undo": "core.services.review.passing_jobs",
}
"""Where each kind is defined, in ``KINDS`` of its module: read only by whoever computes or asks for it."""


def kind_named(name: str) -> JobKind:
    """A kind by its name.

    Raises:
        InputError: there is none.
    """
    if name not in KIND_MODULES:
        raise InputError(f"不认识计算「{name}」", "请刷新页面")
    kinds: dict[str, JobKind] = import_module(KIND_MODULES[name]).KINDS
    return kinds[name]
