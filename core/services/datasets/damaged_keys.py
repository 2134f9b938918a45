"""Sessions, rooms and senders whose numbers a spreadsheet has shortened: named, and not joined unasked."""

from collections.abc import Sequence
from dataclasses import replace

from core.domain.chat.chat_writing import SentMessage
from core.services.datasets.damaged_numbers import shortened
from core.services.datasets.import_types import ColumnError, TableColumns
from core.services.datasets.message_columns import MessageColumns
from core.services.datasets.reading_report import ReadingReport, line_places

_NAMES = {"session": "会话", "room": "群聊", "sender_id": "发送人编号", "sender": "发送人"}
_EFFECTS = {
    "session": "不同的会话可能变成了同一个",
    "room": "不同的群聊可能变成了同一个",
    "sender_id": "不靠它分辨同名的人",
    "sender": "不同的人可能变成了同一个",
}


def require_keys(
    messages: Sequence[SentMessage], layout: MessageColumns | None, columns: TableColumns, report: ReadingReport
) -> list[SentMessage]:
    """The messages, without sessions and senders' ids that have lost digits; each such column is noted.

    Args:
        messages: of the whole file.
        layout: names of the columns, for the notes.
        columns: how a person wants messages joined.
        report: gets the notes.

    Raises:
        ColumnError: chats would be told apart by such numbers only, and nobody has chosen to.
    """
    damaged = {part: shortened(getattr(one, part) for one in messages) for part in _NAMES}
    if layout is None or not any(damaged.values()):
        return list(messages)
    names = layout.as_dict()
    for part, values in damaged.items():
        lines = [one.row for one in messages if getattr(one, part) in values]
        if part == "sender" and not layout.sender:
            continue  # the id stands in the name's place, and is noted itself
        column, example = names.get(part, _NAMES[part])[:20], min(values, default="")
        report.note(
            f"「{column}」列有 {{}} 行的编号被 Excel 改短了（如 {example}），{_EFFECTS[part]}{line_places(lines)}",
            len(lines),
        )
    kept = list(messages)
    if damaged["sender_id"]:
        kept = [replace(one, sender_id="") if one.sender_id in damaged["sender_id"] else one for one in kept]
    by_session = columns.join in ("", "session") and any(one.session for one in kept)
    if by_session and damaged["session"] and columns.join != "session":
        hit = [one for one in kept if one.session in damaged["session"]]
        if any(not one.room or one.room in damaged["room"] for one in hit):
            raise _undecided(names.get("session", "会话"), min(damaged["session"]), report)
        kept = [replace(one, session="") if one.session in damaged["session"] else one for one in kept]
    elif not by_session and damaged["room"] and columns.join in ("", "session"):
        raise _undecided(names.get("room", "群聊"), min(damaged["room"]), report)
    return kept


def _undecided(column: str, example: str, report: ReadingReport) -> ColumnError:
    return ColumnError(
        f"「{column[:20]}」列的编号被 Excel 改短了（如 {example}），分不清哪些消息是同一段聊天",
        "请从原系统重新导出，并把这一列设为文本；或指明另一列作群聊，或选择怎样合并（命令行用 --room-column、--join）",
        report.names,
    )
