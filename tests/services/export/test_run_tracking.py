"""Runs go to MLflow: its real client against a fake server on this machine."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from core.adapters.mlflow_tracking import LONGEST_KEY, metric_key
from core.adapters.store import Store
from core.adapters.store.models import AuditEntry, Dataset, Run
from core.cli import main
from core.domain.form import Form
from core.errors import ExportError, NotFoundError, SettingsError
from core.services.export import track_scores
from core.services.quality import score
from tests.factories.datasets import make_dataset, make_run
from tests.factories.exports import fill
from tests.fakes.mlflow_server import FakeMLflow


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeMLflow]:
    with FakeMLflow() as server:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", server.address)
        yield server


@pytest.mark.both_databases
def test_a_run_arrives_with_settings_scores_and_intervals(store: Store, form: Form, server: FakeMLflow) -> None:
    fill(store)
    outcome, against = track_scores(store, dataset="四条")
    assert (outcome.created, against) == (("模型",), "labels")
    assert [one["name"] for one in server.experiments.values()] == ["拾要 四条"]
    figures, expected = server.metrics_of("模型"), score(store, dataset="四条", run="模型")
    assert figures["score"] == pytest.approx(expected.score)
    assert figures["score.low"] <= figures["score"] <= figures["score.high"]
    assert (figures["score.floor"], figures["score.chats"]) == (pytest.approx(expected.floor), 4.0)
    for key, field in expected.fields.items():
        low, points, high = (figures[metric_key(name, key)] for name in ("points.low", "points", "points.high"))
        assert points == pytest.approx(field.points) and low - 1e-9 <= points <= high + 1e-9
        assert figures[metric_key("f1", key)] == pytest.approx(field.filled.f1)
    assert (figures["chats.answered"], figures["tokens.in"]) == (3.0, 0.0)
    settings = server.texts_of("模型", "params")
    assert {"kind", "model", "prompt", "prompt_sha256", "form", "form_version"} <= set(settings)
    note = server.texts_of("模型", "tags")["mlflow.note.content"]
    assert f"得分 {expected.score:.2f} / 36，对照标注，4 条群聊" in note and "全空表单能得" in note
    (linked,) = server.named("模型")["inputs"]["dataset_inputs"]
    assert linked["dataset"]["name"] == "四条" and len(linked["dataset"]["digest"]) == 32
    sent = "".join(server.bodies)
    assert not any(text in sent for text in ("林晓3", "会话存档怎么收费", "预算八千")), "no chat, no value"
    with store.read() as session:
        details = session.execute(select(AuditEntry.detail).where(col(AuditEntry.target) == server.address)).scalars()
        assert list(details) == ["记到 MLflow：数据集「四条」的 1 个抽取任务的设置和得分"]


def test_again_nothing_is_doubled_and_what_changed_is_brought_up_to_date(store: Store, server: FakeMLflow) -> None:
    fill(store)
    track_scores(store, dataset="四条")
    sent = len(server.calls)
    outcome, _ = track_scores(store, dataset="四条")
    assert outcome.unchanged == ("模型",) and len(server.calls) == sent
    with store.write() as session:
        session.execute(update(Dataset).values(name="新名"))
        session.execute(update(Run).where(col(Run.name) == "模型").values(name="改名"))
    outcome, _ = track_scores(store, dataset="新名", against="run:标注")
    assert outcome.updated == ("改名",) and len(server.runs) == len(server.experiments) == 1
    assert [one["name"] for one in server.experiments.values()] == ["拾要 新名"]
    assert server.texts_of("改名", "tags")["shiyao.against"] == "run:标注"
    assert len(server.named("改名")["inputs"]["dataset_inputs"]) == 1


def test_without_a_reference_there_is_no_score(store: Store, server: FakeMLflow) -> None:
    fill(store, labels=None)
    outcome, against = track_scores(store, dataset="四条")
    assert outcome.created == ("模型",) and against == ""
    assert "score" not in server.metrics_of("模型") and server.metrics_of("模型")["chats.failed"] == 1.0
    assert "没有得分" in server.texts_of("模型", "tags")["mlflow.note.content"]
    make_dataset(store, ["林晓：在吗"], "空")
    with pytest.raises(NotFoundError, match="还没有抽取任务"):
        track_scores(store, dataset="空")


def test_hostile_names_arrive(store: Store, server: FakeMLflow) -> None:
    dataset = make_dataset(store, ["林晓：在吗"], "x' OR 1=1 `//../<b>")
    make_run(store, dataset, "'; --", {1: [{}]})
    assert track_scores(store, dataset=dataset.id)[0].created == ("'; --",)
    assert track_scores(store, dataset=dataset.id)[0].unchanged == ("'; --",)
    assert metric_key("f1", "a//b..c\n(d)/").startswith("f1/a__b_c__d__-")


def test_fields_that_look_alike_to_mlflow_keep_figures_of_their_own() -> None:
    parts = [("f1", key) for key in ("费用_元", "费用+元", "费用&元", "费用/元", "长" * 300, "长" * 299 + "短")]
    keys = {metric_key(*names) for names in parts}
    assert len(keys) == len(parts) and "f1/费用_元" in keys and max(map(len, keys)) <= LONGEST_KEY
    assert metric_key("a", "b/c") != metric_key("a/b", "c") != metric_key("a", "b", "c")


def test_a_form_and_its_version_are_of_one_form(store: Store, server: FakeMLflow) -> None:
    fill(store)
    with store.write() as session:
        session.execute(update(Run).where(col(Run.name) == "模型").values(form="repair@7"))
    track_scores(store, dataset="四条")
    settings = server.texts_of("模型", "params")
    assert (settings["form"], settings["form_version"]) == ("repair@7", "7")


def test_refusals_are_sentences(store: Store, server: FakeMLflow, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store)
    server.token = "right"
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "wrong")
    with pytest.raises(ExportError, match="服务不认令牌"):
        track_scores(store, dataset="四条")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "right")
    assert track_scores(store, dataset="四条")[0].created == ("模型",)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with FakeMLflow() as gone:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", gone.address)
    with pytest.raises(ExportError, match="连不上或没有按时回答"):
        track_scores(store, dataset="四条")
    for address, said in (("", "没有设置"), ("databricks", "不是 http"), ("file:///tmp/x", "不是 http")):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        with pytest.raises(SettingsError, match=f"MLFLOW_TRACKING_URI {said}"):
            track_scores(store, dataset="四条")


@pytest.mark.parametrize("status", [302, 307, 308])
def test_nothing_is_sent_where_the_server_sends_on(store: Store, server: FakeMLflow, status: int) -> None:
    fill(store)
    with FakeMLflow() as other:
        server.instead, server.sends_to = (status, "{}"), other.address
        with pytest.raises(ExportError, match=rf"别的地址（{status}）.*MLFLOW_TRACKING_URI"):
            track_scores(store, dataset="四条")
        assert not other.calls and not other.runs


@pytest.mark.parametrize(
    ("status", "text", "said"),
    [
        (200, "", "回答是空的，或不是 MLflow"),
        (200, "<html>welcome</html>", "回答是空的，或不是 MLflow"),
        (200, "[]", "回答是空的，或不是 MLflow"),
        (200, "{}", "没有编号，什么也没有存下"),
        (200, '{"experiments": 3}', "看不懂"),
        (401, "{}", "服务不认令牌.*MLFLOW_TRACKING_TOKEN"),
        (403, "<html>no</html>", "服务不认令牌.*MLFLOW_TRACKING_TOKEN"),
        (418, "tea", "服务回答"),
    ],
)
def test_an_answer_that_stores_nothing_is_no_success(
    store: Store, server: FakeMLflow, status: int, text: str, said: str
) -> None:
    fill(store)
    server.instead = (status, text)
    with pytest.raises(ExportError, match=said):
        track_scores(store, dataset="四条")


def test_the_command_asks_before_it_sends(store: Store, server: FakeMLflow, capsys: pytest.CaptureFixture[str]) -> None:
    fill(store)
    command = ["--db", store.engine.url.render_as_string(hide_password=False), "export", "runs", "--dataset", "四条"]
    assert main([*command, "--to", "mlflow"]) == 0
    printed = capsys.readouterr()
    assert f"记到 {server.address}（mlflow）：数据集「四条」的全部抽取任务" in printed.out
    assert "还没有发送" in printed.err and not server.calls
    assert main([*command, "--run", "模型", "--yes", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["created"] == ["模型"] and report["url"] == f"{server.address}/#/experiments/1"
    assert main([*command, "--yes"]) == 0
    assert "新建 0 个，更新 0 个，没有变化 1 个" in capsys.readouterr().out
