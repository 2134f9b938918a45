"""The whole loop by command line, once with each form that ships: import, extract, approve, score, export, train."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from core.adapters.store import Store, queries
from core.cli import main
from core.domain.form import load_named_form
from core.services.datasets import shipped_samples
from core.services.datasets.sample_dataset import SAMPLE_RUN, Sample
from core.services.review import apply_saves


@pytest.mark.parametrize("sample", shipped_samples(), ids=lambda sample: sample.form)
def test_the_loop(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], sample: Sample) -> None:
    form, name = load_named_form(sample.form), sample.dataset
    db = ["--db", store.engine.url.render_as_string(hide_password=False)]

    def told(*arguments: str) -> Any:
        assert main([*db, *arguments, "--json"]) == 0, capsys.readouterr().err
        return json.loads(capsys.readouterr().out)

    assert told("sample", "--form", sample.form)["chats"]["added"] > 0
    extracted = told("extract", "--dataset", name, "--run", "规则", "--provider", "local", "--limit", "6")
    assert extracted["done"] == 6
    assert extracted["failed"] == 0
    with store.read() as session:
        data = queries.dataset(session, name)
        answers = queries.forms_by_index(session, queries.run(session, "规则", data.id).id)
        labels = queries.forms_by_index(session, queries.run(session, "标注", data.id).id)
    assert all(tuple(values) == form.keys for forms in answers.values() for values in forms)
    filled = {key for forms in answers.values() for values in forms for key, value in values.items() if value}
    assert len(filled) >= 5, "its own rules fill it"
    for index in range(1, 7):
        save = {
            "save_id": f"approve-{index:08d}",
            "chat": index,
            "reviewer": "阿青",
            "base_version": 0,
            "customers": [{"values": values} for values in labels[index]],
            "status": "已确认",
        }
        [ack] = apply_saves(store, form, data.id, [save])
        assert ack.result == "saved"
    score = told("score", "--dataset", name, "--run", SAMPLE_RUN)
    assert score["max"] == form.max_points
    assert list(score["fields"]) == list(form.keys)
    assert score["floor"] < score["score"] < form.max_points
    assert told("compare", "--dataset", name, "--run", SAMPLE_RUN, "--run", "规则")
    files = {
        "submission.json": ["submission", "--source", f"records+run:{SAMPLE_RUN}"],
        "dataset.json": ["dataset", "--source", "labels"],
        "table.xlsx": ["table", "--source", "labels"],
        "set": ["training", "--source", "labels+records", "--format", "alpaca", "--min-rows", "0"],
    }
    for file, arguments in files.items():
        report = told("export", *arguments, "--dataset", name, "--out", str(tmp_path / file))
        assert report["out"] == str(tmp_path / file)
    with closing(load_workbook(tmp_path / "table.xlsx", read_only=True)) as book:
        head = [cell.value for cell in next(book.worksheets[0].iter_rows())]
    assert head[:3] == ["群聊", form.subject_heading, form.keys[0]]
    submitted = json.loads((tmp_path / "submission.json").read_text("utf-8"))
    assert [list(info) for info in submitted[0]["infos"]] == [list(form.keys)] * len(submitted[0]["infos"])
    assert submitted[0]["infos"] == labels[1]
    assert main([*db, "check"]) == 0
