"""Loads jionlp, quietly and once."""

import contextlib
import io
from functools import lru_cache
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
