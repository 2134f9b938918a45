"""``token …``: access tokens from the command line, printed once."""

import json
from pathlib import Path

import pytest

from core import cli
from core.adapters.store import open_store
from core.domain.permissions import AccountRole
from core.services.team import add_account, audit_entries, token_holder
from core.settings import settings


def test_a_token_is_made_listed_and_revoked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHIYAO_LOG_FILE", str(tmp_path / "shiyao.log"))
    settings.cache_clear()
    db = f"sqlite:///{tmp_path / 'cli.db'}"
    store = open_store(db)
    add_account(store, "王芳", AccountRole.LEAD, subject="wang@example.org")

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main([*arguments, "--db", db])
        return code, *capsys.readouterr()

    code, secret, hint = run("token", "add", "每晚导入", "--account", "王芳", "--days", "7")
    assert code == 0 and "只显示这一次" in hint and secret.strip() not in hint
    holder = token_holder(store, secret.strip())
    assert holder is not None and holder.actor.role is AccountRole.LEAD
    assert audit_entries(store, kinds=["令牌"])[0].address == "命令行"
    code, listed, _ = run("token", "list")
    assert "每晚导入\t有效" in listed and secret.strip() not in listed
    made = json.loads(run("token", "add", "另一个", "--owner", "小王", "--json")[1])
    assert made["owner"] == "小王" and made["token"].startswith("shiyao_")
    assert run("token", "revoke", "1")[1].strip() == "令牌「每晚导入」（王芳）已作废"
    assert token_holder(store, secret.strip()) is None
    states = {one["name"]: one["state"] for one in json.loads(run("token", "list", "--json")[1])}
    assert states == {"每晚导入": "已作废", "另一个": "有效"}
    for arguments, sentence in (
        (("add", "甲"), "是谁的"),
        (("add", "甲", "--account", "没有"), "没有账号「没有」"),
        (("add", "甲", "--account", "王芳", "--days", "1000"), "1000 天"),
        (("revoke", "99"), "没有第 99 号令牌"),
    ):
        code, _, error = run("token", *arguments)
        assert code == 1 and sentence in error
    store.close()
