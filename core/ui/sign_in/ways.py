"""Which ways of signing in this server offers, and whether it may start without any."""

import ipaddress
import tomllib
from dataclasses import dataclass
from typing import Any

from core.errors import SettingsError, ShiyaoError
from core.places import COMMAND
from core.secrets import secrets_file
from core.settings import settings

ACCOUNTS, OIDC = "accounts", "oidc"
_NEEDED = ("client_id", "client_secret", "server_metadata_url")
_BELIEVED = "emails_trusted"
SHORTEST_SECRET = 32


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """An identity provider.

    Attributes:
        name: its section's, ``default`` for ``[auth]`` itself.
        title: what its button says.
        is_believed: whether an account is found by an e-mail address that it says it has verified.
    """

    name: str
    title: str
    is_believed: bool


def sign_in_ways() -> tuple[str, ...]:
    """The ways that ``SHIYAO_SIGN_IN`` names; empty where nobody has to sign in.

    Raises:
        SettingsError: it names another one.
    """
    named = settings().sign_in_named
    for way in named:
        if way not in (ACCOUNTS, OIDC):
            raise SettingsError(
                f"SHIYAO_SIGN_IN 里的「{way}」不是登录方式",
                f"可以写 {ACCOUNTS}、{OIDC}，或用逗号写两个；不写就不用登录",
            )
    return named


def is_required() -> bool:
    """Whether one has to sign in."""
    return bool(settings().sign_in_named)


def is_loopback(address: str | None) -> bool:
    """Whether an address that a server listens on is reached from this machine alone; no address means all of them."""
    if not address:
        return False
    name = address.strip("[]").lower()
    if name == "localhost" or name.startswith("unix:"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def check_start(address: str | None) -> None:
    """Refuse to start where others could come in without signing in, or where nobody could sign in.

    Args:
        address: that the server will listen on, as configured.

    Raises:
        ShiyaoError: it may not start; the sentence says what to do.
    """
    chosen = sign_in_ways()
    if not chosen:
        if not is_loopback(address):
            raise SettingsError(
                f"服务器要在「{address or '所有地址'}」上开放，别人也能打开，但没有设置登录，所以没有启动",
                f"请先建立管理员账号：{COMMAND} user add 名字 --role 管理员，再以 SHIYAO_SIGN_IN=accounts 启动；"
                "有统一登录（OIDC）的用 SHIYAO_SIGN_IN=oidc。只在本机用时，把 server.address 设为 127.0.0.1",
            )
        return
    if OIDC in chosen:
        providers()
    if not _has_administrator():
        raise ShiyaoError(
            "设置了登录，但还没有能登录的管理员，所以没有启动",
            f"请先运行 {COMMAND} user add 名字 --role 管理员（统一登录的加 --subject）",
        )


def _has_administrator() -> bool:
    """Whether an administrator can sign in, asked of a store of its own, closed again."""
    from core.adapters.store import open_store
    from core.services.team import has_administrator

    store = open_store(settings().database_url)
    try:
        return has_administrator(store)
    finally:
        store.close()


def providers() -> tuple[IdentityProvider, ...]:
    """The identity providers of the section ``[auth]`` of the file with keys, as Streamlit reads it.

    Raises:
        SettingsError: there are none, or something is missing; the sentence names it, never a value.
    """
    file = secrets_file()
    if file.suffix != ".toml":  # Streamlit looks at no other
        raise SettingsError(
            f"密钥文件「{file.name}」的名字不以 .toml 结尾，读不到登录服务，所以没有启动",
            "请给它换个名字，再用 SHIYAO_SECRETS_FILE 指向它",
        )
    try:
        auth: dict[str, Any] = tomllib.loads(file.read_text("utf-8")).get("auth", {})
    except (OSError, ValueError):
        auth = {}
    tables = {name: table for name, table in auth.items() if isinstance(table, dict)}
    sections = {name: table for name, table in tables.items() if name != "client_kwargs"}
    if any(key in auth for key in _NEEDED):
        sections["default"] = auth
    missing = [f"[auth] {key}" for key in ("redirect_uri", "cookie_secret") if not auth.get(key)]
    missing += [f"[auth.{name}] {key}" for name, section in sections.items() for key in _NEEDED if not section.get(key)]
    if not sections or missing:
        raise SettingsError(
            f"SHIYAO_SIGN_IN 里有 oidc，但 {file.name} 里缺少{'、'.join(missing) or '登录服务'}，所以没有启动",
            "请按 docs/sign-in.md 写好 [auth]",
        )
    if len(str(auth["cookie_secret"])) < SHORTEST_SECRET:
        raise SettingsError(
            f"{file.name} 里的 [auth] cookie_secret 太短，别人可能猜到，所以没有启动",
            f"请换成至少 {SHORTEST_SECRET} 个随机字符，例如 python -c 'import secrets; print(secrets.token_hex())'",
        )
    shared = {"default": "单位账号"}
    for name, section in sections.items():
        if not isinstance(section.get(_BELIEVED, False), bool):
            raise SettingsError(
                f"{file.name} 里 [auth.{name}] 的 {_BELIEVED} 不是 true 或 false，所以没有启动",
                "只给信得过的登录服务写 true",
            )
    return tuple(
        IdentityProvider(
            name,
            str(section.get("title") or shared.get(name, name)),
            # Of several, anybody could let themselves be called anything by the least careful one.
            section.get(_BELIEVED, len(sections) == 1),
        )
        for name, section in sections.items()
    )


def is_believed_about_addresses(provider: object) -> bool:
    """Whether an account is found by an e-mail address that a provider, by its section's name, says it has verified."""
    return any(one.is_believed for one in providers() if one.name == provider)
