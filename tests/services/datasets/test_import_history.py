"""What was imported is kept with its notes; an import is taken back as a whole while nobody has worked on it."""

import json
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlmodel import col

from core.adapters.store import Store, queries
from core.adapters.store.models import Chat, Claim, Dataset, DatasetImport, Extraction, Run, RunKind, RunStatus, now
from core.domain.form import Form
from core.errors import ConflictError, NotFoundError
from core.services.datasets import (
    ImportReport,
    import_chats,
    import_run,
    list_datasets,
    list_imports,
    plan_undo,
    undo_import,
)
from core.services.datasets.import_log import id_ranges
from core.services.review import apply_saves
from tests.factories.datasets import make_record, make_run

pytestmark = pytest.mark.both_databases


def text_of(number: int) -> str:
    return f"林木{number}：第 {number} 条\n客服小何：好"


def bring(
    store: Store, numbers: range, dataset: str = "数据", forms: Form | None = None, **options: Any
) -> ImportReport:
    rows = [
        {"chat_text": text_of(n)} | ({"infos": [{**forms.empty(), forms.name_field: f"林木{n}"}]} if forms else {})
        for n in numbers
    ]
    data = json.dumps(rows, ensure_ascii=False).encode()
    return import_chats(store, BytesIO(data), filename="a.json", dataset=dataset, **options)


def paste(store: Store, number: int, dataset: str = "数据") -> ImportReport:
    return import_chats(store, BytesIO(text_of(number).encode()), filename=f"{number}.txt", dataset=dataset, who="周岚")


def texts(store: Store, dataset: str = "数据") -> list[str]:
    with store.read() as session:
        return [chat.text for chat in queries.chats(session, queries.dataset(session, dataset).id)]


def save(store: Store, form: Form, dataset: int, chat: int) -> None:
    one = {"save_id": f"save-{dataset}-{chat}", "chat": chat, "reviewer": "周岚", "base_version": 0, "status": "草稿"}
    [ack] = apply_saves(store, form, dataset, [one | {"customers": [{"values": form.empty(), "origin": 0}]}])
    assert ack.result == "saved"


def test_imported_answers_lie_in_the_database_as_others_do(store: Store, form: Form) -> None:
    """An import inserts rows that are ready; a row that the session made of the model's own defaults is the same."""
    chats = [{"chat_text": text_of(n), "infos": [{form.name_field: f"林木{n}", "别的": "😀"}]} for n in (1, 2)]
    data = json.dumps(chats, ensure_ascii=False).encode()
    report = import_chats(store, BytesIO(data), filename="a.json", dataset="数据")
    with store.write() as session:
        imported = session.execute(select(Extraction).order_by(col(Extraction.chat_id)).limit(1)).scalar_one()
        run = Run(dataset_id=report.dataset_id, name="另一个", kind=RunKind.IMPORT)
        session.add(run)
        session.flush()
        kept = imported.model_dump(include={"chat_id", "status", "forms", "notes", "created_at"})
        session.add(Extraction(run_id=run.id or 0, **kept))
        session.flush()
        columns = ", ".join(f"CAST({name} AS TEXT)" for name in Extraction.model_fields if name not in ("id", "run_id"))
        rows = session.execute(text(f"SELECT {columns} FROM extraction WHERE chat_id = {imported.chat_id}")).all()
    assert len(rows) == 2 and rows[0] == rows[1]
    again = import_chats(store, BytesIO(data), filename="a.json", dataset="数据")
    assert (again.added, again.skipped, again.labels, again.rejected) == (0, 2, 0, ())


def test_every_import_is_kept_with_its_notes(store: Store) -> None:
    first = import_chats(
        store,
        BytesIO(json.dumps([{"chat_text": "甲：NUL\0\n乙：好", "旧编号": 7}, {"chat_text": ""}]).encode()),
        filename="一月.json",
        dataset="数据",
        who=" 林晓 ",
    )
    second = paste(store, 2)
    newest, oldest = list_imports(store, "数据")
    assert (newest.id, oldest.id) == (second.import_id, first.import_id)
    assert (oldest.file, oldest.format, oldest.encoding, oldest.who) == ("一月.json", "JSON", "UTF-8", "林晓")
    assert (oldest.total, oldest.added, oldest.skipped, oldest.rejected) == (2, 1, 0, 1)
    assert oldest.refusals == [{"index": 2, "why": "chat_text 为空"}]
    assert oldest.notes == list(first.notes) and any("NUL" in note for note in oldest.notes)
    assert any("旧编号" in note for note in oldest.notes)
    with pytest.raises(NotFoundError):
        list_imports(store, "别的")


def test_an_import_behind_others_goes_and_leaves_them(store: Store, form: Form) -> None:
    bring(store, range(1, 4))
    second = paste(store, 9)
    third = paste(store, 10)
    plan = plan_undo(store, second.import_id)
    assert (plan.chats, plan.refused, plan.drops_dataset) == (1, "", False)
    undo_import(store, second.import_id, who="林晓")
    assert texts(store) == [text_of(n) for n in (1, 2, 3, 10)]
    entry = next(one for one in list_imports(store, "数据") if one.id == second.import_id)
    assert entry.undone_by == "林晓" and entry.undone_at is not None
    with pytest.raises(ConflictError, match="已经撤销过了"):
        undo_import(store, second.import_id)
    undo_import(store, third.import_id)
    assert list_datasets(store)[0].absent == 0
    # The index is free again, the id is not.
    assert paste(store, 11).added == 1
    assert texts(store)[-1] == text_of(11)
    with pytest.raises(NotFoundError):
        undo_import(store, 99_999)


def test_the_only_import_takes_its_dataset_along(store: Store, form: Form) -> None:
    report = bring(store, range(1, 4), forms=form)
    assert plan_undo(store, report.import_id).drops_dataset
    undo_import(store, report.import_id)
    assert list_datasets(store) == []
    with store.read() as session:
        assert [list(session.execute(select(table)).scalars()) for table in (Dataset, Chat, Run, Extraction)] == [
            []
        ] * 4


def test_labels_that_it_added_to_other_chats_go_too(store: Store, form: Form) -> None:
    bring(store, range(1, 4))
    labelled = bring(store, range(1, 6), forms=form)
    assert (labelled.added, labelled.skipped, labelled.labels) == (2, 3, 5)
    plan = plan_undo(store, labelled.import_id)
    assert (plan.chats, plan.labels, plan.answers) == (2, 2, 3)
    assert "3 条群聊的标注" in plan.sentences()[0] and "连同其中 2 条的标注" in plan.sentences()[0]
    undo_import(store, labelled.import_id)
    (summary,) = list_datasets(store)
    assert (summary.dataset.chats, summary.labels, summary.absent) == (3, 0, 0)
    with store.read() as session:
        assert queries.labels_run(session, summary.dataset.id) is None


def test_labels_of_a_later_import_keep_its_chats(store: Store, form: Form) -> None:
    first = bring(store, range(1, 3), forms=form)
    other = bring(store, range(1, 4))
    assert (other.added, other.skipped) == (1, 2)
    later = bring(store, range(1, 6), forms=form)
    assert (later.added, later.skipped, later.labels) == (2, 3, 3)
    assert plan_undo(store, first.import_id).refused == ""
    refused = plan_undo(store, other.import_id).refused
    assert f"「a.json（编号 {later.import_id}）」给其中 1 条群聊加了标注" in refused and "先撤销" in refused
    with pytest.raises(ConflictError, match="之后的导入"):
        undo_import(store, other.import_id)
    undo_import(store, later.import_id)
    assert undo_import(store, other.import_id).chats == 1
    assert len(texts(store)) == 2


def test_chats_that_a_later_import_has_as_well_are_counted(store: Store, form: Form) -> None:
    first = bring(store, range(1, 4))
    later = bring(store, range(1, 6))
    assert (later.added, later.skipped) == (2, 3)
    title = f"a.json（编号 {later.import_id}）"
    plan = plan_undo(store, first.import_id)
    assert (plan.chats, plan.refused, plan.shared) == (3, "", {title: 3})
    assert any("3 条在之后的导入" in sentence and title in sentence for sentence in plan.sentences())
    assert plan_undo(store, later.import_id).shared == {}
    with store.write() as session:  # as an import of before noted it
        session.execute(update(DatasetImport).where(col(DatasetImport.id) == later.import_id).values(present=None))
    [(noted, count)] = plan_undo(store, first.import_id).shared.items()
    assert noted.startswith(title) and "最多" in noted and count == 3
    undo_import(store, later.import_id)
    assert plan_undo(store, first.import_id).shared == {}
    answers = json.dumps([{"index": 2, "infos": [form.empty()]}]).encode()
    import_run(store, BytesIO(answers), filename="基线.json", dataset="数据", run="基线")
    assert "基线.json" in plan_undo(store, first.import_id).refused


def test_a_run_that_was_imported_goes_and_its_chats_stay(store: Store, form: Form) -> None:
    dataset_id = bring(store, range(1, 4)).dataset_id
    answers = json.dumps([{"index": n, "infos": [form.empty()]} for n in (1, 2)]).encode()
    report = import_run(store, BytesIO(answers), filename="基线.json", dataset="数据", run="基线")
    assert report.import_id and list_imports(store, "数据")[0].run == "基线"
    with store.read() as session:
        run_id = queries.run(session, "基线").id
    plan = undo_import(store, report.import_id)
    assert (plan.chats, plan.answers) == (0, 2)
    with store.read() as session:
        assert queries.runs(session, dataset_id) == [] and run_id
    assert len(texts(store)) == 3


def test_runs_over_its_chats_lose_them_and_that_is_said(store: Store, form: Form) -> None:
    bring(store, range(1, 3))
    second = paste(store, 9)
    with store.read() as session:
        dataset = queries.dataset(session, "数据")
    make_run(store, dataset, "规则", {n: [form.empty()] for n in (1, 2, 3)})
    make_run(store, dataset, "只有它", {3: [form.empty()]})
    plan = undo_import(store, second.import_id)
    assert plan.runs == {"规则": 1, "只有它": 1}
    assert "抽取任务「规则」在这些群聊上的 1 个结果" in plan.sentences()[0]
    with store.read() as session:
        assert [(run.name, run.done, run.total) for run in queries.runs(session, dataset.id)] == [("规则", 2, 2)]


def test_what_somebody_has_reviewed_or_is_at_stays(store: Store, form: Form) -> None:
    first = bring(store, range(1, 3))
    second = paste(store, 9)
    save(store, form, first.dataset_id, 2)
    with pytest.raises(ConflictError, match="已有人审阅：周岚（第 2 条）"):
        undo_import(store, first.import_id)
    with store.write() as session:
        chat_id = session.execute(select(Chat.id).where(col(Chat.index) == 3)).scalar_one()
        session.add(Claim(chat_id=chat_id, reviewer="林晓", until=now() + timedelta(minutes=5)))
    assert "正有人审阅：林晓（第 3 条）" in plan_undo(store, second.import_id).refused
    with store.write() as session:
        session.get_one(Claim, chat_id).until = now() - timedelta(minutes=5)
        session.add(Run(dataset_id=first.dataset_id, name="忙", kind=RunKind.MODEL, status=RunStatus.RUNNING))
    with pytest.raises(ConflictError, match="抽取任务「忙」正在进行"):
        undo_import(store, second.import_id)
    with store.write() as session:
        session.execute(select(Run).where(col(Run.name) == "忙")).scalar_one().status = RunStatus.CANCELLED
    assert undo_import(store, second.import_id).chats == 1
    assert len(texts(store)) == 2


def test_a_review_that_began_with_its_labels_keeps_them(store: Store, form: Form) -> None:
    dataset_id = bring(store, range(1, 3)).dataset_id
    labelled = bring(store, range(1, 3), forms=form)
    with store.read() as session:
        run, dataset = queries.labels_run(session, dataset_id), queries.dataset(session, dataset_id)
    assert run is not None
    make_record(store, dataset, 1, [form.empty()], reviewer="周岚", base_run_id=run.id)
    with pytest.raises(ConflictError, match="周岚"):
        undo_import(store, labelled.import_id)


def test_the_same_chat_twice_in_a_file_goes_in_once(store: Store) -> None:
    rows = [
        {"session_id": n, "sender": who, "content": text}
        for n in (1, 2)
        for who, text in (("甲", "在"), ("乙", "在的"))
    ]
    data = json.dumps(rows, ensure_ascii=False).encode()
    tried = import_chats(store, BytesIO(data), filename="a.json", dataset="数据", dry_run=True)
    report = import_chats(store, BytesIO(data), filename="a.json", dataset="数据")
    assert (report.added, report.skipped) == (tried.added, tried.skipped) == (1, 1)
    assert report.notes == tried.notes and any("完全相同，只留一条" in note for note in report.notes)


def test_ids_as_ranges() -> None:
    assert id_ranges([3, 1, 2, 7, 2]) == [[1, 3], [7, 7]]
    assert id_ranges([]) == []
