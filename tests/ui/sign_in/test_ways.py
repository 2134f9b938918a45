"""A server that others can reach does not start without sign-in, nor one into which nobody could sign in."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.adapters.store import Store
from core.domain.permissions import AccountRole
from core.errors import SettingsError, ShiyaoError
from core.services.team import add_account
from core.settings import ROOT, settings
from core.ui.sign_in import ways

AUTH = """
[auth]
redirect_uri = "http://127.0.0.1:8501/oauth2callback"
cookie_secret = "0123456789012345678901234567890123456789"
client_id = "shiyao"
client_secret = "secret"
server_metadata_url = "http://127.0.0.1:9/.well-known/openid-configuration"
"""


@pytest.fixture(autouse=True)
def own_files(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    secrets = tmp_path / "secrets.toml"
    monkeypatch.setenv("SHIYAO_SECRETS_FILE", str(secrets))
    monkeypatch.setenv("SHIYAO_DATABASE_URL", store.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("SHIYAO_LOG_FILE", str(tmp_path / "shiyao.log"))
    settings.cache_clear()
    yield secrets


def chosen(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SHIYAO_SIGN_IN", value)
    settings.cache_clear()


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.53", "localhost", "::1", "[::1]", "LOCALHOST"])
def test_on_this_machine_alone_nothing_is_asked_for(address: str) -> None:
    ways.check_start(address)
    assert not ways.is_required()


@pytest.mark.parametrize("address", ["", None, "0.0.0.0", "::", "192.168.1.5", "10.0.0.1", "shiyao.example.org"])
def test_on_any_other_address_sign_in_is_needed(
    address: str | None, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    with pytest.raises(SettingsError, match="没有设置登录，所以没有启动。请先建立管理员账号：python -m core user add"):
        ways.check_start(address)
    chosen(monkeypatch, "accounts")
    with pytest.raises(ShiyaoError, match="还没有能登录的管理员"):
        ways.check_start(address)
    add_account(store, "王芳", AccountRole.ADMINISTRATOR, password="一句很长的话当密码用")
    ways.check_start(address)


def test_a_way_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen(monkeypatch, "accounts, ldap")
    with pytest.raises(SettingsError, match="「ldap」不是登录方式"):
        ways.check_start("127.0.0.1")


def test_an_incomplete_identity_provider_is_named(
    own_files: Path, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    add_account(store, "王芳", AccountRole.ADMINISTRATOR, subject="fang@example.org")
    chosen(monkeypatch, "oidc")
    for text, sentence in (
        ("", r"缺少\[auth\] redirect_uri"),
        ("not toml [", r"缺少\[auth\] redirect_uri"),
        (AUTH.replace("client_secret", "other"), r"\[auth.default\] client_secret"),
        (AUTH.replace("0123456789", "1", 3), "cookie_secret 太短"),
    ):
        own_files.write_text(text, "utf-8")
        with pytest.raises(SettingsError, match=sentence) as refused:
            ways.check_start("127.0.0.1")
        assert "0123456789" not in str(refused.value)
    own_files.write_text(AUTH, "utf-8")
    ways.check_start("127.0.0.1")
    assert [provider.title for provider in ways.providers()] == ["单位账号"]


def test_a_real_server_ends_before_it_listens(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}", "--server.address=0.0.0.0"]
    # What it would listen on is written down, and the test does not let it: nothing but this machine may be reached.
    guard = tmp_path / "guard"
    guard.mkdir()
    (guard / "usercustomize.py").write_text(
        "import socket, sys\n"
        "def refuse(self, *arguments):\n"
        "    sys.stderr.write('LISTENED')\n"
        "    raise OSError('no')\n"
        "socket.socket.listen = refuse\n",
        "utf-8",
    )
    path = os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(guard)])
    env = os.environ | {"PYTHONPATH": path, "PYTHONNOUSERSITE": ""}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, timeout=60)
    printed = (done.stdout + done.stderr).decode()
    assert done.returncode != 0 and "没有设置登录，所以没有启动" in printed and "LISTENED" not in printed
