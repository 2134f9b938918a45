"""Deleting one person and keeping things for so many days: rows, histories, and bytes in the database's files."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from core.adapters.store import Store, queries
from core.adapters.store.models import (
    Chat,
    Dataset,
    Extraction,
    PromptDraft,
    Record,
    RecordEvent,
    RecordStatus,
    Run,
    SeenDefaultRun,
    now,
)
from core.errors import InputError
from core.services.datasets import import_text, undo_import
from core.services.datasets.dataset_list import delete_dataset
from core.services.export import AnswerSource, export_dataset
from core.services.extraction.runs import delete as delete_run
from core.services.privacy import (
    apply_retention,
    delete_person,
    find_person,
    rename_person,
    retention_rules,
    set_retention,
)
from core.services.review.queue.search import index_batch
from core.services.team import audit_entries
from tests.factories.exports import fill, form

NAME, PHONE = "沐晚晴", "13755550101"
TEXTS = (
    f"{NAME}：在吗，电话 137-5555 0101\n客服小周1：您好{NAME[0]} {NAME[1:]}\n{NAME}：好的\n",
    f"郭大海2：我是{NAME}介绍的\n客服小周1：您好\n郭大海2：嗯\n",
    "林小满3：多少钱\n客服小周1：三千，订单 113755550101999\n林小满3：好\n",
)
LABELS = (
    [form(基本信息_姓名=NAME, 基本信息_手机号码=PHONE)],
    [form(基本信息_姓名="郭大海2")],
    [form(基本信息_姓名="林小满3")],
)
SPELLINGS = (NAME, f"{NAME[0]} {NAME[1:]}", PHONE, "137-5555 0101")


def filled(store: Store) -> int:
    number = fill(store, texts=TEXTS, labels=LABELS, statuses={1: RecordStatus.CONFIRMED})
    with store.write() as session:
        record = session.execute(select(Record)).scalars().one()
        record.note = f"{NAME}要回访"
        record.customers = [{**record.customers[0], "values": LABELS[0][0]}]
        for version in (1, 2):
            change = {"customers": [{"values": LABELS[0][0]}]}
            when = now() - timedelta(days=40)
            session.add(
                RecordEvent(
                    record_id=record.id,
                    version=version,
                    who="甲",
                    at=when,
                    status="草稿",
                    change=change,
                    save_id=f"s{version}",
                )
            )
        row = session.execute(select(Extraction).where(col(Extraction.chat_id) == record.chat_id)).scalars().first()
        assert row is not None
        row.replies = [{"raw": f'[{{"姓名": "{NAME}"}}]', "user": TEXTS[0], "system": "", "status": "ok", "at": "x"}]
        row.created_at = now() - timedelta(days=40)
    while index_batch(store, number):
        pass
    return number


def bytes_of(store: Store) -> bytes:
    path = store.path
    assert path is not None
    return b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))


def left_in(store: Store) -> list[str]:
    held = bytes_of(store).replace(b"113755550101999", b"")
    pairs = (NAME[:2], NAME[1:])
    return [
        word
        for word in (*SPELLINGS, *pairs)
        if word.encode() in held or word.encode("ascii", "backslashreplace") in held
    ]


@pytest.mark.both_databases
def test_a_person_is_found_everywhere_in_every_spelling(store: Store, tmp_path: Path) -> None:
    number = filled(store)
    export_dataset(store, dataset=number, source=AnswerSource(labels=True), out=tmp_path / "x.json")
    report = find_person(store, [NAME, "+86 137 5555 0101"])
    assert list(report.chats.values()) == [[1, 2]]
    assert {"群聊", "审阅记录", "记录历史", "抽取结果与原始回复"} <= report.counts().keys()
    assert any("x.json" in file for file in report.files)
    assert find_person(store, ["13755550102", "沐晚"]).counts().get("群聊") == 2
    assert not find_person(store, ["从没来过"]).places
    with pytest.raises(InputError, match="找谁"):
        find_person(store, [" ", "一"])


@pytest.mark.both_databases
def test_a_person_is_renamed_in_chats_records_history_and_replies(store: Store) -> None:
    filled(store)
    report = rename_person(store, [NAME, PHONE])
    assert report.done == "已换名" and report.purged and not find_person(store, [NAME, PHONE]).places
    with store.read() as session:
        chats = session.execute(select(Chat).order_by(col(Chat.index))).scalars().all()
        assert len(chats) == 3 and chats[2].text == TEXTS[2]
        assert chats[0].text.count(report.pseudonyms[NAME]) == 3 and "电话 00000000000" in chats[0].text
        assert chats[0].characters == len(chats[0].text)
        record = session.execute(select(Record)).scalars().one()
        assert record.note == f"{report.pseudonyms[NAME]}要回访"
    if store.path is not None:
        assert left_in(store) == []


@pytest.mark.both_databases
def test_deleting_a_person_takes_the_chats_with_all_that_hangs_on_them(store: Store) -> None:
    number = filled(store)
    assert store.path is None or left_in(store)
    report = delete_person(store, [NAME, PHONE])
    assert report.done == "已删除" and report.purged
    with store.read() as session:
        assert list(queries.chat_ids(session, number)) == [3]
        assert not session.execute(select(Record)).scalars().all()
        assert not session.execute(select(RecordEvent)).scalars().all()
    assert not find_person(store, [NAME, PHONE]).places
    if store.path is not None:
        assert left_in(store) == []


@pytest.mark.both_databases
def test_replies_and_versions_go_when_their_days_are_over(store: Store) -> None:
    filled(store)
    with store.read() as session:
        name = queries.datasets(session)[0].name
    assert apply_retention(store).replies == 0
    set_retention(store, name, replies_days=30, history_days=30)
    assert retention_rules(store)[0].replies_days == 30
    result = apply_retention(store)
    assert (result.replies, result.versions, result.purged) == (1, 1, True)
    entry = audit_entries(store)[0]
    assert (entry.target, entry.detail) == (name, "到期删除：回复 1，历史版本 1")
    assert apply_retention(store).replies == 0
    with store.read() as session:
        rows = session.execute(select(Extraction)).scalars().all()
        assert NAME not in json.dumps([row.replies for row in rows], ensure_ascii=False)
        assert any(NAME in json.dumps(row.forms, ensure_ascii=False) for row in rows)
        assert [event.version for event in session.execute(select(RecordEvent)).scalars()] == [2]
    with pytest.raises(InputError, match="保留天数"):
        set_retention(store, name, replies_days=-1, history_days=None)


def test_a_deleted_dataset_leaves_no_bytes_while_the_program_runs(store: Store) -> None:
    number = filled(store)
    with store.read() as session:
        name = queries.dataset(session, number).name
    delete_dataset(store, number, confirmation=name)
    assert left_in(store) == []


def bytes_of_tables(store: Store) -> bytes:
    """All that a PostgreSQL's files hold of this database's tables and indexes, its write-ahead log apart."""
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
        folder = connection.execute(text("SHOW data_directory")).scalar_one()
        number = connection.execute(text("SELECT oid FROM pg_database WHERE datname = current_database()")).scalar_one()
    return b"".join(file.read_bytes() for file in sorted((Path(folder) / "base" / str(number)).iterdir()))


def test_nothing_of_a_person_stays_in_the_files_of_a_postgresql(pg_store: Store) -> None:
    filled(pg_store)
    with pg_store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))  # as the server does by itself: values stand in statistics
    assert NAME.encode() in bytes_of_tables(pg_store)
    with pg_store.read() as session:
        name = queries.datasets(session)[0].name
    set_retention(pg_store, name, replies_days=30, history_days=30)
    assert apply_retention(pg_store, rewrite=True).purged
    assert delete_person(pg_store, [NAME, PHONE]).purged
    held = bytes_of_tables(pg_store)
    assert NAME.encode() not in held
    assert held.count(PHONE.encode()) == held.count(f"1{PHONE}999".encode()) == 1  # an order's number, somebody else's


@pytest.mark.parametrize("word", ["ok", "local", "已确认", "基本信息-姓名", "reviewer"])
def test_words_of_the_program_are_nobody(store: Store, word: str) -> None:
    filled(store)
    assert not find_person(store, [word]).places
    rename_person(store, [word])
    with store.read() as session:
        assert {one.status for one in session.execute(select(Extraction)).scalars()} <= {"ok", "repaired", "failed"}
        (record,) = session.execute(select(Record)).scalars()
        assert record.status == "已确认" and NAME in str(record.customers)


def test_nobody_is_found_by_nothing_or_by_digits_of_a_digest(store: Store) -> None:
    filled(store)
    with pytest.raises(InputError, match="没有写明要找谁"):
        find_person(store, ["\u200b\u200b"])
    with store.read() as session:
        digest = session.execute(select(col(Chat.sha256))).scalars().first() or ""
    assert not find_person(store, [digest[:8]]).places


@pytest.mark.both_databases
def test_what_else_may_be_the_persons_is_named(store: Store) -> None:
    chat = "奔跑的蜗牛：我姓何\n客服小周1：何女士您好\n奔跑的蜗牛：电话13755550101\n"
    fill(store, texts=(chat,), labels=([form(基本信息_姓名="奔跑的蜗牛", 基本信息_手机号码=PHONE)],))
    assert find_person(store, [PHONE]).related == ("奔跑的蜗牛",)
    report = find_person(store, ["何晚晴", "奔跑的蜗牛"])
    assert report.related == (PHONE, "姓何", "何女士")
    assert find_person(store, ["何晚晴", "奔跑的蜗牛", *report.related]).related == ()


def test_people_of_one_chat_are_renamed_apart_and_to_words_that_stand_nowhere(store: Store) -> None:
    taken = " ".join(f"匿名{number}" for number in range(1000, 9_998))
    fill(store, texts=(*TEXTS, f"{NAME}：{taken}\n郭大海2：好\n"))
    words = rename_person(store, [NAME, "沐·晚晴", "郭大海2"]).pseudonyms
    assert words[NAME] == words["沐·晚晴"] != words["郭大海2"]
    third = rename_person(store, ["林小满3"]).pseudonyms["林小满3"]
    assert {words[NAME], words["郭大海2"]} == {"匿名9998", "匿名9999"} and third.startswith("匿名0")


def test_an_import_that_is_taken_back_leaves_no_bytes(store: Store) -> None:
    report = import_text(store, TEXTS[0], dataset="d")
    while index_batch(store, 1):
        pass
    assert left_in(store)
    undo_import(store, report.import_id)
    assert left_in(store) == []


def test_a_run_that_is_deleted_leaves_no_bytes_of_its_replies(store: Store) -> None:
    fill(store, texts=("林小满3：多少钱\n客服小周1：三千\n",))
    with store.write() as session:
        run = Run(dataset_id=1, name="r", kind="model", provider="openai", status="finished")
        session.add(run)
        session.flush()
        session.add(Extraction(run_id=run.id, chat_id=1, status="ok", forms=[], replies=[{"raw": f"{NAME} {PHONE}"}]))
    assert left_in(store)
    delete_run(store, run.id or 0)
    assert left_in(store) == []


@pytest.mark.both_databases
def test_a_person_is_found_in_keys_and_under_keys_that_are_called_like_the_programs(store: Store) -> None:
    filled(store)
    with store.write() as session:
        extraction = session.execute(select(Extraction)).scalars().first()
        assert extraction is not None
        extraction.notes = [{NAME: "1", "cause": f"{NAME}说的", "deep": [{"format": NAME, "shape": PHONE}]}]  # type: ignore[list-item]
    assert "抽取结果与原始回复" in find_person(store, [NAME]).counts()
    rename_person(store, [NAME])
    with store.read() as session:
        notes = json.dumps([one.notes for one in session.execute(select(Extraction)).scalars()], ensure_ascii=False)
    assert NAME not in notes and PHONE in notes


def test_keys_that_are_phones_or_become_equal_lose_no_value(store: Store) -> None:
    filled(store)
    spaced = f"{NAME[0]} {NAME[1:]}"
    with store.write() as session:
        extraction = session.execute(select(Extraction)).scalars().first()
        assert extraction is not None
        extraction.notes = [{PHONE: "电话", NAME: "一", spaced: "二", "status": "ok"}]  # type: ignore[list-item]
    rename_person(store, [NAME, PHONE])
    with store.read() as session:
        (notes,) = [one.notes for one in session.execute(select(Extraction)).scalars() if one.notes]
    assert not {PHONE, NAME, spaced} & notes[0].keys()  # type: ignore[attr-defined]
    assert list(notes[0].values()) == ["电话", "一", "二", "ok"]  # type: ignore[attr-defined]


def test_sentences_of_stored_answers_go_with_the_replies(store: Store) -> None:
    filled(store)
    with store.write() as session:
        name = queries.datasets(session)[0].name
        for one in session.execute(select(Extraction)).scalars():
            one.notes, one.error = [f"「{NAME}」不是可选的值"], f"模型回答：{NAME}"
            one.replies = [entry | {"notes": [NAME], "error": NAME} for entry in one.replies]
            one.created_at = now() - timedelta(days=40)
    set_retention(store, name, replies_days=30, history_days=None)
    assert apply_retention(store).replies > 0
    assert apply_retention(store).replies == 0
    with store.read() as session:
        rows = session.execute(select(Extraction)).scalars().all()
        left = json.dumps([(one.notes, one.error, one.replies) for one in rows], ensure_ascii=False)
    assert NAME not in left and "已到保留期限" in left


def test_names_that_become_the_same_word_are_numbered_or_told_once(store: Store) -> None:
    with store.write() as session:
        for name in ("投诉13987654321", "投诉13912345678", "邱明远的投诉", "春风的投诉"):
            session.add(Dataset(name=name, form="role_elements", sha256="0" * 64))
        session.flush()
        number = session.execute(select(Dataset.id)).scalars().first()
        assert number is not None
        for name in ("邱明远重抽", "邱 明远重抽"):
            session.add(Run(dataset_id=number, name=name, kind="model"))
        for version in ("1", "2"):
            session.add(PromptDraft(name="邱明远专用", version=version, source=f"给邱明远 {version}", sha256="0" * 64))
        session.add(Run(dataset_id=number, name="乙", kind="model", prompt_name="邱明远专用"))
        for reviewer in ("邱明远", "春风"):
            session.add(SeenDefaultRun(dataset_id=number, reviewer=reviewer, run_id=1, run_name="甲"))
    rename_person(store, ["邱明远", "春风", "13987654321", "13912345678"])
    with store.read() as session:
        names = sorted(session.execute(select(col(Dataset.name))).scalars())
        runs = sorted(session.execute(select(col(Run.name))).scalars())
        seen = session.execute(select(col(SeenDefaultRun.reviewer))).scalars().all()
        prompts = set(session.execute(select(col(PromptDraft.name))).scalars())
        used = session.execute(select(col(Run.prompt_name)).where(col(Run.name) == "乙")).scalar_one()
    (word,) = seen
    assert names == sorted([f"投诉{'0' * 11}", f"投诉{'0' * 11} 2", f"{word}的投诉", f"{word}的投诉 2"])
    assert runs == sorted(["乙", f"{word}重抽", f"{word}重抽 2"])
    assert prompts == {used} == {f"{word}专用"}
