"""JSON arrays of objects, written as the challenge writes them and read back element by element.

The layout is that of ``json.dumps(value, indent=4, ensure_ascii=False)`` without a final line break; both published
submission files of the challenge have exactly these bytes.
"""

import json
from collections.abc import Iterable, Iterator
from json.encoder import encode_basestring
from typing import Any

import ijson

from core.services.export.atomic_file import HashingReader, PendingFile, fingerprint, mismatch_error

_encode = json.JSONEncoder(ensure_ascii=False).encode
_CONTAINERS = (dict, list, tuple)


def write_array(file: PendingFile, items: Iterable[Any]) -> list[bytes]:
    """Write all items, one at a time.

    Returns:
        One fingerprint per item, for :func:`verify_array`.
    """
    fingerprints: list[bytes] = []
    for item in items:
        file.write(("[\n    " if not fingerprints else ",\n    ") + indented_json(item, "    "))
        fingerprints.append(fingerprint(item))
    file.write("\n]" if fingerprints else "[]")
    file.finish()
    return fingerprints


def indented_json(value: Any, margin: str = "") -> str:
    """What ``json.dumps(value, indent=4, ensure_ascii=False)`` writes, in a quarter of the time.

    With an indent Python's encoder goes without its part in C, piece by piece.

    Args:
        value: of objects with keys that are texts, lists, and whatever else JSON has.
        margin: blanks in front of each line but the first.
    """
    if isinstance(value, str):
        return encode_basestring(value)
    if not value or not isinstance(value, _CONTAINERS):
        return "[]" if value == [] else _encode(value)
    inner = f"{margin}    "
    if isinstance(value, dict):
        # Most values of a form are texts, the others empty lists: a call less for each.
        members = [
            f"{encode_basestring(key)}: "
            f"{encode_basestring(one) if isinstance(one, str) else '[]' if one == [] else indented_json(one, inner)}"
            for key, one in value.items()
        ]
        return f"{{\n{inner}{f',{chr(10)}{inner}'.join(members)}\n{margin}}}"
    members = [encode_basestring(one) if isinstance(one, str) else indented_json(one, inner) for one in value]
    return f"[\n{inner}{f',{chr(10)}{inner}'.join(members)}\n{margin}]"


def verify_array(file: PendingFile, fingerprints: list[bytes]) -> tuple[str, int]:
    """Read the finished file with a streaming parser and compare every element.

    Returns:
        sha256 (hexadecimal) and size in bytes of the file.

    Raises:
        ExportError: an element differs, is missing or is one too many.
    """
    with file.path.open("rb") as written:
        reader = HashingReader(written)
        count = 0
        for count, item in enumerate(_items(reader, file.target.name), start=1):
            if count > len(fingerprints) or fingerprint(item) != fingerprints[count - 1]:
                raise mismatch_error(file.target.name, f"第 {count} 个元素")
        if count != len(fingerprints):
            raise mismatch_error(file.target.name, f"应有 {len(fingerprints):,} 个元素，读到 {count:,} 个")
        reader.read_to_end()
        return reader.sha256(), reader.size


def _items(reader: HashingReader, name: str) -> Iterator[Any]:
    try:
        yield from ijson.items(reader, "item")
    except ijson.JSONError as error:
        raise mismatch_error(name, "不是完整的 JSON") from error
