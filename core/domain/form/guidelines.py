"""The first guidelines of a form, keys as in the form: ``data/forms/<form>.guidelines.toml``, or in the database."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from core.domain.form import loading
from core.domain.form.form_definition import Form
from core.domain.form.loading import read_beside, stored_version
from core.domain.form.toml_file import line_of_key, parse_tables
from core.errors import FormError


def read_guidelines(reference: str) -> dict[str, str]:
    """The first guideline per field; empty if there is none. Keys are not compared with the form.

    Raises:
        FormError: the text cannot be read; names the line.
    """
    return parse_guidelines(read_beside(reference, "guidelines"), f"{reference}.guidelines.toml")


def first_guidelines(form: Form) -> Mapping[str, str]:
    """The first guideline of each field of a form; like the form, a file's are read once per process.

    Raises:
        FormError: the text cannot be read; names the line.
    """
    if stored_version(form.reference):
        return _parsed(read_beside(form.reference, "guidelines"), form.reference)
    return _shipped(form.reference, loading.FORMS_DIR)


@lru_cache(maxsize=16)
def _shipped(reference: str, _folder: Path) -> Mapping[str, str]:
    return read_guidelines(reference)


@lru_cache(maxsize=64)
def _parsed(source: str, reference: str) -> Mapping[str, str]:
    return parse_guidelines(source, f"{reference}.guidelines.toml")


def parse_guidelines(source: str, name: str) -> dict[str, str]:
    """The guideline per field in TOML text.

    Args:
        source: TOML text.
        name: the file's name, for messages.

    Raises:
        FormError: names the file, the line and the reason.
    """
    tables = parse_tables(source, name)
    for key, text in tables.items():
        if not isinstance(text, str):
            line = line_of_key(source, key)
            raise FormError(f"标注规范文件 {name} 第 {line} 行：「{key}」的规范应为文本", '请写成 名称 = "…"')
    return {key: text.strip() for key, text in tables.items()}


def check_guidelines(form: Form, source: str, name: str) -> None:
    """Raise an error where guidelines name a field that the form does not have.

    Args:
        form: whose guidelines they are.
        source: TOML text.
        name: the file's name, for messages.

    Raises:
        FormError: it cannot be read, or names a field that is not there; says the line.
    """
    for key in parse_guidelines(source, name):
        if key not in form:
            line = line_of_key(source, key)
            raise FormError(
                f"标注规范文件 {name} 第 {line} 行：表单「{form.title}」没有字段「{key}」", "请改成表单里的 key"
            )
