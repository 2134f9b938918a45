"""Forms in which people keep chats as JSON: wrapped, keyed by a number or room, as lists of strings or of messages.

Each is turned into rows with a ``chat_text``, or into objects with ``messages``, before anything is judged.
"""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from core.domain.chat import parse_chat
from core.domain.form import Form
from core.errors import InputError
from core.services.datasets.import_types import FileFormat, RawRow, TableColumns
from core.services.datasets.json_frames import framed_rows
from core.services.datasets.json_values import is_whole, keyed_rows
from core.services.datasets.message_archives import LIST_NAMES, fields_beside, messages_inside
from core.services.datasets.message_rows import text_of_messages
from core.services.datasets.reading_report import ReadingReport, listed
from core.services.datasets.simplified import simplified
from core.services.datasets.source_file import SourceFile
from core.services.datasets.table_header import INDEX_COLUMNS, TEXT_COLUMNS
from core.services.datasets.telegram_messages import telegram_chats

_CHAT_KEYS = frozenset(("chat_text", "infos"))
_CHAT_LISTS = LIST_NAMES | {"chats", "dialogs", "dialogues", "sessions", "texts", "chat_texts", "群聊"}
_DEEPEST = 4
_PEEK = 50
_JUDGED_CHARACTERS = 4_000


def shaped_rows(
    rows: Iterator[RawRow], source: SourceFile, form: Form, columns: TableColumns, report: ReadingReport
) -> Iterator[RawRow]:
    """The rows of a JSON file, as chats, forms or objects with messages.

    Args:
        rows: as read.
        source: of the rows.
        form: tells forms from other objects.
        columns: ``text`` and ``index`` name the fields of chats; ``join`` says what a list of strings is.
        report: gets what was found inside of what.

    Raises:
        InputError: the outermost value is an object without chats, forms or messages inside.
    """
    stream = _unwrapped(framed_rows(rows, source, columns, report), source, form, report)
    head = list(islice(stream, _PEEK))
    stream = chain(head, stream)
    values = [row.value for row in head if not row.problem]
    if values and all(isinstance(value, str) for value in values):
        return _of_strings(stream, values, columns, report)
    if values and all(isinstance(value, list) for value in values):
        return _with_dialogues(_of_lists(stream, report), report)
    return _with_dialogues(stream, report)


def _unwrapped(rows: Iterator[RawRow], source: SourceFile, form: Form, report: ReadingReport) -> Iterator[RawRow]:
    """The rows; where one is an object around the list of chats or forms (``{"data": […]}``), those inside."""
    head = list(islice(rows, 2))
    around: dict[str, None] = {}
    alone = len(head) == 1 and head[0].outermost and not head[0].problem
    rooms: list[str] = []
    position = inside = 0
    for row in chain(head, rows):
        values = None
        if isinstance(row.value, dict) and not row.value.keys() & _CHAT_KEYS:
            values = _rows_within(row.value) or (_keyed(row.value, form) if alone else None)
            if alone and values is None and source.format is FileFormat.JSON and messages_inside(row.value) is None:
                raise no_list(source.name)
        if values is not None:
            content = _content_of(values)
            around.update(dict.fromkeys(fields_beside(row.value, content)))
            if alone and not any(map(is_whole, row.value)):
                ids = set(map(id, content))
                rooms += [key for key, one in row.value.items() if id(one) in ids and one is not values]
        for number, value in enumerate([row.value] if values is None else values):
            position += 1
            yield row._replace(position=position, value=value, notes=() if number else row.notes)
        inside += len(values or ())
    report.note("文件最外层是对象，读的是里面的 {} 条", inside)
    report.note(f"外层没有用到的字段，内容不导入：{listed(list(around), characters=40)}", len(around))
    report.note(f"外层的 {{}} 个名字各带一条群聊，名字不导入：{listed(rooms)}", len(rooms))


def _content_of(values: list[Any]) -> list[Any]:
    """Chats or forms that were taken out of an object, and what stands in each: they may be put together anew."""
    inner = (one for value in values if isinstance(value, dict) for one in value.values())
    # One character is one object wherever it stands.
    return [
        values,
        *values,
        *(one for one in inner if isinstance(one, list | dict) or isinstance(one, str) and one[1:]),
    ]


def no_list(name: str) -> InputError:
    """Why a file is refused whose outermost value is an object with nothing inside that is known."""
    return InputError(
        f"文件 {name} 的最外层是对象，应为数组",
        '请存为 [{"chat_text": …, "infos": […]}, …]；里面是消息的，请存为 {"messages": [{"role": …, "content": …}, …]}',
    )


def _rows_within(value: dict[str, Any], depth: int = 0) -> list[Any] | None:
    """The chats or forms in an object around them, at whatever key; ``None`` where there are none."""
    rows_by_key = {key: one for key, one in value.items() if isinstance(one, dict)}
    if rows_by_key and (keyed := keyed_rows(rows_by_key)):
        return keyed
    for inner in value.values():
        if isinstance(inner, list) and 2 * sum(
            isinstance(one, dict) and bool(one.keys() & _CHAT_KEYS) for one in inner
        ) > len(inner):
            return inner
    for inner in value.values():
        if isinstance(inner, dict) and depth < _DEEPEST and not inner.keys() & _CHAT_KEYS:
            if rows := _rows_within(inner, depth + 1):
                return rows
    return None


def _keyed(value: dict[str, Any], form: Form, depth: int = 0) -> list[Any] | None:
    """What the only object of a file holds by number, room or session; ``None`` where that is nothing we know."""
    if not value or depth > _DEEPEST or telegram_chats(value) is not None:
        return None
    numbered = all(map(is_whole, value))
    inner = list(value.values())
    if all(isinstance(one, str) for one in inner) and (numbered or all(map(_is_chat, inner))):
        return [_numbered(key, {"chat_text": text}) for key, text in value.items()]
    if numbered and all(_is_form(one, form) for one in inner):
        return [_numbered(key, {"infos": [one]}) for key, one in value.items()]
    if all(isinstance(one, list) and one for one in inner):
        if numbered and all(_is_form(one, form) for listed in inner for one in listed):
            return [_numbered(key, {"infos": listed}) for key, listed in value.items()]
        if not value.keys() & LIST_NAMES and all(map(_is_dialogue, inner)):
            return inner
    if (listed := messages_inside(value)) and all(map(messages_inside, listed)):
        return listed
    if len(inner) > 1 and all(isinstance(one, dict) and messages_inside(one) for one in inner):
        return inner
    # {"code": 0, "data": ["…", "…"]}: what is listed beside plain values.
    lists = [one for key, one in value.items() if key in _CHAT_LISTS and isinstance(one, list) and one]
    if len(lists) == 1 and all(isinstance(one, str | list) for one in lists[0]):
        return lists[0]
    objects = [one for one in inner if isinstance(one, dict)]
    return _keyed(objects[0], form, depth + 1) if len(objects) == 1 and not lists else None


def _numbered(key: str, row: dict[str, Any]) -> dict[str, Any]:
    return {"index": int(key), **row} if is_whole(key) else row


def _is_form(value: Any, form: Form) -> bool:
    return isinstance(value, dict) and bool(value) and 2 * len(value.keys() & set(form.keys)) >= len(value)


def _is_dialogue(values: list[Any]) -> bool:
    """Whether a list may be the messages of a chat: objects, or lines in which somebody speaks."""
    if all(isinstance(one, dict) for one in values):
        return True
    lines = [one for one in values if isinstance(one, str)]
    return len(lines) == len(values) and bool(parse_chat("\n".join(lines)[:_JUDGED_CHARACTERS]).speakers)


def _is_chat(text: str) -> bool:
    """Whether a text is a whole chat: several lines, and somebody speaks."""
    return "\n" in text.strip() and bool(parse_chat(text[:_JUDGED_CHARACTERS]).speakers)


def _of_strings(
    rows: Iterable[RawRow], sample: list[str], columns: TableColumns, report: ReadingReport
) -> Iterator[RawRow]:
    """Chats of a list of strings: each is one, or all are lines of one."""
    choice = {"none": "按您的选择，", "row": "按您的选择，"}.get(columns.join, "")
    whole = sum(map(_is_chat, sample))
    lines = not whole and bool(parse_chat("\n".join(sample)).speakers)
    if columns.join == "none" or columns.join != "row" and lines:
        texts = [row.value if isinstance(row.value, str) else "" for row in rows]
        why = choice or "每段是一个人的一句话，"
        report.note(f"文件是一串文字（{{}} 段），{why}合成一条群聊", len(texts))
        yield RawRow(1, {"chat_text": "\n".join(texts)})
        return
    count = 0
    for row in rows:
        count += 1
        yield row._replace(value={"chat_text": row.value}) if isinstance(row.value, str) else row
    why = choice or ("每段里有人说话，" if whole else "看不出每段是一条群聊还是一句话，")
    report.note(f"文件是一串文字（{{}} 段），{why}每段当作一条群聊", count)


def _of_lists(rows: Iterable[RawRow], report: ReadingReport) -> Iterator[RawRow]:
    """Chats of a list of lists: each inner list is one."""
    count = 0
    for row in rows:
        if isinstance(row.value, list) and row.value:
            count += 1
            row = row._replace(value={"messages": row.value})
        yield row
    report.note("文件里每个列表是一条群聊（{} 条）", count)


def _with_dialogues(rows: Iterable[RawRow], report: ReadingReport) -> Iterator[RawRow]:
    """The rows; lines of a chat that stand in a list are put below one another."""
    joined = 0
    for row in rows:
        value = row.value
        if isinstance(value, dict):
            if (text := _written(value.get("chat_text"))) is not None:
                joined += 1
                value = {**value, "chat_text": text}
                row = row._replace(value=value)
            elif "infos" in value and "chat_text" not in value and (listed_messages := messages_inside(value)):
                if (text := text_of_messages(listed_messages)) is not None:
                    joined += 1
                    rest = {name: one for name, one in value.items() if one is not listed_messages}
                    value = {**rest, "chat_text": text}
                    row = row._replace(value=value)
            key = next(
                (key for key in ("chat_text", *sorted(value.keys() & LIST_NAMES)) if _are_lines(value.get(key))), ""
            )
            if key and (key == "chat_text" or "chat_text" not in value):
                joined += 1
                rest = {name: one for name, one in value.items() if name != key}
                row = row._replace(value={**rest, "chat_text": "\n".join(value[key])})
        yield row
    report.note("有 {} 条群聊的文字是一句一句列出来的，已接成一段", joined)


def _written(value: Any) -> str | None:
    """The text of a chat that is a list of messages; ``None`` for anything else."""
    return text_of_messages(value) if isinstance(value, list) and value and isinstance(value[0], dict) else None


def _are_lines(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


def with_text_key(rows: Iterable[RawRow], columns: TableColumns, report: ReadingReport) -> Iterator[RawRow]:
    """The rows; where no chat is called ``chat_text``, the field that tables may have it in is taken, and noted."""
    stream = iter(rows)
    head = list(islice(stream, _PEEK))
    objects = [row.value for row in head if isinstance(row.value, dict)]
    known = objects and not any(value.keys() & _CHAT_KEYS for value in objects)
    text_key = _key_of(objects, columns.text, TEXT_COLUMNS, str) if known else ""
    index_key = _key_of(objects, columns.index, INDEX_COLUMNS, int | str) if text_key else ""
    if text_key:
        report.columns = {"text": text_key} | ({"index": index_key} if index_key else {})
        report.note(f"聊天文本取「{text_key[:20]}」" + (f"，编号取「{index_key[:20]}」" if index_key else ""))
    for row in chain(head, stream):
        if text_key and isinstance(row.value, dict) and text_key in row.value:
            names = {text_key: "chat_text"} | ({index_key: "index"} if index_key else {})
            row = row._replace(value={names.get(key, key): one for key, one in row.value.items()})
        yield row


def _key_of(objects: list[dict[str, Any]], chosen: str, usual: tuple[str, ...], kind: Any) -> str:
    """The field of most objects that a person pointed at, or that is called as such columns are; ``""`` for none."""
    names = {simplified(name.casefold()): name for value in objects for name in value}
    candidates = [chosen] if chosen else [names[name] for name in usual if name in names]
    most = (name for name in candidates if 2 * sum(isinstance(one.get(name), kind) for one in objects) > len(objects))
    return next(most, "")
