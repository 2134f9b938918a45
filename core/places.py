"""Where the program lies and where its data go: in a working copy, and installed from a wheel."""

import os
from pathlib import Path

import platformdirs

ROOT = Path(__file__).resolve().parents[1]
"""Folder with ``app.py``, ``core``, ``pages``, ``data`` and ``prompts``; only in a working copy may it be written."""

IS_INSTALLED = not (ROOT / "pyproject.toml").is_file()
"""Whether the program was installed from a wheel, which brings no ``pyproject.toml``."""

COMMAND = "shiyao" if IS_INSTALLED else "python -m core"
"""What a command begins with, for messages that name one."""

API_PATH = "/api/"
"""Where the HTTP API lies on the server: it asks for tokens itself, and no page does."""

VAR_VARIABLE = "SHIYAO_VAR"
"""Names another folder for database, log, backups and (where it is installed) keys."""


_STREAMLIT_SECRETS = ROOT / ".streamlit" / "secrets.toml"


def var_folder() -> Path:
    """Folder of database, log and backups: as the environment says, ``var`` in a working copy, else the user's own.

    A path from the current folder is made whole, so that processes that are started elsewhere mean the same one.
    """
    if named := os.environ.get(VAR_VARIABLE, "").strip():
        return Path(named).expanduser().absolute()
    return platformdirs.user_data_path("shiyao", appauthor=False) if IS_INSTALLED else ROOT / "var"


def usual_secrets_file() -> Path:
    """The file with keys unless the environment names another: Streamlit's own place, installed one beside the data."""
    return var_folder() / "secrets.toml" if IS_INSTALLED else _STREAMLIT_SECRETS


def sqlite_address(path: Path) -> str:
    """SQLAlchemy's address of a SQLite file: what an address means by ``%`` and ``?`` is written in its own way."""
    return "sqlite:///" + str(path).replace("%", "%25").replace("?", "%3F")
