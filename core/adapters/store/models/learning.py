"""Extractors that are learned from approved chats, and the jobs that train them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, UniqueConstraint
from sqlmodel import Field

from core.adapters.store.models.base import NEVER_REUSED, Base, UtcDateTime, json_column, now, timestamp_column


class LearnedModelBase(Base):
    """Fields that a learned model's table and view share.

    A model is not stored as numbers: it is what a fit of these examples gives, again whenever it is needed. Nothing
    that another program wrote is ever loaded into this one.

    Attributes:
        name: as the model entry and runs name it.
        digest: of everything that the model depends on: texts, forms, form file, code, seed, library versions.
        form: name of the form.
        sources: ``{"datasets": [names], "source": "labels" | "records" | "labels+records"}``.
        examples: ``[{"chat", "sha256", "origin", "id", "version"}]``: which record or label of which chat.
        versions: of features, learner, form, and libraries.
        chats: number of examples.
        evaluation: what cross-validation on the examples gave; empty where none was made.
        who: who had it trained.
    """

    name: str
    digest: str
    form: str
    sources: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    examples: list[dict[str, Any]] = Field(default_factory=list, sa_column=json_column())
    versions: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    chats: int = 0
    evaluation: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    who: str = ""
    created_at: datetime = Field(default_factory=now, sa_column=timestamp_column())


class LearnedModel(LearnedModelBase, table=True):
    """One version of a learned extractor; never edited. The newest of a name is in use if its model entry says so."""

    __table_args__ = (UniqueConstraint("name", "digest", name="uq_learnedmodel_name_digest"), NEVER_REUSED)

    id: int | None = Field(default=None, primary_key=True)


class RunConfidence(Base, table=True):
    """How sure a run's cells are, fitted on approved chats; derived data, replaced by the next fit.

    Attributes:
        run_id: the run.
        approved: number of approved chats at the time.
        model: weights of the signs, see :class:`core.services.learning.confidence.ConfidenceModel`.
        reliability: how far the confidences could be believed, cross-validated.
        examples: digests of the texts that it was fitted on.
        fitted_at: when.
    """

    run_id: int = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    approved: int = 0
    model: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    reliability: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    examples: list[str] = Field(default_factory=list, sa_column=json_column())
    fitted_at: datetime = Field(default_factory=now, sa_column=timestamp_column())


class TrainingJobStatus(StrEnum):
    """State of a training job."""

    RUNNING = "running"
    DONE = "done"
    KEPT_OLD = "kept_old"
    FAILED = "failed"


class TrainingJobBase(Base):
    """Fields that a training job's table and view share.

    Attributes:
        form: name of the form whose approvals are learned.
        status: see :class:`TrainingJobStatus`.
        approvals: number of approved records when the job was made.
        stage: what is being done, in Chinese.
        done: steps of the stage that are done.
        total: steps of the stage.
        problem: why it failed, or why the model before stays; ``""`` otherwise.
        worker: ``host:process`` that trains.
        seen_at: its last sign of life.
    """

    form: str
    status: str = TrainingJobStatus.RUNNING
    approvals: int
    stage: str = ""
    done: int = 0
    total: int = 0
    problem: str = ""
    worker: str = ""
    seen_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime(), nullable=True))
    created_at: datetime = Field(default_factory=now, sa_column=timestamp_column())


class TrainingJob(TrainingJobBase, table=True):
    """One training in the background; a process that dies leaves it to the next one."""

    __table_args__ = (UniqueConstraint("form", "approvals", name="uq_trainingjob_form_approvals"), NEVER_REUSED)

    id: int | None = Field(default=None, primary_key=True)
