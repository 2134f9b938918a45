"""The same room exported again later: recognised, named, kept apart or gone on with, and taken back."""

import json
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from core.adapters.store import Store, queries
from core.adapters.store.models import Chat
from core.domain.form import Form
from core.errors import ConflictError
from core.services.datasets import ImportReport, import_chats, list_imports, plan_undo, undo_import
from core.services.review import apply_saves
from core.services.review.queue.search import index_batch

SAID = [("林小满", "你好"), ("客服阿青", "您好"), ("林小满", "多少钱"), ("客服阿青", "十元")]
LATER = [("林小满", "明天付款"), ("客服阿青", "好的")]


def written(said: list[tuple[str, str]], title: str = "") -> str:
    lines = [f"2024-01-02 10:{at:02} {name}\n{body}\n" for at, (name, body) in enumerate(said)]
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
    other = bring(store, written([*SAID[:3], ("客服阿青", "二十元"), *LATER]))
    assert (other.added, other.grown) == (1, ())
    assert bring(store, written(SAID[:1])).grown == ()


def test_a_chat_with_its_own_number_goes_on_only_when_asked(store: Store) -> None:
    def rows(said: list[tuple[str, str]]) -> bytes:
        return json.dumps([{"index": 5, "chat_text": written(said)}]).encode()

    bring(store, rows(SAID), "a.json")
    refused = bring(store, rows([*SAID, *LATER]), "a.json")
    assert [row.index for row in refused.rejected] == [5]
    assert "前 4 条消息相同" in refused.rejected[0].reason
    report = bring(store, rows([*SAID, *LATER]), "a.json", grow=True)
    assert (report.added, report.rejected, "明天付款" in texts(store)[5]) == (0, (), True)
