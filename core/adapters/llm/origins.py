"""Hosts and IP addresses: one reading of an address for every library, and which ones are public.

Addresses that two programs may read differently (``2130706433``, ``0x7f.1``, ``user@host``, a dot at the end) are
refused instead of understood: what is checked must be what is connected to.
"""

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import urlsplit

from core.errors import SettingsError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80}
_ENCRYPTED = ("https", "wss")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_UNSAFE = re.compile(r"[^\x21-\x7e]|\\")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Origin(NamedTuple):
    """A host and port, and whether the connection is encrypted (``https`` and ``wss`` alike)."""

    encrypted: bool
    host: str
    port: int


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
    if ip_literal(host) is None and not _is_plain_name(host):
        raise SettingsError("地址的主机名写法不常见，不能使用", "请写完整的域名（末尾不带点），或四段十进制的 IP 地址")
    return Origin(parts.scheme in _ENCRYPTED, host, _PORTS[parts.scheme] if port is None else port)


def _is_plain_name(host: str) -> bool:
    labels = host.split(".")
    # A last label that is a number is an IP address to some programs: 2130706433, 0x7f.1, 0177.0.0.1.
    return len(host) <= 253 and all(map(_LABEL.fullmatch, labels)) and not _NUMERIC.fullmatch(labels[-1])


def ip_literal(host: str) -> IPAddress | None:
    """IP address that a host is written as, in its usual spelling; ``None`` for names and unusual spellings."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    # Other spellings of an address (::ffff:127.0.0.1, a zone behind %) are no plain ones.
    unusual = isinstance(address, ipaddress.IPv6Address) and (address.ipv4_mapped or address.scope_id)
    return None if unusual else address


def embedded_ipv4(address: IPAddress) -> IPAddress:
    """The IPv4 address inside an IPv6 one, where a network would take it out again."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def is_public(address: IPAddress) -> bool:
    """Whether an address is public: not private, link-local, shared (CGNAT) or reserved."""
    special = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_link_local
    site_local = isinstance(address, ipaddress.IPv6Address) and (address.is_site_local or address.teredo is not None)
    return address.is_global and not address.is_private and not special and not site_local
