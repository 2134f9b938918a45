"""Joins the rows of a file of messages into rows of chats; files of chats pass through as they are."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Any

from core.domain.chat import parse_chat
from core.domain.chat.chat_writing import SentMessage, WrittenChat, write_chat
from core.domain.chat.message_kinds import is_system_line
from core.domain.chat.parsed_chat import Role
from core.domain.chat.plain_dates import date_order
from core.errors import InputError
from core.services.datasets.damaged_keys import require_keys
from core.services.datasets.import_types import BY_NAME, ColumnError, RawRow, TableColumns
from core.services.datasets.message_archives import (
    Unreadable,
    archive_message,
    fields_beside,
    is_archived,
    messages_inside,
)
from core.services.datasets.message_columns import MessageColumns, are_of_a_model, is_sure, plain_column, recognise
from core.services.datasets.message_table import USUAL_PAUSE, join, message_of, swapped
from core.services.datasets.message_times import time_of, why_unread
from core.services.datasets.program_values import without_program_values
from core.services.datasets.reading_report import Joined, ReadingReport, line_places, listed
from core.services.datasets.sender_names import with_names_by_id
from core.services.datasets.short_years import with_whole_year, year_place
from core.services.datasets.split_texts import SplitTexts
from core.services.datasets.table_foot import FOOT, is_foot
from core.services.datasets.table_header import last_filled, twins_of
from core.services.datasets.table_notes import TableNotes
from core.services.datasets.table_row import TableRow

_TIME_CHARACTERS = 40
_NUMBERS_OF_MESSAGES = frozenset("msgid messageid msgsvrid msgserverid 消息id 消息编号 讯息id".split())
_LOOKED_AT = 1_000
"""Rows of a table whose values are known before the first of them is read."""
_READ_DEEPER = tuple(
    ".richText .rich_text .recognition .fileName .refer .recordInfo .elements attachments embeds stickers files".split()
)
"""Ends of names that are read where a message has no plain text, or behind it."""
_ARCHIVED_KINDS = ("msgtype", "msg_type", "message_type")
MAX_MESSAGES = 400_000
"""Messages of one file; more of them do not fit into the memory of the process that reads."""

PEEK = 50
"""Rows that are looked at to tell what a file is."""

_JOINED = {
    Joined.SESSION: "按会话",
    Joined.ROOM: "按群聊或聊天对象",
    Joined.PAUSE: "按停顿",
    Joined.NONE: "没有会话、群聊可依，全部",
}
_CHOSEN = {"session": "按会话", "room": "按群聊", "pause": "按停顿", "none": "全部合成一条"}
_PARTS = {
    "sender": "发送人",
    "text": "内容",
    "time": "时间",
    "date": "日期",
    "room": "群聊",
    "session": "会话",
    "side": "收发方",
    "sender_id": "发送人编号",
    "kind": "类型",
    "to": "接收人",
    "staff": "客服",
    "customer": "客户",
    "voice": "语音的文字",
    "picture": "图片的文字",
}


def join_messages(rows: Iterable[RawRow], columns: TableColumns, report: ReadingReport) -> Iterator[RawRow]:
    """Rows of chats: those of the file, or, where its rows are messages, the chats that these make up.

    Args:
        rows: as read; objects of a JSON file, or rows of a table by its columns.
        columns: columns that were pointed at.
        report: gets what was joined, and every message that is not in a chat as it stood in the file.

    Raises:
        ColumnError: a column that was pointed at is not there.
        InputError: too many messages.
    """
    stream = iter(rows)
    head = list(islice(stream, PEEK))
    objects = [row.value for row in head if isinstance(row.value, dict)]
    whole = chain(head, stream)
    if columns.join == "row" or not objects or any("chat_text" in value or "infos" in value for value in objects):
        return whole
    inner = [one for value in objects for one in messages_inside(value) or [value]]
    if any(map(is_archived, inner)):
        return _chats(whole, None, columns, report)
    sample = [flat(value) for value in inner[:PEEK] if isinstance(value, dict)]
    listed = any(messages_inside(value) for value in objects)
    if layout := find_columns(sample, columns, placed=listed):
        report.names = tuple(dict.fromkeys(name for row in sample for name in row))
        if not layout.sender and are_of_a_model(layout.side, sample):
            taken = (
                ("assistant 这一方当作客户", "另一方当作客服")
                if columns.swap_sides
                else ("user 这一方当作客户", "assistant 这一方当作客服")
            )
            report.note(f"按「{layout.side[:20]}」分发言人：{'，'.join(taken)}；反了可以对调（命令行用 --swap-sides）")
        return _chats(whole, layout, columns, report)
    if any(are_of_a_model(name, sample) for name in ("role", "from")):
        report.note("像是训练模型的问答（assistant 写的都是 JSON），不是聊天，没有当作消息")
    return whole


def text_of_messages(values: Sequence[Any]) -> str | None:
    """The text of a chat whose messages are objects in a list; ``None`` where they are no messages."""
    sample = [flat(value) for value in values[:PEEK] if isinstance(value, dict)]
    archived = any(map(is_archived, values))
    layout = None if archived else find_columns(sample, BY_NAME, placed=True)
    if layout is None and not archived:
        return None
    messages = [_message(value, layout, number, "") for number, value in enumerate(values, start=1)]
    read = [message for message in messages if isinstance(message, SentMessage)]
    return write_chat(read).text if len(read) == len(messages) else None


def find_columns(
    rows: Sequence[Mapping[str, Any]], columns: TableColumns, *, placed: bool = False
) -> MessageColumns | None:
    """The columns of a file of messages, by its first rows; ``None`` where its rows are no messages.

    Args:
        rows: the first ones.
        columns: those that were pointed at.
        placed: whether the rows stand in lists of messages.

    Raises:
        ColumnError: a column that was pointed at is not there.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    chosen = MessageColumns(
        columns.sender, columns.text, columns.time, columns.room, columns.session, columns.side, columns.sender_id
    )
    missing = [name for name in chosen.as_dict().values() if name not in names]
    pointed_at = any((columns.sender, columns.time, columns.room, columns.session))
    if missing and pointed_at:
        shown = "、".join(name[:20] for name in names[:12])
        raise ColumnError(f"文件里没有「{missing[0]}」列", f"已有的列：{shown}", tuple(names))
    layout = None if missing else recognise(names, chosen, rows, placed=placed)
    if layout is None and pointed_at:
        raise ColumnError(
            "只认出了一部分列，还不知道哪一列是消息内容、哪一列是发送人", "请指明发送人和内容的列", tuple(names)
        )
    if layout is None or pointed_at:
        return layout
    sure = is_sure(layout) and (layout.time or layout.room or layout.session)
    return None if not sure and _are_chats([str(row.get(layout.text) or "") for row in rows]) else layout


def find_table_columns(
    names: Sequence[str], head: Sequence[TableRow], columns: TableColumns, report: ReadingReport
) -> MessageColumns | None:
    """The columns of a table with one message a row, by header and first rows; ``None`` where a row is a whole chat.

    Raises:
        ColumnError: a column that was pointed at is not there.
    """
    report.names = tuple(names)
    if columns.join == "row" or {"chat_text", "infos"} & {name.casefold() for name in names}:
        return None
    rows = [cells for row in _objects(names, head) if (cells := row.value) is not None] or [dict.fromkeys(names)]
    layout = find_columns(rows, columns)
    if layout is None and (alike := recognise([*names, "sender"])) and alike.sender == "sender" and alike.time:
        report.note("没有认出发送人的列，每行当作一条群聊；如果其实一行是一条消息，请指明发送人的列（--sender-column）")
    return layout


def table_chats(
    names: Sequence[str],
    rows: Iterable[TableRow],
    layout: MessageColumns,
    columns: TableColumns,
    report: ReadingReport,
) -> Iterator[RawRow]:
    """The chats that the rows of a table with one message a row make up; see :func:`find_table_columns`."""
    named: set[int | None] = {at for at, name in enumerate(names) if name}
    notes = TableNotes(list(names), named, report, {at for at, name in enumerate(names) if name == layout.text})
    stream = iter(rows)
    first = list(islice(stream, _LOOKED_AT))
    split = SplitTexts(names, layout, report, first)
    rows = chain(first, stream)
    return _chats(_objects(names, map(split.whole, rows), notes, split), layout, columns, report)


def _objects(
    names: Sequence[str], rows: Iterable[TableRow], notes: TableNotes | None = None, split: SplitTexts | None = None
) -> Iterator[RawRow]:
    """Rows of a table as objects; blank ones are left out."""
    notes = notes or TableNotes(list(names), set(), ReadingReport())
    first_places = {name: at for at, name in reversed(list(enumerate(names))) if name}
    places_of = dict(reversed(first_places.items()))
    twins = twins_of(list(names), places_of.values())
    position = 0
    for table_row in rows:
        if table_row.is_blank:
            continue
        line, row, problem = table_row
        position += 1
        if problem := problem or notes.look_at(table_row):
            yield RawRow(position, None, line, problem)
            continue
        cells = {name: row[at] if at < len(row) else None for name, at in places_of.items()}
        yield RawRow(position, cells | {names[at]: last_filled(row, twins[at]) for at in twins}, line)
    notes.finish()
    if split is not None:
        split.finish()


def flat(value: Mapping[str, Any]) -> dict[str, Any]:
    """An object as a row of cells: what lies deeper gets a dotted name (``sender.name``)."""
    cells: dict[str, Any] = {}
    for key, one in value.items():
        if isinstance(one, dict):
            cells |= {f"{key}.{inner}": _as_cell(deep) for inner, deep in one.items()}
        else:
            cells[key] = one
    return cells


def _as_cell(value: Any) -> Any:
    """A value as a cell: what is deeper still stands there as JSON."""
    return json.dumps(value, ensure_ascii=False) if value and isinstance(value, (dict, list)) else value


def _are_chats(texts: Sequence[str]) -> bool:
    """Whether texts are whole chats: most of those that are there have two speakers or more."""
    filled = [text for text in texts if text.strip()][:20]
    whole = sum("\n" in text and len(parse_chat(text[:4000]).speakers) > 1 for text in filled)
    return bool(filled) and 2 * whole >= len(filled)


def _chats(
    rows: Iterable[RawRow], layout: MessageColumns | None, columns: TableColumns, report: ReadingReport
) -> Iterator[RawRow]:
    filled = without_program_values(_timed(_messages(rows, layout, report), report), report)
    messages = require_keys(with_names_by_id(list(filled), report), layout, columns, report)
    if columns.swap_sides:
        messages = [swapped(message) for message in messages]
    joined = join(messages, pause_minutes=columns.pause_minutes, by=columns.join)
    report.joined, report.messages, report.pauses = joined.by, len(messages), joined.pauses
    if layout is not None:
        report.columns = layout.as_dict()
    written = [write_chat(chat) for chat in joined.chats]
    _note_joining(report, len(joined.chats), columns)
    shared = joined.shared_sessions
    report.note(f"有 {{}} 个会话编号在几个群里都有，按群分开了：{listed(shared)}", len(shared))
    _note_changes(report, messages, written, joined.out_of_order)
    for number, (chat, messages_of_chat) in enumerate(zip(written, joined.chats, strict=True), start=1):
        first = messages_of_chat[0]
        keyed = joined.by in (Joined.SESSION, Joined.ROOM) and (first.session or first.room)
        row = RawRow(number, {"chat_text": chat.text}, first.row or None)
        yield row._replace(messages=messages_of_chat) if keyed else row


def _timed(messages: Iterable[tuple[SentMessage, str]], report: ReadingReport) -> list[SentMessage]:
    """The messages with the times that all of them together tell; what cannot be read stays in the text, and is noted.

    Args:
        messages: each with its time as it is written; where that could not be read alone, it has none.
        report: gets the notes, by kind with an example.
    """
    pairs = list(messages)
    years = year_place(written for message, written in pairs if not message.time)
    whole = [written if message.time else with_whole_year(written, years.place) for message, written in pairs]
    order = date_order(whole)
    odd: dict[str, list[tuple[int, str]]] = {}
    timed: list[SentMessage] = []
    for (message, written), whole_date in zip(pairs, whole, strict=True):
        if message.time:
            pass
        elif written and (time := time_of(whole_date, order)):
            message = replace(message, time=time)
        elif written:
            odd.setdefault(why_unread(written), []).append((message.row, written))
            message = replace(message, text=f"（发送时间：{written}）\n{message.text}")
        timed.append(message)
    for why, places in odd.items():
        example, lines = places[0][1], line_places([line for line, _ in places])
        report.note(
            f"有 {{}} 条消息的时间认不出（如「{example}」），原样写在消息开头，没有当作时间{lines}{why and '：'}{why}",
            len(places),
        )
    report.note(years.sentence, bool(years.place))
    report.note(f"时间分不清日和月（如「{order.example}」），{order.sentence}", bool(order.example))
    return timed


def _messages(
    rows: Iterable[RawRow], layout: MessageColumns | None, report: ReadingReport
) -> Iterator[tuple[SentMessage, str]]:
    """The messages, one by one, each with its time as it is written; what is none is named in the report."""
    unread: dict[str, list[int]] = {}
    seen: dict[str, SentMessage] = {}
    noted: dict[str, list[int]] = {}
    repeated: list[int] = []
    around: dict[str, None] = {}
    count = 0
    any_read = False
    stream = iter(rows)
    head = list(islice(stream, 2))
    alone = len(head) == 1 and head[0].outermost
    for row in chain(head, stream):
        line = row.line or row.position
        for clause in row.notes:
            noted.setdefault(clause, []).append(line)
        if not row.problem and _is_blank(row.value):
            continue
        if not isinstance(row.value, dict):
            unread.setdefault(row.problem or "不是一条消息", []).append(line)
            continue
        if layout and is_foot(row.value, layout):
            unread.setdefault(FOOT, []).append(line)
            continue
        inside = messages_inside(row.value)
        if inside is not None:
            around.update(dict.fromkeys(fields_beside(row.value, inside)))
        for number, value in enumerate([row.value] if inside is None else inside, start=1):
            if inside is not None and _is_blank(value):
                continue
            count += 1
            line = line if inside is None else number
            if count > MAX_MESSAGES:
                raise InputError(f"文件超过 {MAX_MESSAGES:,} 条消息的上限", "请按时间或群聊拆成几个文件后分别导入")
            # One object around a whole archive says nothing of chats.
            session = "" if inside is None or alone and _names_receivers(value, layout) else f"{row.position}"
            message = _message(value, layout, line, session)
            if isinstance(message, Unreadable):
                unread.setdefault(message.reason, []).append(line)
                continue
            written = _written_time(value, layout) if layout else ""
            identifier = _identifier(value)
            if identifier:
                content = replace(message, row=0)
                if seen.get(identifier) == content:
                    repeated.append(line)
                    continue
                seen.setdefault(identifier, content)
            any_read = True
            yield message, written
    report.note(f"消息列表外面没有用到的字段，内容不导入：{listed(list(around), characters=40)}", len(around))
    for clause, lines in noted.items():
        report.note(f"{clause}{line_places(lines)}")
    reasons = [f"有 {len(lines):,} 行没有读成消息：{reason}{line_places(lines)}" for reason, lines in unread.items()]
    if reasons and not any_read:
        raise InputError(f"文件里没有一行能读成消息；{'；'.join(reasons)}", "请按原因修改后重试")
    report.notes += reasons
    report.note(f"有 {{}} 条消息与前面的完全相同（消息编号也相同），只留一条{line_places(repeated)}", len(repeated))


def _is_blank(value: Any) -> bool:
    """Whether an object holds nothing, as a blank row of a table does."""
    return (
        value is None or isinstance(value, dict) and all(one is None or one in ("", [], {}) for one in value.values())
    )


def _identifier(value: Any) -> str:
    """The number that a program gives a message; ``""`` where it gives none."""
    if not isinstance(value, dict):
        return ""
    return next((str(one) for name, one in value.items() if one and plain_column(name) in _NUMBERS_OF_MESSAGES), "")


def _message(value: Any, layout: MessageColumns | None, line: int, session: str) -> SentMessage | Unreadable:
    """One object or row as a message; ``session`` is that of the list in which it stands, or ``""``."""
    if not isinstance(value, dict):
        return Unreadable("不是一条消息")
    if value.get("_type") not in (None, "", "message"):
        return Unreadable(f"标着「{str(value['_type'])[:12]}」，不是消息")
    if layout is None or layout.kind in _ARCHIVED_KINDS and is_archived(value):
        message = archive_message(value, line)
    else:
        return message_of(flat(value), layout, line, value, session)
    if isinstance(message, Unreadable) or not session or message.room or message.session:
        return message
    return replace(message, session=session)


def _names_receivers(value: Any, layout: MessageColumns | None) -> bool:
    return layout is not None and bool(layout.to) and isinstance(value, dict) and bool(flat(value).get(layout.to))


def _written_time(value: Any, layout: MessageColumns) -> str:
    """What stands in the place of a message's time, on one line; ``""`` where nothing does."""
    cells = flat(value) if isinstance(value, dict) else {}
    parts = [cells.get(name) for name in dict.fromkeys((layout.date, layout.time)) if name]
    words = " ".join(str(part) for part in parts if part not in (None, "", 0, False))
    return " ".join(words.split())[:_TIME_CHARACTERS]


def _note_joining(report: ReadingReport, chats: int, columns: TableColumns) -> None:
    joined = report.joined or Joined.NONE
    by = "按您的选择全部" if columns.join == joined == Joined.NONE else _JOINED[joined]
    if joined is Joined.PAUSE:
        by = f"{by}（超过 {columns.pause_minutes or USUAL_PAUSE:,} 分钟）"
    if columns.join not in ("", joined):
        report.note(f"选的是{_CHOSEN[columns.join]}，但文件里没有可依的，改为{_JOINED[joined]}")
    report.note(f"文件是一行一条消息：{report.messages:,} 条消息{by}合成 {chats:,} 条群聊")
    if report.columns:
        used = "，".join(f"{_PARTS[part]}取「{name[:20]}」" for part, name in report.columns.items())
        report.note(f"各列的对应：{used}")
        unused = [
            name
            for name in report.names
            if name and name not in report.columns.values() and not name.endswith(_READ_DEEPER)
        ]
        report.note(f"没有用到的列：{'、'.join(name[:20] for name in unused[:12])}", len(unused))


def _note_changes(
    report: ReadingReport, messages: Sequence[SentMessage], written: Sequence[WrittenChat], out_of_order: int
) -> None:
    timeless = [message.row for message in messages if not message.time]
    if timeless and len(timeless) < len(messages):
        report.note(f"有 {{}} 条消息没有认得出的时间，这些群聊不按时间排序{line_places(timeless)}", len(timeless))
    elif timeless:
        report.note("消息都没有认得出的时间，按文件里的先后排列")
    if "side" in report.columns and "sender" not in report.columns:
        sideless = [message.sender for message in messages if message.side is Role.UNKNOWN and message.sender]
        example = sideless[0][:12] if sideless else ""
        report.note(f"有 {{}} 条消息的收发方认不出是哪一方（如「{example}」），按写着的当作发言人", len(sideless))
    sides: dict[str, set[Role]] = {}
    for message in messages:
        if message.sender and message.side is not Role.UNKNOWN:
            sides.setdefault(message.sender, set()).add(message.side)
    both = [sender for sender, of_sender in sides.items() if len(of_sender) > 1]
    report.note(f"有 {{}} 个发送人有时写成我方、有时写成对方，请核对收发方：{listed(both)}", len(both))
    roomless = sum(not message.room and not message.session for message in messages)
    if roomless < len(messages):
        report.note("有 {} 条消息没有写明群聊或会话，合在一条群聊里", roomless)
    report.note("有 {} 条消息不按时间先后，已按时间排好", out_of_order)
    nameless = [message.row for message in messages if not message.sender and not is_system_line(message.text.strip())]
    report.note(f"有 {{}} 条消息没有发送人{line_places(nameless)}", len(nameless))
    empty = [message.row for message in messages if not message.text.strip()]
    report.note(f"有 {{}} 条消息没有文字{line_places(empty)}", len(empty))
    report.note("有 {} 行文字像是一条消息的开头，前面加了「> 」", sum(chat.quoted_lines for chat in written))
    shared = list(dict.fromkeys(name for chat in written for name in chat.told_apart))
    report.note(f"有 {{}} 个发送人同名，名字后面加了编号：{listed(shared)}", len(shared))
    report.note("有 {} 个发送人的名字太长或带括号，改写了", sum(chat.changed_names for chat in written))
