"""The same room exported again later: recognised, named, kept apart or gone on with, and taken back."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from core.adapters.store import Store, queries
from core.adapters.store.models import Chat, Extraction, Run, RunStatus
from core.domain.chat import parse_chat
from core.domain.form import Form
from core.errors import ConflictError
from core.services.datasets import ImportReport, import_chats, list_imports, plan_undo, undo_import
from core.services.export import TextKind, export_dataset, parse_source
from core.services.extraction import runs as run_service
from core.services.quality.data_versions import run_version
from core.services.review import apply_saves
from core.services.review.queue.search import index_batch
from core.services.review.workbench.run_answers import RunAnswers
from tests.factories.datasets import make_form, make_run

pytestmark = pytest.mark.both_databases

SAID = [("林小满", "你好"), ("客服阿青", "您好"), ("林小满", "多少钱"), ("客服阿青", "十元")]
LATER = [("林小满", "明天付款"), ("客服阿青", "好的")]


def written(said: list[tuple[str, str]], title: str = "", since: int = 0) -> str:
    lines = [f"2024-01-02 10:{at:02} {name}\n{body}\n" for at, (name, body) in enumerate(said[since:], since)]
    return "\n".join([title, *lines] if title else lines)


def table(said: list[tuple[str, str]]) -> bytes:
    rows = [f"装修群,2024-01-02 10:{at:02},{name},{body}" for at, (name, body) in enumerate(said)]
    return "\n".join(["群聊,时间,发送人,内容", *rows]).encode()


def bring(store: Store, data: str | bytes, name: str = "a.txt", **options: Any) -> ImportReport:
    data = data if isinstance(data, bytes) else data.encode()
    return import_chats(store, BytesIO(data), filename=name, dataset="数据", **options)


def save_review(store: Store, form: Form) -> None:
    with store.read() as session:
        dataset = queries.dataset(session, "数据").id
    one = {"save_id": "save-1-1", "chat": 1, "reviewer": "周岚", "base_version": 0, "status": "草稿"}
    [ack] = apply_saves(store, form, dataset, [one | {"customers": [{"values": form.empty(), "origin": 0}]}])
    assert ack.result == "saved"


def texts(store: Store) -> dict[int, str]:
    with store.read() as session:
        rows = session.execute(select(col(Chat.index), col(Chat.text)).order_by(col(Chat.index)))
        return {int(index): str(text) for index, text in rows}


@pytest.mark.parametrize("kind", ["text", "text with another title", "table", "colons"])
@pytest.mark.parametrize("grow", [False, True])
def test_a_room_that_grew_is_recognised(store: Store, kind: str, grow: bool) -> None:
    writers: dict[str, Any] = {
        "text": lambda said: (written(said), "a.txt"),
        "text with another title": lambda said: (written(said, f"导出时间：第 {len(said)} 天"), "a.txt"),
        "table": lambda said: (table(said), "a.csv"),
        "colons": lambda said: ("\n".join(f"{name}：{body}" for name, body in said), "a.txt"),
    }
    write = writers[kind]
    bring(store, *write(SAID))
    longer = write([*SAID, *LATER])
    before = texts(store)
    tried = bring(store, *longer, grow=grow, dry_run=True)
    report = bring(store, *longer, grow=grow)
    (growth,) = report.grown
    assert (tried.grown, tried.added, texts(store)[1][: len(before[1])]) == (report.grown, report.added, before[1])
    assert (growth.of, growth.messages, growth.more, growth.reviewed) == (1, 4, 2, False)
    assert (report.added, growth.replaced, growth.index) == ((0, True, 1) if grow else (1, False, 2))
    assert any("续写" in note for note in report.notes)
    assert any("加进已有的数据集「数据」，原有 1 条群聊" in note for note in report.notes)
    assert list_imports(store, "数据")[0].notes == list(report.notes)
    last = max(texts(store))
    assert "明天付款" in texts(store)[last]
    again = bring(store, *longer, grow=grow)
    assert (again.added, again.skipped, again.grown) == (0, 1, ())


def test_an_import_that_went_on_with_a_chat_is_taken_back(store: Store) -> None:
    bring(store, written(SAID))
    before = texts(store)
    with store.read() as session:
        dataset = queries.dataset(session, "数据").id
    index_batch(store, dataset)
    report = bring(store, written([*SAID, *LATER]), grow=True)
    assert "1 条续写过的群聊恢复原来的文字" in plan_undo(store, report.import_id).sentences()
    undo_import(store, report.import_id)
    assert texts(store) == before


def test_a_chat_that_somebody_has_reviewed_is_not_gone_on_with(store: Store, form: Form) -> None:
    bring(store, written(SAID))
    save_review(store, form)
    report = bring(store, written([*SAID, *LATER]), grow=True)
    assert (report.added, report.grown[0].reviewed, report.grown[0].replaced) == (1, True, False)
    assert any(
        "有人审阅过的不能续写，另存为新的一条：第 2 条接着第 1 条（多 2 条消息）" in note for note in report.notes
    )


def test_what_was_reviewed_since_is_not_taken_back(store: Store, form: Form) -> None:
    bring(store, written(SAID))
    report = bring(store, written([*SAID, *LATER]), grow=True)
    save_review(store, form)
    with pytest.raises(ConflictError, match="已有人审阅"):
        undo_import(store, report.import_id)


def test_an_earlier_export_is_there_already(store: Store) -> None:
    bring(store, written([*SAID, *LATER]))
    report = bring(store, written(SAID, "导出时间：昨天"))
    assert (report.added, report.skipped, report.grown) == (0, 1, ())
    assert any("消息数据集里已经都有" in note for note in report.notes)


def test_chats_that_only_begin_alike_are_others(store: Store) -> None:
    bring(store, written(SAID))
    other = bring(store, written([*SAID[:2], ("林小满", "几号发货"), ("客服阿青", "二十元"), *LATER]))
    assert (other.added, other.grown) == (1, ())
    assert bring(store, written(SAID[:1])).grown == ()


EVERY = [*SAID, *LATER, ("林小满", "到了"), ("客服阿青", "祝您愉快")]


def altered(*, change: int = -1, leave_out: int = -1, put_in: int = -1, first: int = 0, last: int = 8) -> bytes:
    """Rows of the room in which one message says something else, is missing or is new."""
    rows = []
    for at, (name, body) in list(enumerate(EVERY))[first:last]:
        if at == put_in:
            rows.append(f"装修群,2024-01-02 10:{at - 1:02}:30,{name},补一句")
        if at != leave_out:
            rows.append(f"装修群,2024-01-02 10:{at:02}:00,{name},{'改了的话' if at == change else body}")
    return "\n".join(["群聊,时间,发送人,内容", *rows]).encode()


@pytest.mark.parametrize("grow", [False, True])
@pytest.mark.parametrize(
    ("again", "difference"),
    [
        (altered(change=2), "（原来的第 3 条消息改过，后面多 2 条消息）"),
        (altered(change=2, last=6), "（原来的第 3 条消息改过）"),
        (altered(change=0), "（原来的第 1 条消息改过，后面多 2 条消息）"),
        (altered(change=5, last=6), "（原来的第 6 条消息改过）"),
        (altered(put_in=3), "（中间多 1 条消息，后面多 2 条消息）"),
        (altered(change=4, first=2), "（从它的第 3 条消息起，原来的第 5 条消息改过，后面多 2 条消息）"),
        (altered(change=4, leave_out=2), "（原来的第 5 条消息改过，少了原来的第 3 条消息，后面多 2 条消息）"),
    ],
)
def test_a_room_with_changed_messages_is_named_and_kept_apart(
    store: Store, again: bytes, difference: str, grow: bool
) -> None:
    bring(store, altered(last=6), "a.csv")
    before = texts(store)[1]
    tried = bring(store, again, "a.csv", grow=grow, dry_run=True)
    report = bring(store, again, "a.csv", grow=grow)
    [growth] = report.grown
    assert (report.added, growth.of, growth.index, growth.differs, growth.replaced) == (1, 1, 2, True, False)
    sentence = f"有 1 条是已有群聊再次导出的，但有消息改过，不能续写，另存为新的一条：第 2 条与第 1 条{difference}"
    assert sentence in report.notes
    assert (tried.grown, tried.notes, texts(store)[1]) == (report.grown, report.notes, before)
    assert list_imports(store, "数据")[0].notes == list(report.notes)
    assert bring(store, again, "a.csv", grow=grow).skipped == 1


def test_the_next_export_of_a_changed_room_goes_on_from_the_changed_one(store: Store) -> None:
    bring(store, altered(last=6), "a.csv")
    bring(store, altered(change=2, last=7), "a.csv")
    report = bring(store, altered(change=2), "a.csv", grow=True)
    assert [(one.of, one.more, one.replaced) for one in report.grown] == [(2, 1, True)]


@pytest.mark.parametrize("grow", [False, True])
def test_a_room_of_which_a_message_was_recalled_goes_on(store: Store, grow: bool) -> None:
    bring(store, altered(last=6), "a.csv")
    report = bring(store, altered(leave_out=2), "a.csv", grow=grow)
    [growth] = report.grown
    assert (growth.gone, growth.gone_at, growth.more, growth.replaced) == (1, (3,), 2, grow)
    if grow:
        chat = parse_chat(texts(store)[1])
        assert [one.body.of(chat.text) for one in chat.messages if one.speaker] == [body for _, body in EVERY]
        undo_import(store, report.import_id)
        assert "祝您愉快" not in texts(store)[1]
    assert any("少了原来的第 3 条消息" in note for note in report.notes)


def test_a_room_of_which_a_message_was_recalled_is_there_already(store: Store) -> None:
    bring(store, altered(), "a.csv")
    report = bring(store, altered(leave_out=2), "a.csv")
    assert (report.added, report.skipped, report.grown[0].held) == (0, 1, True)
    assert any(
        "可能是撤回了），数据集里原来的没有删：第 1 条（少了原来的第 3 条消息）" in note for note in report.notes
    )


def test_a_chat_of_the_same_number_says_which_message_was_changed(store: Store) -> None:
    def rows(data: bytes) -> bytes:
        chat = "\n".join(
            f"{cells[1]} {cells[2]}\n{cells[3]}" for cells in (one.split(",") for one in data.decode().split("\n")[1:])
        )
        return json.dumps([{"index": 5, "chat_text": chat}]).encode()

    bring(store, rows(altered()), "a.json")
    report = bring(store, rows(altered(change=2)), "a.json", grow=True)
    assert "有 7 条消息相同，原来的第 3 条消息改过" in report.rejected[0].reason


def test_what_roles_say_in_every_chat_makes_no_chat_another(store: Store) -> None:
    def plain(phone: str, customer: str) -> str:
        said = [
            ("您好，请问有什么可以帮您", "你好，想问下价格"),
            ("请留一下您的电话", phone),
            ("好的，稍后联系您", "谢谢"),
        ]
        return "\n".join(f"客服：{ours}\n{customer}：{theirs}" for ours, theirs in said)

    bring(store, plain("13800001111", "客户"))
    assert bring(store, plain("13900002222", "客户")).grown == ()
    bring(store, plain("13800001111", "林小满"))
    [growth] = bring(store, plain("13900002222", "林小满")).grown
    assert (growth.of, growth.changed_at) == (3, (4,))


def test_what_staff_writes_to_every_room_at_once_makes_no_room_another(store: Store) -> None:
    def room(name: str, customer: list[str]) -> bytes:
        notices = [("客服阿青", f"第 {at} 条通知：今天的活动到晚上十点") for at in range(6)]
        rows = [f"{name},2024-01-02 10:{at:02}:00,{who},{body}" for at, (who, body) in enumerate(notices)]
        rows += [f"{name},2024-01-02 11:{at:02}:00,林小满,{body}" for at, body in enumerate(customer)]
        return "\n".join(["群聊,时间,发送人,内容", *rows]).encode()

    bring(store, room("一群", ["好的", "收到"]), "a.csv")
    assert bring(store, room("二群", ["多少钱", "谢谢"]), "a.csv").grown == ()


def test_a_chat_with_its_own_number_goes_on_only_when_asked(store: Store) -> None:
    def rows(said: list[tuple[str, str]]) -> bytes:
        return json.dumps([{"index": 5, "chat_text": written(said)}]).encode()

    bring(store, rows(SAID), "a.json")
    refused = bring(store, rows([*SAID, *LATER]), "a.json")
    assert [row.index for row in refused.rejected] == [5]
    assert "有 4 条消息相同" in refused.rejected[0].reason
    report = bring(store, rows([*SAID, *LATER]), "a.json", grow=True)
    assert (report.added, report.rejected, "明天付款" in texts(store)[5]) == (0, (), True)


@pytest.mark.parametrize("since", [1, 2])
@pytest.mark.parametrize("grow", [False, True])
def test_a_window_that_begins_later_goes_on_from_the_stored_chat(store: Store, since: int, grow: bool) -> None:
    bring(store, written(SAID))
    before = texts(store)[1]
    later = written([*SAID, *LATER], "导出时间：后来", since)
    report = bring(store, later, grow=grow)
    (growth,) = report.grown
    assert (growth.of, growth.since, growth.messages, growth.more) == (1, since + 1, 4 - since, 2)
    assert growth.replaced is grow
    if grow:
        chat = parse_chat(texts(store)[1])
        said = [(one.speaker, one.body.of(chat.text)) for one in chat.messages if one.speaker]
        assert (texts(store)[1][: len(before)], said) == (before, [*SAID, *LATER])
        undo_import(store, report.import_id)
        assert texts(store) == {1: before}
    else:
        assert any(f"第 2 条接着第 1 条（从它的第 {since + 1} 条消息起，多 2 条消息）" in one for one in report.notes)


def test_a_window_within_the_stored_chat_is_there_already(store: Store) -> None:
    bring(store, written([*SAID, *LATER]))
    report = bring(store, written([*SAID, *LATER][:5], "导出时间：后来", 2))
    assert (report.added, report.skipped, report.grown) == (0, 1, ())
    assert any("消息数据集里已经都有" in note for note in report.notes)


@pytest.mark.parametrize("end", [4, 6])
def test_a_window_that_begins_earlier_is_named_and_kept_apart(store: Store, end: int) -> None:
    bring(store, written(SAID, since=2))
    report = bring(store, written([*SAID, *LATER][:end]), grow=True)
    (growth,) = report.grown
    assert (report.added, growth.earlier, growth.more, growth.replaced) == (1, 2, end - 4, False)
    assert any("第 2 条比第 1 条前面多 2 条消息" in note for note in report.notes)
    assert "明天付款" not in texts(store)[1]


def test_chats_that_end_and_begin_with_thanks_are_two(store: Store) -> None:
    def plain(said: list[tuple[str, str]]) -> str:
        return "\n".join(f"{name}：{body}" for name, body in said)

    thanks = [("林小满", "好的"), ("客服阿青", "谢谢"), ("林小满", "好的")]
    bring(store, plain([*SAID, *thanks]))
    assert bring(store, plain([*thanks, *LATER])).grown == ()


def test_a_notice_that_both_exports_hold_stands_once(store: Store) -> None:
    notice = "你撤回了一条消息\n\n"
    bring(store, written(SAID) + notice)
    bring(store, "导出时间：后来\n" + written(SAID, since=2) + notice + written([*SAID, *LATER], since=4), grow=True)
    assert (len(texts(store)), texts(store)[1].count("撤回"), texts(store)[1].count("明天付款")) == (1, 1, 1)


def test_windows_of_a_table_are_joined_one_after_the_other(store: Store) -> None:
    every = [*SAID, *LATER, ("林小满", "到了"), ("客服阿青", "祝您愉快")]

    def window(first: int, last: int) -> bytes:
        rows = [f"装修群,2024-01-02 10:{at:02},{name},{body}" for at, (name, body) in enumerate(every)][first:last]
        return "\n".join(["群聊,时间,发送人,内容", *rows]).encode()

    for first, last in ((0, 4), (2, 6), (5, 8), (3, 7)):
        bring(store, window(first, last), "a.csv", grow=True)
    chat = parse_chat(texts(store)[1])
    assert [(one.speaker, one.body.of(chat.text)) for one in chat.messages if one.speaker] == every[:7]
    assert len(texts(store)) == 2  # one message is not enough to say that two chats are one


def grown_with_a_run(store: Store) -> tuple[int, int, str]:
    """A chat, a run about it, and the chat gone on with; the run's id, the import's and the text before."""
    bring(store, written(SAID))
    with store.read() as session:
        dataset = queries.dataset(session, "数据")
    run_id = make_run(store, dataset, "旧", {1: [make_form({"姓名": "林小满"})]})
    before = texts(store)[1]
    report = bring(store, written([*SAID, *LATER]), grow=True)
    return run_id, report.import_id, before


def made_on(store: Store) -> dict[str, int | None]:
    with store.read() as session:
        rows = session.execute(select(col(Run.name), col(Extraction.made_on)).join(Extraction))
        return {str(name): characters for name, characters in rows}


def test_what_a_run_said_before_a_chat_went_on_is_marked(store: Store, tmp_path: Path) -> None:
    run_id, _, before = grown_with_a_run(store)
    assert made_on(store) == {"旧": len(before)}
    with store.read() as session:
        view = queries.run(session, run_id)
        [chat] = queries.chats(session, view.dataset_id)
        [(on_desk, _)] = RunAnswers(session, view.dataset_id, [chat.id], run_ids=[run_id], newest=5).of_chat(chat.id)
    assert (view.outdated, on_desk.name) == (1, "旧（续写前）")
    exported = export_dataset(
        store, dataset="数据", source=parse_source("run:旧"), out=tmp_path / "out.json", text=TextKind.RAW
    )
    assert any("结果是续写前得出的 1 条：第 1 条" in note for note in exported.notes)


def test_a_run_for_the_grown_chats_only_reads_the_whole_text(store: Store) -> None:
    grown_with_a_run(store)
    bring(store, written([("王五", "在吗"), ("客服阿青", "在的")]), "b.txt")
    fresh = run_service.create_run(store, dataset="数据", name="新", provider="local", chat_indices=[1])
    run_service.wait_for_run(store, lambda: run_service.start(store, fresh.id))
    assert (fresh.total, made_on(store)["新"]) == (1, None)


def test_undo_gives_runs_back_what_they_were(store: Store) -> None:
    run_id, import_id, before = grown_with_a_run(store)
    with store.read() as session:
        dataset = queries.dataset(session, "数据")
    make_run(store, dataset, "后来", {1: [make_form({"姓名": "林小满"})]})
    with store.read() as session:
        version = run_version(queries.run(session, run_id))
    assert any(
        "抽取任务「后来」在续写后的群聊上的 1 个结果删去" in one for one in plan_undo(store, import_id).sentences()
    )
    undo_import(store, import_id)
    assert (made_on(store), texts(store)) == ({"旧": None}, {1: before})
    with store.read() as session:
        assert run_version(queries.run(session, run_id)) != version
        assert queries.run(session, "后来").pending == 1


def test_a_chat_that_a_run_is_reading_is_not_gone_on_with(store: Store) -> None:
    bring(store, written(SAID))
    with store.read() as session:
        dataset = queries.dataset(session, "数据")
    make_run(store, dataset, "正在", {}, status=RunStatus.RUNNING)
    report = bring(store, written([*SAID, *LATER]), grow=True)
    assert (report.added, report.grown[0].replaced) == (1, False)
    assert any("正在抽取" in note for note in report.notes)
