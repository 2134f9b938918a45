"""The fingerprint of what a training set is made of: another one after whatever somebody else has written."""

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from core.adapters.store import Store, open_store, queries
from core.adapters.store.models import Chat, Dataset, Extraction, ExtractionStatus, RecordStatus
from core.services.training import data_version
from core.services.training.preflight_job import shared_preflight
from tests.factories.datasets import FORM
from tests.factories.datasets import make_form as form
from tests.factories.exports import fill
from tests.factories.quality import add_record, quality_dataset
from tests.factories.training import options, save_again

CHANGES = (
    "a chat more",
    "a chat that goes on",
    "an answer more",
    "another answer",
    "an answer gone",
    "a record",
    "a form",
)


@pytest.mark.both_databases
@pytest.mark.parametrize("change", CHANGES)
def test_what_another_process_writes_changes_it(store: Store, change: str) -> None:
    dataset = quality_dataset(store)
    with store.read() as session:
        run = next(run for run in queries.runs(session, dataset.id) if run.name == "甲")
        chat_id = next(iter(queries.chat_ids(session, dataset.id).values()))
    before = data_version(store)
    assert data_version(store) == before
    other = open_store(store.engine.url.render_as_string(hide_password=False))
    if change == "a record":
        add_record(other, dataset, 1, [form()], "小林")
    with other.write() as session:
        answers = session.execute(select(Extraction).where(col(Extraction.run_id) == run.id)).scalars().all()
        if change == "a chat more":
            rest = {"text": "甲：在吗", "sha256": "0" * 64, "residue_characters": 0, "characters": 4}
            session.add(Chat(dataset_id=dataset.id, index=999, **rest))
        elif change == "a chat that goes on":
            session.execute(text("UPDATE chat SET characters = characters + 9 WHERE id = :id"), {"id": chat_id})
        elif change == "a form":
            session.get_one(Dataset, dataset.id).form = f"{FORM.name}@2"
        elif change in ("another answer", "an answer gone"):
            session.delete(answers[-1])
            session.flush()
        if change == "another answer":
            again = {"status": ExtractionStatus.OK, "forms": [FORM.empty()]}
            session.add(Extraction(run_id=run.id, chat_id=answers[-1].chat_id, **again))
        elif change == "an answer more":
            answered = {answer.chat_id for answer in answers}
            free = next(number for number in queries.chat_ids(session, dataset.id).values() if number not in answered)
            session.add(Extraction(run_id=run.id, chat_id=free, status=ExtractionStatus.FAILED))
    other.close()
    assert data_version(store) != before


def test_a_preflight_is_computed_once_for_everybody_until_something_changes(store: Store) -> None:
    fill(store, statuses={1: RecordStatus.CONFIRMED})
    first = shared_preflight(store, options(), 2)
    assert shared_preflight(store, options(), 2) is first
    assert shared_preflight(store, options(min_rows=9), 2) is not first
    save_again(store, 1, 客户购买阶段="赢单")
    assert shared_preflight(store, options(), 2) is not first
