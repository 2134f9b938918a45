"""The rule where a key may go, by itself: addresses in every spelling, no socket."""

import socket
from pathlib import Path

import pytest

from core.adapters.llm import presets
from core.adapters.llm.destinations import allowed_variables, authorise, refusal_of
from core.adapters.llm.origins import Origin, parse_origin
from core.errors import SettingsError
from core.secrets import key_hosts

PRIVATE = [
    "https://10.0.0.1/v1",
    "https://172.16.3.4",
    "https://192.168.1.1:8443",
    "https://169.254.169.254/latest/meta-data",  # cloud metadata
    "https://100.100.100.200/latest",  # Alibaba's metadata, in the shared range (CGNAT)
    "https://100.64.0.1",
    "https://0.0.0.0:8000",
    "https://198.18.0.1",
    "https://224.0.0.1",
    "https://255.255.255.255",
    "https://[::]/v1",
    "https://[fe80::1]",
    "https://[fd00:ec2::254]",
    "https://[fec0::1]",
    "https://[64:ff9b::a00:1]",  # 10.0.0.1 behind NAT64
    "https://[2002:a00:1::]",  # 10.0.0.1 in 6to4
    "https://[2001:0:a00:1::]",  # Teredo
    "https://[::7f00:1]",
]
UNUSUAL = [
    "http://[::ffff:127.0.0.1]:8000",
    "https://[::ffff:10.0.0.1]",
    "https://[fe80::1%25eth0]",
    "http://2130706433/v1",
    "http://0x7f000001",
    "http://0x7f.1",
    "http://0177.0.0.1",
    "http://127.1",
    "http://127.0.0.1.",
    "http://localhost.",
    "https://api.deepseek.com.",
    "https://api.deepseek.com@evil.example",
    "https://api.deepseek.com:443@evil.example",
    "https://evil.example\\.api.deepseek.com",
    "https://api.deepseek.com\\@evil.example",
    "https://%61pi.deepseek.com",
    "https://аpi.deepseek.com",  # a Cyrillic letter
    "https://１２７.0.0.1",
    "https://ⓛocalhost",
    "https://api.deepseek.com\t.evil.example",
    "https://api..deepseek.com",
    "https://-a.example",
    "https://[::1",
    "https://host:99999",
    "https://:443",
    "ftp://api.deepseek.com",
    "file:///etc/passwd",
    "//api.deepseek.com",
    "",
]


@pytest.fixture(autouse=True)
def nobody_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "SPARKAI_URL", "SHIYAO_KEY_HOSTS"):
        monkeypatch.delenv(name, raising=False)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the rule looks nothing up")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "socket", refuse)


@pytest.mark.parametrize("variable", ["", "DEEPSEEK_API_KEY", "OPENAI_API_KEY", "SPARKAI_API_KEY"])
@pytest.mark.parametrize("url", [*PRIVATE, *UNUSUAL])
def test_private_and_unusual_addresses_are_refused(url: str, variable: str) -> None:
    with pytest.raises(SettingsError) as caught:
        authorise(url, variable)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "url", ["http://8.8.8.8/v1", "http://llm.example/v1", "ws://llm.example", "http://127.0.0.1.nip.io"]
)
def test_plain_connections_stay_on_this_machine(url: str) -> None:
    with pytest.raises(SettingsError, match="不加密"):
        authorise(url, "")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/v1", "http://localhost:11434/v1", "http://[::1]:8000", "http://LocalHost"]
)
@pytest.mark.parametrize("variable", ["", "DEEPSEEK_API_KEY", "SPARKAI_API_KEY"])
def test_this_machine_is_open_to_every_allowed_key(url: str, variable: str) -> None:
    assert authorise(url, variable).loopback


def test_every_shipped_entry_may_be_called() -> None:
    assert [refusal_of(preset) for preset in presets()] == [""] * len(presets())
    assert authorise("HTTPS://API.DeepSeek.com:443/v1", "DEEPSEEK_API_KEY").origin == Origin(
        True, "api.deepseek.com", 443
    )
    for url, variable in (
        ("https://api.deepseek.com:8443", "DEEPSEEK_API_KEY"),
        ("https://api.deepseek.com", "DASHSCOPE_API_KEY"),
        ("https://spark-api.xf-yun.com", "DEEPSEEK_API_KEY"),
        ("https://api.openai.com/v1", "OPENAI_API_KEY"),
    ):
        with pytest.raises(SettingsError, match="不允许发往"):
            authorise(url, variable)


def test_the_operators_file_and_environment_add_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys = tmp_path / "secrets.toml"
    keys.write_text('[key_hosts]\nMY_KEY = ["llm.example.com", "10.1.2.3:8000"]\nkeyless = ["http://10.9.9.9:8000"]\n')
    monkeypatch.setenv("SHIYAO_SECRETS_FILE", str(keys))
    monkeypatch.setenv("SHIYAO_KEY_HOSTS", "MY_KEY=http://10.1.2.4 OTHER_TOKEN=")
    assert key_hosts()["MY_KEY"] == ("llm.example.com", "10.1.2.3:8000", "http://10.1.2.4")
    assert {"MY_KEY", "OTHER_TOKEN"} <= set(allowed_variables())
    for url in ("https://llm.example.com/v1", "https://10.1.2.3:8000/v1", "http://10.1.2.4"):
        assert authorise(url, "MY_KEY").listed
    for url in ("http://llm.example.com", "https://sub.llm.example.com", "http://10.1.2.3:8000", "https://10.1.2.3"):
        with pytest.raises(SettingsError):
            authorise(url, "MY_KEY")
    with pytest.raises(SettingsError):
        authorise("https://llm.example.com/v1", "OTHER_TOKEN")
    with pytest.raises(SettingsError):
        authorise("http://10.9.9.9:8000/v1", "MY_KEY")
    assert authorise("http://10.9.9.9:8000/v1", "").listed


@pytest.mark.parametrize(
    "table",
    [
        '"sk-pasted" = ["a.example"]',
        "MY_KEY = 5",
        "MY_KEY = [5]",
        "SHIYAO_X_KEY = []",
        'MY_KEY = ["a b"]',
        'MY_KEY = ["*"]',
    ],
)
def test_a_list_that_cannot_be_used_is_refused(table: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys = tmp_path / "secrets.toml"
    keys.write_text(f"[key_hosts]\n{table}\n")
    monkeypatch.setenv("SHIYAO_SECRETS_FILE", str(keys))
    with pytest.raises(SettingsError, match="key_hosts") as caught:
        authorise("https://a.example", "MY_KEY")
    assert "sk-pasted" not in str(caught.value)


def test_a_table_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys = tmp_path / "secrets.toml"
    keys.write_text('key_hosts = "a.example"\n')
    monkeypatch.setenv("SHIYAO_SECRETS_FILE", str(keys))
    with pytest.raises(SettingsError, match="key_hosts"):
        authorise("https://a.example", "")


def test_ports_and_schemes_are_part_of_an_origin() -> None:
    assert (
        parse_origin(" wss://A.example/x ") == parse_origin("https://a.example:443") == Origin(True, "a.example", 443)
    )
    assert parse_origin("ws://a.example") == Origin(False, "a.example", 80)
