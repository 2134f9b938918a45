"""Digests of whatever a result depends on: data versions, parameters and the program's own code."""

import json
from collections.abc import Mapping, Set
from datetime import datetime
from enum import Enum
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from core.settings import ROOT

_CODE = (
    *("core/domain", "core/adapters/store", "core/services/learning", "core/services/quality"),
    *("core/services/training", "data/forms", "data/platforms"),
)


def combined_digest(*values: Any) -> str:
    """Digest of values that is the same in every process: sets have no order here.

    Raises:
        TypeError: a value is of a kind that has no fixed text.
    """
    return sha256(json.dumps(_plain(values), ensure_ascii=False).encode()).hexdigest()


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return _plain(value.value)
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return value.isoformat()
        case bytes():
            return value.hex()
        case Mapping():
            return ["map", sorted(([_plain(key), _plain(held)] for key, held in value.items()), key=json.dumps)]
        case Set():
            return ["set", sorted((_plain(one) for one in value), key=json.dumps)]
        case list() | tuple():
            return [_plain(one) for one in value]
    # A sum that PostgreSQL gives as a decimal number, say.
    if hasattr(value, "as_integer_ratio"):
        return [int(part) for part in value.as_integer_ratio()]
    raise TypeError(f"no digest of {type(value).__name__}")


@lru_cache(maxsize=1)
def code_version() -> str:
    """Digest of the code and forms that results depend on: another program computes anew."""
    digest = sha256()
    for folder in _CODE:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".toml"):
                digest.update(_content(path))
    return digest.hexdigest()


def _content(path: Path) -> bytes:
    return str(path.relative_to(ROOT)).encode() + path.read_bytes()
