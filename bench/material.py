"""What is measured with: the real chats where SHIYAO_COMPETITION_DATA is set, else the sample; as many as wanted."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from core.domain.chat import parse_chat
from core.settings import ROOT, settings

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Material:
    """Chats with labels, each ``{"chat_text", "infos"}``; ``name`` says whose."""

    name: str
    rows: tuple[Row, ...]


@lru_cache(maxsize=1)
def material() -> Material:
    """The labelled chats at hand."""
    folder = settings().competition_data
    path = folder / "train.json" if folder else ROOT / "data" / "sample" / "chats.json"
    rows = json.loads(path.read_text("utf-8"))
    return Material("real chats" if folder else "sample", tuple(rows))


def many(count: int) -> Iterator[Row]:
    """So many chats, no two with the same text."""
    for number, row in enumerate(islice(cycle(material().rows), count), start=1):
        yield {"chat_text": f"{row['chat_text']}\n{number}", "infos": row["infos"]}


def write_many(path: Path, count: int) -> Path:
    """A file as the challenge's ``train.json`` with so many chats, written as a stream."""
    with path.open("w", encoding="utf-8") as file:
        for number, row in enumerate(many(count)):
            file.write("[\n" if number == 0 else ",\n")
            json.dump(row, file, ensure_ascii=False)
        file.write("\n]\n")
    return path


def of_length(characters: int, count: int) -> Iterator[Row]:
    """Conversations of about so many characters, without residue, with the forms of those who speak in them.

    They are whole messages of the chats at hand, one chat after another until the length is reached; each begins
    with another chat, so that neighbours differ.
    """
    rows = material().rows
    conversations = [_messages(row["chat_text"]) for row in rows]
    for number in range(count):
        pieces: list[str] = []
        room = characters
        for at in islice(cycle(range(len(rows))), number % len(rows), None):
            for piece in conversations[at]:
                if room <= 0:
                    break
                pieces.append(piece)
                room -= len(piece) + 1
            if room <= 0:
                break
        yield {"chat_text": "\n".join([*pieces, f"（第 {number + 1} 条）"]), "infos": rows[number % len(rows)]["infos"]}


def of_messages(messages: int) -> Row:
    """One conversation of so many messages: those of the chats at hand, over and over."""
    pieces = [piece for row in material().rows for piece in _messages(row["chat_text"])]
    return {"chat_text": "\n".join(islice(cycle(pieces), messages)), "infos": material().rows[0]["infos"]}


def one_line(characters: int) -> Row:
    """One message of so many characters without a line break, as somebody's pasted document is."""
    row = material().rows[0]
    words = "".join(parse_chat(row["chat_text"]).conversation.split("\n"))
    name = _messages(row["chat_text"])[0].partition("：")[0]
    return {"chat_text": f"{name}：" + "".join(islice(cycle(words), characters)), "infos": row["infos"]}


@lru_cache(maxsize=256)
def _messages(text: str) -> tuple[str, ...]:
    parsed = parse_chat(text)
    return tuple(piece for message in parsed.messages if (piece := message.span.of(text).strip("\n")))
