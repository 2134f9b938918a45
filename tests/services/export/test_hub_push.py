"""Datasets and training sets are pushed to a Hub: the real library against a fake Hub on this machine."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from core.adapters.store import Store
from core.adapters.store.models import AuditEntry
from core.cli import main
from core.domain.masking import parse_mask
from core.errors import ExportError, SettingsError
from core.services.export import DatasetLayout, ExportResult, export_dataset, parse_source, push_export
from core.services.training import TrainingFormat, export_training, push_set
from tests.factories.exports import fill
from tests.factories.training import in_format
from tests.fakes.hub_server import TOKEN, FakeHub, Repository

REPOSITORY = "lin-team/chats.v1"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    # Other tests read folders with the library switched off, which it reads once.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    with FakeHub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield hub


def push(store: Store, repository: str = REPOSITORY, *, public: bool = False, mask: tuple[str, ...] = ()) -> bool:
    """Push the dataset of :func:`fill`; whether that made a commit."""

    def make(out: Path) -> ExportResult:
        source = parse_source("labels")
        return export_dataset(
            store, dataset="四条", source=source, out=out, layout=DatasetLayout.HF, mask=parse_mask(mask)
        )

    _, pushed = push_export(store, repository, make, public=public)
    return pushed.changed


def audited(store: Store) -> list[str]:
    with store.read() as session:
        rows = session.execute(select(AuditEntry.target, AuditEntry.detail).order_by(col(AuditEntry.id)))
        return [detail for target, detail in rows if target.startswith("http")]


@pytest.mark.both_databases
def test_a_dataset_arrives_private_and_is_audited(store: Store, hub: FakeHub) -> None:
    fill(store)
    assert push(store, mask=("phone",))
    there = hub.repositories[REPOSITORY]
    assert there.private and set(there.files) == {"README.md", "data/train.json"}
    assert len(json.loads(there.files["data/train.json"])) == 4
    card = there.files["README.md"].decode()
    assert "\n# license: 由数据的所有者填写" in card and "\nlicense:" not in card, "the Hub knows no empty licence"
    began, ended = audited(store)
    assert began.startswith("开始推送（私有）：dataset，4 行") and "已遮盖 phone" in began
    assert ended.startswith(f"推送完成，提交 {there.sha[:12]}") and ended.endswith("，私有")
    assert {token for _, path, token in hub.calls if "/storage/" not in path} == {TOKEN}


def test_the_same_again_makes_no_commit_and_the_owners_licence_stays(store: Store, hub: FakeHub) -> None:
    fill(store)
    push(store)
    there = hub.repositories[REPOSITORY]
    assert not push(store) and there.commits == 2
    assert audited(store)[-1].endswith("内容与那边相同，没有新的提交，私有")
    text = there.files["README.md"].decode()
    for bad in ("2026-99-99", "2026-01-02"):
        there.files["README.md"] = text.replace("# license: 由", f"license: {bad}\n# 由", 1).encode()
        push(store)
        assert f"\nlicense: '{bad}'\n" in there.files["README.md"].decode(), "no date, and in nobody's way"
    there.files["README.md"] = text.replace("# license: 由", "license: cc-by-4.0\n# 由", 1).encode()
    there.files["notes.txt"] = b"of the owner"
    push(store, mask=("name",))
    card = there.files["README.md"].decode()
    assert "\nlicense: cc-by-4.0\n" in card and "已遮盖：name" in card
    assert there.files["notes.txt"] == b"of the owner"


@pytest.mark.parametrize("large_from", [1, 1 << 20])
def test_files_that_the_repository_ignores_are_named_and_nothing_is_committed(
    store: Store, hub: FakeHub, large_from: int
) -> None:
    fill(store)
    hub.ignored, hub.large_from = (".json",), large_from
    with pytest.raises(ExportError, match=r"\.gitignore 不收 data/train.json"):
        push(store)
    assert not hub.repositories[REPOSITORY].files and not hub.asked("/commit/")


def test_large_files_go_to_the_storage_without_the_token(store: Store, hub: FakeHub) -> None:
    fill(store)
    hub.large_from = 1000
    push(store)
    puts = [(path, token) for method, path, token in hub.calls if method == "PUT"]
    assert len(puts) == len(hub.objects) >= 1 and {token for _, token in puts} == {""}
    assert len(json.loads(hub.repositories[REPOSITORY].files["data/train.json"])) == 4


def test_nobody_gives_a_public_repository_what_was_meant_to_be_private(store: Store, hub: FakeHub) -> None:
    fill(store)
    hub.repositories[REPOSITORY] = Repository(private=False)
    with pytest.raises(ExportError, match="是公开的，谁都看得到，没有推送.*--public"):
        push(store)
    assert not hub.repositories[REPOSITORY].files and not hub.asked("/commit/")
    assert push(store, public=True) and hub.repositories[REPOSITORY].files


def test_training_sets_arrive_and_what_another_set_left_is_taken_away(
    store: Store, hub: FakeHub, tmp_path: Path
) -> None:
    fill(store)
    export_training(store, options=in_format(TrainingFormat.ALPACA, validation=0.25, seed=1), out=tmp_path / "set")
    export_training(store, options=in_format(TrainingFormat.SPARK), out=tmp_path / "other")
    push_set(store, 1, REPOSITORY)
    there = hub.repositories[REPOSITORY]
    assert there.files["train.jsonl"] == (tmp_path / "set" / "train.jsonl").read_bytes()
    there.files["notes.txt"] = b"of the owner"
    push_set(store, 2, REPOSITORY)
    assert set(there.files) == {"README.md", "manifest.json", "train.jsonl", "notes.txt"}
    assert there.files["train.jsonl"] == (tmp_path / "other" / "train.jsonl").read_bytes()
    export_training(store, options=in_format(TrainingFormat.DPO_QIANFAN), out=tmp_path / "lists")
    with pytest.raises(ExportError, match="读不成表格"):
        push_set(store, 3, REPOSITORY)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "Hub 不认这个令牌.*HF_TOKEN"),
        (403, "没有写权限"),
        (409, "同时在改这个仓库"),
        (412, "有人先改了这个仓库，没有盖掉"),
        (418, "Hub 回答 418"),
    ],
)
def test_refusals_are_sentences(store: Store, hub: FakeHub, status: int, said: str) -> None:
    fill(store)
    hub.answers = lambda method, path: status if "/commit/" in path else None
    with pytest.raises(ExportError, match=f"没有推送到 {REPOSITORY}：.*{said}"):
        push(store)
    assert len(audited(store)) == 1, "what may have left is named, though it did not arrive"


def test_who_pushes_second_does_not_overwrite_unseen(store: Store, hub: FakeHub) -> None:
    fill(store)
    push(store)

    def somebody_else(method: str, path: str) -> int | None:
        if "/preupload/" in path:
            hub.repositories[REPOSITORY].commits += 1
        return None

    hub.answers = somebody_else
    with pytest.raises(ExportError, match="有人先改了"):
        push(store, mask=("phone", "name"))


def test_the_token_goes_nowhere_else(store: Store, hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store)
    for address, said in (
        ("http://hub.example.com", "不加密"),
        ("http://10.1.2.3:8000", "内网或本机的地址"),
    ):
        monkeypatch.setattr("core.adapters.hugging_face.USUAL_HUB", address)
        monkeypatch.delenv("HF_ENDPOINT")
        with pytest.raises(SettingsError, match=f"没有发送：.*{said}"):
            push(store)
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
    hub.other_storage = "http://10.1.2.3:9"
    hub.large_from = 1000
    with pytest.raises(SettingsError, match="没有发送：10.1.2.3 是内网或本机的地址"):
        push(store)
    assert not hub.asked("/commit/")


def test_what_cannot_begin_says_why(store: Store, hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store)
    for name in ("chats", "a/b/c", "林/群聊", "../x", "a/b.git", "a/--x", "a b/c", ""):
        with pytest.raises(ExportError, match="不是 Hugging Face 的仓库名"):
            push(store, name)
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(SettingsError, match="没有设置 HF_TOKEN"):
        push(store)
    assert not hub.calls and not audited(store)


def test_a_hub_that_is_not_there(store: Store, hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store)
    with FakeHub() as gone:
        monkeypatch.setenv("HF_ENDPOINT", gone.address)
    with pytest.raises(ExportError, match="Hub 连不上或断开了"):
        push(store)


def test_commands_ask_before_they_send(
    store: Store, hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(store)
    export_training(store, options=in_format(TrainingFormat.OPENAI), out=tmp_path / "set", name="一号")
    monkeypatch.delenv("HF_TOKEN")
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    monkeypatch.setenv("HF_TOKEN_FILE", str(tmp_path / "token"))
    db = ["--db", store.engine.url.render_as_string(hide_password=False)]
    dataset = [*db, "export", "dataset", "--dataset", "四条", "--source", "labels", "--format", "hf"]
    for arguments, what in (
        ([*dataset, "--push", REPOSITORY], "数据集「四条」，来源：标注，没有遮盖"),
        ([*db, "training", "push", "1", "--to", REPOSITORY], "训练集 #1「一号」，4 行，没有遮盖"),
    ):
        assert main(arguments) == 0
        printed = capsys.readouterr()
        assert f"推送到 {hub.address}/datasets/{REPOSITORY}（私有的仓库）：{what}" in printed.out
        assert "还没有发送" in printed.err and not hub.calls
    assert main([*dataset, "--push", REPOSITORY, "--yes", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["push"]["private"] and report["push"]["changed"] and report["counts"]["chats"] == 4
    assert main([*db, "training", "push", "1", "--to", "lin-team/set", "--yes"]) == 0
    assert f"已推送到 {hub.address}/datasets/lin-team/set（私有）" in capsys.readouterr().out
    for wrong, said in ((["--out", str(tmp_path / "x"), "--push", REPOSITORY], "去掉 --out"), ([], "没有说写到哪里")):
        assert main([*dataset, *wrong]) == 1
        assert said in capsys.readouterr().err


def test_a_push_that_was_killed_is_made_whole_by_pushing_again(store: Store, hub: FakeHub) -> None:
    """Killed when its large file has arrived and its commit has not."""
    fill(store)
    hub.large_from = 1000
    arguments = ["export", "dataset", "--dataset", "四条", "--source", "labels", "--format", "hf"]
    url = store.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "core", "--db", url, *arguments, "--push", REPOSITORY, "--yes"]
    pushing: list[subprocess.Popen[bytes]] = []

    def kill_at_commit(method: str, path: str) -> int | None:
        if "/commit/" not in path:
            return None
        pushing[0].send_signal(signal.SIGKILL)
        pushing[0].wait()
        return 503

    hub.answers = kill_at_commit
    environment = {**os.environ, "HF_HUB_OFFLINE": "0"}
    pushing.append(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE))
    _, said = pushing[0].communicate()
    assert pushing[0].returncode == -signal.SIGKILL, said.decode()
    there = hub.repositories[REPOSITORY]
    assert there.private and not there.files and hub.objects
    assert [detail[:4] for detail in audited(store)] == ["开始推送"]
    hub.answers = lambda method, path: None
    sent = len(hub.asked("/storage/"))
    assert push(store) and len(hub.asked("/storage/")) == sent, "what has arrived is not sent again"
    assert set(there.files) == {"README.md", "data/train.json"}
