"""A server that others can reach does not start without sign-in, nor one into which nobody could sign in."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit import config
from streamlit.web import bootstrap
from streamlit.web import cli as streamlit_command
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from core.adapters.store import Store
from core.domain.permissions import AccountRole
from core.errors import SettingsError, ShiyaoError
from core.services.team import add_account
from core.settings import ROOT, settings
from core.ui import server, state
from core.ui.sign_in import identity, ways
from core.ui.sign_in.routes import routes

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
    # As containers name their secrets; Streamlit would find no provider in it.
    monkeypatch.setenv("SHIYAO_SECRETS_FILE", str(own_files.rename(own_files.with_name("keys"))))
    with pytest.raises(SettingsError, match="「keys」的名字不以 .toml 结尾"):
        ways.check_start("127.0.0.1")


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


EVERYWHERE = ["0.0.0.0", "::", "192.168.1.5", "fe80::1", "shiyao.example.org", "host.docker.internal", "0", "127.1"]
Start = Callable[..., None]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """``streamlit run`` in a folder and a home of its own, as far as to the check: nothing listens."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.delenv("STREAMLIT_SERVER_ADDRESS", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        streamlit_command, "_main_run", lambda _file, _args, flag_options: bootstrap.load_config_options(flag_options)
    )

    def begin(*flags: str, project: str | None = None, user: str | None = None, env: str | None = None) -> None:
        for folder, address in ((tmp_path, project), (tmp_path / "home", user)):
            path = folder / ".streamlit" / "config.toml"
            path.unlink(missing_ok=True)
            if address is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"[server]\naddress = {json.dumps(address)}\n", "utf-8")
        arguments = ["run", str(ROOT / "app.py"), *flags]
        if env is not None:
            monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", env)
        streamlit_command.main(arguments, standalone_mode=False)
        monkeypatch.delenv("STREAMLIT_SERVER_ADDRESS", raising=False)
        server.startable_hosts()

    yield begin
    monkeypatch.undo()
    bootstrap.load_config_options({})


@pytest.mark.parametrize("address", EVERYWHERE)
def test_however_the_address_is_set_the_server_does_not_start(address: str, start: Start) -> None:
    """By a flag, by the environment (which is how containers do it), by the project's file, by the user's file."""
    with pytest.raises(SystemExit, match=f"「{address}」上开放，别人也能打开，但没有设置登录，所以没有启动"):
        start(f"--server.address={address}", project="127.0.0.1")
    with pytest.raises(SystemExit, match="没有设置登录"):
        start("--server.address", address)
    with pytest.raises(SystemExit, match="没有设置登录"):
        start(env=address, project="127.0.0.1")
    with pytest.raises(SystemExit, match="没有设置登录"):
        start(project=address, user="127.0.0.1")
    with pytest.raises(SystemExit, match="没有设置登录"):
        start(user=address)


def test_without_any_address_the_server_does_not_start(start: Start) -> None:
    for without in ({}, {"env": ""}, {"project": ""}):
        with pytest.raises(SystemExit, match="「所有地址」"):
            start(**without)
    start("--server.address=::1")  # of this machine alone
    start(env="127.0.0.1")


def test_as_it_is_installed_the_server_listens_on_this_machine_and_asks_for_nothing(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ``make run`` does: two commands, with no variable and no flag of sign-in."""
    recipe = (ROOT / "Makefile").read_text("utf-8").partition("\nrun: ")[2].partition("\n\n")[0].splitlines()[1:]
    assert [line.partition("$(BIN)/")[2] for line in recipe] == [
        "python -m core sample --first-start",
        "streamlit run app.py --server.port $(PORT)",
    ]
    monkeypatch.chdir(ROOT)
    bootstrap.load_config_options({"server_port": 8501})
    assert config.get_option("server.address") == "127.0.0.1"
    server.startable_hosts()
    assert routes() == [] and not ways.is_required()


@pytest.mark.parametrize("named", ["", " ", ",", " , "])
def test_blanks_and_commas_name_no_way(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen(monkeypatch, named)
    assert not ways.is_required() and ways.sign_in_ways() == ()
    with pytest.raises(SettingsError, match="没有设置登录"):
        ways.check_start("0.0.0.0")


SECOND = """
[auth.partner]
client_id = "shiyao"
client_secret = "secret"
server_metadata_url = "http://127.0.0.1:9/other"
"""


@pytest.mark.parametrize(
    ("sections", "believed"),
    [
        (AUTH, {"default": True}),
        (AUTH + "emails_trusted = false\n", {"default": False}),
        (AUTH + SECOND, {"default": False, "partner": False}),
        (AUTH + "emails_trusted = true\n" + SECOND, {"default": True, "partner": False}),
        (AUTH + SECOND + "emails_trusted = true\n", {"default": False, "partner": True}),
    ],
)
def test_of_several_providers_only_a_trusted_one_opens_an_account_by_address(
    sections: str, believed: dict[str, bool], own_files: Path, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    own_files.write_text(sections, "utf-8")
    chosen(monkeypatch, "oidc")
    monkeypatch.setattr(identity, "get_cookie_secret", lambda: "x" * 32)
    monkeypatch.setattr(state, "store", lambda: store)
    assert {one.name: one.is_believed for one in ways.providers()} == believed
    add_account(store, "王芳", AccountRole.REVIEWER, subject="fang@example.org")
    add_account(store, "周岚", AccountRole.REVIEWER, subject="https://id|zhou")
    client = TestClient(Starlette(routes=routes()), follow_redirects=False)

    def sign_in(provider: str | None, sub: str) -> int:
        claims = {"iss": "https://id", "sub": sub, "email": "fang@example.org", "email_verified": True}
        claims |= {"is_logged_in": True, "provider": provider, "iat": provider}
        signed = create_signed_value("x" * 32, USER_COOKIE_NAME, json.dumps(claims)).decode()
        return client.get("/sign-in", headers={"cookie": f"{USER_COOKIE_NAME}={signed}"}).status_code

    assert sign_in(None, "7") == sign_in("unknown", "7") == 403
    # 303 goes on into the app. By the first that is believed the account is bound: it is tried last.
    assert {name: sign_in(name, f"{name}-7") == 303 for name in sorted(believed, key=believed.__getitem__)} == believed
    assert {sign_in(name, "zhou") for name in believed} == {303}, "who is entered by issuer and sub comes by any"


def test_trust_in_a_provider_is_true_or_false(own_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_files.write_text(AUTH + 'emails_trusted = "yes"\n', "utf-8")
    chosen(monkeypatch, "oidc")
    with pytest.raises(SettingsError, match="emails_trusted 不是 true 或 false"):
        ways.providers()
