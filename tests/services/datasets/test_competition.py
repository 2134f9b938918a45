"""The real files of the challenge go in whole (counts only; not a line of them stands here)."""

from pathlib import Path

import pytest

from core.adapters.store import Store, queries
from core.services.datasets import import_chats, import_run
from core.services.quality import score

pytestmark = pytest.mark.competition


def test_the_real_files(store: Store, competition: Path) -> None:
    for name, chats, labels in (("train", 97, 97), ("test_data", 55, 0)):
        file = competition / f"{name}.json"
        for added in (chats, 0):
            report = import_chats(store, file, filename=file.name, dataset=name)
            assert (report.added, report.skipped, report.rejected) == (added, chats - added, ())
            assert report.total == chats
        with store.read() as session:
            run = queries.labels_run(session, queries.dataset(session, name).id)
            forms = queries.forms_by_index(session, run.id) if run else {}
            notes = [note for row in queries.extractions(session, run.id) for note in row.notes] if run else []
        assert (len(forms), notes) == (labels, [])
    for name in ("submission_baseline_prompt", "submission_finetuned_27.86"):
        file = competition / f"{name}.json"
        report = import_run(store, file, filename=file.name, dataset="test_data", run=name)
        assert (report.added, report.rejected) == (55, ())
    result = score(
        store, dataset="test_data", run="submission_baseline_prompt", against="run:submission_finetuned_27.86"
    )
    assert result.score == pytest.approx(19.4694, abs=5e-5)
    assert score(store, dataset="train", run="标注").floor == pytest.approx(24.5979, abs=5e-5)
