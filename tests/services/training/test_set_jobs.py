"""Training sets that are written by a job: as one written here, entered with their file or not at all, one's own."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from core.adapters.store import HeavyJobView, Store
from core.adapters.store.models import AuditEntry, HeavyJob, JobPart, JobStatus, RecordStatus
from core.domain.permissions import AccountRole
from core.errors import PermissionDeniedError
from core.services import jobs
from core.services.export import AnswerSource
from core.services.jobs import claims, process
from core.services.team import acting_as
from core.services.team.acting import Actor
from core.services.training import export_training, training_sets
from core.services.training.set_jobs import REBUILD, SET, newest_set_job, request_rebuild, request_set
from tests.factories.exports import fill
from tests.factories.jobs import carried_out
from tests.factories.training import options, save_again

pytestmark = pytest.mark.both_databases
LIN = Actor("林晓", AccountRole.LEAD, address="10.0.0.7")


def asked(store: Store, name: str = "一号", who: str = "林晓") -> HeavyJobView:
    return request_set(store, options(source=options().source), name=name, file=f"{name}_文件", who=who)


def files_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {Path(name).name: archive.read(name) for name in archive.namelist()}


def count(store: Store, table: Any) -> int:
    with store.read() as session:
        return int(session.execute(select(func.count()).select_from(table)).scalar_one())


def test_a_set_from_a_job_is_the_one_that_is_written_here(store: Store, tmp_path: Path) -> None:
    fill(store, statuses={1: RecordStatus.CONFIRMED})
    with acting_as(LIN):
        job = asked(store)
    ended = carried_out(store, job)
    assert ended.status == JobStatus.DONE, ended.problem
    made = jobs.result_of(store, ended)
    here = export_training(store, options=options(source=options().source), out=tmp_path / "here")
    assert made.name == "一号_文件.zip" and made.report.sha256 == here.sha256 and made.report.notes == here.notes
    assert files_of(made.data) == {path.name: path.read_bytes() for path in (tmp_path / "here").iterdir()}
    _, view = training_sets(store)
    assert (view.name, view.who, view.files) == ("一号", "林晓", dict(here.files))
    with store.read() as session:
        entry = session.execute(select(AuditEntry).order_by(col(AuditEntry.id)).limit(1)).scalar_one()
        assert (entry.who, entry.target, entry.address) == ("林晓", "一号", "10.0.0.7")


def test_a_set_is_rebuilt_by_a_job_or_says_what_has_changed(store: Store) -> None:
    fill(store, statuses={1: RecordStatus.CONFIRMED})
    carried_out(store, asked(store))
    (view,) = training_sets(store)
    job = request_rebuild(store, view.id, file="再来", who="林晓")
    made = jobs.result_of(store, carried_out(store, job))
    assert json.loads(files_of(made.data)["manifest.json"])["files"]["train.jsonl"]["sha256"] == view.sha256
    assert len(training_sets(store)) == 1
    records = options(source=AnswerSource(records=True))
    carried_out(store, request_set(store, records, name="二号", file="二号", who="林晓"))
    assert newest_set_job(store, REBUILD, "林晓") is not None
    save_again(store, 1, 客户购买阶段="赢单")
    ended = carried_out(store, request_rebuild(store, training_sets(store)[0].id, file="再来", who="林晓"))
    assert ended.status == JobStatus.DONE, "its version is in the history"


def test_a_job_that_was_cancelled_in_the_middle_enters_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store)
    job = asked(store)
    pack = process.pack

    def cancelled_meanwhile(value: Any) -> bytes:
        jobs.cancel_job(store, job.id)
        return pack(value)

    monkeypatch.setattr(process, "pack", cancelled_meanwhile)
    assert carried_out(store, job).status == JobStatus.CANCELLED
    assert training_sets(store) == [] and count(store, JobPart) == 0 and count(store, AuditEntry) == 0
    monkeypatch.setattr(process, "pack", pack)
    jobs.restart_job(store, job.id)
    assert carried_out(store, job).status == JobStatus.DONE
    assert len(training_sets(store)) == 1


def test_a_large_file_is_stored_in_pieces_of_which_a_dead_process_leaves_none(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    monkeypatch.setattr(claims, "_PART", 500)
    job = asked(store)
    with store.write() as session:  # a process died after two pieces
        session.add_all([JobPart(job_id=job.id, position=place, data=b"half") for place in (0, 900)])
    ended = carried_out(store, job)
    assert ended.status == JobStatus.DONE and count(store, JobPart) > 2
    assert "train.jsonl" in files_of(jobs.result_of(store, ended).data)


def test_of_each_person_the_newest_file_is_kept(store: Store) -> None:
    fill(store)
    carried_out(store, asked(store, "甲的", who="阿岚"))
    for name in ("一号", "二号", "三号"):
        carried_out(store, asked(store, name))
    with store.read() as session:
        names = [job.parameters["name"] for job in session.execute(select(HeavyJob)).scalars()]
    assert sorted(names) == ["三号", "二号", "甲的"], "the one before is still there until the next is asked for"
    newest = newest_set_job(store, SET, "林晓")
    assert newest is not None and newest.parameters["name"] == "三号"
    assert newest_set_job(store, SET, "没有人") is None
    assert len(training_sets(store)) == 4


def test_who_may_not_build_sets_asks_in_vain(store: Store) -> None:
    fill(store)
    with acting_as(Actor("小李", AccountRole.REVIEWER)), pytest.raises(PermissionDeniedError):
        asked(store, who="小李")
    with acting_as(LIN), pytest.raises(PermissionDeniedError, match="不能以「小李」的名义"):
        asked(store, who="小李")
    assert count(store, HeavyJob) == 0


def test_a_refusal_is_a_sentence(store: Store) -> None:
    fill(store, labels=None)
    ended = carried_out(store, asked(store))
    assert ended.status == JobStatus.FAILED and ended.problem and "日志" not in ended.problem
