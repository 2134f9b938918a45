"""Logging: a rotating file with every stack trace, without keys and passwords."""

import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path
from urllib.parse import unquote, urlsplit

from core.secrets import known_secrets
from core.settings import settings

_NAME = "shiyao-file"
_FORMAT = "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"
_BYTES, _FILES = 5_000_000, 3
_SECRETS = ("SPARKAI_API_KEY", "SPARKAI_API_SECRET", "SPARKAI_APP_ID", "OPENAI_API_KEY")
_ADDRESSES = ("SHIYAO_DATABASE_URL",)
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
        target.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(target, maxBytes=_BYTES, backupCount=_FILES, encoding="utf-8", delay=True)
        target.touch()
    except OSError:
        handler = logging.StreamHandler()
    handler.name = _NAME
    handler.setFormatter(SecretsOut(_FORMAT))
    root.addHandler(handler)
    logging.getLogger("shiyao").setLevel(logging.INFO)


class SecretsOut(logging.Formatter):
    """Formatter that replaces every known key and password."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record, without secrets."""
        text = super().format(record)
        for secret in _secrets():
            text = text.replace(secret, "***")
        return text


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


def place() -> str:
    """Path of the log file, for a message to a user."""
    return str(settings().log_file)
