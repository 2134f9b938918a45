"""Loads jionlp, quietly and once, and its list of characters."""

import contextlib
import io
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from core.errors import Cause, ProviderError


@lru_cache(maxsize=1)
def load_jionlp() -> Any:
    """The library; it takes a second to load.

    Raises:
        ProviderError: its dictionaries cannot be unpacked beside it, as the first import does.
    """
    # Importing it prints a banner.
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            import jionlp
        except OSError as error:
            raise ProviderError(
                Cause.CONFIG,
                "本地规则的词典无法解压",
                "请用有写权限的用户重新执行 make setup",
            ) from error
    return jionlp


@lru_cache(maxsize=1)
def simplified_characters() -> dict[str, str]:
    """The simplified character for each traditional one, from the library's list; it is not loaded for that."""
    spec = find_spec("jionlp")
    folder = Path(next(iter(spec.submodule_search_locations or ()))) if spec else None
    if folder is None:
        return {}
    lines = (folder / "dictionary" / "tra2sim_char.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t") for line in lines)
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2 and len(pair[0]) == len(pair[1]) == 1}
