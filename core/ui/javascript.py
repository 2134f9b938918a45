"""Joins plain JavaScript modules into the one string of source that a Streamlit component takes."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_IMPORT: Final = re.compile(r"""^import\b(?:[^;"']{0,2000}\bfrom\b)?\s*+["'][^"']+["'];?[ \t]*\n""", re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:async )?(?:function|class|const|let)\b)", re.MULTILINE)
_LEFT: Final = re.compile(r"^[ \t]*(?:import\b(?!\()|export\b(?! default\b)).*", re.MULTILINE)
_COMMENT: Final = re.compile(r"^[ \t]*(?://.*|/\*(?:(?!\*/)[\s\S])*\*/[ \t]*)\n", re.MULTILINE)
"""Lines of comment and nothing else; no string of ours has such a line."""


def join_modules(paths: Iterable[Path]) -> str:
    """Several modules as one: after joining all names share one scope.

    Imports, the word ``export`` and lines of comment go away (the source travels with every run of a page), ``export
    default`` stays. Streamlit takes files only from installed
    packages, which this app is not.

    Args:
        paths: the modules, each after what it imports.

    Raises:
        ValueError: module syntax that cannot be joined (``export {…}``, ``export * from``, ``import`` inside a line).
    """
    joined = "\n".join(_EXPORT.sub("", _IMPORT.sub("", path.read_text("utf-8"))) for path in paths)
    source = _COMMENT.sub("", joined)
    remnant = _LEFT.search(source)
    if remnant:
        raise ValueError(f"cannot be joined: {remnant[0].strip()}")
    return source
