"""Files with one thing broken: whatever is lost is named, by an oracle that knows what was in them."""

import csv
import json
import random
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO, StringIO
from typing import Any

import pytest

from core.domain.form import load_named_form
from core.errors import InputError
from core.services.datasets.import_types import BY_NAME, ChatRow
from core.services.datasets.row_validation_pass import RowValidationPass
from core.services.datasets.source_file import open_source

FORM = load_named_form("role_elements")
PER_FORMAT = 100
TOKEN = re.compile(r"值\d{4}")
BREAKING = "\",;\n\r\t\\{}[]:\x00\ufeff\u200b\u2028='|"


def dataset(seed: int) -> list[dict[str, Any]]:
    """Chats in which every line, and every value of a form, has a token of its own."""
    chance = random.Random(seed)
    number = 0

    def token() -> str:
        nonlocal number
        number += 1
        return f"值{number:04}"

    rows = []
    for index in range(1, 7):
        lines = [
            chance.choice(["林小满3：", "客服阿青："])
            + chance.choice(["你好", "多少,钱", '他说"好"', "第一；第二"])
            + token()
            for _ in range(chance.randint(1, 4))
        ]
        info = {**FORM.empty(), FORM.name_field: token(), "竞品信息": token()}
        rows.append({"index": index, "chat_text": "\n".join(lines), "infos": [info]})
    return rows


def as_json(rows: list[dict[str, Any]]) -> str:
    return json.dumps(rows, ensure_ascii=False, indent=1)


def as_jsonl(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def as_csv(rows: list[dict[str, Any]]) -> str:
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["index", "chat_text", *FORM.keys])
    for row in rows:
        writer.writerow(
            [row["index"], row["chat_text"], *("" if isinstance(v, list) else v for v in row["infos"][0].values())]
        )
    return text.getvalue()


def mutated(text: str, chance: random.Random) -> str:
    """The text with one thing broken, as hands and programs break it."""
    at = chance.randrange(len(text))
    special = [place for place, character in enumerate(text) if character in '",\n{}[]:\\']
    kind = chance.randrange(9)
    if kind == 0:  # a sign of the format is lost
        at = chance.choice(special)
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + chance.choice(BREAKING) + text[at:]
    if kind == 2:  # a sign of the format is another
        at = chance.choice(special)
        return text[:at] + chance.choice(BREAKING) + text[at + 1 :]
    if kind == 3:  # cut
        return text[:at]
    lines = text.split("\n")
    line = chance.randrange(len(lines))
    if kind == 4:
        return "\n".join([*lines[:line], *lines[line + 1 :]])
    if kind == 5:
        return "\n".join([*lines[:line], lines[line], *lines[line:]])
    if kind == 6:
        return "\n".join(
            [*lines[:line], chance.choice(["备注：客户名单", "sep=;", "", "---", "a,b,c,d,e,f"]), *lines[line:]]
        )
    if kind == 7:  # two parts joined
        return text + text
    words = ["index", "chat_text", "infos", FORM.name_field, "竞品信息"]
    word = chance.choice(words)
    return text.replace(word, word + chance.choice(["", "s", " ", "\u200b", "2"]), chance.choice([1, -1]))


def read(data: bytes, name: str) -> tuple[list[Any], RowValidationPass]:
    with open_source(BytesIO(data), name) as source:
        validation_pass = RowValidationPass(source, FORM, BY_NAME)
        is_chats = validation_pass.kind == "chats"
        return list(validation_pass.chats() if is_chats else validation_pass.submissions()), validation_pass


def tokens_of(row: Any) -> set[str]:
    text = json.dumps([row.text, row.forms], ensure_ascii=False)
    return set(TOKEN.findall(text))


def silent_losses(text: str, name: str, owners: dict[str, int]) -> list[str]:
    """What is neither read nor named: tokens that are gone, and chats that hold another's."""
    try:
        rows, validation_pass = read(text.encode(), name)
    except InputError as error:
        assert name in error.message  # the whole file is refused, with a sentence
        return []
    notes = "\n".join(validation_pass.notes)
    lost = set(TOKEN.findall(text)).difference(*(tokens_of(row) for row in rows))
    named = len(validation_pass.rejected)
    complaints = [f"{len(lost)} gone: {sorted(lost)[:3]}"] if lost and not named and not notes else []
    # One note or one rejected row names a few things; it must not stand for the loss of much else.
    if lost and not notes and len({owners.get(token) for token in lost}) > named:
        complaints.append(f"{sorted(lost)[:5]} of more chats than the {named} rejected rows")
    for row in rows:
        if isinstance(row, ChatRow) and len({owners[token] for token in tokens_of(row) if token in owners}) > 1:
            if not notes:
                complaints.append(f"row {row.index} holds two chats")
    return complaints


@pytest.mark.parametrize(
    ("name", "write"), [("a.json", as_json), ("a.jsonl", as_jsonl), ("a.csv", as_csv)], ids=["JSON", "JSONL", "CSV"]
)
def test_nothing_is_lost_silently(name: str, write: Callable[[list[dict[str, Any]]], str]) -> None:
    losses: list[str] = []
    for seed in range(PER_FORMAT):
        rows = dataset(seed)
        owners = {token: row["index"] for row in rows for token in TOKEN.findall(json.dumps(row, ensure_ascii=False))}
        text = mutated(write(rows), random.Random(seed))
        losses += [f"{seed}: {loss}" for loss in silent_losses(text, name, owners)]
    assert losses == []


SOWN: dict[str, Callable[[list[Any]], list[Any]]] = {
    "a message": lambda rows: [replace(rows[0], text=rows[0].text.rpartition("值")[0]), *rows[1:]],
    "a chat": lambda rows: rows[1:],
    "a value": lambda rows: [replace(rows[0], forms=[FORM.empty()]), *rows[1:]],
    "words at another chat": lambda rows: [
        replace(rows[0], text=rows[1].text),
        replace(rows[1], text=rows[0].text),
        *rows[2:],
    ],
}
"""What a reader could do wrong without a word."""


@pytest.mark.parametrize("loss", SOWN)
@pytest.mark.parametrize("broken", [False, True], ids=["whole file", "broken file"])
def test_the_oracle_sees_a_loss_that_is_sown_by_hand(loss: str, broken: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = read

    def careless(data: bytes, name: str) -> tuple[list[Any], RowValidationPass]:
        rows, validation_pass = honest(data, name)
        return SOWN[loss](rows), validation_pass

    rows = dataset(3)
    owners = {token: row["index"] for row in rows for token in TOKEN.findall(json.dumps(row, ensure_ascii=False))}
    text = as_jsonl(rows)
    if broken:  # one row is refused by name: that must not cover for the loss of another
        text = "\n".join([*text.split("\n")[:-2], '{"index": 6, "chat_text": 值0000'])
    assert silent_losses(text, "a.jsonl", owners) == []
    monkeypatch.setattr(sys.modules[__name__], "read", careless)
    assert silent_losses(text, "a.jsonl", owners)


def turns_of(rows: list[dict[str, Any]]) -> list[list[tuple[str, str]]]:
    """Side and words of each message, chat by chat."""
    chats = [[line.partition("：")[::2] for line in row["chat_text"].split("\n")] for row in rows]
    return [[("assistant" if name.startswith("客服") else "user", words) for name, words in chat] for chat in chats]


def as_conversations(rows: list[dict[str, Any]]) -> str:
    chats = [[{"role": role, "content": words} for role, words in chat] for chat in turns_of(rows)]
    return json.dumps({"data": [{"messages": chat} for chat in chats]}, ensure_ascii=False, indent=1)


def as_strings(rows: list[dict[str, Any]]) -> str:
    return json.dumps([row["chat_text"] for row in rows], ensure_ascii=False, indent=1)


def as_messages(rows: list[dict[str, Any]]) -> str:
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["会话ID", "发送人", "发送时间", "消息内容"])
    for number, chat in enumerate(turns_of(rows), start=1):
        writer.writerows(
            [f"S{number}", role, f"01/{at:02}/2024 10:21", words] for at, (role, words) in enumerate(chat, 11)
        )
    return text.getvalue()


def kinds_of_notes(notes: tuple[str, ...]) -> set[str]:
    """Sentences without their numbers and examples: what is said of any file is no naming of a loss."""
    return {re.sub(r"\d[\d,]*|「[^」]*」|（[^）]*）", "", note).split("：")[0] for note in notes}


@pytest.mark.parametrize(
    ("name", "write"),
    [("a.json", as_conversations), ("b.json", as_strings), ("a.csv", as_messages)],
    ids=["conversations", "strings", "messages"],
)
def test_no_message_is_lost_silently(name: str, write: Callable[[list[dict[str, Any]]], str]) -> None:
    losses: list[str] = []
    for seed in range(PER_FORMAT // 2):
        text = write(dataset(seed))
        usual = kinds_of_notes(read(text.encode(), name)[1].notes)
        broken = mutated(text, random.Random(seed))
        try:
            rows, validation_pass = read(broken.encode(), name)
        except InputError as error:
            assert error.message
            continue
        lost = set(TOKEN.findall(broken)).difference(*(tokens_of(row) for row in rows))
        named = validation_pass.rejected or kinds_of_notes(validation_pass.notes) - usual
        losses += [f"{seed}: {sorted(lost)[:3]} {validation_pass.notes}"] if lost and not named else []
    assert losses == []


def test_files_that_nobody_broke_lose_nothing() -> None:
    for name, write in (("a.json", as_json), ("a.jsonl", as_jsonl), ("a.csv", as_csv)):
        rows = dataset(1)
        read_rows, validation_pass = read(write(rows).encode(), name)
        assert [row.text for row in read_rows] == [row["chat_text"] for row in rows]
        assert [row.forms for row in read_rows] == [row["infos"] for row in rows]
        assert (validation_pass.rejected, validation_pass.notes) == ([], ())


def test_names_of_fields_with_something_unseen_in_them_are_read() -> None:
    rows = [{f"\u200b{key} ": value for key, value in row.items()} for row in dataset(1)]
    read_rows, _ = read(as_jsonl(rows).encode(), "a.jsonl")
    assert [(row.text, row.forms) for row in read_rows] == [(row["chat_text"], row["infos"]) for row in dataset(1)]
