"""Right things broken in many ways: bytes of a file or a reply, and parts of a component's state."""

import json
import random
from typing import Any

ODD: tuple[Any, ...] = (
    None, True, -1, 0, 2**63, 10**400, 1.5, float("inf"), float("nan"), "", "1e400", "\x00", "\ud800", "９", [], {},
    [[[]]], {"a": {"b": []}}, "长" * 30_000, ["x"] * 600, "<script>alert(1)</script>", "![](http://127.0.0.1/x)",
)  # fmt: skip
"""What stands where something else is expected."""


def broken(good: bytes, chance: random.Random) -> bytes:
    """Something that was right, broken in one to four ways."""
    for way in chance.choices(_WAYS, k=chance.randint(1, 4)):
        good = way(good, chance)
    return good


def mangled(state: dict[str, Any], chance: random.Random) -> Any:
    """A state with one to three parts, at any depth, replaced by something odd."""
    for _ in range(chance.randint(1, 3)):
        container: Any = state
        while True:
            keys = list(container) if isinstance(container, dict) else list(range(len(container)))
            if not keys:
                break
            key = chance.choice(keys)
            if isinstance(container[key], dict | list) and container[key] and chance.random() < 0.7:
                container = container[key]
                continue
            container[key] = chance.choice(ODD)
            break
    return chance.choice(ODD) if chance.random() < 0.05 else state


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _strewn(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.randbytes(chance.randrange(1, 40)) + data[at:]


def _flipped(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(min(len(changed), 8)):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _twice(data: bytes, chance: random.Random) -> bytes:
    return data + data


def _nested(data: bytes, chance: random.Random) -> bytes:
    return b"[" * chance.choice((3, 60, 5000)) + data


def _digits(data: bytes, chance: random.Random) -> bytes:
    return data.replace(b'"', b"9" * chance.choice((1, 20, 5000)), chance.randrange(1, 5))


def _encoded(data: bytes, chance: random.Random) -> bytes:
    return data.decode("utf-8", "replace").encode(chance.choice(("gb18030", "utf-16", "utf-8-sig", "utf-32")))


def _zeros(data: bytes, chance: random.Random) -> bytes:
    return data.replace(b":", b"\x00", 2)


def _odd(data: bytes, chance: random.Random) -> bytes:
    return data.replace(b'"', json.dumps(chance.choice(ODD)).encode()[:200], 1)


_WAYS = (_cut, _strewn, _flipped, _twice, _nested, _digits, _encoded, _zeros, _odd)
