"""The same dataset is the same, whatever format it is written in."""

import csv
import json
import random
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from core.adapters.store import Store, queries
from core.domain.form import load_named_form
from core.services.datasets import load_sample
from core.services.datasets.import_types import BY_NAME, ChatRow
from core.services.datasets.row_validation_pass import RowValidationPass
from core.services.datasets.source_file import open_source
from core.services.export import TextKind, export_dataset, parse_source

FORM = load_named_form("role_elements")
PIECES = (
    *(
        "你好",
        "多少,钱",
        '他说"好"',
        "；;|",
        "=1+1",
        "+86 138",
        "-",
        "@客服阿青 在吗",
        "'单",
        "\t制表",
        "1.0",
        "007",
        "  空格  ",
    ),
    *(
        "😀👨\u200d👩\u200d👧",
        "\u200b零宽\u202d",
        "[图片]",
        "https://a.b/c?d=e,f",
        "<b>&amp;</b>",
        "sep=;",
        "nan",
        "\\n\\",
        "一\u2028二",
        "１３８",
    ),
)


def dataset(seed: int) -> list[dict[str, Any]]:
    """Chats of every kind of text that has ever parted two formats; values of forms likewise."""
    chance = random.Random(seed)

    def words() -> str:
        return "".join(chance.choice(PIECES) for _ in range(chance.randint(1, 4)))

    rows = []
    for _ in range(chance.randint(1, 8)):
        lines = [f"{chance.choice(['林小满3', '客服阿青', '何田田'])}：{words()}" for _ in range(chance.randint(1, 5))]
        infos = [
            {
                **FORM.empty(),
                FORM.name_field: chance.choice(["林小满3", ""]),
                "竞品信息": words(),
                "咨询类型": ["价格", words()],
            }
            for _ in range(chance.randint(0, 3))
        ]
        rows.append({"chat_text": "\n".join(lines), "infos": infos})
    return rows


def written(rows: list[dict[str, Any]]) -> dict[str, bytes]:
    """A file of each format with these rows."""
    table = [
        ["index", "chat_text", "infos"],
        *([at, row["chat_text"], json.dumps(row["infos"], ensure_ascii=False)] for at, row in enumerate(rows, start=1)),
    ]
    text = StringIO(newline="")
    csv.writer(text).writerows(table)
    book = Workbook()
    sheet = book.worksheets[0]
    for line, cells in enumerate(table, start=1):
        for column, cell in enumerate(cells, start=1):
            place = sheet.cell(line, column, cell)
            place.data_type = "n" if isinstance(cell, int) else "s"
    excel = BytesIO()
    book.save(excel)
    return {
        "a.json": json.dumps(rows, ensure_ascii=False).encode(),
        "b.json": json.dumps(rows, indent=2).encode(),
        "a.jsonl": "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode(),
        "a.csv": text.getvalue().encode(),
        "b.csv": text.getvalue().encode("utf-8-sig"),
        "c.csv": text.getvalue().encode("utf-16"),
        "a.xlsx": excel.getvalue(),
    }


def read(data: bytes, name: str) -> tuple[list[ChatRow], tuple[str, ...]]:
    with open_source(BytesIO(data), name) as source:
        validation_pass = RowValidationPass(source, FORM, BY_NAME)
        rows = list(validation_pass.chats())
        assert validation_pass.rejected == []
        return rows, validation_pass.notes


@pytest.mark.parametrize("seed", range(40))
def test_a_dataset_is_the_same_in_every_format(seed: int) -> None:
    files = written(dataset(seed))
    rows, notes = read(files["a.json"], "a.json")
    plain = [(row.index, row.text, row.forms, row.notes) for row in rows]
    assert [row.text for row in rows] == [row["chat_text"] for row in dataset(seed)]
    for name, data in files.items():
        other, other_notes = read(data, name)
        assert [(row.index, row.text, row.forms, row.notes) for row in other] == plain, name
        assert other_notes == notes, name


def test_a_dataset_that_we_export_comes_back(store: Store, tmp_path: Path) -> None:
    chats, _ = load_sample(store)
    out = tmp_path / "out.json"
    export_dataset(store, dataset=chats.dataset, source=parse_source("labels"), out=out, text=TextKind.RAW)
    content = json.loads(out.read_text(encoding="utf-8"))
    with store.read() as session:
        texts = [chat.text for chat in queries.chats(session, chats.dataset_id)]
    for name, data in written([{"chat_text": row["chat_text"], "infos": row["infos"]} for row in content]).items():
        rows, _ = read(data, name)
        assert [row.text for row in rows] == texts, name
        assert [row.forms for row in rows] == [row["infos"] for row in content], name


@pytest.mark.parametrize("seed", range(10))
def test_a_chat_is_the_same_as_a_text_file(seed: int) -> None:
    for row in dataset(seed):
        for encoding in ("utf-8", "utf-8-sig", "utf-16"):
            [chat], _ = read(row["chat_text"].encode(encoding), "a.txt")
            assert chat.text == row["chat_text"]


def test_the_chats_of_the_sample_are_the_same_as_text_files(store: Store) -> None:
    chats, _ = load_sample(store)
    with store.read() as session:
        for chat in queries.chats(session, chats.dataset_id):
            assert [row.text for row in read(chat.text.encode(), "a.txt")[0]] == [chat.text]
