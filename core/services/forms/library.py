"""The forms that there are: files of the program, and versions that were saved in the database."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

import tomlkit
from sqlalchemy import Select, exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased, load_only
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import Dataset, FormDraft, FormVersion
from core.domain.form import Form, form_path, load_named_form
from core.domain.form.loading import FormTexts, form_names, parse_form, read_form_texts, stored_version
from core.domain.permissions import Permission
from core.errors import ConflictError, FormError, InputError, NotFoundError
from core.services.team import AuditKind, permitted, record_audit
from core.settings import settings

LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class KnownForm:
    """A version of a form that datasets can use.

    Attributes:
        reference: what datasets, commands and :func:`core.domain.form.load_named_form` call it.
        name: without the version.
        version: from 1.
        title: as people know it; its name where it cannot be read.
        fields: number of fields.
        points: most that one customer's form can earn.
        is_file: whether it ships with the program.
        note: what is new in it.
        who: who saved it; ``""`` for a file.
        at: when; ``None`` for a file.
        datasets: names of the datasets that use it.
        problem: why it cannot be used; ``""`` where it can.
        on_earlier: of a form's newest version, the datasets that use an earlier one, with that version.
    """

    reference: str
    name: str
    version: int
    title: str
    fields: int
    points: float
    is_file: bool
    note: str = ""
    who: str = ""
    at: datetime | None = None
    datasets: tuple[str, ...] = ()
    problem: str = ""
    on_earlier: tuple[tuple[str, int], ...] = ()

    @property
    def used_by(self) -> str:
        """Names of all its datasets, those of earlier versions with their version; ``""`` where there are none."""
        return "、".join([*self.datasets, *(f"{name}（第 {version} 版）" for name, version in self.on_earlier)])

    @property
    def label(self) -> str:
        """Title and version, as choices show it."""
        return f"{self.title} 第 {self.version} 版"


def known_forms(session: Session, *, every_version: bool = False) -> list[KnownForm]:
    """All forms by name: the newest version of each, or with ``every_version`` all, the newest first."""
    stored = _version_rows()
    if not every_version:
        later = aliased(FormVersion)
        is_later = exists().where(
            col(later.name) == col(FormVersion.name), col(later.version) > col(FormVersion.version)
        )
        stored = stored.where(~is_later)
    rows = list(session.execute(stored).scalars())
    names = {row.name for row in rows}
    files = [name for name in form_names() if every_version or name not in names]
    listed = _listed(session, files, rows)
    if every_version:
        return listed
    used = _datasets_by_form(session)
    return [replace(one, on_earlier=_on_earlier(one, used)) for one in listed]


def _on_earlier(newest: KnownForm, used: Mapping[str, Sequence[str]]) -> tuple[tuple[str, int], ...]:
    """Datasets that use another version of a form than its newest, with that version, the later ones first."""
    versions = {reference: stored_version(reference) or (reference, 1) for reference in used}
    others = [
        (version, reference)
        for reference, (name, version) in versions.items()
        if name == newest.name and reference != newest.reference
    ]
    return tuple((name, version) for version, reference in sorted(others, reverse=True) for name in used[reference])


def _version_rows() -> Select[FormVersion]:
    """Versions in the database, each form's newest first, without guidelines and rules."""
    shown = load_only(
        *(getattr(FormVersion, name) for name in ("name", "version", "title", "note", "who", "at", "form"))
    )
    return select(FormVersion).options(shown).order_by(col(FormVersion.name), col(FormVersion.version).desc())


def _listed(session: Session, files: Sequence[str], rows: Sequence[FormVersion]) -> list[KnownForm]:
    """Forms of files and of the database by name; of each the file last."""
    used = _datasets_by_form(session)
    listed = [_stored(row, used.get(f"{row.name}@{row.version}", ())) for row in rows]
    listed += [_file(name, used.get(name, ())) for name in files]
    return sorted(listed, key=lambda one: one.name)


def form_versions(session: Session, name: str) -> list[KnownForm]:
    """All versions of a form, newest first; that of a file is the last one.

    Raises:
        NotFoundError: there is no form of this name.
    """
    rows = session.execute(_version_rows().where(col(FormVersion.name) == name)).scalars().all()
    versions = _listed(session, [name] if name in form_names() else [], rows)
    if not versions:
        raise NotFoundError(f"没有名为「{name[:60]}」的表单", "请在「表单」页查看有哪些表单")
    return versions


def resolve_form(session: Session, name: str) -> str:
    """The reference of what somebody calls a form: a reference, a file's name, or the name of one in the database.

    A file of the program keeps its name; of a form that lies in the database alone the newest version is meant.

    Raises:
        FormError: there is neither a file nor a version of this name.
    """
    if stored_version(name) or name in form_names():
        return name
    newest = session.execute(
        select(func.max(col(FormVersion.version))).where(col(FormVersion.name) == name)
    ).scalar_one_or_none()
    if newest is None:
        raise FormError(f"没有名为「{name[:60]}」的表单", "请用 form list 或「表单」页查看有哪些表单")
    return f"{name}@{newest}"


def default_form(session: Session) -> str:
    """Reference of the form that new datasets get."""
    return resolve_form(session, settings().form)


def texts_of(session: Session, name: str) -> FormTexts:
    """The texts of a form; its name is read as by :func:`resolve_form`.

    Raises:
        FormError: there is no such form.
    """
    return read_form_texts(resolve_form(session, name))


@permitted(Permission.FORMS)
def save_form_version(
    store: Store, texts: FormTexts, *, who: str, note: str = "", base_version: int | None = None
) -> str:
    """Save a form as the next version of its name.

    Args:
        store: the open store.
        texts: of the form; name and version in them are made true.
        who: who saves it; their draft of this form ends.
        note: what is new in it.
        base_version: the newest version that they saw, 0 for a new form; ``None``: whatever there is.

    Returns:
        The reference of the new version.

    Raises:
        FormError: the form cannot be used.
        InputError: nothing changed, or the note is too long.
        ConflictError: somebody else saved a version, or took the name, in between.
    """
    from core.services.forms.checking import require_usable  # takes a while to import, for who makes a form alone

    form = require_usable(texts, "表单")
    note = " ".join(note.split())
    if len(note) > LONGEST_NOTE:
        raise InputError(f"说明有 {len(note):,} 字，最多 {LONGEST_NOTE} 字", "请写短一些")
    late = ConflictError(f"表单「{form.title}」刚刚有人存了新的一版，没有保存", "请先看新的一版，再把您的修改写上去")
    try:
        with store.write() as session:
            newest = newest_version(session, form.name)
            if base_version is not None and newest != base_version:
                if base_version == 0:
                    raise ConflictError(
                        f"已经有名为「{form.name}」的表单，没有保存", "请换一个名字，或打开那个表单修改"
                    )
                raise late
            if newest and _same(_newest_texts(session, form.name, newest), texts):
                raise InputError("表单没有变化", "改过之后再保存")
            version = newest + 1
            session.add(
                FormVersion(
                    name=form.name,
                    version=version,
                    title=form.title,
                    note=note,
                    who=who.strip(),
                    form=with_version(texts.form, version),
                    guidelines=texts.guidelines,
                    rules=texts.rules,
                )
            )
            draft = session.get(FormDraft, (form.name, who.strip()))
            if draft is not None and FormTexts(draft.form, draft.guidelines, draft.rules) == texts:
                session.delete(draft)  # what was saved; work on something else stays
            record_audit(session, AuditKind.FORM, f"{form.name}@{version}", note or f"{len(form.fields):,} 个字段")
            return f"{form.name}@{version}"
    except IntegrityError as error:
        raise late from error


def newest_version(session: Session, name: str) -> int:
    """The newest version of a form, of a file and of the database; 0 where there is none."""
    stored = session.execute(
        select(func.max(col(FormVersion.version))).where(col(FormVersion.name) == name)
    ).scalar_one_or_none()
    shipped = 0
    if name in form_names():
        with suppress(FormError):
            shipped = load_named_form(name).version
    return max(stored or 0, shipped)


def with_version(source: str, version: int) -> str:
    """A form's text with another version; everything else stays as it is written."""
    document = tomlkit.parse(source)
    document["version"] = version
    return tomlkit.dumps(document)


def _same(before: FormTexts | None, after: FormTexts) -> bool:
    return before is not None and [_plain(text) for text in (before.form, before.guidelines, before.rules)] == [
        _plain(text) for text in (after.form, after.guidelines, after.rules)
    ]


def _plain(source: str) -> object:
    tables = tomlkit.parse(source).unwrap()
    tables.pop("version", None)
    return tables


def _newest_texts(session: Session, name: str, version: int) -> FormTexts | None:
    row = session.execute(
        select(FormVersion).where(col(FormVersion.name) == name, col(FormVersion.version) == version)
    ).scalar_one_or_none()
    if row is not None:
        return FormTexts(row.form, row.guidelines, row.rules)
    return read_form_texts(name) if form_path(name).is_file() else None


def _datasets_by_form(session: Session) -> dict[str, tuple[str, ...]]:
    by_form: dict[str, list[str]] = {}
    for form, name in session.execute(select(col(Dataset.form), col(Dataset.name)).order_by(col(Dataset.id))):
        by_form.setdefault(form, []).append(name)
    return {form: tuple(names) for form, names in by_form.items()}


def _file(name: str, datasets: Iterable[str]) -> KnownForm:
    try:
        form = load_named_form(name)
    except FormError as error:
        return KnownForm(name, name, 1, name, 0, 0.0, True, datasets=tuple(datasets), problem=str(error))
    return _known(form, True, datasets)


def _stored(row: FormVersion, datasets: Iterable[str]) -> KnownForm:
    reference = f"{row.name}@{row.version}"
    try:
        form = _parsed(row.form, reference)
    except FormError as error:  # what an older program stored may be refused now
        known = (reference, row.name, row.version, row.title, 0, 0.0, False, row.note, row.who, row.at)
        return KnownForm(*known, datasets=tuple(datasets), problem=str(error))
    return _known(form, False, datasets, row)


@lru_cache(maxsize=256)
def _parsed(source: str, reference: str) -> Form:
    """A version as it is stored, which never changes: a page lists all of them at each click."""
    return parse_form(source, reference, reference=reference)


def _known(form: Form, is_file: bool, datasets: Iterable[str], row: FormVersion | None = None) -> KnownForm:
    return KnownForm(
        form.reference,
        form.name,
        form.version,
        form.title,
        len(form.fields),
        form.max_points,
        is_file,
        row.note if row else "",
        row.who if row else "",
        row.at if row else None,
        tuple(datasets),
    )
