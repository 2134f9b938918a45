"""Learned models in the store: what they are made of, runs with them, and what becomes of them when data goes."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete
from sqlmodel import col

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.models import Chat, Dataset, RunKind, RunStatus
from core.cli import main
from core.errors import Cause, ConflictError, InputError, NotFoundError, RunError
from core.services.extraction import models as model_catalog
from core.services.extraction import runs as run_service
from core.services.learning import models, read_corpus, train
from core.services.learning.models import learned_models, load_model
from core.services.quality import score
from core.services.training import training_overlap
from tests.factories.datasets import FORM, make_dataset, make_run
from tests.factories.reviews import decide
from tests.services.learning.test_learner import made_up

ROOT = Path(__file__).resolve().parents[3]
NAME, KIND = "基本信息-姓名", "咨询类型"


def labelled(store: Store, numbers: range, name: str = "学") -> DatasetView:
    rows = [made_up(number) for number in numbers]
    dataset = make_dataset(store, [text for text, _ in rows], name)
    make_run(store, dataset, "标注", {at: [values] for at, (_, values) in enumerate(rows, 1)}, RunKind.LABELS)
    return dataset


@pytest.fixture(autouse=True)
def nothing_fitted() -> None:
    models._fitted.clear()


def test_a_run_with_a_learned_model_is_a_run_like_any_other(store: Store) -> None:
    labelled(store, range(1, 17))
    other = labelled(store, range(40, 46), "新")
    kept = train(store, datasets=["学"], source="labels", name="学会")
    run = run_service.create_run(store, dataset="新", name="r", provider="learned", model="学会")
    models._fitted.clear()  # another process fits it again
    view = run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
    assert (view.status, view.done, view.failed) == (RunStatus.FINISHED, 6, 0)
    assert (view.parameters or {})["entry"]["parameters"] == {"digest": kept.digest}
    with store.read() as session:
        answers = list(queries.extractions(session, run.id))
    assert [answer.forms[0][KIND] for answer in answers if answer.forms] == [["吐槽"], ["询价"]] * 3
    assert answers[0].replies[0]["model"] == f"learned:{kept.digest[:12]}"
    assert score(store, dataset="新", run="r").score > FORM.max_points - 3
    assert training_overlap(store, view) is None
    own = run_service.create_run(store, dataset="学", name="自己", provider="learned", model="学会", limit=2)
    overlap = training_overlap(store, own)
    assert overlap is not None
    assert "是学习模型「学会」，它学过这里的 2 条群聊" in overlap.sentence
    assert kept.chats == 16
    assert {"features", "learner", "form", "rules", "seed", "scikit-learn", "numpy"} <= set(kept.versions)
    assert other.form == kept.form


def test_the_digest_is_of_what_was_learned_not_of_where_it_stood(store: Store) -> None:
    labelled(store, range(1, 7))
    rows = [made_up(number) for number in range(6, 0, -1)]
    turned = make_dataset(store, [text for text, _ in rows], "倒")
    make_run(store, turned, "标注", {at: [values] for at, (_, values) in enumerate(rows, 1)}, RunKind.LABELS)
    one, two = (train(store, datasets=[name], source="labels", name=name) for name in ("学", "倒"))
    assert one.digest == two.digest
    with store.read() as session:
        corpus = read_corpus(session, ["学"], "labels")
    asked_otherwise = corpus.form.model_copy(update={"subject": "学员", "staff": "老师"})
    assert replace(corpus, form=asked_otherwise).digest == corpus.digest, "of what prompts call people"
    assert replace(corpus, form=corpus.form.model_copy(update={"title": "别的"})).digest != corpus.digest
    three = train(store, datasets=["学", "倒"], source="labels", name="一起")
    assert (three.digest, three.chats) == (one.digest, 6)


def test_approved_records_stand_before_labels_and_a_version_is_kept(store: Store) -> None:
    dataset = labelled(store, range(1, 7))
    text, values = made_up(1)
    decide(store, dataset, 1, values={**values, KIND: ["答疑"]})
    with store.read() as session:
        both = read_corpus(session, ["学"], "labels+records")
        assert [len(read_corpus(session, ["学"], source).approved) for source in ("labels", "records")] == [6, 1]
    [record] = [one for one in both.approved if one.origin == "record"]
    assert record.forms[0][KIND] == ["答疑"]
    assert record.text == text
    kept = train(store, datasets=["学"], source="labels+records", name="m")
    decide(store, dataset, 1, values={**values, KIND: ["询价"]}, version=1)
    models._fitted.clear()
    assert load_model(store, kept.digest).chats == 6
    newer = train(store, datasets=["学"], source="labels+records", name="m")
    assert newer.digest != kept.digest
    assert [view.digest for view in learned_models(store)] == [newer.digest, kept.digest]
    with store.read() as session:
        entry = model_catalog.find_model(session, "m")
    assert entry is not None
    assert entry.parameters == {"digest": newer.digest}


def test_a_deleted_chat_takes_the_model_with_it_and_says_so(store: Store) -> None:
    dataset = labelled(store, range(1, 7))
    labelled(store, range(20, 22), "新")
    kept = train(store, datasets=["学"], source="labels", name="m")
    models._fitted.clear()
    with store.write() as session:
        session.execute(delete(Chat).where(col(Chat.dataset_id) == dataset.id, col(Chat.index) == 2))
    with pytest.raises(RunError, match="6 条群聊里，有 1 条已经被删除.*重新训练"):
        load_model(store, kept.digest)
    run = run_service.create_run(store, dataset="新", name="r", provider="learned", model="m")
    view = run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
    assert (view.done, view.failed) == (0, 2)
    with store.read() as session:
        failed = list(queries.extractions(session, run.id))
    assert all("已经被删除" in one.error and one.cause == Cause.STALE_MODEL for one in failed)
    assert [one.title for one in run_service.failures(store, run.id)] == ["学习模型不能再用"]
    with pytest.raises(NotFoundError, match="已不存在"):
        load_model(store, "0" * 64)


def test_a_deleted_dataset_takes_the_model_with_it_and_another_one_teaches_anew(store: Store) -> None:
    dataset = labelled(store, range(1, 7))
    labelled(store, range(20, 26), "新")
    kept = train(store, datasets=["学"], source="labels", name="m")
    models._fitted.clear()
    with store.write() as session:
        session.execute(delete(Dataset).where(col(Dataset.id) == dataset.id))
    with pytest.raises(RunError, match="6 条群聊里，有 6 条已经被删除.*重新训练"):
        load_model(store, kept.digest)
    with pytest.raises(NotFoundError, match="没有数据集"):
        train(store, datasets=["学"], source="labels", name="m")
    assert load_model(store, train(store, datasets=["新"], source="labels", name="m").digest) is not None


def test_a_model_of_another_program_is_not_passed_off_as_this_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled(store, range(1, 7))
    kept = train(store, datasets=["学"], source="labels", name="m")
    models._fitted.clear()
    monkeypatch.setattr("core.services.learning.learner.LEARNER_VERSION", 999)
    with pytest.raises(RunError, match="有了变化（learner）.*重新训练"):
        load_model(store, kept.digest)
    assert train(store, datasets=["学"], source="labels", name="m").digest != kept.digest


def test_what_cannot_be_learned_is_refused_in_a_sentence(store: Store) -> None:
    labelled(store, range(1, 3))
    make_dataset(store, ["甲：在吗"], "空")
    model_catalog.create(store, name="占用", title="占用", provider="local")
    for arguments, kind, sentence in (
        ({"datasets": ["空"], "source": "labels+records", "name": "m"}, NotFoundError, "没有可以学习的群聊"),
        ({"datasets": ["没有"], "source": "labels", "name": "m"}, NotFoundError, "没有数据集"),
        ({"datasets": [], "source": "labels", "name": "m"}, InputError, "从哪个数据集"),
        ({"datasets": ["学"], "source": "标注", "name": "m"}, InputError, "不认识来源"),
        ({"datasets": ["学"], "source": "labels", "name": " "}, InputError, "没有名称"),
        ({"datasets": ["学"], "source": "labels", "name": "占用"}, ConflictError, "不是学习模型"),
    ):
        with pytest.raises(kind, match=sentence):
            train(store, **arguments)  # type: ignore[arg-type]
    assert learned_models(store) == []


@pytest.fixture
def run(store: Store, capfd: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(["--db", f"sqlite:///{store.path}", *arguments])
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return call


def test_the_verbs_learn_extract_and_score(run: Any, store: Store) -> None:
    labelled(store, range(1, 13))
    code, out, err = run("learn", "--from", "学", "--source", "labels", "--model", "m", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["chats"] == 12
    code, _, err = run("extract", "--dataset", "学", "--run", "L", "--provider", "learned", "--model", "m", "--json")
    assert (code, err) == (0, "")
    code, out, _ = run("learn", "--dataset", "学", "--evaluate", "--folds", "3", "--repeats", "1", "--json")
    assert code == 0
    shown = json.loads(out)
    assert {"learned", "floors", "local", "delta_local", "ece", "curve"} <= set(shown)
    assert set(shown["floors"]) == {"empty", "constants"}
    code, out, _ = run("score", "--dataset", "学", "--run", "L", "--json")
    assert json.loads(out)["score"] > shown["floors"]["constants"]


def test_the_verb_says_what_is_missing(run: Any, store: Store) -> None:
    labelled(store, range(1, 3))
    for arguments, sentence in (
        (("learn", "--model", "m"), "从哪个数据集"),
        (("learn", "--from", "学"), "--evaluate"),
        (("learn", "--from", "学", "--model", "m", "--evaluate"), "--evaluate"),
        (("learn", "--from", "没有", "--model", "m"), "没有数据集"),
        (
            ("extract", "--dataset", "学", "--run", "r", "--provider", "learned", "--model", "m"),
            "没有这个名称的学习模型",
        ),
        (("extract", "--dataset", "学", "--run", "r", "--provider", "learned"), "没有这个名称的学习模型"),
    ):
        code, out, err = run(*arguments)
        assert (code != 0, out) == (True, ""), arguments
        assert sentence in err
        assert err.count("\n") == 1


def test_other_commands_do_not_load_the_library() -> None:
    program = (
        "import sys\n"
        "import core.cli, core.services.extraction.runs, core.services.learning\n"
        "assert not {'sklearn', 'jionlp', 'joblib'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
