"""Loads forms: those that ship as files, and those that were made in the browser and lie in a database.

A *reference* names a form: ``name`` is the file ``data/forms/<name>.toml``, ``name@version`` a version in the database,
which never changes. Every error names the line.
"""

import re
import weakref
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, Protocol

from core.domain.form.form_definition import Form
from core.domain.form.toml_file import parse_toml, read_source
from core.errors import FormError
from core.settings import DEFAULT_FORM

FORMS_DIR = Path(__file__).resolve().parents[3] / "data" / "forms"
_NAME = re.compile(r"[\w\-]{1,100}")
_STORED = re.compile(r"([\w\-]{1,100})@([1-9][0-9]{0,8})")
_MOST_KEPT = 256
TABLES = {
    "field": "fields",
    "contradiction": "contradictions",
    "companion": "companions",
    "summary_section": "summary_sections",
}
"""TOML tables and the attributes they fill: ``[[field]]`` is read as ``fields``, and so on."""


@dataclass(frozen=True, slots=True)
class FormTexts:
    """The texts that a form consists of, each TOML.

    Attributes:
        form: fields, groups and rules about them.
        guidelines: first guideline per field key; ``""`` where there are none.
        rules: what the provider ``local`` goes by; ``""`` where there is nothing.
    """

    form: str
    guidelines: str = ""
    rules: str = ""


class FormSource(Protocol):
    """Where versions of forms lie that are no files, such as a database."""

    def form_texts(self, name: str, version: int) -> FormTexts | None:
        """The texts of a version; ``None`` where there is none."""

    def form_references(self) -> list[str]:
        """References of all versions that lie there."""

    def is_at_hand(self) -> bool:
        """Whether the calling thread is working with this source now."""


_sources: list["weakref.ref[FormSource]"] = []
_kept: "weakref.WeakKeyDictionary[FormSource, dict[str, tuple[FormTexts, Form]]]" = weakref.WeakKeyDictionary()


def register_form_source(source: FormSource) -> None:
    """Have ``name@version`` looked up there, until the source is gone.

    A process has one database, as a rule. Where it has several, a thread that works with one of them is told of the
    forms of that one alone; for any other thread, the one that was registered last goes first.
    """
    _sources.insert(0, weakref.ref(source, _sources.remove))


def unregister_form_source(source: FormSource) -> None:
    """Look nothing up there any more."""
    _sources[:] = [kept for kept in _sources if kept() is not source]
    _kept.pop(source, None)


def form_path(name: str) -> Path:
    """Path of the form file with this name.

    Raises:
        FormError: the name is a path, or no name at all.
    """
    if not _NAME.fullmatch(name):
        raise FormError(f"没有名为「{name[:60]}」的表单", "名字只能有字母、数字、下划线和连字符，不是路径")
    return FORMS_DIR / f"{name}.toml"


def form_names() -> list[str]:
    """Names of all form files; those of rules and guidelines beside them are none."""
    return sorted(path.stem for path in FORMS_DIR.glob("*.toml") if "." not in path.stem)


def form_references() -> list[str]:
    """References of all forms: files, and the versions in the database that the thread works with."""
    first = next(iter(_by_nearness()), None)
    return [*form_names(), *(first.form_references() if first is not None else ())]


def stored_version(reference: str) -> tuple[str, int] | None:
    """Name and version where a reference means a form in the database; ``None`` where it means a file."""
    match = _STORED.fullmatch(reference)
    return (match[1], int(match[2])) if match else None


def load_named_form(name: str = DEFAULT_FORM) -> Form:
    """The form that a reference means; a file is read once per process.

    Raises:
        FormError: no such form, or it cannot be used.
    """
    return _stored(name)[1] if stored_version(name) else load_shipped_form(name)


def form_label(reference: str) -> str:
    """Title and version of the form that a reference means, for people; the reference where it cannot be read."""
    try:
        return load_named_form(reference).label
    except FormError:
        return reference


@lru_cache(maxsize=16)
def load_shipped_form(name: str) -> Form:
    """The form in a file, read once per process.

    Raises:
        FormError: no such file, or it cannot be used.
    """
    return load_form(form_path(name))


def read_form_texts(reference: str) -> FormTexts:
    """The texts of a form with its guidelines and rules, as they lie in its files or in the database.

    Raises:
        FormError: no such form, or a file cannot be read.
    """
    if stored_version(reference):
        return _stored(reference)[0]
    return FormTexts(
        read_source(form_path(reference)), read_beside(reference, "guidelines"), read_beside(reference, "rules")
    )


def read_beside(reference: str, part: Literal["guidelines", "rules"]) -> str:
    """The guidelines or rules of a form as TOML; ``""`` where it has none.

    Raises:
        FormError: no such form in the database, or the file cannot be read.
    """
    if stored_version(reference):
        return str(getattr(_stored(reference)[0], part))
    path = form_path(reference).with_suffix(f".{part}.toml")
    return read_source(path) if path.is_file() else ""


def _stored(reference: str) -> tuple[FormTexts, Form]:
    name, version = stored_version(reference) or ("", 0)
    for source in _by_nearness():
        kept_forms = _kept.setdefault(source, {})
        if (kept := kept_forms.get(reference)) is not None:
            return kept
        if (texts := source.form_texts(name, version)) is not None:
            form = parse_form(texts.form, reference, reference=reference)
            while len(kept_forms) >= _MOST_KEPT:
                kept_forms.pop(next(iter(kept_forms)), None)
            kept_forms[reference] = (texts, form)
            return texts, form
    raise FormError(f"数据库里没有表单 {name} 的第 {version} 版", "请在「表单」页查看有哪些版本")


def _by_nearness() -> list[FormSource]:
    """The sources that count for this thread: another database's form of the same name is another form."""
    sources = [source for kept in list(_sources) if (source := kept()) is not None]
    return [one for one in sources if one.is_at_hand()] or sources


def load_form(path: Path) -> Form:
    """Read and validate a form file.

    Raises:
        FormError: names the file, the line and the reason.
    """
    return parse_form(read_source(path), path.name)


def parse_form(source: str, name: str, *, reference: str = "", others: Collection[str] = ()) -> Form:
    """Validate the text of a form file.

    Args:
        source: TOML text.
        name: the file's name, for messages.
        reference: of a form in the database; its name and version are those of the reference, whatever the text says.
        others: names at the top of the text that are somebody else's.

    Raises:
        FormError: names the file, the line and the reason.
    """
    form = parse_toml(source, name, Form, TABLES, others=others)
    stored = stored_version(reference)
    return form.as_stored(*stored) if stored else form
