"""JSON arrays of objects, written as the challenge writes them and read back element by element.

The layout is that of ``json.dumps(value, indent=4, ensure_ascii=False)`` without a final line break; both published
submission files of the challenge have exactly these bytes.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import ijson

from core.services.export.atomic_file import HashingReader, PendingFile, fingerprint, mismatch_error


def write_array(draft: PendingFile, items: Iterable[Any]) -> list[bytes]:
    """Write all items, one at a time.

    Returns:
        One fingerprint per item, for :func:`verify_array`.
    """
    prints: list[bytes] = []
    for item in items:
        # Only the encoder's own line breaks are real ones: those inside strings are escaped.
        text = json.dumps(item, indent=4, ensure_ascii=False).replace("\n", "\n    ")
        draft.write(("[\n    " if not prints else ",\n    ") + text)
        prints.append(fingerprint(item))
    draft.write("\n]" if prints else "[]")
    draft.finish()
    return prints


def verify_array(draft: PendingFile, prints: list[bytes]) -> tuple[str, int]:
    """Read the finished file with a streaming parser and compare every element.

    Returns:
        sha256 (hexadecimal) and size in bytes of the file.

    Raises:
        ExportError: an element differs, is missing or is one too many.
    """
    with draft.path.open("rb") as file:
        reader = HashingReader(file)
        count = 0
        for count, item in enumerate(_items(reader, draft.target.name), start=1):
            if count > len(prints) or fingerprint(item) != prints[count - 1]:
                raise mismatch_error(draft.target.name, f"第 {count} 个元素")
        if count != len(prints):
            raise mismatch_error(draft.target.name, f"应有 {len(prints)} 个元素，读到 {count} 个")
        reader.rest()
        return reader.sha256(), reader.size


def _items(reader: HashingReader, name: str) -> Iterator[Any]:
    try:
        yield from ijson.items(reader, "item")
    except ijson.JSONError as error:
        raise mismatch_error(name, "不是完整的 JSON") from error
