"""Validation of rows: rules for chats and for submissions, each refusal one Chinese clause. Pure."""

import json
from ast import literal_eval
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from core.domain.form import PROGRAM_WORDS, Form, FormValues, items_of, means_nothing
from core.domain.form.values import UNSTORABLE, is_storable
from core.domain.unseen_characters import is_blank
from core.services.datasets.import_types import ChatRow, FileKind, RawRow, RejectedRow, SubmissionRow
from core.services.datasets.json_values import is_whole

MAX_CHAT_BYTES = 6_000_000
"""Of one chat, as UTF-8: some 60,000 messages of usual length."""
TOO_LONG = f"超过 {MAX_CHAT_BYTES // 1_000_000} MB 的上限，请按日期拆成几条"

ROW_KEYS = frozenset({"chat_text", "infos", "index"})
"""Fields of a row that are read."""

_MAX_INDEX = 2**31 - 1  # what an integer column of PostgreSQL holds
NOT_WHOLE = "编号（index）应为整数"
"""How the reason begins why a row is refused whose index is another program's code."""
_MOST_DIGITS = 20
"""Characters of an index that are read, and repeated in a refusal."""
_MAX_CUSTOMERS = 100
_LONGEST_WRITTEN = 100_000
"""Characters of forms that are written as a text."""


class _BadRowError(Exception):
    """The reason why a row is rejected; caught within this module."""


def detect_file_kind(rows: Iterable[RawRow]) -> FileKind:
    """Detect the kind of a file from its first rows: any chat text makes it a file of chats."""
    values = [row.value for row in rows if isinstance(row.value, dict)]
    if any("chat_text" in value for value in values):
        return FileKind.CHATS
    return FileKind.SUBMISSION if any("infos" in value for value in values) else FileKind.CHATS


def chat_row(raw: RawRow, form: Form, *, own_index: bool = False) -> ChatRow | RejectedRow:
    """Validate a row as a chat.

    Args:
        raw: as read.
        form: coerces the labels.
        own_index: the row's ``index`` counts (tables with such a column) and not its position.
    """
    index = raw.position
    try:
        value = _object(raw)
        if own_index:
            index = _index(value)
        text = _chat_text(value, raw.utf8 is not None)
        forms, notes = (None, ()) if value.get("infos") is None else _forms(value["infos"], form)
    except _BadRowError as error:
        return RejectedRow(index, str(error), raw.line)
    return ChatRow(index, text, forms, notes, raw.line, raw.utf8)


def submission_row(raw: RawRow, form: Form, *, kind: FileKind, own_index: bool = False) -> SubmissionRow | RejectedRow:
    """Validate a row as the forms of one chat.

    Args:
        raw: as read.
        form: coerces the forms.
        kind: a submission carries its ``index``; in a file of labelled chats the position counts.
        own_index: the row's ``index`` counts all the same (tables with such a column).
    """
    index, text = raw.position, ""
    try:
        value = _object(raw)
        if kind is FileKind.SUBMISSION:
            index = _index(value)
        else:
            index = _index(value) if own_index else index
            text = _chat_text(value, raw.utf8 is not None)
        if value.get("infos") is None:
            raise _BadRowError("缺少 infos")
        forms, notes = _forms(value["infos"], form)
        if kind is FileKind.SUBMISSION:
            notes = (*notes, *_words_for_nothing(forms, form))
    except _BadRowError as error:
        return RejectedRow(index, str(error), raw.line)
    return SubmissionRow(index, forms, text, notes, raw.line)


def _object(raw: RawRow) -> dict[str, Any]:
    if raw.problem:
        raise _BadRowError(raw.problem)
    if not isinstance(raw.value, dict):
        raise _BadRowError(f"应为对象，收到{_named(raw.value)}")
    return raw.value


def _chat_text(value: dict[str, Any], known_storable: bool) -> str:
    if "chat_text" not in value:
        raise _BadRowError("缺少 chat_text")
    text = value["chat_text"]
    if not isinstance(text, str):
        raise _BadRowError(f"chat_text 应为文本，收到{_named(text)}")
    if is_blank(text):
        raise _BadRowError("chat_text 为空")
    if len(text) >= MAX_CHAT_BYTES // 4 and len(text.encode("utf-8", "replace")) >= MAX_CHAT_BYTES:
        raise _BadRowError(f"chat_text 有 {len(text):,} 字，{TOO_LONG}")
    if not known_storable and not is_storable(text) and (unstorable := UNSTORABLE.search(text)):
        line = text.count("\n", 0, unstorable.start()) + 1
        raise _BadRowError(f"chat_text 第 {line} 行有无法保存的字符（U+{ord(unstorable[0]):04X}）")
    return text


def _index(value: dict[str, Any]) -> int:
    if "index" not in value or value["index"] in (None, ""):
        raise _BadRowError("缺少编号（index）")
    written = value["index"]
    digits = written.strip() if isinstance(written, str) else ""
    if digits.isascii() and digits.isdigit() and len(digits) > _MOST_DIGITS:
        raise _BadRowError(_too_large(digits))
    if not is_whole(written):
        raise _BadRowError(f"{NOT_WHOLE}，收到 {_cut(str(written))!r}")
    index = int(written)
    if index > _MAX_INDEX:
        raise _BadRowError(_too_large(str(index)))
    if index < 1:
        raise _BadRowError(f"编号（index）从 1 开始计数，收到 {_cut(str(index))}")
    return index


def _too_large(digits: str) -> str:
    length = f"（{len(digits):,} 位）" if len(digits) > _MOST_DIGITS else ""
    return f"编号（index）最大是 {_MAX_INDEX}，收到 {_cut(digits)}{length}"


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_DIGITS else f"{text[:_MOST_DIGITS]}…"


def _words_for_nothing(forms: Iterable[FormValues], form: Form) -> Iterator[str]:
    """Notes on words like 未提及 in a submission: scoring takes them for values, so they come in as they are."""
    for number, values in enumerate(forms, start=1):
        for field in form.fields:
            for item in items_of(values[field.key]):
                if means_nothing(field, item):
                    where = f"第 {number} 位{form.subject}：「{field.key}」"
                    yield f"{where}写的是“{item}”，照收了；计分时它算一个值，不算空"


def _forms(infos: Any, form: Form) -> tuple[list[FormValues], tuple[str, ...]]:
    notes: list[str] = []
    if isinstance(infos, str) and (written := _written_list(infos)) is not None:
        infos, notes = written, ["infos 是写成文字的列表，已读出"]
    if isinstance(infos, dict) and infos:
        infos, notes = [infos], [*notes, "infos 只有一份表单，没有放在列表里，已照读"]
    if not isinstance(infos, list):
        raise _BadRowError(f"infos 应为列表，收到{_named(infos)}")
    if len(infos) > _MAX_CUSTOMERS:
        raise _BadRowError(f"infos 有 {len(infos):,} 份表单，超过 {_MAX_CUSTOMERS} 份的上限")
    forms: list[FormValues] = []
    for number, info in enumerate(infos, start=1):
        if not isinstance(info, dict):
            raise _BadRowError(f"infos 的第 {number} 项应为对象，收到{_named(info)}")
        try:
            values, changes = form.coerce(_with_lists(_ungrouped(info, form), form), empty_words=PROGRAM_WORDS)
        except RecursionError as error:
            raise _BadRowError(f"infos 的第 {number} 项嵌套太深") from error
        forms.append(values)
        notes += [f"第 {number} 位{form.subject}：{change}" for change in changes]
    # A note may quote an unknown key.
    return forms, tuple(UNSTORABLE.sub("", note) for note in notes)


def _written_list(text: str) -> Any:
    """Forms that stand as JSON, or as Python shows them, in a text; ``None`` for any other text."""
    plain = text.strip()
    if not plain.startswith(("[", "{")) or len(plain) > _LONGEST_WRITTEN:
        return None
    value = _parsed(plain)
    if value is None:
        with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
            value = literal_eval(plain)
    return value if isinstance(value, list | dict) else None


def _ungrouped(info: dict[str, Any], form: Form) -> dict[str, Any]:
    """The values by the names of the form's fields, where they stand in groups: ``{"a": {"b": 1}}`` is ``a-b``."""
    if dict not in map(type, info.values()):  # nearly no form has any
        return info
    groups = {key: inner for key, inner in info.items() if isinstance(inner, dict) and key not in form}
    named = {f"{key}-{name}": one for key, inner in groups.items() for name, one in inner.items()}
    if not any(name in form for name in named):
        return info
    return {key: one for key, one in info.items() if key not in groups} | named


def _with_lists(info: dict[str, Any], form: Form) -> dict[str, Any]:
    """The values; lists that stand as JSON in a text are lists, as in the cells of a table."""
    texts = {
        key: value
        for key in form.list_keys
        if isinstance(value := info.get(key), str) and value.lstrip().startswith("[")
    }
    if not texts:
        return info
    return info | {key: listed for key, value in texts.items() if isinstance(listed := _parsed(value), list)}


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _named(value: Any) -> str:
    names: dict[type, str] = {dict: "对象", list: "列表", str: "文本", bool: "真假值", type(None): "空值（null）"}
    return names.get(type(value), "数字")
