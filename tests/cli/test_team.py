"""``user …``: accounts from the command line, passwords from standard input alone."""

import io
import json

import pytest

from core.adapters.store import open_store
from core.services.team.audit import audit_entries
from core.services.team.signing_in import person_of, sign_in
from tests.cli.calling import run

PASSWORD = "一句很长的话当密码用"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))


def test_the_first_administrator_can_sign_in(db: str, typed: None, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "user", "add", "王芳", "--role", "管理员", "--db", db)
    assert code == 0 and "已建立账号「王芳」（管理员）" in out and PASSWORD not in out
    store = open_store(db)
    assert person_of(store, sign_in(store, "王芳", PASSWORD)) is not None
    assert {entry.address for entry in audit_entries(store, kinds=["账号"])} == {"命令行"}
    store.close()
    code, out, _ = run(capsys, "user", "list", "--json", "--db", db)
    assert json.loads(out) == [{"name": "王芳", "role": "管理员", "password": True, "subject": None, "disabled": False}]


def test_accounts_change_and_refusals_are_sentences(db: str, typed: None, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "user", "add", "王芳", "--role", "管理员", "--db", db)
    assert run(capsys, "user", "add", "林晓", "--subject", "xiao@example.org", "--db", db)[0] == 0
    assert run(capsys, "user", "role", "林晓", "组长", "--db", db)[1].strip() == "「林晓」现在是组长"
    assert run(capsys, "user", "disable", "林晓", "--db", db)[0] == 0
    assert "林晓\t组长\t已停用\txiao@example.org" in run(capsys, "user", "list", "--db", db)[1]
    assert run(capsys, "user", "enable", "林晓", "--db", db)[0] == 0
    for arguments, sentence in (
        (("role", "林晓", "老板"), "可以是审阅员、组长、管理员"),
        (("disable", "王芳"), "最后一个能登录的管理员"),
        (("disable", "没有"), "没有名为「没有」的账号"),
        (("add", "林晓", "--subject", "a"), "已经有名为「林晓」的账号"),
        (("add", "小何", "--subject", "xiao@example.org"), "已经属于「林晓」"),
        (("password", "林晓"), "没有读到密码"),  # standard input was read to its end
    ):
        code, out, err = run(capsys, "user", *arguments, "--db", db)
        assert code == 1 and sentence in err and err.count("\n") == 1 and out == ""


def test_no_command_takes_a_password_as_an_argument(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("add", "password"):
        assert "--password" not in run(capsys, "user", verb, "--help")[1]
