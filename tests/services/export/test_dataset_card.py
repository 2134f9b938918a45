"""The dataset as a folder that Hugging Face reads, with a card."""

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.adapters.store import Store
from core.domain.form import Form
from core.domain.masking import parse_mask
from core.errors import ExportError
from core.services.export import DatasetLayout, download, export_dataset, export_log_entries, parse_source
from core.services.export.dataset_card import card_text, field_table
from core.services.training import TrainingFormat, export_training, rebuild
from tests.factories.exports import LABELS, TEXTS, fill
from tests.factories.training import in_format, rows_of

LABELLED = parse_source("labels")


def front_of(card: str) -> dict[str, Any]:
    _, front, _ = card.split("---\n", 2)
    read: dict[str, Any] = yaml.safe_load(front)
    return read


def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The reader of Hugging Face, kept off the network and out of the home folder."""
    for name in ("HF_HOME", "HF_DATASETS_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / "hf"))
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, "1")
    import datasets

    return datasets


def test_hugging_face_reads_the_folder(
    store: Store, form: Form, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    out = tmp_path / "set"
    hugging_face = offline(tmp_path, monkeypatch)
    report = export_dataset(store, dataset="四条", source=LABELLED, out=out, layout=DatasetLayout.HF)
    assert {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()} == {
        "README.md",
        "data/train.json",
    }
    assert report.counts["chats"] == 4 and export_log_entries(store)[0].parameters["layout"] == "hf"
    assert set(report.files) == {"README.md", "data/train.json"}
    read = hugging_face.load_dataset(str(out), split="train", cache_dir=str(tmp_path / "hf"))
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
    assert f"- 表单 {form.name}，第 {form.version} 版，21 个字段。" in card
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


@pytest.mark.parametrize("data_format", list(TrainingFormat))
def test_hugging_face_reads_the_folder_of_a_training_set(
    store: Store, form: Form, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data_format: TrainingFormat
) -> None:
    fill(store)
    hugging_face = offline(tmp_path, monkeypatch)
    out = tmp_path / "set"
    choices = in_format(data_format, min_rows=6, validation=0.25, seed=1)
    report = export_training(store, options=choices, out=out)
    if data_format is TrainingFormat.DPO_QIANFAN:
        assert not (out / "README.md").exists(), "its rows are lists, which have no columns"
        return
    read = hugging_face.load_dataset(str(out), cache_dir=str(tmp_path / "hf"))
    assert {part: list(rows) for part, rows in read.items()} == {
        "train": rows_of(out),
        "validation": rows_of(out, "val"),
    }
    card = (out / "README.md").read_text(encoding="utf-8")
    front = front_of(card)
    assert front["license"] is None
    assert front["configs"][0]["data_files"] == [
        {"split": "train", "path": "train.jsonl"},
        {"split": "validation", "path": "val.jsonl"},
    ]
    assert f"训练集 6 行（不同的 {report.counts['train']} 行" in card and f"验证集 {report.counts['val']} 行" in card
    assert "答案来自标注；提示词 baseline.v" in card and f"第 {form.version} 版" in card
    assert all(f"| {key} | " in card for key in rows_of(out)[0])
    rebuild(store, 1, tmp_path / "again")
    assert (tmp_path / "again" / "README.md").read_bytes() == (out / "README.md").read_bytes()


def test_what_is_hidden_in_a_training_set_is_said(store: Store, tmp_path: Path) -> None:
    fill(store)
    export_training(store, options=in_format(TrainingFormat.ALPACA, mask=("phone",)), out=tmp_path / "set")
    card = (tmp_path / "set" / "README.md").read_text(encoding="utf-8")
    assert "已遮盖：phone。" in card and "没有遮盖" not in card


def test_texts_from_data_are_no_markdown(form: Form) -> None:
    hostile = form.model_copy(update={"fields": (form.fields[0].model_copy(update={"label": "a|b\n# <b>[x](y)`"}),)})
    last = field_table(hostile, {}, "有值的行").splitlines()[-1]
    assert last.endswith(r"| a\|b \# \<b\>\[x\](y)\` |")


def test_a_readme_of_somebody_else_is_not_replaced(store: Store, tmp_path: Path) -> None:
    fill(store)
    out = tmp_path / "theirs"
    out.mkdir()
    (out / "README.md").write_text("# 别人的")
    with pytest.raises(ExportError, match="已有别的 README.md"):
        export_dataset(store, dataset="四条", source=LABELLED, out=out, layout=DatasetLayout.HF)
    with pytest.raises(ExportError, match="已有别的 README.md"):
        export_training(store, options=in_format(TrainingFormat.SPARK), out=out)
    assert {path.name for path in out.rglob("*") if path.is_file()} == {"README.md"}
    assert not export_log_entries(store)


def test_a_page_gives_the_folder_as_a_zip(store: Store, tmp_path: Path) -> None:
    fill(store)

    def make(out: Path) -> Any:
        return export_dataset(store, dataset="四条", source=LABELLED, out=out, layout=DatasetLayout.HF)

    made = download("hf_四条", make)
    again = download("hf_四条", make)
    assert made.name == "hf_四条.zip" and made.data == again.data
    with zipfile.ZipFile(io.BytesIO(made.data)) as archive:
        assert archive.namelist() == ["hf_四条/README.md", "hf_四条/data/train.json"]
        for name, digest in made.report.files.items():
            assert hashlib.sha256(archive.read(f"hf_四条/{name}")).hexdigest() == digest


def test_what_markdown_may_read_as_markup_is_escaped_and_nothing_else() -> None:
    assert card_text("role_elements 客户_1") == "role_elements 客户_1"
    assert card_text("_a_ __b__ c__d `*|") == r"\_a\_ \_\_b\_\_ c\_\_d \`\*\|"
