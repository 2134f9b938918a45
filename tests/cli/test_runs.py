"""The verbs extract, status, retry and cancel, in this process."""

import json
from typing import Any

import pytest

from core.adapters.store import Store
from core.adapters.store.models import RunStatus
from core.cli import main
from core.services.extraction import runs as run_service
from core.services.extraction.runs.executor_lock import executor_lock
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
    assert "  已完成\n" in run("status", "--run", "r")[1]


def test_status_says_whether_anybody_is_at_a_run(run: Any, store: Store) -> None:
    add_dataset(store, 2)
    view = run_service.create_run(store, dataset="d", name="r", provider="local")
    assert "  未开始\n" in run("status", "--run", "r")[1]
    run_service.start(store, view.id)
    assert "  进行中，但没有程序在执行：打开页面，或执行 worker\n" in run("status", "--run", "r")[1]
    lock = executor_lock(store)
    assert lock.acquire()
    assert "  进行中，有 1 个程序在执行\n" in run("status", "--run", "r")[1]
    lock.release()
    run_service.pause(store, view.id)
    assert "  已暂停\n" in run("status", "--run", "r")[1]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ("status", "缺少 --run"),
        ("status --run", "--run 后面要写值"),
        ("status --ru x", "没有 --ru 这个选项，是不是 --run"),
        ("status --run x --json=3", "--json 后面不写值"),
        ("status --run x y", "多写了 y"),
        ("extract --dataset d --run r --provider local --limit many", "--limit 的值不能用：应为整数"),
        ("serve --port 0", "--port 的值不能用：不能小于 1"),
        ("export dataset --dataset d --text short", "--text 的值不能用：不是允许的值，可以是 raw、clean"),
        ("bogus", "没有 bogus 这个命令"),
        ("form", "没有写要做什么，可以是 list、"),
        ("learn", "--from 的值不能用：要写明从哪个数据集学习"),
    ],
)
def test_what_is_not_understood_is_said_in_chinese(arguments: str, why: str, run: Any) -> None:
    code, out, err = run(*arguments.split())
    assert (code, out) == (2, "")
    assert err.startswith(f"用法不对：{why}")
    assert err.endswith("（加 --help 查看用法）\n")


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
    assert code == 1 and "没有抽取任务「没有」" in err and "用 runs 查看" in err


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
        assert run("extract", "--dataset", "d", "--run", "l", "--provider", "local")[0] == 0
        left = run("extract", "--dataset", "d", "--run", "l", "--provider", "local", "--dry-run")[1]
        assert left.startswith("没有要问的了") and "调用" not in left
    assert leaves["remote"] and not leaves["replaced"] and leaves["chat"] == 1
    assert sum(leaves["personal"].values()) and "群聊" in leaves["user"]
