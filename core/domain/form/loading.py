"""Loads and validates form files (TOML); every error names the line."""

import re
from functools import lru_cache
from pathlib import Path

from core.domain.form.form_definition import Form
from core.domain.form.toml_file import parse_toml, read_source
from core.errors import FormError
from core.settings import DEFAULT_FORM

FORMS_DIR = Path(__file__).resolve().parents[3] / "data" / "forms"
_NAME = re.compile(r"[\w\-]{1,100}")
_TABLES = {
    "field": "fields",
    "contradiction": "contradictions",
    "companion": "companions",
    "summary_section": "summary_sections",
}
"""TOML tables and the attributes they fill: ``[[field]]`` is read as ``fields``, and so on."""


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


@lru_cache(maxsize=16)
def load_named_form(name: str = DEFAULT_FORM) -> Form:
    """The form with this name, read once per process.

    Raises:
        FormError: no such file, or it cannot be used.
    """
    return load_form(form_path(name))


def load_form(path: Path) -> Form:
    """Read and validate a form file.

    Raises:
        FormError: names the file, the line and the reason.
    """
    return parse_form(read_source(path), path.name)


def parse_form(source: str, name: str) -> Form:
    """Validate the text of a form file.

    Args:
        source: TOML text.
        name: the file's name, for messages.

    Raises:
        FormError: names the file, the line and the reason.
    """
    return parse_toml(source, name, Form, _TABLES)
