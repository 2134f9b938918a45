"""Rules for where API keys may be sent, checked when a model is saved and before each call.

An entry of a model names a variable and an address, and anybody who can open the page 模型 can write one. So a key goes
only to the hosts that it belongs to: those of the shipped entries, that of the operator's environment
(``OPENAI_BASE_URL``, ``SPARKAI_URL``), and those that the operator lists (:func:`core.secrets.key_hosts`). Off loopback
the connection is encrypted, and private networks are out of reach, unless the operator lists the host otherwise.

:func:`authorise` is pure and opens no socket; :meth:`Destination.addresses` resolves the name right before the
connection, which is made to the very addresses that were checked (a name that changes in between leads nowhere).
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from core.adapters.llm.presets import presets
from core.domain.model_settings import ModelSettings
from core.errors import SettingsError
from core.secrets import KEYLESS_HOSTS, is_key_name, key_hosts
from core.settings import OpenAISettings, SparkSettings

SPARK_VARIABLE = "SPARKAI_API_KEY"
"""Stands for all three of Spark's variables: they go out together."""
SPARK_VARIABLES = ("SPARKAI_APP_ID", SPARK_VARIABLE, "SPARKAI_API_SECRET")
OPENAI_VARIABLE = "OPENAI_API_KEY"

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80}
_ENCRYPTED = ("https", "wss")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_UNSAFE = re.compile(r"[^\x21-\x7e]|\\")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LIST_IT = "如果确实要用，请管理员在 .streamlit/secrets.toml 的 [key_hosts] 里写上这个地址（见 docs/models.md）"


class Origin(NamedTuple):
    """A host and port, and whether the connection is encrypted (``https`` and ``wss`` alike)."""

    encrypted: bool
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Destination:
    """An address that a key may be sent to.

    Attributes:
        origin: where it is.
        loopback: whether it is on this machine.
        listed: whether the operator named this very host, so that it may lie in a private network.
    """

    origin: Origin
    loopback: bool
    listed: bool

    def require(self, url: str) -> None:
        """Refuse another address than this one, as a library is about to connect to.

        Raises:
            SettingsError: the address leads elsewhere.
        """
        if parse_origin(url) != self.origin:
            raise SettingsError("调用被拦下：实际要连接的地址不是检查过的地址", "请核对模型的地址")

    def addresses(self) -> list[str]:
        """The IP addresses of the host, all of them checked. Connect to one of these, not to the name.

        Raises:
            SettingsError: one of them is where a key must not go.
            OSError: the name cannot be resolved.
        """
        host, port = self.origin.host, self.origin.port
        found = list(dict.fromkeys(str(entry[4][0]) for entry in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)))
        for text in found:
            address = _embedded(ipaddress.ip_address(text.partition("%")[0]))
            if self.loopback:
                permitted = address.is_loopback
            elif self.listed:
                # A listed name may point into a private network, never to a machine's metadata or to everybody.
                permitted = _literal(host) is not None or not (
                    address.is_link_local or address.is_unspecified or address.is_multicast
                )
            else:
                permitted = _is_public(address)
            if not permitted:
                raise SettingsError(f"没有发送：主机 {host} 指向本机或内网的地址", _LIST_IT)
        return found

    def proxy(self) -> str:
        """The environment's proxy for this address; ``""`` for a direct connection.

        Only encrypted connections go through one (``CONNECT``, so the proxy sees the host and no key).

        Raises:
            SettingsError: the environment names a kind of proxy that is not supported.
        """
        if not self.origin.encrypted or self.loopback or proxy_bypass(self.origin.host):
            return ""
        proxies = getproxies()
        url = proxies.get("https") or proxies.get("all") or ""
        if url and "://" not in url:
            url = f"http://{url}"
        if url and not url.startswith("http://"):
            raise SettingsError(
                "环境变量里的代理不是 http:// 开头，不能使用", "请改用 HTTP 代理，或用 NO_PROXY 排除这个地址"
            )
        return url


def authorise(url: str, variable: str) -> Destination:
    """Decide whether a key may be sent to an address. Opens no socket.

    Args:
        url: of the service, ``http(s)`` or ``ws(s)``.
        variable: the key's variable; ``""`` where no key is sent (conversations still are).

    Raises:
        SettingsError: one sentence that says why not and what to do.
    """
    require_allowed(variable)
    origin = parse_origin(url)
    literal = _literal(origin.host)
    loopback = origin.host == "localhost" or bool(literal and literal.is_loopback)
    listed = origin in operator_origins(variable)
    if loopback or listed:
        return Destination(origin, loopback, listed)
    if literal and not _is_public(_embedded(literal)):
        raise SettingsError(f"没有发送：{origin.host} 是内网或本机的地址", _LIST_IT)
    if not origin.encrypted:
        raise SettingsError("没有发送：这个地址不加密，密钥和群聊会被中途看到", "请改用 https:// 或 wss:// 的地址")
    if variable and origin not in shipped_origins(variable):
        raise SettingsError(f"没有发送：密钥 {variable} 不允许发往 {origin.host}:{origin.port}", _LIST_IT)
    return Destination(origin, loopback, listed)


def authorise_model(model: ModelSettings) -> None:
    """Decide whether a model's key may be sent to its address, as :func:`authorise` does.

    Raises:
        SettingsError: one sentence that says why not and what to do.
    """
    if model.provider == "openai":
        url = model.url or OpenAISettings().base_url
        variable = model.key_env if model.url or model.key_env else OPENAI_VARIABLE
        if url:
            authorise(url, variable)
        else:
            require_allowed(variable)
    elif model.provider == "spark" and model.url:
        authorise(model.url, SPARK_VARIABLE)


def refusal_of(model: ModelSettings) -> str:
    """Why a model's key may not be sent to its address, in one sentence; ``""`` where it may."""
    return sentence_of(lambda: authorise_model(model))


def require_allowed(variable: str) -> None:
    """Refuse a variable that is not on the list of keys for models.

    Raises:
        SettingsError: it is not; the sentence repeats only what cannot be a key itself.
    """
    if not variable or variable in allowed_variables():
        return
    name = f"「{variable}」" if is_key_name(variable) else ""
    raise SettingsError(
        f"密钥变量{name}不在允许的名单里",
        "请选用名单里的变量（见设置页的密钥），或请管理员在 .streamlit/secrets.toml 的 [key_hosts] 里写上它和它的地址",
    )


def allowed_variables() -> list[str]:
    """Variables that models may use: ours, those of the shipped entries, and those that the operator lists."""
    shipped = [preset.key_env for preset in presets() if preset.key_env]
    listed = [name for name in key_hosts() if name != KEYLESS_HOSTS]
    return list(dict.fromkeys([*SPARK_VARIABLES, OPENAI_VARIABLE, *shipped, *listed]))


def shipped_origins(variable: str) -> set[Origin]:
    """Origins of the shipped entries that use a key."""
    if variable in SPARK_VARIABLES:
        urls = {preset.url for preset in presets() if preset.provider == "spark"}
    else:
        urls = {preset.url for preset in presets() if preset.provider == "openai" and preset.key_env == variable}
    return {parse_origin(url) for url in urls if url}


def operator_origins(variable: str) -> set[Origin]:
    """Origins that the operator allows for a key: URLs in the environment and listed hosts.

    Args:
        variable: the key's variable; ``""``: every host that is listed for anything, since no key goes there.
    """
    lists = key_hosts()
    if variable:
        lists = {name: hosts for name, hosts in lists.items() if _same_keys(name, variable)}
    origins = {_listed_origin(host) for hosts in lists.values() for host in hosts}
    if variable in ("", OPENAI_VARIABLE):
        origins |= set(_environment_origin(OpenAISettings().base_url))
    if variable in ("", *SPARK_VARIABLES):
        spark = SparkSettings()
        # The default address is none that the operator chose.
        origins |= set(_environment_origin(spark.url if "url" in spark.model_fields_set else ""))
    return origins


def parse_origin(url: str) -> Origin:
    """Host and port of an address, refusing every spelling that two programs may read differently.

    Raises:
        SettingsError: it is not an address, or not a plain one.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SettingsError("地址不合法", "应形如 https://主机名/路径") from None
    if _UNSAFE.search(url):
        raise SettingsError("地址里有空格、反斜杠或非英文字符", "请只用英文字母、数字和常用符号书写主机名")
    if parts.scheme not in _PORTS or not parts.hostname:
        raise SettingsError("地址不合法", "应以 https:// 或 wss:// 开头，并写出主机名")
    if "@" in parts.netloc:
        raise SettingsError("地址里有用户名或密码", "不能包含密钥：请只写主机名，密钥只从环境变量读取")
    host = parts.hostname
    if _literal(host) is None and not _is_plain_name(host):
        raise SettingsError("地址的主机名写法不常见，不能使用", "请写完整的域名（末尾不带点），或四段十进制的 IP 地址")
    return Origin(parts.scheme in _ENCRYPTED, host, _PORTS[parts.scheme] if port is None else port)


def _is_plain_name(host: str) -> bool:
    labels = host.split(".")
    # A last label that is a number is an IP address to some programs: 2130706433, 0x7f.1, 0177.0.0.1.
    return len(host) <= 253 and all(map(_LABEL.fullmatch, labels)) and not _NUMERIC.fullmatch(labels[-1])


def _literal(host: str) -> IPAddress | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    # Other spellings of an address (::ffff:127.0.0.1, a zone behind %) are no plain ones.
    unusual = isinstance(address, ipaddress.IPv6Address) and (address.ipv4_mapped or address.scope_id)
    return None if unusual else address


def _embedded(address: IPAddress) -> IPAddress:
    """The IPv4 address inside an IPv6 one, where a network would take it out again."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_public(address: IPAddress) -> bool:
    """Whether an address is public: not private, link-local, shared (CGNAT) or reserved."""
    special = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_link_local
    site_local = isinstance(address, ipaddress.IPv6Address) and (address.is_site_local or address.teredo is not None)
    return address.is_global and not address.is_private and not special and not site_local


def _same_keys(name: str, variable: str) -> bool:
    return name == variable or (name in SPARK_VARIABLES and variable in SPARK_VARIABLES)


def _listed_origin(host: str) -> Origin:
    try:
        return parse_origin(host if "://" in host else f"https://{host}")
    except SettingsError as error:
        raise SettingsError(
            f"[key_hosts] 里的「{host}」不是主机名", "应形如 llm.example.com、10.1.2.3:8000 或 http://10.1.2.3:8000"
        ) from error


def _environment_origin(url: str) -> Iterator[Origin]:
    """The origin of an address in the environment; none where it is empty or unusable (calls say so)."""
    try:
        yield parse_origin(url)
    except SettingsError:
        return


def sentence_of(check: Callable[[], object]) -> str:
    """The sentence of a check that refuses; ``""`` where it passes."""
    try:
        check()
    except SettingsError as error:
        return str(error)
    return ""
