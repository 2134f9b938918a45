"""Exports of the real data: submissions come out byte for byte, every real label survives every format."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.adapters.store import Store, queries
from core.domain.form import Form
from core.domain.replies import parse_reply
from core.services.datasets import import_chats, import_run
from core.services.export import TextKind, export_dataset, export_submission, parse_source
from core.services.training import (
    OverBudget,
    TrainingFormat,
    TrainingOptions,
    export_training,
    preflight,
    rebuild,
    training_sets,
)
from core.services.training.row_formats import rejected_of, target_of
from core.services.training.set_versions import chats_of_set
from tests.factories.datasets import make_run

pytestmark = pytest.mark.competition


@pytest.mark.parametrize("name", ["submission_finetuned_27.86.json", "submission_baseline_prompt.json"])
def test_published_submissions_come_out_as_they_went_in(
    store: Store, form: Form, competition: Path, tmp_path: Path, name: str
) -> None:
    import_chats(store, competition / "test_data.json", filename="test_data.json", dataset="test")
    import_run(store, competition / name, filename=name, dataset="test", run="published")
    out = tmp_path / name
    report = export_submission(store, dataset="test", source=parse_source("run:published"), out=out)
    original = (competition / name).read_bytes()
    published = json.loads(original)
    assert report.counts["chats"] == len(published) == 55
    # Five forms of the baseline file have their keys in another order; ours are always in the form's.
    for item in published:
        item["infos"] = [{key: values[key] for key in form.keys} for values in item["infos"]]
    assert out.read_bytes() == json.dumps(published, indent=4, ensure_ascii=False).encode()
    if "finetuned" in name:
        assert out.read_bytes() == original


@pytest.mark.parametrize("data_format", list(TrainingFormat))
def test_97_real_chats(
    store: Store, form: Form, competition: Path, tmp_path: Path, data_format: TrainingFormat
) -> None:
    import_chats(store, competition / "train.json", filename="train.json", dataset="train")
    with store.read() as session:
        labels, dataset = queries.labels_run(session, 1), queries.dataset(session, 1)
        assert labels is not None
        forms = list(queries.forms_by_index(session, labels.id).values())
    # A run that gives every label but the first customer's name.
    answers = {
        index: [
            {**values, form.name_field: "" if not number else values[form.name_field]}
            for number, values in enumerate(answer)
        ]
        for index, answer in enumerate(forms, start=1)
    }
    make_run(store, dataset, "模型", answers)
    against = "模型" if data_format.is_preference else ""
    options = TrainingOptions(("train",), parse_source("labels"), data_format, rejected_run=against)
    report = export_training(store, options=options, out=tmp_path / "set")
    sides = 2 if data_format is TrainingFormat.KTO else 1
    named = [number for number, answer in enumerate(forms) if answer and answer[0][form.name_field]]
    chats = len(named) if data_format.is_preference else 97
    assert report.counts["repeats"] == -(-1500 // (chats * sides))
    with (tmp_path / "set" / "train.jsonl").open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    once = rows[: chats * sides]
    approved = [parse_reply(form, target_of(data_format, row)).forms for row in once[::sides]]
    assert approved == ([forms[number] for number in named] if data_format.is_preference else forms)
    if data_format.is_preference:
        texts = (
            [target_of(data_format, row) for row in once[1::2]]
            if sides == 2
            else [rejected_of(data_format, row) for row in once]
        )
        assert [parse_reply(form, text).forms for text in texts] == [answers[number + 1] for number in named]
    assert once == rows[-len(once) :]
    assert not any("data-online-sheet" in json.dumps(row) or "data-sheet-href" in json.dumps(row) for row in once)


def test_the_dataset_itself_and_a_limit(store: Store, competition: Path, tmp_path: Path) -> None:
    import_chats(store, competition / "train.json", filename="train.json", dataset="train")
    source = parse_source("labels")
    export_dataset(store, dataset="train", source=source, out=tmp_path / "raw.json", text=TextKind.RAW)
    original = json.loads((competition / "train.json").read_bytes())
    texts = [item["chat_text"] for item in json.loads((tmp_path / "raw.json").read_bytes())]
    assert texts == [item["chat_text"] for item in original]
    options = TrainingOptions(("train",), source, max_chars=8000, over_budget=OverBudget.SKIP, validation=0.1, seed=3)
    report = export_training(store, options=options, out=tmp_path / "set")
    assert report.counts["skipped"] == len(report.lists["skipped"]) > 0
    assert report.counts["train"] + report.counts["val"] + report.counts["skipped"] == 97


def test_real_chats_that_are_too_long_lose_nothing_unseen(store: Store, competition: Path, tmp_path: Path) -> None:
    import_chats(store, competition / "train.json", filename="train.json", dataset="train")
    options = TrainingOptions(("train",), parse_source("labels"), target="spark-4k", validation=0.1, seed=1)
    found = preflight(store, options)
    assert {over.action for over in found.overlong} == {"refused"}
    assert any(over.lost for over in found.overlong)
    assert str(found.refusal).count("第 ") >= len(found.overlong)
    for policy in (OverBudget.SKIP, OverBudget.WINDOW):
        report = export_training(store, options=replace(options, over_budget=policy), out=tmp_path / policy)
        assert report.counts["longest_tokens"] <= 4096
        assert len(report.lists["skipped" if policy is OverBudget.SKIP else "windowed"]) == len(found.overlong)
        number = training_sets(store)[0].id
        again = rebuild(store, number, tmp_path / "again")
        assert again.files == report.files
        train, held = (chats_of_set(store, number, part)["train"] for part in ("train", "val"))
        assert held
        assert not train & held
