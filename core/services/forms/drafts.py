"""What somebody is working on: a form that is to be saved as a version, kept from window to window."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import FormDraft, now
from core.domain.form import UNSTORABLE, form_path
from core.domain.form.loading import FormTexts
from core.domain.permissions import Permission
from core.errors import ConflictError, InputError
from core.services.forms.checking import LARGEST_TEXT
from core.services.team import permitted


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft of a form.

    Attributes:
        name: of the form.
        who: works on it.
        base: reference of the version that it began with; ``""``: a new form.
        revision: grows with each save.
        texts: the form, with mistakes or without.
        at: when it was saved last.
    """

    name: str
    who: str
    base: str
    revision: int
    texts: FormTexts
    at: datetime


def drafts_of(session: Session, who: str) -> list[DraftView]:
    """Somebody's drafts, the latest first."""
    statement = select(FormDraft).where(col(FormDraft.who) == who.strip()).order_by(col(FormDraft.at).desc())
    return [_view(row) for row in session.execute(statement).scalars()]


def draft_named(session: Session, name: str, who: str) -> DraftView | None:
    """Somebody's draft of a form; ``None`` where there is none."""
    row = session.get(FormDraft, (name, who.strip()))
    return _view(row) if row is not None else None


@permitted(Permission.FORMS)
def keep_draft(store: Store, name: str, texts: FormTexts, *, who: str, base: str, revision: int) -> DraftView:
    """Keep what somebody has made of a form so far.

    Args:
        store: the open store.
        name: of the form.
        texts: with mistakes or without.
        who: works on it.
        base: reference of the version that it began with; ``""``: a new form.
        revision: of the draft that they saw; 0: none.

    Raises:
        FormError: the name cannot be used.
        InputError: nobody's name is known, or a text is too long.
        ConflictError: the draft was changed in another window.
    """
    form_path(name)
    who = who.strip()
    if not who:
        raise InputError("还不知道是谁在修改表单", "请先填写名字")
    for text in (texts.form, texts.guidelines, texts.rules):
        if len(text) > LARGEST_TEXT or UNSTORABLE.search(text):
            raise InputError(f"表单太长（最多 {LARGEST_TEXT:,} 字），或有不能保存的字符", "请改短一些，去掉这些字符")
    late = ConflictError(f"表单「{name}」的草稿在另一个窗口里改过，这里没有保存", "请重新打开草稿，再接着改")
    try:
        with store.write() as session:
            row = session.get(FormDraft, (name, who))
            if (row.revision if row is not None else 0) != revision:
                raise late
            row = row or FormDraft(name=name, who=who, base=base, revision=0, form="")
            row.base, row.revision, row.at = base, revision + 1, now()
            row.form, row.guidelines, row.rules = texts.form, texts.guidelines, texts.rules
            session.add(row)
            return _view(row)
    except IntegrityError as error:
        raise late from error


@permitted(Permission.FORMS)
def discard_draft(store: Store, name: str, *, who: str) -> DraftView | None:
    """Throw a draft away; gives what it was, ``None`` where there was none."""
    with store.write() as session:
        row = session.get(FormDraft, (name, who.strip()))
        if row is None:
            return None
        view = _view(row)
        session.delete(row)
        return view


def _view(row: FormDraft) -> DraftView:
    return DraftView(row.name, row.who, row.base, row.revision, FormTexts(row.form, row.guidelines, row.rules), row.at)
