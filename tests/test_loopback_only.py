"""The guard itself: what would leave this machine is refused in a test and in what it starts, and nothing is sent."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

AWAY = ["10.0.0.1", "192.168.1.1", "172.16.3.4", "169.254.169.254", "100.64.0.1", "8.8.8.8", "fe80::1", "0.0.0.0"]


def forget(refused: Path) -> list[str]:
    """What was refused on purpose, taken off the list."""
    lines = refused.read_text(encoding="utf-8").splitlines()
    refused.write_text("", encoding="utf-8")
    return lines


@pytest.mark.parametrize("address", AWAY)
def test_no_socket_goes_to_another_address(address: str, refused_connections: Path) -> None:
    # The event that Python raises before it connects: were nobody on guard, nothing would be sent either.
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as tcp, pytest.raises(PermissionError):
        sys.audit("socket.connect", tcp, (address, 9))
    assert forget(refused_connections) == [f"socket.connect {address}"]


def test_no_name_is_looked_up(refused_connections: Path) -> None:
    with pytest.raises(PermissionError):
        sys.audit("socket.getaddrinfo", "evil.example", 443, 0, 0, 0)
    assert forget(refused_connections) == ["socket.getaddrinfo evil.example"]


def test_what_a_test_starts_is_held_too(refused_connections: Path) -> None:
    code = "import socket, sys; sys.audit('socket.connect', socket.socket(), ('169.254.169.254', 80))"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert child.returncode and "must not leave this machine" in child.stderr
    assert forget(refused_connections) == ["socket.connect 169.254.169.254"]
