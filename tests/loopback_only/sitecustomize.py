"""Keeps tests on this machine: a connection or a look-up of a name that would leave it is refused and written down.

Python runs this file by itself where its folder is on the path, so that servers and commands which a test starts are
held as well (``tests/conftest.py`` puts it there and looks at the list after each test).
"""

import ipaddress
import os
import sys
from typing import Any

LIST = "SHIYAO_TESTS_REFUSED"
"""Variable that names the file of what was refused."""
_CONNECTS = ("socket.connect", "socket.sendto", "socket.sendmsg")
_LOOKUPS = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")


def _stays(host: Any, *, connects: bool) -> bool:
    """Whether a host is this machine; reading an address that is written in numbers asks nobody."""
    name = host.decode(errors="replace") if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(str(name).partition("%")[0])
    except ValueError:
        return False
    return not connects or address.is_loopback


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event[:7] != "socket.":  # most by far, of which each takes its time, to the very end of a process
        return
    if event in _CONNECTS:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # a name is one of this machine's own sockets
    elif event in _LOOKUPS:
        host = arguments[0]
    else:
        return
    if _stays(host, connects=event in _CONNECTS):
        return
    if path := os.environ.get(LIST):
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"{event} {host}\n")
    raise PermissionError(f"a test must not leave this machine: {event} {host}")


sys.addaudithook(_refuse)
