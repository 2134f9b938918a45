"""标注规范: annotation guidelines per field. Every version is stored; the highest applies.

A form may bring a first text per field along (``data/forms/<form>.guidelines.toml``, or in the database; keys as in the
form); that is version 0, and stands until somebody writes another. What was written stands through all versions of a
form.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import Guideline
from core.domain.form import Form
from core.domain.form.guidelines import read_guidelines
from core.domain.form.loading import stored_version
from core.domain.permissions import Permission
from core.errors import ConflictError, InputError
from core.services.team import permitted

LONGEST = 4000


@dataclass(frozen=True, slots=True)
class GuidelineView:
    """One version of one field's guideline; version 0 is the shipped one, without an author."""

    field: str
    version: int
    text: str
    reason: str = ""
    who: str = ""
    at: datetime | None = None


def shipped(reference: str) -> dict[str, str]:
    """The first guideline per field that a form brings along; empty if it has none. A file is read once per process.

    Raises:
        FormError: the form's guidelines cannot be read.
    """
    return read_guidelines(reference) if stored_version(reference) else _in_file(reference)


@lru_cache(maxsize=16)
def _in_file(form_name: str) -> dict[str, str]:
    return read_guidelines(form_name)


def current(session: Session, form: Form) -> dict[str, GuidelineView]:
    """The guidelines that apply, by field key, in form order; empty text where there is none."""
    newest = (
        select(col(Guideline.field), func.max(col(Guideline.version)).label("version"))
        .where(col(Guideline.form) == form.name)
        .group_by(col(Guideline.field))
        .subquery()
    )
    statement = (
        select(Guideline)
        .join(newest, (col(Guideline.field) == newest.c.field) & (col(Guideline.version) == newest.c.version))
        .where(col(Guideline.form) == form.name)
    )
    written = {row.field: _view(row) for row in session.execute(statement).scalars()}
    first = shipped(form.reference)
    return {key: written.get(key) or GuidelineView(key, 0, first.get(key, "")) for key in form.keys}


def texts(session: Session, form: Form) -> dict[str, str]:
    """``{field key: guideline}`` of the fields that have one."""
    return {key: view.text for key, view in current(session, form).items() if view.text}


def history(session: Session, form: Form, key: str) -> list[GuidelineView]:
    """All versions of a field's guideline, newest first, the shipped one last."""
    statement = (
        select(Guideline)
        .where(col(Guideline.form) == form.name, col(Guideline.field) == key)
        .order_by(col(Guideline.version).desc())
    )
    first = GuidelineView(key, 0, shipped(form.reference).get(key, ""))
    return [*(_view(row) for row in session.execute(statement).scalars()), first]


@permitted(Permission.GUIDELINES)
def write(store: Store, form: Form, key: str, text: str, *, who: str, base_version: int, reason: str = "") -> int:
    """Write the next version of a field's guideline.

    Args:
        store: the open store.
        form: the form.
        key: the field.
        text: the whole new text.
        who: who writes it.
        base_version: the version that the writer saw.
        reason: why it changes, such as the case that was decided.

    Returns:
        The new version.

    Raises:
        InputError: no name, unknown field, too long, or nothing changed.
        ConflictError: somebody else wrote one in between.
    """
    text = text.strip()
    if not who.strip():
        raise InputError("还不知道是谁在修改标注规范", "请先填写名字")
    if key not in form:
        raise InputError(f"表单没有字段「{key}」", "请从列表里选择字段")
    if len(text) > LONGEST:
        raise InputError(f"规范有 {len(text):,} 字，最多 {LONGEST} 字", "请写短一些，只留要点和例子")
    late = ConflictError("这一项规范刚刚有人改过，没有保存", "请先看新的版本，再把您的修改写上去")
    try:
        with store.write() as session:
            newest = history(session, form, key)[0]
            if newest.version != base_version:
                raise late
            if newest.text == text:
                raise InputError("内容没有变化", "改过之后再保存")
            version = newest.version + 1
            session.add(
                Guideline(form=form.name, field=key, version=version, text=text, reason=reason.strip(), who=who.strip())
            )
            return version
    except IntegrityError as error:
        raise late from error


def _view(row: Guideline) -> GuidelineView:
    return GuidelineView(row.field, row.version, row.text, row.reason, row.who, row.at)
