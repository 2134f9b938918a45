"""Rules for where API keys may be sent, checked when a model is saved and before each call.

An entry of a model names a variable and an address, and anybody who can open the page 模型 can write one. So a key goes
only to the hosts that it belongs to: those of the shipped entries, that of the operator's environment
(:attr:`~core.adapters.llm.registry.ProviderEntry.environment_url`: ``OPENAI_BASE_URL``, ``SPARKAI_URL``), and those
that the operator lists (:func:`core.secrets.key_hosts`). Off loopback the connection is encrypted, and private networks
are out of reach, unless the operator lists the host otherwise.

:func:`authorise` is pure and opens no socket; :meth:`Destination.addresses` resolves the name right before the
connection, which is made to the very addresses that were checked (a name that changes in between leads nowhere).
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.request import getproxies, proxy_bypass

from core.adapters.llm.origins import Origin, embedded_ipv4, ip_literal, is_public, parse_origin
from core.adapters.llm.presets import presets
from core.adapters.llm.registry import PROVIDERS, provider_entry
from core.domain.model_settings import ModelSettings
from core.errors import SettingsError
from core.secrets import KEYLESS_HOSTS, is_key_name, key_hosts

_LIST_IT = "如果确实要用，请管理员在 .streamlit/secrets.toml 的 [key_hosts] 里写上这个地址（见 docs/models.md）"


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
        ip_addresses = list(
            dict.fromkeys(str(entry[4][0]) for entry in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM))
        )
        for text in ip_addresses:
            address = embedded_ipv4(ipaddress.ip_address(text.partition("%")[0]))
            if self.loopback:
                permitted = address.is_loopback
            elif self.listed:
                # A listed name may point into a private network, never to a machine's metadata or to everybody.
                permitted = ip_literal(host) is not None or not (
                    address.is_link_local or address.is_unspecified or address.is_multicast
                )
            else:
                permitted = is_public(address)
            if not permitted:
                raise SettingsError(f"没有发送：主机 {host} 指向本机或内网的地址", _LIST_IT)
        return ip_addresses

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
    # Each call asks; what was decided from the very same lists is not decided anew.
    return _authorised(url, variable, tuple(key_hosts().items()), tuple(_environment_urls(variable)))


@lru_cache(maxsize=256)
def _authorised(
    url: str, variable: str, lists: tuple[tuple[str, tuple[str, ...]], ...], environment: tuple[str, ...]
) -> Destination:
    _require_allowed(variable, dict(lists))
    allowed = _operator_origins(variable, dict(lists), environment)
    return _decide(parse_origin(url), variable, allowed, lambda: shipped_origins(variable))


def authorise_service(url: str, variable: str, *, usual: str, environment: str = "") -> Destination:
    """Decide whether the key of a service that is no model may be sent to an address. Opens no socket.

    Args:
        url: where it would be sent.
        variable: the key's variable.
        usual: the address that this key belongs to.
        environment: the address that the operator's environment names instead, if it names one.

    Raises:
        SettingsError: one sentence that says why not and what to do.
    """
    named = key_hosts().get(variable, ())
    listed = {_listed_origin(host) for host in named} | set(_environment_origin(environment))
    return _decide(parse_origin(url), variable, listed, lambda: {parse_origin(usual)})


def _decide(
    origin: Origin, variable: str, listed_origins: set[Origin], shipped: Callable[[], set[Origin]]
) -> Destination:
    """The rules: this machine, what the operator lists, else a public and encrypted host that the key belongs to."""
    literal = ip_literal(origin.host)
    loopback = origin.host == "localhost" or bool(literal and literal.is_loopback)
    listed = origin in listed_origins
    if loopback or listed:
        return Destination(origin, loopback, listed)
    if literal and not is_public(embedded_ipv4(literal)):
        raise SettingsError(f"没有发送：{origin.host} 是内网或本机的地址", _LIST_IT)
    if not origin.encrypted:
        raise SettingsError("没有发送：这个地址不加密，密钥和群聊会被中途看到", "请改用 https:// 或 wss:// 的地址")
    if variable and origin not in shipped():
        raise SettingsError(f"没有发送：密钥 {variable} 不允许发往 {origin.host}:{origin.port}", _LIST_IT)
    return Destination(origin, loopback, listed)


def authorise_model(model: ModelSettings) -> None:
    """Decide whether a model's key may be sent to its address, as :func:`authorise` does.

    Raises:
        SettingsError: no such provider, or one sentence that says why not and what to do.
    """
    entry = provider_entry(model.provider)
    if not entry.remote:
        return
    variable = entry.variable_of(model)
    if url := model.url or entry.environment_url():
        authorise(url, variable)
    else:
        require_allowed(variable)


def refusal_of(model: ModelSettings) -> str:
    """Why a model's key may not be sent to its address, in one sentence; ``""`` where it may."""
    return sentence_of(lambda: authorise_model(model))


def require_allowed(variable: str) -> None:
    """Refuse a variable that is not on the list of keys for models.

    Raises:
        SettingsError: it is not; the sentence repeats only what cannot be a key itself.
    """
    _require_allowed(variable, key_hosts())


def _require_allowed(variable: str, lists: Mapping[str, tuple[str, ...]]) -> None:
    if not variable or variable in _allowed_variables(lists):
        return
    name = f"「{variable}」" if is_key_name(variable) else ""
    raise SettingsError(
        f"密钥变量{name}不在允许的名单里",
        "请选用名单里的变量（见设置页的密钥），或请管理员在 .streamlit/secrets.toml 的 [key_hosts] 里写上它和它的地址",
    )


def allowed_variables() -> list[str]:
    """Variables that models may use: ours, those of the shipped entries, and those that the operator lists."""
    return _allowed_variables(key_hosts())


def _allowed_variables(lists: Mapping[str, tuple[str, ...]]) -> list[str]:
    own = [name for entry in PROVIDERS.values() for name in entry.key_variables]
    shipped = [preset.key_env for preset in presets() if preset.key_env]
    listed = [name for name in lists if name != KEYLESS_HOSTS]
    return list(dict.fromkeys([*own, *shipped, *listed]))


def shipped_origins(variable: str) -> set[Origin]:
    """Origins of the shipped entries that use a key."""
    own = [preset for preset in presets() if _same_keys(provider_entry(preset.provider).variable_of(preset), variable)]
    urls = {url for preset in own if preset.url for url in (preset.url, preset.batch_url) if url}
    return {parse_origin(url) for url in urls}


def operator_origins(variable: str) -> set[Origin]:
    """Origins that the operator allows for a key: URLs in the environment and listed hosts.

    Args:
        variable: the key's variable; ``""``: every host that is listed for anything, since no key goes there.
    """
    return _operator_origins(variable, key_hosts(), _environment_urls(variable))


def _operator_origins(variable: str, lists: Mapping[str, tuple[str, ...]], environment: Iterable[str]) -> set[Origin]:
    if variable:
        lists = {name: hosts for name, hosts in lists.items() if _same_keys(name, variable)}
    origins = {_listed_origin(host) for hosts in lists.values() for host in hosts}
    return origins.union(*map(_environment_origin, environment))


def _environment_urls(variable: str) -> list[str]:
    """Addresses in the environment of the services that a key belongs to; all of them for ``""``."""
    return [entry.environment_url() for entry in PROVIDERS.values() if variable in ("", *entry.key_variables)]


def _same_keys(name: str, variable: str) -> bool:
    """Whether two variables go out together: they are one, or belong to one provider."""
    return name == variable or any({name, variable} <= set(entry.key_variables) for entry in PROVIDERS.values())


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
