"""Forms that were made in the browser: their versions, and what somebody is still working on."""

from datetime import datetime

from sqlalchemy import Column, Text, UniqueConstraint
from sqlmodel import Field

from core.adapters.store.models.base import NEVER_REUSED, Base, now, timestamp_column


class FormVersion(Base, table=True):
    """A version of a form. It never changes: datasets, runs and training sets name it as ``name@version``.

    Attributes:
        name: of the form; a file in ``data/forms`` may have the same one and is then the version before all others.
        version: from 1, or from the version behind that of the file.
        title: as people know it.
        form: TOML.
        guidelines: TOML; may be empty.
        rules: TOML; may be empty.
        note: what is new in it.
        who: who saved it.
        at: when.
    """

    __table_args__ = (UniqueConstraint("name", "version", name="uq_formversion_name_version"), NEVER_REUSED)

    id: int | None = Field(default=None, primary_key=True)
    name: str
    version: int
    title: str
    note: str = ""
    who: str = ""
    at: datetime = Field(default_factory=now, sa_column=timestamp_column())
    form: str = Field(sa_column=Column(Text, nullable=False))
    guidelines: str = Field(default="", sa_column=Column(Text, nullable=False))
    rules: str = Field(default="", sa_column=Column(Text, nullable=False))


class FormDraft(Base, table=True):
    """What somebody is working on: the texts of a form that is to be saved as a version, with or without mistakes.

    ``base`` is the reference of the version that it began with (``""``: a new form), ``revision`` grows with each save,
    so that two windows of one person do not overwrite one another unseen.
    """

    name: str = Field(primary_key=True)
    who: str = Field(primary_key=True)
    base: str = ""
    revision: int = 1
    form: str = Field(sa_column=Column(Text, nullable=False))
    guidelines: str = Field(default="", sa_column=Column(Text, nullable=False))
    rules: str = Field(default="", sa_column=Column(Text, nullable=False))
    at: datetime = Field(default_factory=now, sa_column=timestamp_column())
