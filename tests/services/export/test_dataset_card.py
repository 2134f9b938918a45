"""The dataset as a folder that Hugging Face reads, with a card."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.adapters.store import Store
from core.domain.form import Form
from core.domain.masking import parse_mask
from core.errors import ExportError
from core.services.export import DatasetLayout, export_dataset, export_log_entries, parse_source
from tests.factories.exports import LABELS, TEXTS, fill

LABELLED = parse_source("labels")


def front_of(card: str) -> dict[str, Any]:
    _, front, _ = card.split("---\n", 2)
    read: dict[str, Any] = yaml.safe_load(front)
    return read


def test_hugging_face_reads_the_folder(
    store: Store, form: Form, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    out = tmp_path / "set"
    report = export_dataset(store, dataset="四条", source=LABELLED, out=out, layout=DatasetLayout.HF)
    assert {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()} == {
        "README.md",
        "data/train.json",
    }
    assert report.counts["chats"] == 4 and export_log_entries(store)[0].parameters["layout"] == "hf"
    for name in ("HF_HOME", "HF_DATASETS_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / "hf"))
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, "1")
    import datasets

    read = datasets.load_dataset(str(out), split="train", cache_dir=str(tmp_path / "hf"))
    assert [row["chat_text"] for row in read] == list(TEXTS)
    assert [row["infos"] for row in read] == list(LABELS)


def test_the_card_says_what_is_in_it_and_leaves_the_licence_open(store: Store, form: Form, tmp_path: Path) -> None:
    fill(store)
    out = tmp_path / "set"
    export_dataset(store, dataset="四条", source=LABELLED, out=out, layout=DatasetLayout.HF)
    card = (out / "README.md").read_text(encoding="utf-8")
    front = front_of(card)
    assert front["license"] is None and "由数据的所有者填写" in card
    assert front["configs"][0]["data_files"] == [{"split": "train", "path": "data/train.json"}]
    assert "群聊 4 条，客户 4 位" in card and "没有遮盖：含名字、电话" in card
    assert all(f"| {field.key} |" in card for field in form.fields)
    assert f"| {form.name_field} | 文本 | 4 |" in card and "| 意向产品 | 列表 | 1 |" in card
    masked = parse_mask(["phone", "name"])
    export_dataset(store, dataset="四条", source=LABELLED, out=out, layout=DatasetLayout.HF, mask=masked)
    assert "已遮盖：" in (out / "README.md").read_text(encoding="utf-8")
    assert "林晓3" not in json.dumps(json.loads((out / "data" / "train.json").read_bytes()), ensure_ascii=False)


def test_a_file_is_no_folder(store: Store, tmp_path: Path) -> None:
    fill(store)
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="是一个文件"):
        export_dataset(store, dataset="四条", source=LABELLED, out=tmp_path / "file", layout=DatasetLayout.HF)
