"""The verbs extract, status, retry and cancel, in this process."""

import json
from typing import Any

import pytest

from core.adapters.store import Store
from core.adapters.store.models import RunStatus
from core.cli import main
from core.services.extraction import runs as run_service
from tests.factories.runs import add_dataset
from tests.fakes.behaviour import Answer, Failure
from tests.fakes.openai_server import FakeOpenAI


@pytest.fixture
def run(store: Store, capfd: pytest.CaptureFixture[str]) -> Any:
    """Run a verb; gives exit code, standard output, standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(["--db", f"sqlite:///{store.path}", *arguments])
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return call


def test_extract_waits_and_status_counts(run: Any, store: Store) -> None:
    add_dataset(store, 5)
    code, out, err = run("extract", "--dataset", "d", "--run", "r", "--provider", "local", "--limit", "3", "--json")
    assert (code, err) == (0, "")
    counts = {"total": 3, "done": 3, "failed": 0, "pending": 0, "tokens_in": 0, "tokens_out": 0}
    assert json.loads(out) == {"run": "r", "status": "finished", **counts}
    code, out, err = run("extract", "--dataset", "d", "--run", "s", "--provider", "local", "--chats", "5，2", "--json")
    assert (code, err, json.loads(out)["total"]) == (0, "", 2)
    code, out, err = run("extract", "--dataset", "d", "--run", "r", "--provider", "local")
    assert (code, err) == (0, "")
    assert out.startswith("抽取任务「r」：共 5 条，完成 5，失败 0，未完成 0")
    assert json.loads(run("status", "--run", "r", "--json")[1])["done"] == 5


def test_failures_end_with_an_error_code_and_retry_mends_them(
    run: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dataset(store, 2)
    with FakeOpenAI([Failure(status=401), Answer()]) as service:
        for name, value in service.environment().items():
            monkeypatch.setenv(name, value)
        code, out, err = run("extract", "--dataset", "d", "--run", "r", "--provider", "openai", "--json")
        assert code == 1
        assert (json.loads(out)["done"], json.loads(out)["failed"]) == (1, 1)
        assert err == "有 1 条失败，用 status 查看原因，用 retry 重试。\n"
        assert "密钥被拒绝：1 条" in run("status", "--run", "r")[1]
        code, out, err = run("retry", "--run", "r", "--json")
        assert (code, err) == (0, "")
        assert json.loads(out)["done"] == 2
    code, out, err = run("retry", "--run", "r")
    assert (code, out) == (1, "")
    assert "没有失败的群聊" in err


def test_what_is_wrong_is_one_line(run: Any, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = add_dataset(store, 1)
    monkeypatch.delenv("SPARKAI_API_KEY", raising=False)
    for arguments, said in (
        (("extract", "--dataset", "d", "--run", "r", "--provider", "spark"), "SPARKAI_API_KEY"),
        (("extract", "--dataset", "d", "--run", "r", "--provider", "nope"), "没有名为「nope」的模型服务"),
        (("extract", "--dataset", "x", "--run", "r", "--provider", "local"), "没有数据集「x」"),
        (("status", "--run", "r"), "没有抽取任务「r」"),
        (("cancel", "--run", "r"), "没有抽取任务「r」"),
    ):
        code, out, err = run(*arguments)
        assert (code, out) == (1, ""), arguments
        assert said in err
        assert err.count("\n") == 1
    assert run_service.model_runs(store, dataset.id) == []


def test_cancel_marks_the_run(run: Any, store: Store) -> None:
    add_dataset(store, 1)
    add_dataset(store, 1, "e")
    for dataset in ("d", "e"):
        run_service.start(store, run_service.create_run(store, dataset=dataset, name="r", provider="local").id)
    assert "有 2 个数据集都有抽取任务「r」" in run("cancel", "--run", "r")[2]
    code, out, _ = run("cancel", "--run", "r", "--dataset", "e", "--json")
    assert (code, json.loads(out)["status"]) == (0, RunStatus.CANCELLED)
    assert json.loads(run("status", "--run", "r", "--dataset", "d", "--json")[1])["status"] == RunStatus.RUNNING


def test_the_default_run_is_listed_pinned_and_told(run: Any, store: Store) -> None:
    add_dataset(store, 3)
    for name in ("finetuned", "local"):
        run("extract", "--dataset", "d", "--run", name, "--provider", "local")
    listed = json.loads(run("runs", "--dataset", "d", "--json")[1])
    assert (listed["default_run"]["run"], listed["default_run"]["reason"]) == ("local", "newest")
    assert [(one["run"], one["kind"], one["default"]) for one in listed["runs"]] == [
        ("local", "model", True),
        ("finetuned", "model", False),
    ]
    code, out, err = run("runs", "--dataset", "d", "--default", "finetuned")
    assert (code, err) == (0, "") and out.endswith("默认任务：「finetuned」（cli指定）\n")
    said = json.loads(run("status", "--run", "local", "--json")[1])
    assert (said["default"], said["default_run"]["run"], said["default_run"]["pinned"]) == (False, "finetuned", True)
    assert "是默认任务（cli指定）" in run("status", "--run", "finetuned")[1]
    assert json.loads(run("runs", "--dataset", "d", "--no-default", "--json")[1])["default_run"]["run"] == "local"
    code, _, err = run("runs", "--dataset", "d", "--default", "没有")
    assert code == 1 and "没有抽取任务「没有」" in err


def test_a_dry_run_says_what_leaves(run: Any, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dataset(store, 2)
    arguments = ("extract", "--dataset", "d", "--run", "r", "--dry-run", "--provider")
    assert "什么都不会发出去" in run(*arguments, "local")[1]
    with FakeOpenAI([]) as service:
        for name, value in service.environment().items():
            monkeypatch.setenv(name, value)
        assert "原样发给模型的服务" in run(*arguments, "openai")[1]
        leaves = json.loads(run(*arguments, "openai", "--json")[1])["leaves"]
        assert service.requests == []
    assert leaves["remote"] and not leaves["replaced"] and leaves["chat"] == 1
    assert sum(leaves["personal"].values()) and "群聊" in leaves["user"]
