"""A blind second reviewer sees nothing of the first review until they have decided, whatever service they ask."""

import dataclasses
import importlib
import inspect
import pkgutil
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import delete, select
from sqlmodel import Session, SQLModel, col

import core.services
from core.adapters.store import Store, open_store, queries
from core.adapters.store.models import Dispute, Extraction, Pick, RecordSeen, RecordStatus, RunKind, Summary, now
from core.domain.permissions import AccountRole, Permission
from core.domain.scoring import Scorer
from core.errors import ExportError, PermissionDeniedError
from core.services.discussion.remark_types import Remark
from core.services.discussion.remarks import add_remark
from core.services.discussion.threads import open_counts
from core.services.export import parse_source
from core.services.export.table_export import TableFormat, export_table
from core.services.extraction import prompt_library
from core.services.extraction.runs.pipeline_loading import load_pipeline
from core.services.quality.alignment import align
from core.services.quality.scores import Benchmark, score
from core.services.review import BlindSession, apply_saves, open_session
from core.services.review.adjudication import two_reviews
from core.services.review.queue.filters import Filter
from core.services.review.queue.order import QueueSpec
from core.services.review.record_table import matching_chats, page
from core.services.review.records import bulk
from core.services.review.records.bulk import recent, undo
from core.services.review.records.bulk_plan import CellEdit, plan_edits, plan_replace
from core.services.review.records.history import restore
from core.services.team import (
    Actor,
    acting_as,
    everything_shown,
    permitted,
    set_viewer_source,
    viewing_as,
    withheld_chats,
)
from core.services.team.acting import COMMAND_LINE, current_viewer
from core.services.team.withheld import OPENED_FOR, is_reviewing_blind
from core.services.training import TrainingOptions, export_training
from core.services.training.answer_selection import SelectionTally
from core.services.training.corrections import correction_groups
from core.services.training.set_versions import rebuild, rows_of_set
from tests.factories.datasets import FORM, make_dataset, make_form, make_record, make_run
from tests.factories.quality import NAME, STAGE, TODO, add_record
from tests.factories.runs import add_dataset
from tests.services.team.test_roles import save

SECRET = "初审秘密写法"
FIRST = Actor("王芳", AccountRole.ADMINISTRATOR, 1)
SECOND = Actor("林晓", AccountRole.ADMINISTRATOR, 2)
"""Who reviews chat 1 blind: an administrator, since nobody else may ask every service."""
THIRD = Actor("周遥", AccountRole.ADMINISTRATOR, 3)

NOT_ASKED = frozenset(
    """extraction.runs.batch_play.play extraction.runs.executor.execute_chat extraction.runs.executor_lock.executor_lock
    extraction.runs.prompt_preview.try_prompt extraction.runs.scheduler.ensure_running
    extraction.runs.wait_for_run.wait_for_run learning.background.claim_job learning.background.run_job
    learning.background.train_in_process learning.models.train datasets.sample_loading.load_sample
    maintenance.backups.make_backup jobs.own_process.start_own_process
    maintenance.backups.read_backup review.queue.background_update.update_in_background
    review.queue.upkeep_lock.only_upkeep team.withheld.everything_shown webhooks.delivery.deliver_due""".split()
)
"""Start threads or processes, wait, or ask a model; a backup is the whole file; the last one leaves the rule."""
FED = frozenset(
    """about acks active answered approved backlogs batch batch_id begin change change_id choices chosen claims columns
    concurrency corpus customers default disabled discussion dispute_id draft_id entry_id event events every field
    fields file file_name filename filled first forms hidden holder ids import_id job job_id kept keys kind leaving
    limiter lines mark mask model new now outbox outcome parameters parts password pending per_minute placed plan
    planned position prefix provider record remark remarks replies_days report repository result returned reviews role
    row rows rule rule_id rules save saved score score_id scores second secret spec spellings statement status subject
    suggestion target task template text texts token trained turns values versions view which""".split()
)
"""Parameters with what a caller has read or typed before: such functions write, or finish what others have read."""


SHOWN_TO_OTHERS = set(
    """discussion.listing.discussions discussion.threads.discussions_in
    export.answer_sources.stream_answers export.html_report.writer.export_html_report
    export.submission_export.export_submission export.table_export.export_table
    extraction.pipeline.few_shot.approved_records extraction.runs.progress.extraction
    extraction.runs.progress.latest extraction.runs.progress.some_extractions learning.corpus.read_corpus
    learning.corpus.restore_corpus quality.alignment.align quality.disputes.disputes
    quality.scores.cached_reference quality.scores.reference review.adjudication.two_reviews
    review.record_pages.read_record review.record_pages.records_after
    review.record_table.page review.record_table.rows_of_chats review.records.bulk_plan.plan_replace
    review.records.history.versions review.records.table_bases.exported_tables review.records.versions.record_of
    review.records.versions.record_states review.workbench.payload.chat_payloads
    training.answer_selection.select_answers training.build.export_training
    training.chat_summaries.latest_summaries training.chat_summaries.summary_versions
    training.corrections.grouping.correction_groups training.preflight.preview_row
    training.set_versions.rebuild""".split()
)
"""The services that show what is withheld to everybody else: that they are asked the right question."""
SEEN_OTHERWISE = set(
    """export.answer_sources.stream_answers quality.alignment.align quality.scores.cached_reference
    quality.scores.reference extraction.pipeline.few_shot.approved_records learning.corpus.read_corpus
    learning.corpus.restore_corpus review.records.table_bases.exported_tables
    review.records.versions.record_of review.records.versions.record_states training.answer_selection.select_answers
    quality.disputes.disputes training.chat_summaries.latest_summaries
    training.chat_summaries.summary_versions""".split()
)
"""Of these, what other services compute with, which remember what they show of it (exports, previews, 对比, prompts),
and words about a chat that are no record (disputes, summaries)."""


def texts_in(value: Any, seen: set[int] | None = None) -> Iterator[str]:
    """All texts in what a service returned, and in the files that it wrote."""
    seen = set() if seen is None else seen
    if isinstance(value, str | int | float | None):
        yield str(value)
        return
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif isinstance(value, Path):
        for file in (value, *value.rglob("*")) if value.exists() else ():
            if file.is_file():
                yield file.read_bytes().decode("utf-8", "replace")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts_in(key, seen)
            yield from texts_in(item, seen)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from texts_in(getattr(value, field.name), seen)
    elif isinstance(value, BaseModel | SQLModel):
        yield from texts_in(vars(value), seen)
    elif isinstance(value, Iterable) and not isinstance(value, Store | Session):
        for item in value:
            yield from texts_in(item, seen)
    else:
        yield repr(value)


def customer(**values: str) -> dict[str, Any]:
    return {"values": make_form(values), "origin": 0, "confirmed": dict.fromkeys(FORM.keys, "逐项确认")}


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database: 王芳 has reviewed four chats, 林晓 has begun the second review of the first one."""
    folder = tmp_path_factory.mktemp("withheld")
    path = folder / "team.db"
    store = open_store(f"sqlite:///{path}")
    texts = [f"林舟{n}：你好，我的手机 1380000000{n}，预算 {n} 万\n客服小何：好的，{'资料' * n}" for n in range(1, 5)]
    dataset = make_dataset(store, texts, "团队")
    for name in ("甲", "乙"):
        make_run(store, dataset, name, {n: [{NAME: f"林舟{n}", TODO: f"模型{name}"}] for n in range(1, 5)})
    make_run(store, dataset, "标注", {n: [{NAME: f"林舟{n}"}] for n in range(1, 5)}, RunKind.LABELS)
    with acting_as(FIRST):
        for n in range(1, 5):
            value = f"{SECRET}" if n == 1 else "发送资料"
            customers = [customer(**{NAME: f"林舟{n}", TODO: value, STAGE: value})]
            (ack,) = apply_saves(
                store,
                FORM,
                dataset.id,
                [save(n, FIRST.name, note=value) | {"customers": customers, "base_run_id": 1}],
                base_run_id=1,
            )
            assert ack.result == "saved", ack.why
        edits = [CellEdit(n, 0, STAGE, f"{SECRET}二" if n == 1 else "已报价") for n in (1, 2)]
        bulk.apply(store, FORM, plan_edits(store, FORM, dataset.id, edits), who=FIRST.name, reason="统一")
        with store.write() as session:
            chat_id = queries.chat_ids(session, dataset.id)[1]
            session.add(Summary(chat_id=chat_id, version=1, text=f"## 摘要\n{SECRET}", who=FIRST.name))
            session.add(
                Dispute(dataset_id=dataset.id, chat_id=chat_id, customer=0, field=TODO, reason=SECRET, who=FIRST.name)
            )
            session.add(
                Pick(dataset_id=dataset.id, chat_id=chat_id, who=FIRST.name, selection="1|2", choices={"0:x": SECRET})
            )
            other = session.execute(
                select(Extraction).where(col(Extraction.run_id) == 1, col(Extraction.chat_id) == chat_id + 1)
            ).scalar_one()
            reply = {"user": f"示例：{SECRET}", "system": "", "raw": "[]", "examples": ["团队 第 1 条（版本 2）"]}
            other.replies = [reply | {"notes": [f"示例「团队 第 1 条（版本 2）」：「具体事项」的值“{SECRET}”找不到"]}]
        options = TrainingOptions(datasets=("团队",), source=parse_source("records"), min_rows=0)
        export_training(store, options=options, out=folder / "set", name="旧的", who=FIRST.name)
        export_table(
            store, dataset="团队", source=parse_source("records"), out=folder / "旧.csv", table=TableFormat.CSV
        )
    with acting_as(SECOND):
        blind = BlindSession(dataset, FORM, SECOND.name)
        (ack,) = blind.save(store, [save(1, SECOND.name, status="草稿") | {"customers": [customer(**{TODO: "复审"})]}])
        assert ack.result == "saved", ack.why
    with acting_as(FIRST):
        words = Remark(id="first-review-1", chat=1, field=TODO, customer=0, text=f"{SECRET} @林晓")
        add_remark(store, dataset.id, words, who=FIRST.name)
    store.close()
    return path


@pytest.fixture
def team(reviewed: Path, tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{shutil.copy(reviewed, tmp_path / 'team.db')}")
    yield store
    store.close()


@cache
def readers() -> dict[str, Callable[..., Any]]:
    """Functions of services that read a database, by where they are defined."""
    functions = {}
    for module in pkgutil.walk_packages(core.services.__path__, "core.services."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if inspect.isfunction(value) and value.__module__ == module.name and not name.startswith("_"):
                if {"store", "session"} & inspect.signature(value).parameters.keys():
                    functions[f"{module.name.removeprefix('core.services.')}.{name}"] = value
    return functions


def arguments_of(store: Store) -> dict[str, Any]:
    """What services are asked with, by the name of the parameter."""
    with store.read() as session:
        dataset = queries.dataset(session, "团队")
        run, other = (queries.run(session, name, dataset.id) for name in ("甲", "乙"))
        prompt = prompt_library.finder(session)("fewshot.v1")
        pipeline = load_pipeline(session, "fewshot", dataset=dataset.id)
        chat_id = queries.chat_ids(session, dataset.id)[1]
    benchmark = Benchmark(dataset, FORM, "records")
    alignment = align(store, benchmark, ["甲", "乙"], against="records")
    groups = correction_groups(store, FORM, run, least=1)
    rows = rows_of_set(store, 1)
    return {
        "a": run,
        "after": 0,
        "against": "records",
        "alignment": alignment,
        "allowed_error": 0.1,
        "at": 2,
        "b": other,
        "audit_share": 0.5,
        "base": None,
        "base_run": run.id,
        "base_version": 0,
        "benchmark": benchmark,
        "blind_share": 0.5,
        "bulk_id": "",
        "by_index": True,
        "cell_id": "",
        "chat": 1,
        "chat_id": chat_id,
        "chat_ids": [chat_id],
        "characters_per_minute": 1500,
        "chats": [1],
        "confirmation": "",
        "count": 5,
        "customer": 0,
        "dataset": dataset,
        "dataset_id": dataset.id,
        "dataset_ids": [dataset.id],
        "datasets": ["团队"],
        "digest": "",
        "edits": [CellEdit(1, 0, TODO, "改", 1)],
        "find": "初审",
        "form": FORM,
        "form_name": FORM.name,
        "group": groups[0] if groups else None,
        "groups": groups[:1],
        "index": 2,
        "indices": [1, 2],
        "key": TODO,
        "labels": ["团队 第 1 条（版本 2）"],
        "least": 1,
        "limit": 50,
        "letters": "lz1",
        "may_delete": True,
        "on_screen": [1, 2],
        "method": "vote",
        "models": [],
        "name": "甲",
        "names": ["甲", "乙"],
        "narrow": Filter(queue="全部"),
        "number": 1,
        "options": TrainingOptions(datasets=("团队",), source=parse_source("records"), min_rows=0),
        "pipeline": pipeline,
        "planted_share": 0.0,
        "prompt": prompt,
        "provenance": rows[0],
        "queue_spec": QueueSpec(dataset.id, Filter(queue="全部"), "按序号", run.id, SECOND.name),
        "quiet": timedelta(0),
        "reason": "改",
        "references": [{"chat": chat_id, "origin": "record", "id": 1, "version": 2, "sha256": ""}],
        "replacement": "改",
        "review_session": open_session(store, dataset, FORM, base="甲", wanted="全部", reviewer=SECOND.name),
        "reviewer": SECOND.name,
        "reviewers": ["周遥"],
        "review_pass": "primary",
        "run": run,
        "run_a": "甲",
        "run_b": "乙",
        "run_id": run.id,
        "run_ids": [run.id, other.id],
        "runs": ["甲", "乙"],
        "scope": "cells",
        "scorer": Scorer(FORM),
        "seen": 2,
        "sink": lambda line: None,
        "source": parse_source("records"),
        "store": store,
        "table": TableFormat.CSV,
        "tally": SelectionTally(),
        "taught_by": "records",
        "terms": ["林舟1"],
        "threshold": 0.5,
        "token_id": 1,
        "typed": "王芳",
        "url": "",
        "version": 1,
        "viewer": SECOND.name,
        "wanted": Filter(queue="全部"),
        "who": FIRST.name,
        "words": "手机",
    }


def shown_by(function: Callable[..., Any], arguments: Mapping[str, Any]) -> str:
    """All that a service shows to who acts, with each of the ways in which parameters are meant; refusals as well."""
    parameters = inspect.signature(function).parameters
    shown: list[str] = []
    variants: tuple[dict[str, Any], ...] = (
        {},
        {"dataset": "团队"},
        {"run": "甲", "dataset": "团队", "source": "records"},
        {"runs": [arguments["run"]], "index": 1, "who": SECOND.name},
        {"datasets": [arguments["dataset_id"]], "chat_id": arguments["chat_id"] + 1},
    )
    for different in variants:
        if different and not different.keys() & parameters.keys():
            continue
        given = {name: (arguments | different)[name] for name in parameters if name in arguments}
        given = {
            name: value
            for name, value in given.items()
            if parameters[name].default is inspect.Parameter.empty or name in ("least", "against", "reviewer", "limit")
        }
        try:
            shown += texts_in(function(**given))
        except Exception as error:
            shown.append(str(error))
        shown += texts_in(given.get("out"))
    return "\n".join(shown)


def names_that_show(store: Store, folder: Path, actor: Actor, names: Iterable[str]) -> dict[str, bool]:
    """Which of these services show an actor what 王芳 wrote about chat 1, and whether it is remembered of each."""
    showing = {}
    functions = readers()
    with acting_as(actor):
        arguments = arguments_of(store)
        for name in names:
            place = folder / name
            place.mkdir()
            function, given = functions[name], arguments | {"out": place / "out"}
            if hasattr(function, "permission"):  # it may write: what it writes is not for the next one
                given["store"] = open_store(f"sqlite:///{shutil.copy(str(store.path), place / 'team.db')}")
            with given["store"].write() as session:
                session.execute(delete(RecordSeen))
            if "session" in inspect.signature(function).parameters:
                with given["store"].read() as session:
                    shown = shown_by(function, given | {"session": session})
            else:
                shown = shown_by(function, given)
            if SECRET in shown:
                with given["store"].read() as session:
                    showing[name] = session.get(RecordSeen, (arguments["chat_id"], actor.name)) is not None
            if given["store"] is not store:
                given["store"].close()
    return showing


def asked_here() -> list[str]:
    return [
        name
        for name, function in readers().items()
        if name not in NOT_ASKED and not FED & inspect.signature(function).parameters.keys()
    ]


def test_every_service_can_be_asked_here(team: Store) -> None:
    with acting_as(THIRD):
        known = arguments_of(team).keys() | {"out", "session"}
    for name in asked_here():
        parameters = inspect.signature(readers()[name]).parameters.values()
        unknown = {one.name for one in parameters if one.default is inspect.Parameter.empty} - known
        assert not unknown, f"{name}: say what it is asked with, or put it among those that are fed"


def test_no_service_shows_a_second_reviewer_the_first_review(team: Store, tmp_path: Path) -> None:
    assert names_that_show(team, tmp_path, SECOND, asked_here()) == {}


def test_the_same_questions_show_it_to_others(team: Store, tmp_path: Path) -> None:
    showing = names_that_show(team, tmp_path, THIRD, SHOWN_TO_OTHERS)
    assert showing.keys() == SHOWN_TO_OTHERS
    forgotten = {name for name, is_remembered in showing.items() if not is_remembered}
    assert forgotten == SEEN_OTHERWISE & SHOWN_TO_OTHERS, "who was shown a review makes no blind second one"


def test_no_aggregate_gives_the_first_review_away(team: Store) -> None:
    with team.read() as session:
        dataset = queries.dataset(session, "团队")
    with acting_as(THIRD):
        assert set(score(team, dataset=dataset.id, run="甲", against="records").chats) == {1, 2, 3, 4}
    with acting_as(SECOND):  # nor does what was kept for somebody else
        assert set(score(team, dataset=dataset.id, run="甲", against="records").chats) == {2, 3, 4}
        finding = Filter(queue="全部", field=TODO, value=SECRET)
        assert matching_chats(team, dataset.id, wanted=finding, base_run=1) == []
        assert all(row.chat != 1 for row in page(team, FORM, dataset.id, wanted=Filter(queue="全部"), base_run=1).rows)
        plan = plan_replace(team, FORM, dataset.id, find="资料", replacement="报价")
        assert plan.chats == [2, 3, 4]
        (skipped,) = plan_edits(team, FORM, dataset.id, [CellEdit(1, 0, TODO, "改", 1)]).skipped
        assert skipped.chat == 1 and "盲审" in skipped.why
    with team.read() as session:  # the program itself
        assert set(queries.confirmed_by_index(session, dataset.id)) == {1, 2, 3, 4}


def test_a_discussion_of_the_first_review_is_kept_back_and_counted_later(team: Store) -> None:
    with acting_as(SECOND):
        assert open_counts(team, SECOND.name) == {}
        with pytest.raises(PermissionDeniedError, match="盲审"):
            add_remark(team, 1, Remark(id="remark-1", chat=1, field=TODO, text="它写的是什么？"), who=SECOND.name)
        with team.read() as session:
            dataset = queries.dataset(session, "团队")
        raw = save(1, SECOND.name, version=1) | {"customers": [customer(**{TODO: "复审"})]}
        (ack,) = BlindSession(dataset, FORM, SECOND.name).save(team, [raw])
        assert ack.result == "saved", ack.why
        assert open_counts(team, SECOND.name)[1].mine == 1


def test_saving_over_the_first_review_shows_nothing_of_it(team: Store) -> None:
    with team.read() as session:
        dataset = queries.dataset(session, "团队")
    with acting_as(SECOND):
        desk = open_session(team, dataset, FORM, base="甲", wanted="全部", reviewer=SECOND.name)
        data = desk.sync(team, outbox=[save(1, SECOND.name)], at=1)
        assert SECRET not in str(data) and data["open"] != 1 and "盲审" in data["error"]
        assert data["acks"][0]["result"] == "set_aside" and "盲审" in data["acks"][0]["why"]
        assert data["progress"]["confirmed"] == 4  # how many are done is no secret
        with pytest.raises(PermissionDeniedError, match="盲审"):
            restore(team, FORM, dataset.id, 1, 1, who=SECOND.name, seen=2)
        bulk_id = recent(team, dataset.id)[0].id
        outcome = undo(team, FORM, dataset.id, bulk_id, who=SECOND.name)
        assert list(outcome.saved) == [2] and "盲审" in outcome.skipped[0].why


def test_what_a_page_leaves_for_later_is_for_who_it_was_drawn_for(team: Store) -> None:
    with team.read() as session:
        assert len(list(queries.records(session, 1))) == 4
    with viewing_as(SECOND.name), team.read() as session:
        assert {record.index for record in queries.records(session, 1)} == {2, 3, 4}


def test_what_is_made_meanwhile_says_what_is_missing(team: Store, tmp_path: Path) -> None:
    options = TrainingOptions(datasets=("团队",), source=parse_source("records"), min_rows=0)
    with acting_as(SECOND):
        made = export_table(
            team, dataset="团队", source=parse_source("records"), out=tmp_path / "a.csv", table=TableFormat.CSV
        )
        assert "有 1 条群聊您正在盲审" in made.notes[0] and made.lists["left_out"] == [1]
        assert any("正在盲审" in note for note in export_training(team, options=options, out=tmp_path / "set").notes)
        with pytest.raises(ExportError, match="第 1 条您正在盲审"):
            rebuild(team, 1, tmp_path / "again")


def test_a_decision_lifts_it(team: Store) -> None:
    with team.read() as session:
        dataset = queries.dataset(session, "团队")
    with acting_as(SECOND):
        decided = save(1, SECOND.name, version=1) | {"customers": [customer(**{TODO: "复审"})]}
        (ack,) = BlindSession(dataset, FORM, SECOND.name).save(team, [decided])
        assert ack.result == "saved"
        assert SECRET in "".join(texts_in(two_reviews(team, dataset, FORM, 1)))
        assert set(score(team, dataset=dataset.id, run="甲", against="records").chats) == {1, 2, 3, 4}


@pytest.mark.both_databases
def test_the_rule_holds_on_both_databases(store: Store) -> None:
    dataset = add_dataset(store, 2)
    add_record(store, dataset, 1, [make_form({TODO: SECRET})], FIRST.name)
    make_record(store, dataset, 1, [], RecordStatus.DRAFT, reviewer=SECOND.name, review_pass="second")
    with acting_as(SECOND), store.read() as session:
        assert withheld_chats(session, dataset.id) == {1}
        assert list(queries.records(session, dataset.id)) == []
        assert [one.reviewer for one in queries.records(session, dataset.id, review_pass="second")] == [SECOND.name]
        with everything_shown(session):
            assert len(list(queries.records(session, dataset.id))) == 1
        assert list(queries.records(session, dataset.id)) == []


@pytest.mark.both_databases
def test_what_was_opened_for_a_blind_review_is_not_looked_up_elsewhere(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = add_dataset(store, 2)
    for chat in (1, 2):
        add_record(store, dataset, chat, [make_form({TODO: SECRET})], FIRST.name)
    blind = BlindSession(dataset, FORM, SECOND.name)
    with acting_as(SECOND):
        with store.read() as session:
            assert len(list(queries.records(session, dataset.id))) == 2
        assert blind.sync(store, at=1)["chats"][0]["chat"] == 1, "it is on screen, and nothing is typed"
        with store.read() as session:
            assert withheld_chats(session, dataset.id) == {1}
            assert [one.index for one in queries.records(session, dataset.id)] == [2]
            assert is_reviewing_blind(session, blind_chat := queries.chat(session, dataset.id, 1).id)
    with acting_as(THIRD), store.read() as session:
        assert len(list(queries.records(session, dataset.id))) == 2, "of others nothing is kept"
    with acting_as(SECOND), monkeypatch.context() as later:
        later.setattr(importlib.import_module("core.services.team.withheld"), "now", lambda: now() + OPENED_FOR)
        with store.read() as session:
            assert not withheld_chats(session, dataset.id) and not is_reviewing_blind(session, blind_chat)
    with acting_as(SECOND):
        (ack,) = blind.save(store, [save(1, SECOND.name, version=0)])
        assert ack.result == "saved"
        with store.read() as session:
            assert not withheld_chats(session, dataset.id), "decided"


def test_where_nobody_signs_in_services_read_for_the_name_that_was_typed() -> None:
    @permitted(Permission.EXPORT)
    def service() -> str:
        return current_viewer()

    set_viewer_source(lambda: "林晓")
    try:
        assert service() == "林晓"
        with acting_as(COMMAND_LINE):
            assert service() == ""  # a command is nobody's page
    finally:
        set_viewer_source(None)
