"""What other programs take for line ends is escaped in every JSONL that is written."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from core.adapters.store import Store, queries
from core.domain.form import Form
from core.services.datasets import import_chats
from core.services.export import AnswerSource
from core.services.training import TrainingFormat, TrainingOptions, export_training
from tests.factories.datasets import make_run

TEXT = "林小满3：第一行\u2028第二行\u2029第三行\x85第四行\x0b五\x0c六\x1c七\n客服阿青：收到"


@pytest.mark.parametrize("data_format", list(TrainingFormat))
def test_a_row_is_one_line_for_every_reader(
    store: Store, form: Form, tmp_path: Path, data_format: TrainingFormat
) -> None:
    rows: list[dict[str, Any]] = [{"chat_text": TEXT, "infos": [{**form.empty(), form.name_field: "林\u2028小满3"}]}]
    import_chats(store, BytesIO(json.dumps(rows).encode()), filename="a.json", dataset="行")
    with store.read() as session:
        dataset = queries.dataset(session, "行")
    make_run(store, dataset, "模型", {1: []})
    against = "模型" if data_format.is_preference else ""
    options = TrainingOptions(("行",), AnswerSource(labels=True), data_format, min_rows=0, rejected_run=against)
    export_training(store, options=options, out=tmp_path / "set")
    written = (tmp_path / "set" / "train.jsonl").read_text(encoding="utf-8")
    lines = written.splitlines()
    assert len(lines) == written.count("\n") == (2 if data_format is TrainingFormat.KTO else 1)
    assert "第一行\u2028第二行\u2029第三行\x85第四行" in json.dumps(json.loads(lines[0]), ensure_ascii=False)
