"""Prompts in the database, examples from approved records, and runs that use both."""

import json
import time
from pathlib import Path

import pytest
from sqlmodel import Session

from core.adapters.store import Store, queries
from core.adapters.store.models import Pass, PromptDraft, Record, RecordStatus, Run
from core.domain.form import Form, load_named_form
from core.domain.prompts import PROMPTS_DIR, load_prompt, prompt_folder
from core.domain.prompts.jinja_environment import compiled
from core.domain.prompts.loading import read_prompt
from core.errors import PromptError, RunError
from core.services.extraction import prompt_library
from core.services.extraction import runs as run_service
from core.services.extraction.pipeline.few_shot import (
    ApprovedExample,
    ExamplePool,
    approved_records,
    check_example,
    records_state,
)
from core.services.extraction.runs.pipeline_loading import pipeline_of
from tests.factories.datasets import make_dataset, make_record
from tests.factories.runs import add_dataset, execute

NAME, PHONE = "基本信息-姓名", "基本信息-手机号码"
BASELINE = (PROMPTS_DIR / "baseline.v1.md").read_text(encoding="utf-8")
NEXT = prompt_library.with_front_matter(BASELINE, version=4, title="第四版").replace("不猜测", "绝不猜测")


def chat_ids(store: Store, dataset_id: int) -> dict[int, int]:
    with store.read() as session:
        return queries.chat_ids(session, dataset_id)


def approve(session: Session, form: Form, dataset_id: int, index: int, **values: str) -> None:
    chat = queries.chat(session, dataset_id, index)
    names = {"name": NAME, "phone": PHONE}
    filled = form.empty() | {names[key]: value for key, value in values.items()}
    session.add(
        Record(
            dataset_id=dataset_id,
            chat_id=chat.id,
            customers=[{"values": filled}],
            status=RecordStatus.CONFIRMED,
            reviewer="陈",
            version=3,
        )
    )


def test_a_prompt_is_found_without_compiling_the_others(store: Store) -> None:
    prompt_folder.cache_clear()
    compiled.cache_clear()
    with store.read() as session:
        assert prompt_library.finder(session)("verify").id == "verify.v2"
    assert compiled.cache_info().misses == 2


def test_a_version_is_kept_found_and_changed_until_a_run_uses_it(store: Store) -> None:
    dataset = add_dataset(store, 1)
    entry = prompt_library.save(store, NEXT, who="陈")
    assert (entry.prompt.id, entry.created_by, entry.fixed) == ("baseline.v4", "陈", False)
    with store.read() as session:
        assert prompt_library.finder(session)("baseline").id == "baseline.v4"
        assert prompt_library.finder(session)("baseline.v1") == load_prompt("baseline.v1")
        assert prompt_library.next_version(session, "baseline") == 5
    changed = NEXT.replace("绝不猜测", "从不猜测")
    assert prompt_library.save(store, changed, who="李", draft_id=entry.draft_id).prompt.source == changed
    run = run_service.create_run(store, dataset="d", name="r", provider="local", prompt="baseline.v4")
    assert (run.prompt_version, run.prompt_text) == ("4", changed)
    with pytest.raises(PromptError, match="已经用在抽取任务「r」里"):
        prompt_library.save(store, NEXT, who="陈", draft_id=entry.draft_id)
    with pytest.raises(PromptError, match="已经用在抽取任务「r」里"):
        prompt_library.remove(store, entry.draft_id or 0)
    run_service.start(store, run.id)
    assert execute(store, run.id, chat_ids(store, dataset.id)[1])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BASELINE, "已经有 baseline.v1 了"),
        (NEXT.replace("version: 4", "version: two"), "version"),
        (NEXT.replace("{{ chat }}", "{{ chatt }}"), "chatt"),
        (NEXT.replace("stage: extract", "stage: guess"), "guess"),
        ("没有文件头", "没有 name 和 version"),
    ],
)
def test_what_cannot_be_used_is_refused(store: Store, text: str, said: str) -> None:
    with pytest.raises(PromptError, match=said):
        prompt_library.save(store, text, who="陈")
    with store.read() as session:
        assert [entry.draft_id for entry in prompt_library.list_entries(session) if entry.draft_id] == []


def test_a_version_can_be_removed_or_written_as_a_file(store: Store, tmp_path: Path) -> None:
    gone = prompt_library.save(store, NEXT, who="陈")
    prompt_library.remove(store, gone.draft_id or 0)
    kept = prompt_library.save(store, NEXT, who="陈")
    path = prompt_library.publish(store, kept.draft_id or 0, tmp_path)
    assert (path.name, read_prompt(path).source) == ("baseline.v4.md", NEXT)
    with pytest.raises(PromptError, match="已经存在"):
        prompt_library.publish(store, kept.draft_id or 0, tmp_path)
    with store.read() as session:
        (entry,) = [
            entry for entry in prompt_library.list_entries(session, tmp_path) if entry.prompt.id == "baseline.v4"
        ]
    assert entry.fixed and entry.draft_id is None


def test_the_page_of_runs_is_offered_files_versions_and_pipelines(store: Store) -> None:
    prompt_library.save(store, NEXT, who="陈")
    offered = dict(run_service.prompt_options(store, load_named_form()))
    assert list(offered)[:3] == ["baseline.v4", "baseline.v3", "baseline.v2"]
    assert {"reflect.v2", "fewshot.v3", "baseline.v4,verify.v1", "customers.v1,one_customer.v2"} <= set(offered)
    add_dataset(store, 1)
    with store.read() as session:
        for spec in offered:
            assert run_service.load_pipeline(session, spec, dataset="d").spec == spec


TALK = "会话存档怎么收费？我们有{}个人要用，想先试用一个月再决定买不买"


def approved(form: Form, number: int, conversation: str, **values: str) -> ApprovedExample:
    return ApprovedExample(number, conversation, (form.empty() | {NAME: "林木1"} | values,), f"第 {number} 条")


def test_examples_are_similar_and_never_the_chat_itself_or_a_copy(form: Form) -> None:
    chat = "林木1：" + TALK.format(20) + "\n客服小何：可以先试用"
    pool = ExamplePool(
        form,
        [
            approved(form, 1, chat),
            approved(form, 2, chat.replace("林木1", "周山2").replace("20", "30")),
            approved(form, 3, "林木1：今天天气不错，午饭吃什么\n客服小何：面条"),
            approved(form, 4, "林木1：会话存档多少钱？能不能先试用\n客服小何：您有几个人用"),
        ],
    )
    assert [picked.label for picked in pool.pick(chat, 3)] == ["第 4 条", "第 3 条"]
    assert [picked.label for picked in pool.pick(chat, 1, chat_id=4)] == ["第 3 条"]
    # A window is a part of its chat.
    assert "第 1 条" not in [picked.label for picked in pool.pick(chat.splitlines()[0], 4)]
    assert pool.pick(chat, 0) == ExamplePool(form, []).pick(chat, 3) == []


def test_an_example_whose_value_does_not_stand_in_its_chat_is_warned_about(form: Form) -> None:
    good = approved(form, 1, "林木1：我的电话 13812345678", **{PHONE: "13812345678"})
    bad = approved(form, 2, "林木1：我的电话 13812345678", **{PHONE: "13900000000"})
    assert check_example(form, good) == ()
    assert check_example(form, bad) == ("「手机号码」的值“13900000000”在它的群聊里找不到",)


def test_a_run_shows_examples_from_approved_records_and_says_which(store: Store, form: Form) -> None:
    dataset = add_dataset(store, 3)
    with store.write() as session:
        for index in (1, 2):
            approve(session, form, dataset.id, index, name=f"先生{index}", phone="13900000000")
        chat = queries.chat(session, dataset.id, 2)
        session.connection().exec_driver_sql(
            "UPDATE chat SET text = ? WHERE id = ?",
            ("孙六4：年会订多少桌酒席\n客服小林：五十桌起订", chat.id),
        )
    with store.read() as session:
        assert len(approved_records(session, form)) == 2
    run = run_service.create_run(store, dataset="d", name="r", provider="local", prompt="fewshot")
    run_service.start(store, run.id)
    assert execute(store, run.id, chat_ids(store, dataset.id)[1])
    with store.read() as session:
        (row,) = queries.extractions(session, run.id)
    (reply,) = row.replies
    assert reply["examples"] == ["d 第 2 条（版本 3）"]
    assert "年会订多少桌酒席" in reply["user"] and reply["stage"] == "fewshot"
    assert any("在它的群聊里找不到" in note for note in row.notes)


def test_examples_are_never_of_withdrawn_or_superseded_records(store: Store, form: Form) -> None:
    dataset = make_dataset(
        store, [f"孙六{number}：年会订{number}桌酒席\n客服小林：好的" for number in range(1, 5)], "d"
    )
    for index in (1, 2):
        make_record(store, dataset, index, [{NAME: f"孙六{index}"}])
    make_record(store, dataset, 3, [{NAME: "复审"}], review_pass=Pass.SECOND)
    make_record(store, dataset, 3, [{NAME: "未定"}], RecordStatus.DRAFT, review_pass=Pass.ADJUDICATED)

    def shown() -> dict[str, str]:
        with store.read() as session:
            return {one.label: str(one.forms[0][NAME]) for one in approved_records(session, form)}

    def state() -> tuple[int, int]:
        with store.read() as session:
            return records_state(session, form)

    first = state()
    assert shown() == {"d 第 1 条（版本 1）": "孙六1", "d 第 2 条（版本 1）": "孙六2"}
    # One is withdrawn and another one approved: numbers and versions add up to the same.
    with store.write() as session:
        session.get_one(Record, 1).status = RecordStatus.DRAFT
    make_record(store, dataset, 3, [{NAME: "孙六3"}])
    second = state()
    assert shown() == {"d 第 3 条（版本 1）": "孙六3", "d 第 2 条（版本 1）": "孙六2"}
    make_record(store, dataset, 2, [{NAME: "仲裁"}], review_pass=Pass.ADJUDICATED)
    third = state()
    assert shown() == {"d 第 2 条（版本 1）": "仲裁", "d 第 3 条（版本 1）": "孙六3"}
    assert len({first, second, third}) == 3 and state() == third


def test_a_run_keeps_the_text_of_every_stage_and_starts_from_another_run(store: Store) -> None:
    dataset = add_dataset(store, 2)
    first = run_service.create_run(store, dataset="d", name="first", provider="local", chat_indices=[1])
    run_service.start(store, first.id)
    ids = chat_ids(store, dataset.id)
    assert execute(store, first.id, ids[1])
    with store.read() as session:
        pipeline = run_service.load_pipeline(
            session, "verify,fields[竞品信息]", dataset="d", base="first", clean=["links"]
        )
    run = run_service.create_run(store, dataset="d", name="second", provider="local", pipeline=pipeline)
    assert (run.prompt_name, run.parameters["pipeline"]["base_run"]) == ("verify", first.id)
    assert [stage["sha256"] for stage in run.parameters["pipeline"]["stages"]] == [
        load_prompt("verify.v1").sha256,
        load_prompt("fields.v1").sha256,
    ]
    run_service.start(store, run.id)
    assert execute(store, run.id, ids[1]) and execute(store, run.id, ids[2])
    with store.read() as session:
        one, two = queries.extractions(session, run.id)
    assert [(reply["stage"], reply["ok"]) for reply in one.replies] == [("verify", True), ("fields", True)]
    assert json.dumps("乙先生1", ensure_ascii=False) in one.replies[0]["user"]
    assert two.status == "failed" and "没有这条群聊的结果" in two.error
    with pytest.raises(RunError, match=r"提示词是 verify.v1,fields.v1\[竞品信息\] 而不是 baseline.v2"):
        run_service.create_run(store, dataset="d", name="second", provider="local")
    with store.write() as session:
        assert pipeline_of(session.get_one(Run, run.id)) == pipeline
    assert run_service.estimate(store, dataset="d", provider="local", pipeline=pipeline).calls == 4


UNUSABLE = BASELINE.replace("version: 1", "version: 7").replace("{{ chat }}", "{{ chat * 9**9**9 }}")


def test_a_name_means_for_the_shipped_form_what_runs_were_asked_before(store: Store) -> None:
    other = load_named_form("repair_ticket")
    with store.read() as session:
        usual, neutral = (prompt_library.finder(session, form=form) for form in (load_named_form(), other))
        assert [usual(name).id for name in ("baseline", "verify", "baseline.v3")] == [
            *("baseline.v2", "verify.v1", "baseline.v3")
        ]
        assert [neutral(name).id for name in ("baseline", "verify", "baseline.v2")] == [
            *("baseline.v3", "verify.v2", "baseline.v2")
        ]
    offered = [name for name, _ in run_service.prompt_options(store, load_named_form())]
    assert offered[:2] == ["baseline.v2", "baseline.v3"] and "baseline.v2,verify.v1" in offered
    offered = [name for name, _ in run_service.prompt_options(store, other)]
    assert offered[0] == "baseline.v3" and {"baseline.v3,verify.v2", "summary.v2,from_summary.v2"} <= set(offered)
    prompt_library.save(store, NEXT, who="陈")  # what somebody has made is newer for every form
    with store.read() as session:
        assert prompt_library.finder(session, form=load_named_form())("baseline").id == "baseline.v4"


def test_a_version_of_ones_own_stays_when_a_newer_program_ships_its_number(store: Store) -> None:
    mine = prompt_library.with_front_matter(NEXT, version=3)
    with store.write() as session:
        session.add(PromptDraft(name="baseline", version=3, source=mine, sha256="0" * 64, created_by="陈"))
        session.add(PromptDraft(name="verify", version=2, source="broken", sha256="0" * 64, created_by="陈"))
    with store.read() as session:
        for form in (load_named_form(), load_named_form("repair_ticket")):
            assert prompt_library.finder(session, form=form)("baseline").source == mine
        assert prompt_library.finder(session)("verify") == load_prompt("verify.v2"), "nothing of theirs to lose"
        ids = [entry.prompt.id for entry in prompt_library.list_entries(session)]
    assert len(ids) == len(set(ids))


def store_unusable(store: Store, name: str = "baseline") -> None:
    """As an older program would have left it: it looked at less."""
    with store.write() as session:
        session.add(PromptDraft(name=name, version=7, source=UNUSABLE, sha256="0" * 64, created_by="陈"))


def test_a_stored_text_that_cannot_be_used_does_not_stop_the_others(store: Store) -> None:
    store_unusable(store)
    with store.read() as session:
        entries = prompt_library.list_entries(session)
        bad = next(entry for entry in entries if entry.problem)
        assert bad.prompt.id == "baseline.v7" and "正文第" in bad.problem and bad.prompt.source == UNUSABLE
        find = prompt_library.finder(session)
        assert find("summary").id == "summary.v2" and find("baseline.v1").id == "baseline.v1"
        with pytest.raises(PromptError, match="正文第"):
            find("baseline")
    with pytest.raises(PromptError):
        prompt_library.publish(store, bad.draft_id or 0)
    mended = prompt_library.with_front_matter(BASELINE, version=7)
    assert not prompt_library.save(store, mended, who="陈", draft_id=bad.draft_id).problem
    with store.read() as session:
        assert prompt_library.finder(session)("baseline").id == "baseline.v7"


def test_saving_a_hostile_text_takes_no_time(store: Store) -> None:
    for text in ("---\n" + "name: x\n" * 12_000, "---\nname: " + " " * 90_000, "x" * 3_000_000):
        began = time.thread_time()
        with pytest.raises(PromptError):
            prompt_library.save(store, text, who="陈")
        assert time.thread_time() - began < 0.5
