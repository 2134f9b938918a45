"""Built sets: the same bytes again, changed sources named by row, two sets compared, what a model has seen."""

from pathlib import Path

import pytest
from sqlalchemy import delete, update
from sqlmodel import col

from core.adapters.store import Store, queries
from core.adapters.store.models import Chat, Pass, Record, RecordEvent, RecordStatus, Run, TrainingSet
from core.errors import ExportError, NotFoundError
from core.services.export import AnswerSource
from core.services.training import (
    DuplicatePolicy,
    InputKind,
    OverBudget,
    TrainingFormat,
    changes_since,
    diff_sets,
    export_training,
    rebuild,
    rows_of_set,
    save_summary,
    training_set,
    training_sets,
)
from core.services.training.set_versions import chats_of_set
from core.services.training.training_options import options_from_json
from tests.factories.datasets import make_record
from tests.factories.exports import fill
from tests.factories.training import fill_long, in_format, manifest_of, options, save_again

BOTH = AnswerSource(records=True, labels=True)
CONFIRMED = {1: RecordStatus.CONFIRMED, 2: RecordStatus.CONFIRMED}


def same_bytes(first: Path, second: Path) -> bool:
    names = sorted(path.name for path in first.iterdir())
    return names == sorted(path.name for path in second.iterdir()) and all(
        (first / name).read_bytes() == (second / name).read_bytes() for name in names
    )


@pytest.mark.parametrize("data_format", list(TrainingFormat))
def test_rebuilt_sets_have_the_same_bytes(store: Store, tmp_path: Path, data_format: TrainingFormat) -> None:
    fill(store, statuses=CONFIRMED)
    choice = in_format(
        data_format, source=BOTH, min_rows=50, seed=3, validation=0.25, balance=0.4, tasks=("form", "意向产品")
    )
    export_training(store, options=choice, out=tmp_path / "first", who="小王")
    report = rebuild(store, 1, tmp_path / "again")
    assert same_bytes(tmp_path / "first", tmp_path / "again")
    assert report.sha256 == training_set(store, 1).sha256
    assert changes_since(store, 1) == []


def test_a_card_in_other_words_is_told_and_loses_no_set(store: Store, tmp_path: Path) -> None:
    fill(store, statuses=CONFIRMED)
    export_training(store, options=options(source=BOTH), out=tmp_path / "first")
    assert rebuild(store, 1, tmp_path / "again").notes == ()
    with store.write() as session:
        row = session.get_one(TrainingSet, 1)
        row.files = row.files | {"README.md": "0" * 64}
    [note] = rebuild(store, 1, tmp_path / "later").notes
    assert note == "README.md 的说法与当时不同，训练数据一字不差"


def test_windows_cleaning_and_summaries_are_rebuilt_too(store: Store, tmp_path: Path) -> None:
    fill_long(store)
    save_summary(store, chat_id=1, text="- 马会5：先看看", who="小王", base_version=0)
    choices = [
        options(cutoff_len=2000, over_budget=OverBudget.WINDOW),
        options(text=InputKind.CLEAN, steps=("placeholders", "runs"), duplicates=DuplicatePolicy.NEAR),
        options(text=InputKind.SUMMARY),
    ]
    for number, choice in enumerate(choices, start=1):
        export_training(store, options=choice, out=tmp_path / f"first{number}")
    # A later summary changes nothing: the version that was trained on is still there.
    save_summary(store, chat_id=1, text="- 马会5：再说", who="小李", base_version=1)
    for number in range(1, len(choices) + 1):
        rebuild(store, number, tmp_path / f"again{number}")
        assert same_bytes(tmp_path / f"first{number}", tmp_path / f"again{number}")


def test_a_record_that_moved_on_is_rebuilt_from_its_history(store: Store, tmp_path: Path) -> None:
    fill(store, statuses=CONFIRMED)
    export_training(store, options=options(source=BOTH), out=tmp_path / "first")
    save_again(store, 1, 客户购买阶段="赢单")
    (change,) = changes_since(store, 1)
    assert (change.place, change.lost) == ("四条 第 1 条", False)
    assert "从第 3 版改到第 4 版" in change.what
    rebuild(store, 1, tmp_path / "again")
    assert same_bytes(tmp_path / "first", tmp_path / "again")
    with store.write() as session:
        session.execute(delete(RecordEvent))
    (change,) = changes_since(store, 1)
    assert change.lost
    with pytest.raises(ExportError, match="有 1 行的来源变了.*四条 第 1 条：记录现在是第 4 版，第 3 版不在历史里"):
        rebuild(store, 1, tmp_path / "third")
    assert not (tmp_path / "third").exists()


def test_what_would_be_built_of_other_sources_now_is_a_change(store: Store, tmp_path: Path) -> None:
    fill(store, statuses=CONFIRMED)
    save_summary(store, chat_id=4, text="- 没有客户", who="小王", base_version=0)
    export_training(store, options=options(source=BOTH), out=tmp_path / "both")
    export_training(store, options=options(text=InputKind.SUMMARY), out=tmp_path / "labels")
    with store.read() as session:
        dataset = queries.dataset(session, "四条")
    make_record(store, dataset, 1, [], reviewer="主管", review_pass=Pass.ADJUDICATED)
    make_record(store, dataset, 3, [], reviewer="小李", version=2)
    # A second review and an open adjudication count for nothing.
    make_record(store, dataset, 4, [], reviewer="小李", review_pass=Pass.SECOND)
    make_record(store, dataset, 4, [], RecordStatus.DRAFT, reviewer="小李", review_pass=Pass.ADJUDICATED)
    with store.write() as session:
        session.get_one(Record, 2).status = RecordStatus.DISCUSS
    save_summary(store, chat_id=4, text="- 一位客服问早", who="小李", base_version=1)
    assert [(change.place, change.what, change.lost) for change in changes_since(store, 1)] == [
        ("四条 第 1 条", "现在以 主管 的仲裁记录第 1 版为准", False),
        ("四条 第 2 条", "记录现在是「待讨论」", False),
        ("四条 第 3 条", "现在以 小李 的审阅记录第 2 版为准", False),
    ]
    assert [(change.place, change.what) for change in changes_since(store, 2)] == [
        ("四条 第 4 条", "摘要已从第 1 版改到第 2 版")
    ]
    rebuild(store, 1, tmp_path / "again")
    assert same_bytes(tmp_path / "both", tmp_path / "again")
    export_training(store, options=options(source=BOTH), out=tmp_path / "now")
    assert changes_since(store, 3) == []
    with store.write() as session:
        session.execute(update(Record).where(col(Record.review_pass) == Pass.ADJUDICATED).values(status="草稿"))
    assert [(change.place, change.what) for change in changes_since(store, 3)] == [
        ("四条 第 1 条", "记录现在是「草稿」；现在以 小王 的审阅记录第 3 版为准")
    ]


def test_every_lost_source_is_named_by_row(store: Store, tmp_path: Path) -> None:
    fill(store, statuses=CONFIRMED)
    export_training(store, options=options(source=BOTH), out=tmp_path / "first")
    with store.write() as session:
        session.execute(update(Chat).where(col(Chat.index) == 1).values(text="别的", sha256="1" * 64))
        session.execute(delete(Record).where(col(Record.id) == 2))
        session.execute(delete(Run).where(col(Run.name) == "标注"))
        session.execute(delete(Chat).where(col(Chat.index) == 4))
    assert [(change.place, change.what, change.lost) for change in changes_since(store, 1)] == [
        ("四条 第 1 条", "群聊的原文与当时不同", True),
        ("四条 第 2 条", "审阅记录已被删除", True),
        ("四条 第 3 条", "「标注」里已没有这条群聊", True),
        ("四条 第 4 条", "群聊已被删除", True),
    ]
    with pytest.raises(ExportError, match="有 4 行的来源变了"):
        rebuild(store, 1, tmp_path / "again")


def test_rows_that_would_differ_are_refused(store: Store, tmp_path: Path) -> None:
    fill(store)
    export_training(store, options=options(), out=tmp_path / "first")
    with store.write() as session:
        view = session.get(TrainingSet, 1)
        assert view is not None
        view.parameters = {**view.parameters, "format": "alpaca"}
    with pytest.raises(ExportError, match="这一行与当时不同"):
        rebuild(store, 1, tmp_path / "again")


def test_sets_are_listed_and_described(store: Store, tmp_path: Path) -> None:
    fill(store, statuses=CONFIRMED)
    choice = options(source=BOTH, validation=0.25, seed=5)
    export_training(store, options=choice, out=tmp_path / "first", name="一号", who="小王")
    export_training(store, options=options(format=TrainingFormat.OPENAI), out=tmp_path / "second")
    newest, oldest = training_sets(store)
    assert (newest.name, newest.who, newest.format, oldest.name, oldest.who) == ("second", "", "openai", "一号", "小王")
    assert set(oldest.files) == {"train.jsonl", "val.jsonl", "README.md", "manifest.json"}
    again = options_from_json(oldest.parameters)
    assert (again.source, again.validation, again.seed, again.datasets) == (BOTH, 0.25, 5, ("四条",))
    train, held = chats_of_set(store, 1)["四条"], chats_of_set(store, 1, "val")["四条"]
    assert (len(train), len(held), train & held) == (3, 1, set())
    row = rows_of_set(store, 1)[0]
    expected = {
        "dataset",
        "index",
        "chat_sha256",
        "record",
        "version",
        "reviewer",
        "prompt",
        "question_sha256",
        "answer",
    }
    assert expected <= row.keys()
    with pytest.raises(NotFoundError, match="编号 9"):
        training_set(store, 9)
    with pytest.raises(NotFoundError, match="编号 9"):
        rebuild(store, 9, tmp_path / "none")


def test_the_manifest_says_everything_and_nothing_of_the_machine(store: Store, tmp_path: Path) -> None:
    fill(store)
    export_training(store, options=options(seed=1, max_rows=99), out=tmp_path / "set", who="小王")
    manifest = manifest_of(tmp_path / "set")
    assert set(manifest) == {"parameters", "counts", "files", "rows"}
    wanted = {
        "datasets",
        "source",
        "format",
        "input",
        "prompt",
        "prompt_sha256",
        "tasks",
        "filters",
        "seed",
        "max_rows",
    }
    assert wanted <= manifest["parameters"].keys()
    assert str(tmp_path) not in (tmp_path / "set" / "manifest.json").read_text()


def test_two_sets_compared(store: Store, tmp_path: Path) -> None:
    fill(store, statuses=CONFIRMED)
    export_training(store, options=options(source=AnswerSource(labels=True)), out=tmp_path / "a")
    save_again(store, 2, 客户购买阶段="")
    export_training(
        store, options=options(source=BOTH, seed=1, max_chars=20_000, over_budget=OverBudget.SKIP), out=tmp_path / "b"
    )
    described = [(training_set(store, number).parameters, rows_of_set(store, number)) for number in (1, 2)]
    found = diff_sets(*described)
    assert found.parameters["source"] == ("labels", "labels+records")
    assert found.parameters["seed"] == (None, 1)
    assert "prompt_text" not in found.parameters
    assert [(one.place, one.what, one.before, one.after) for one in found.changed] == [
        ("四条 第 1 条", ("答案不同",), "标注", "记录第 3 版（小王）")
    ]
    # The second chat's record now says what its label says: another source, the same row.
    assert (found.same, found.only_before, found.only_after) == (3, [], [])
    export_training(store, options=options(tasks=("form", "customers"), validation=0.25), out=tmp_path / "c")
    third = (training_set(store, 3).parameters, rows_of_set(store, 3))
    found = diff_sets(described[0], third)
    assert found.only_after == [f"四条 第 {index} 条「customers」" for index in range(1, 5)]
    assert [one.what for one in found.changed] == [("训练和验证换了边",)]
