"""A form as one file: fields, first guidelines and rules of the provider ``local`` in one TOML; also read from a ZIP.

In the one file the guidelines are the table ``[guidelines]`` and each rule a ``[[choice]]``; the rest is as in
``data/forms``. A ZIP holds ``<name>.toml`` and, beside it, ``<name>.guidelines.toml`` and ``<name>.rules.toml``.
"""

import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping
from io import BytesIO
from pathlib import PurePosixPath
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Table

from core.adapters.llm.local.rules import parse_rules
from core.domain.form.guidelines import check_guidelines
from core.domain.form.loading import FormTexts, parse_form
from core.domain.form.toml_file import decode_source, line_of_place, parse_tables
from core.errors import FormError
from core.services.forms.checking import LARGEST_TEXT, require_usable

LARGEST_FILE = 1024 * 1024
"""Bytes of a file, packed and unpacked."""
GUIDELINES, CHOICE = "guidelines", "choice"
_MOST_MEMBERS = 20
_BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, EOFError, OSError)


def write_form_file(texts: FormTexts) -> str:
    """The form with its guidelines and rules as one TOML text, comments kept."""
    parts = [texts.form.rstrip("\n")]
    if texts.guidelines.strip():
        parts.append(f"[{GUIDELINES}]\n{texts.guidelines.strip()}")
    if texts.rules.strip():
        parts.append(texts.rules.strip())
    return "\n\n".join(parts) + "\n"


def read_form_file(data: bytes, name: str) -> FormTexts:
    """Read one file: TOML with everything, TOML of the form alone, or a ZIP of the three files.

    Args:
        data: the whole file.
        name: its name, for messages.

    Raises:
        FormError: it cannot be used; names the line and the reason.
    """
    if len(data) > LARGEST_FILE:
        raise FormError(
            f"表单文件 {name} 有 {len(data) / 1e6:.1f} MB，最多 1 MB", "表单只有几十 KB，请检查是不是选错了文件"
        )
    if data.startswith(b"PK\x03\x04"):
        texts = _from_zip(data, name)
    else:
        texts = _from_toml(decode_source(data, name), name)
    require_usable(texts, name)
    return texts


def _from_toml(source: str, name: str) -> FormTexts:
    if len(source) > LARGEST_TEXT:
        raise FormError(f"表单文件 {name} 有 {len(source):,} 字，最多 {LARGEST_TEXT:,} 字", "请检查是不是选错了文件")
    tables = parse_tables(source, name)
    form = parse_form(source, name, others=(GUIDELINES, CHOICE))
    if CHOICE in tables:
        parse_rules(source, name, form, linear=True, others=[key for key in tables if key != CHOICE])
    guidelines = tables.get(GUIDELINES, {})
    if not isinstance(guidelines, dict):
        line = line_of_place(source, (GUIDELINES,), {})
        raise FormError(f"表单文件 {name} 第 {line} 行：guidelines 应为一段 [guidelines]", "请改正后再试")
    for key, text in guidelines.items():
        if not isinstance(text, str):
            line = _line_in_guidelines(source, key)
            raise FormError(f"表单文件 {name} 第 {line} 行：「{key}」的规范应为文本", "请改正后再试")
        if key not in form:
            line = _line_in_guidelines(source, key)
            raise FormError(
                f"表单文件 {name} 第 {line} 行：表单「{form.title}」没有字段「{key}」", "请改成表单里的 key"
            )
    return _split(source, tables)


def _line_in_guidelines(source: str, key: str) -> int:
    """The line (from 1) of a key in the table ``[guidelines]``."""
    lines = source.splitlines()
    headers = (number for number, line in enumerate(lines) if line.strip().startswith(f"[{GUIDELINES}"))
    start = next(headers, 0)
    return start + line_of_place("\n".join(lines[start + 1 :]), (key,), {}) + 1


def _split(source: str, tables: Mapping[str, Any]) -> FormTexts:
    """The three texts of one; comments are kept where the parts can be told apart."""
    own = {key: value for key, value in tables.items() if key not in (GUIDELINES, CHOICE)}
    guidelines, choices = tables.get(GUIDELINES, {}), {CHOICE: tables[CHOICE]} if CHOICE in tables else {}
    try:
        document = tomlkit.parse(source)
        written, rules = document.pop(GUIDELINES, None), document.pop(CHOICE, None)
        form_text = tomlkit.dumps(document)
        guidelines_text = written.as_string() if isinstance(written, Table) else ""
        rules_text = ""
        if isinstance(rules, AoT):
            alone = tomlkit.document()
            alone.append(CHOICE, rules)
            rules_text = alone.as_string()
        texts = FormTexts(form_text, guidelines_text, rules_text)
        if _tables_of(texts) == (own, guidelines, choices):
            return texts
    except (TOMLKitError, FormError, RecursionError):
        pass  # written another way: what it says is kept, its comments are not
    return FormTexts(*(tomlkit.dumps(part) if part else "" for part in (own, guidelines, choices)))


def _tables_of(texts: FormTexts) -> tuple[dict[str, Any], ...]:
    return tuple(parse_tables(text, "") for text in (texts.form, texts.guidelines, texts.rules))


def _from_zip(data: bytes, name: str) -> FormTexts:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            members = [one for one in archive.infolist() if not one.is_dir() and one.filename.endswith(".toml")]
            members = [one for one in members if not PurePosixPath(one.filename).name.startswith(".")]
            if len(members) > _MOST_MEMBERS or sum(one.file_size for one in members) > LARGEST_FILE:
                raise FormError(
                    f"压缩包 {name} 里的文件太多或太大", "一个压缩包放一个表单：表单、标注规范和规则三个文件"
                )
            names = Counter(PurePosixPath(one.filename).name for one in members)
            if twice := [file for file, count in names.items() if count > 1]:
                raise FormError(f"压缩包 {name} 里有 {names[twice[0]]:,} 个 {twice[0]}", "请只留要用的那一个")
            sources = {
                PurePosixPath(one.filename).name: decode_source(
                    _content(archive, one), PurePosixPath(one.filename).name
                )
                for one in members
            }
    except _BROKEN_ZIP as error:
        raise FormError(f"文件 {name} 不是完整的 ZIP 压缩包", "请重新取得后再试") from error
    forms = [file for file in sources if file.count(".") == 1]
    if len(forms) != 1:
        held = f"有 {len(forms):,} 个表单" if forms else "没有表单（名字.toml）"
        raise FormError(
            f"压缩包 {name} 里{held}", "一个压缩包放一个表单：名字.toml、名字.guidelines.toml、名字.rules.toml"
        )
    stem = forms[0].removesuffix(".toml")
    beside = {part: f"{stem}.{part}.toml" for part in ("guidelines", "rules")}
    texts = FormTexts(sources[forms[0]], *(sources.get(file, "") for file in beside.values()))
    form = parse_form(texts.form, forms[0])
    parse_rules(texts.rules, beside["rules"], form, linear=True)
    check_guidelines(form, texts.guidelines, beside["guidelines"])
    return texts


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """A member's bytes; its directory may say less than there is."""
    with archive.open(member) as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise FormError(f"压缩包里的文件 {PurePosixPath(member.filename).name[:60]} 太大", "表单只有几十 KB，请检查")
    return content
