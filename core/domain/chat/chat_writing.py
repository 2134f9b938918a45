"""Writes messages that a file keeps apart as one chat text, which the parser reads back as it was.

The text is an export like those of WeChat: who spoke and when on a line of its own, what was said below. So models,
evidence and people see one kind of chat, whatever file it came from.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, count

from core.domain.chat.header_names import has_suffix
from core.domain.chat.message_headers import is_header_line, is_plain_name
from core.domain.chat.message_kinds import is_system_line
from core.domain.chat.odd_names import reads_as_words
from core.domain.chat.parsed_chat import Role
from core.domain.chat.speaker_lines import MAX_NAME
from core.domain.unseen_characters import without_invisible

NOBODY = "未知发送人"
"""Stands for a sender that the file does not name."""
_SIDES = {Role.STAFF: "（我方）", Role.CUSTOMER: "（对方）", Role.UNKNOWN: ""}
_LINE_ENDS = re.compile(r"\r\n|[\r\n]")
_QUOTED = "> "
_MOST_OF_ID = 16
"""Characters of an id that are written behind a name."""
_OTHER_BRACKETS = str.maketrans("()（）<>【】", "〔〕〔〕〔〕〔〕")


@dataclass(frozen=True, slots=True)
class SentMessage:
    """One message of a file.

    Attributes:
        sender: name as the file gives it; ``""`` if it gives none.
        text: what was said.
        time: ``2024-01-02T10:21:00`` or ``""``.
        sender_id: what tells senders of one name apart, or ``""``.
        side: where the file says who is whose.
        room: name or number of the group, or ``""``.
        session: number of the conversation, or ``""``.
        row: row of the file, from 1; 0 where there are no rows.
    """

    sender: str
    text: str
    time: str = ""
    sender_id: str = ""
    side: Role = Role.UNKNOWN
    room: str = ""
    session: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True)
class WrittenChat:
    """A chat text and what had to be changed to write it.

    Attributes:
        text: the chat.
        quoted_lines: lines that would have read as a new message and got ``"> "`` before them.
        changed_names: names that were too long, or end as a number or a side does.
        nameless: messages without a sender.
        empty: messages without a text.
        told_apart: names with the id that tells them from others of the same name.
    """

    text: str
    quoted_lines: int = 0
    changed_names: int = 0
    nameless: int = 0
    empty: int = 0
    told_apart: tuple[str, ...] = ()


@dataclass
class _Counts:
    quoted_lines: int = 0
    changed: set[str] = field(default_factory=set)
    nameless: int = 0
    empty: int = 0
    told_apart: dict[str, None] = field(default_factory=dict)


def write_chat(messages: Sequence[SentMessage]) -> WrittenChat:
    """Write messages as one chat text.

    Args:
        messages: of one conversation, in order.
    """
    counts = _Counts()
    names = _written_names(messages, counts)
    # Times before the names tell messages apart where all have one; else they are numbered.
    times = [message.time for message in messages]
    timed = len(messages) > 1 and all(times) and all(map(is_plain_name, names))
    timed = timed and (times == sorted(times) or not any(map(reads_as_words, names)))
    lines: list[str] = []
    for number, (message, name) in enumerate(zip(messages, names, strict=True), start=1):
        if _is_system(message):
            lines += [message.text.strip(), ""]
            continue
        time = message.time.replace("T", " ")
        prefix = time if timed else f"#{number} {time}".rstrip()
        lines.append(f"{prefix} {name}{_SIDES[message.side]}")
        lines += _body(message.text, counts)
        lines.append("")
    return WrittenChat(
        "\n".join(lines),
        counts.quoted_lines,
        len(counts.changed),
        counts.nameless,
        counts.empty,
        tuple(counts.told_apart),
    )


def _is_system(message: SentMessage) -> bool:
    """Whether the application wrote it: somebody joined, recalled a message; such a line needs no header."""
    return not message.sender and not message.sender_id and is_system_line(message.text.strip())


def _shared_names(messages: Sequence[SentMessage]) -> set[str]:
    ids: dict[str, set[str]] = {}
    for message in messages:
        if message.sender_id:
            ids.setdefault(_plain(message.sender), set()).add(message.sender_id)
    return {name for name, values in ids.items() if len(values) > 1}


def _written_names(messages: Sequence[SentMessage], counts: _Counts) -> list[str]:
    """The name of each message's sender as it can be written: no two senders get the same one."""
    shared = _shared_names(messages)
    senders: list[tuple[str, str]] = []
    for message in messages:
        name = _plain(message.sender)
        senders.append((name, message.sender_id if name in shared or not name else ""))
        counts.nameless += not name and not _is_system(message)
    written: dict[tuple[str, str], str] = {}
    taken: set[str] = set()
    for kept in (True, False):  # names that can stay as they are go first
        for name, sender_id in dict.fromkeys(senders):
            is_kept = bool(name) and not sender_id and not has_suffix(name) and len(name) <= MAX_NAME
            if is_kept is kept:
                free = next(one for one in _spellings(name, sender_id) if one not in taken)
                written[name, sender_id] = free
                taken.add(free)
                if sender_id and name:
                    counts.told_apart[free] = None
                elif name and not kept:
                    counts.changed.add(name)
    return [written[sender] for sender in senders]


def _spellings(name: str, sender_id: str) -> Iterator[str]:
    """What a sender can be called, best first: with the beginning of the id, its end, a number."""
    name = name or NOBODY
    if has_suffix(name):  # a bracket that would be read as a number or a side
        name = name.translate(_OTHER_BRACKETS)
    identifier = _plain(sender_id)
    ends = [f"[{identifier[:_MOST_OF_ID]}]", f"[{identifier[-_MOST_OF_ID:]}]"] if identifier else [""]
    numbered = (f"[{identifier[:_MOST_OF_ID]}·{n}]" if identifier else f"·{n}" for n in count(2))
    for end in chain(ends, numbered):
        yield name[: MAX_NAME - len(end)] + end


def _plain(name: str) -> str:
    return " ".join(without_invisible(name).split())


def _body(text: str, counts: _Counts) -> list[str]:
    if not text.strip():
        counts.empty += 1
        return []
    lines = []
    for line in _LINE_ENDS.split(text.strip("\r\n")):
        if is_header_line(line):
            counts.quoted_lines += 1
            line = _QUOTED + line
        lines.append(line)
    return lines
