"""Logging: a rotating file with every stack trace, without keys and passwords."""

import json
import logging
import os
import re
from base64 import b64encode
from collections.abc import Iterable
from copy import copy
from datetime import UTC, datetime
from functools import lru_cache
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, quote_plus, unquote, urlsplit

from core.private_files import create_private, private_folder, private_opener
from core.secrets import known_secrets
from core.settings import settings
from core.tracebacks import hide_values, plain_text

_NAME = "shiyao-file"
_FORMAT = "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"
_BYTES, _FILES = 5_000_000, 3
_SECRETS = ("SPARKAI_API_KEY", "SPARKAI_API_SECRET", "SPARKAI_APP_ID", "OPENAI_API_KEY", "SHIYAO_METRICS_TOKEN")
_ADDRESSES = ("SHIYAO_DATABASE_URL",)
_SIGNATURE = re.compile(r"(authorization=)[^&\s\"']{16,4000}", re.IGNORECASE)
# What pydantic shows of a value is short, but may hold anything, even what looks like its end.
_PYDANTIC_INPUT = re.compile(r"(\binput_value=).{0,300}(?=, input_type=\w{1,60})")
_POSTGRES_DETAIL = re.compile(r"^(\s{0,20}(?:DETAIL|CONTEXT|QUERY|WHERE):).*", re.MULTILINE)
_POSTGRES_VALUE = re.compile(r'(\binvalid input (?:syntax|value) for [\w ]{1,60}: ").*(?=")')
STANDARD_ERROR = "-"
"""Name of the log file where there is none, and everything goes to standard error."""
_SHORTEST = 4  # shorter values would blot out ordinary words


def set_up(path: Path | None = None) -> None:
    """Set up logging to the log file: warnings of everything, all levels of our own loggers. Safe to call again.

    A log that cannot be written (a read-only disk) is no reason to stop: the messages go to standard error then.

    Args:
        path: the file; ``None``: as the settings say.
    """
    root = logging.getLogger()
    if any(handler.name == _NAME for handler in root.handlers):
        return
    target = path or settings().log_file
    handler: logging.Handler
    try:
        if str(target) == STANDARD_ERROR:
            raise OSError("no file is asked for")
        private_folder(target.parent)
        handler = _PrivateFile(target, maxBytes=_BYTES, backupCount=_FILES, encoding="utf-8", delay=True)
        create_private(target)
    except OSError:
        handler = logging.StreamHandler()
    handler.name = _NAME
    handler.setFormatter(JsonLines() if settings().log_format == "json" else SecretsOut(_FORMAT))
    root.addHandler(handler)
    logging.getLogger("shiyao").setLevel(logging.INFO)


class _PrivateFile(RotatingFileHandler):
    """A rotating log for its user alone."""

    def _open(self) -> TextIOWrapper:
        opened = open(self.baseFilename, self.mode, encoding=self.encoding, errors=self.errors, opener=private_opener)
        return cast(TextIOWrapper, opened)


class SecretsOut(logging.Formatter):
    """Formatter that replaces every known key and password."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record, without secrets."""
        record = copy(record)
        record.exc_text = None  # another handler's formatter may have left its own there
        if isinstance(record.args, tuple):
            record.args = tuple(plain_text(one) if isinstance(one, BaseException) else one for one in record.args)
        return scrub(without_values(super().format(record)))

    def formatException(self, ei: Any) -> str:  # noqa: N802  the name is the base class's
        """The traceback, without the values that errors quote."""
        return hide_values(super().formatException(ei), ei[1])


class JsonLines(SecretsOut):
    """Formatter for machines: one JSON object per line, with the same left out as from the text."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record as ``time`` (ISO 8601, UTC), ``level``, ``logger``, ``process``, ``message``, ``trace``."""
        # All of the text first: what is hidden is looked for in it as it stands, not as JSON writes it.
        message, _, trace = super().format(record).partition("\n")
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": message,
        }
        return json.dumps(line | ({"trace": trace} if trace else {}), ensure_ascii=False)


def without_values(text: str) -> str:
    """An error's text without the values that libraries quote: they are customers' words and whole forms.

    pydantic quotes its input, PostgreSQL the row or value that failed; SQLAlchemy is told by the store to hide
    parameters. What Python's own errors quote is hidden by :mod:`core.tracebacks`.
    """
    text = _PYDANTIC_INPUT.sub(r"\1***", text)
    return _POSTGRES_DETAIL.sub(r"\1 ***", _POSTGRES_VALUE.sub(r"\1***", text))


def scrub(text: str, shortest: int = _SHORTEST, also: Iterable[str] = ()) -> str:
    """A text without any key or password that this process knows, plain, URL-encoded or in Base64.

    Args:
        text: to be logged, stored or shown.
        shortest: characters of the shortest value that is looked for.
        also: further values, of a caller that was given its keys by hand.
    """
    for secret in sorted({*_secrets(), *also}, key=len, reverse=True):
        if len(secret) < shortest:
            continue
        for shape in _shapes(secret):
            text = text.replace(shape, "***")
    # Spark signs its address: the parameter holds the key in Base64, beside other words.
    return _SIGNATURE.sub(r"\1***", text)


@lru_cache(maxsize=64)
def _shapes(secret: str) -> list[str]:
    """How a key may stand in a text: plain, URL-encoded or in Base64, the longest first."""
    raw = secret.encode("utf-8", "surrogatepass")  # a variable of the environment may hold what is no text
    shapes = {secret, quote(raw, safe=""), quote_plus(raw), b64encode(raw).decode().rstrip("=")}
    return sorted(shapes, key=len, reverse=True)


def _secrets() -> list[str]:
    values = [*known_secrets(), *(os.environ.get(name, "") for name in _SECRETS)]
    for name in _ADDRESSES:
        try:
            password = urlsplit(os.environ.get(name, "")).password or ""
        except ValueError:
            continue
        values += [password, unquote(password)]
    # The longest first: one may be part of another.
    return sorted({value for value in values if len(value) >= _SHORTEST}, key=len, reverse=True)


def is_standard_error() -> bool:
    """Whether there is no log file, because everything goes to standard error."""
    return str(settings().log_file) == STANDARD_ERROR


def place() -> str:
    """Path of the log file, for a message to a user."""
    return "（标准错误输出）" if is_standard_error() else str(settings().log_file)
