"""Frozen copies of database rows, returned by services: safe to cache and to pass between threads.

A table and its view declare the fields that they share once, in a common base (``RunBase`` → ``Run``, ``RunView``).
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from sqlalchemy.orm import InstrumentedAttribute
from sqlmodel import SQLModel

from core.adapters.store.models import (
    Base,
    CallBatchBase,
    ChatBase,
    DatasetBase,
    ExtractionBase,
    HeavyJobBase,
    LearnedModelBase,
    PassingRuleBase,
    RecordBase,
    RecordEventBase,
    ReviewCheckBase,
    RunBase,
    TrainingJobBase,
)
from core.domain.form import FormValues


class View(SQLModel):
    """Base class of frozen copies of rows.

    ``view.model_copy(update={...})`` gives a changed copy.
    """

    model_config = {"frozen": True, "defer_build": True}

    _names: ClassVar[tuple[str, ...]]
    _names_set: ClassVar[set[str]]

    @classmethod
    def __pydantic_init_subclass__(cls, **_kwargs: Any) -> None:
        """Remember the names of the fields."""
        cls._names, cls._names_set = tuple(cls.model_fields), set(cls.model_fields)

    @classmethod
    def from_row(cls, row: Base, **computed: Any) -> Self:
        """Copy a row.

        The values are not validated again, as rows stream by the ten thousand: as ``model_construct``, four times as
        fast.

        Args:
            row: a loaded row of the view's table.
            computed: fields that are not columns of the table, and those that differ from the column.
        """
        return cls._make({name: getattr(row, name) for name in cls._names if name not in computed} | computed)

    @classmethod
    def columns(cls, table: type[Base]) -> list[InstrumentedAttribute[Any]]:
        """The table's columns that this view copies, for a select that streams rows.

        Columns leave no live rows in the session. Two streams over one table would share those rows, and the stream
        that lets go of a row first takes it from the other.

        Args:
            table: the view's table.
        """
        return [getattr(table, name) for name in cls._names if name in table.model_fields]

    @classmethod
    def from_columns(cls, row: Mapping[Any, Any]) -> Self:
        """A view of selected columns (see :meth:`columns`), by their names.

        Args:
            row: one of ``session.execute(select(*columns, …)).mappings()``.
        """
        return cls._make({name: row[name] for name in cls._names})

    @classmethod
    def _make(cls, values: dict[str, Any]) -> Self:
        view = object.__new__(cls)
        assign = object.__setattr__
        assign(view, "__dict__", values)
        assign(view, "__pydantic_fields_set__", cls._names_set)
        assign(view, "__pydantic_extra__", None)
        assign(view, "__pydantic_private__", None)
        return view


class DatasetView(DatasetBase, View):
    """A dataset. ``chats`` is the number of imported chats."""

    id: int
    chats: int


class ChatView(ChatBase, View):
    """A chat with its text."""

    id: int


class RunView(RunBase, View):
    """A run and its progress; numbers of tokens and ``seconds`` are sums over its extractions.

    ``outdated`` answers were made on a chat before an import went on with it. ``newest`` is the id of the last
    extraction, 0 before the first one; ``edited`` see :func:`core.adapters.store.last_edit.last_edit`.
    """

    id: int
    done: int
    failed: int
    tokens_in: int
    tokens_out: int
    seconds: float
    outdated: int = 0
    newest: int = 0
    tokens_cached: int = 0
    batch_in: int = 0
    batch_out: int = 0
    edited: int = 0

    @property
    def pending(self) -> int:
        """Number of chats that have neither an answer nor a failure yet."""
        return max(0, self.total - self.done - self.failed)


class ExtractionView(ExtractionBase, View):
    """One run's answer for one chat; ``index`` is the chat's."""

    index: int


class RecordView(RecordBase, View):
    """A chat's form values as a reviewer edited them; ``index`` is the chat's."""

    id: int
    index: int

    @property
    def forms(self) -> list[FormValues]:
        """The values without their origins and confirmations, one form per customer."""
        return [customer["values"] for customer in self.customers]


class LearnedModelView(LearnedModelBase, View):
    """One version of a learned extractor."""

    id: int


class TrainingJobView(TrainingJobBase, View):
    """One training in the background."""

    id: int


class HeavyJobView(HeavyJobBase, View):
    """One heavy computation that somebody asked for."""

    id: int


class CallBatchView(CallBatchBase, View):
    """One file of requests of a run, and how far it is."""

    id: int


class PassingRuleView(PassingRuleBase, View):
    """A lead's leave to let values pass above a confidence."""

    id: int


class ReviewCheckView(ReviewCheckBase, View):
    """What is checked of the reviews of a dataset, without what would tell which chats."""


class EventView(RecordEventBase, View):
    """One save in a record's history."""
