"""Exports of the real data: the challenge's own submission files come out again byte for byte."""

import json
import os
from pathlib import Path

import pytest

from core.export import export_submission, parse_source
from core.form import load_named_form
from core.store import open_store
from core.store.models import Chat, Dataset, Extraction, ExtractionStatus, Run, RunKind, RunStatus

FOLDER = os.environ.get("SHIYAO_COMPETITION_DATA", "")
pytestmark = [
    pytest.mark.competition,
    pytest.mark.skipif(not FOLDER, reason="SHIYAO_COMPETITION_DATA is not set"),
]


@pytest.mark.parametrize("name", ["submission_finetuned_27.86.json", "submission_baseline_prompt.json"])
def test_published_submissions_come_out_as_they_went_in(tmp_path: Path, name: str) -> None:
    form = load_named_form()
    original = (Path(FOLDER) / name).read_bytes()
    published = json.loads(original)
    store = open_store(f"sqlite:///{tmp_path / 'shiyao.db'}")
    with store.write() as session:
        dataset = Dataset(name="test", form=form.name, sha256="0" * 64, expected=len(published))
        session.add(dataset)
        session.flush()
        run = Run(dataset_id=dataset.id, name="published", kind=RunKind.IMPORT, status=RunStatus.FINISHED)
        session.add(run)
        session.flush()
        for item in published:
            chat = Chat(
                dataset_id=dataset.id,
                index=item["index"],
                text=f"群聊 {item['index']}",
                sha256=f"{item['index']:064d}",
                characters=0,
                messages=0,
                residue_characters=0,
            )
            session.add(chat)
            session.flush()
            forms = [form.coerce(values).values for values in item["infos"]]
            session.add(Extraction(run_id=run.id, chat_id=chat.id, status=ExtractionStatus.OK, forms=forms))
    out = tmp_path / name
    report = export_submission(store, dataset="test", source=parse_source("run:published"), out=out)
    store.close()
    assert report.counts["chats"] == len(published) == 55
    # Five forms of the baseline file have their keys in another order; ours are always in the form's.
    for item in published:
        item["infos"] = [{key: values[key] for key in form.keys} for values in item["infos"]]
    assert out.read_bytes() == json.dumps(published, indent=4, ensure_ascii=False).encode()
    if "finetuned" in name:
        assert out.read_bytes() == original
