"""The result of an export, and how chats are named in messages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class ExportResult:
    """A finished export that was read back and compared.

    Attributes:
        kind: ``submission``, ``dataset``, ``training``, ``test-csv`` or ``table``.
        out: the file, or the folder of a training set.
        sha256: of the file; of a training set, of its training part.
        size: bytes, likewise.
        counts: how many of what; always ``chats`` and ``rows``.
        lists: indices of chats by what happened to them (``filled``, ``left_out``, ``no_customers`` …); empty lists
            are left out.
        notes: Chinese sentences about what is worth knowing before the file is used.
        files: file name → sha256, for everything that was written.
        masked: kinds of personal data that are hidden in it, as ``--mask`` names them.
    """

    kind: str
    out: Path
    sha256: str
    size: int
    counts: Mapping[str, int]
    lists: Mapping[str, list[Any]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    masked: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The result as the command line prints it with ``--json``."""
        return {
            "kind": self.kind,
            "out": str(self.out),
            "sha256": self.sha256,
            "bytes": self.size,
            "counts": dict(self.counts),
            **self.lists,
            "notes": list(self.notes),
            "files": dict(self.files),
            "masked": list(self.masked),
        }


def index_ranges(indices: Iterable[int]) -> str:
    """Indices as a person writes them: ``1–4、7``; all of them are named."""
    parts: list[str] = []
    start = last = None
    for index in [*sorted(indices), None]:
        if last is not None and index == last + 1:
            last = index
            continue
        if start is not None and last is not None:
            parts.append(str(start) if start == last else f"{start}{'–' if last > start + 1 else '、'}{last}")
        start = last = index
    return "、".join(parts)
