"""The clean dataset: stored text byte for byte or without residue, and what is left out."""

import json
from pathlib import Path

import pytest

from core.adapters.store import Store
from core.adapters.store.models import RecordStatus
from core.errors import ExportError
from core.services.export import TextKind, export_dataset, parse_source
from tests.factories.exports import FIRST, LABELS, TEXTS, fill

GOLDEN = Path(__file__).parents[3] / "tests" / "golden"


@pytest.mark.parametrize("text", list(TextKind))
def test_golden_files(store: Store, tmp_path: Path, text: TextKind) -> None:
    fill(store)
    out = tmp_path / "dataset.json"
    report = export_dataset(store, dataset="四条", source=parse_source("labels"), out=out, text=text)
    assert out.read_bytes() == (GOLDEN / f"dataset_{text}.json").read_bytes()
    assert report.counts["chats"] == 4


def test_raw_is_the_stored_text_and_clean_has_no_residue(store: Store, tmp_path: Path) -> None:
    fill(store)
    raw, clean = tmp_path / "raw.json", tmp_path / "clean.json"
    export_dataset(store, dataset="四条", source=parse_source("labels"), out=raw)
    export_dataset(store, dataset="四条", source=parse_source("labels"), out=clean, text=TextKind.CLEAN)
    assert json.loads(raw.read_bytes()) == [
        {"chat_text": text, "infos": forms} for text, forms in zip(TEXTS, LABELS, strict=True)
    ]
    texts = [item["chat_text"] for item in json.loads(clean.read_bytes())]
    assert texts == [FIRST.rstrip("\n"), TEXTS[1], TEXTS[2].rstrip("\n"), TEXTS[3]]


def test_chats_without_an_answer_are_left_out_and_named(store: Store, tmp_path: Path) -> None:
    fill(store, expected=5, statuses={2: RecordStatus.CONFIRMED, 3: RecordStatus.DRAFT})
    out = tmp_path / "dataset.json"
    report = export_dataset(store, dataset="四条", source=parse_source("records"), out=out)
    assert [item["chat_text"] for item in json.loads(out.read_bytes())] == [TEXTS[1]]
    assert report.as_json()["left_out"] == [1, 3, 4, 5]


def test_nothing_to_write_is_refused(store: Store, tmp_path: Path) -> None:
    fill(store)
    with pytest.raises(ExportError, match="没有一条群聊"):
        export_dataset(store, dataset="四条", source=parse_source("records"), out=tmp_path / "x.json")
    assert not (tmp_path / "x.json").exists()
