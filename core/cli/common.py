"""Shared by the commands: options, opening the database, printing."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.places import sqlite_address
from core.standard_streams import is_unicode

if TYPE_CHECKING:
    from core.adapters.store import Store

Db = Annotated[
    str,
    typer.Option("--db", metavar="URL", help="数据库地址；默认取 SHIYAO_DATABASE_URL，再默认数据文件夹的 shiyao.db。"),
]
"""The option ``--db``; every command takes it too (``db: Db = ""``), so that it may precede or follow the verb."""

Json = Annotated[bool, typer.Option("--json", help="结果以 JSON 打印到标准输出。")]
Dataset = Annotated[str, typer.Option("--dataset", metavar="NAME", help="数据集名称。")]
Run = Annotated[str, typer.Option("--run", metavar="NAME", help="抽取任务名称。")]


_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def database_url(ctx: typer.Context, db: str) -> str:
    """Address of the database: the option after the verb, else before it, else the environment."""
    from core.settings import settings

    return db or str(ctx.find_root().obj or "") or settings().database_url


@contextmanager
def open_db(ctx: typer.Context, db: str, *, writes: bool = False, creates: bool = False) -> Iterator["Store"]:
    """Context manager: the command's database, migrated and open.

    Args:
        ctx: of the command.
        db: its option ``--db``.
        writes: whether the command writes; then it waits for another program that has the database locked.
        creates: whether it makes sense in a database that is not there yet: one that is about to be written is made,
            one that is not is made elsewhere and thrown away. To all others a mistyped path is a mistake.

    Raises:
        StoreError: it cannot be opened, or there is none.
    """
    from core import logs
    from core.adapters.store import has_database, open_store, require_database
    from core.cli.waiting import open_unlocked
    from core.services.team import COMMAND_LINE, acting_as

    logs.set_up()
    url = database_url(ctx, db)
    if not creates:
        require_database(url)
    with ExitStack() as stack:
        if not writes and not has_database(url):
            folder = stack.enter_context(TemporaryDirectory(prefix="shiyao-"))
            url = sqlite_address(Path(folder) / "blank.db")
        store = open_unlocked(lambda: open_store(url), writes=writes, note=hint)
        stack.callback(store.close)
        stack.enter_context(acting_as(COMMAND_LINE))
        yield store


def print_json(value: Any) -> None:
    """Print one JSON document to standard output."""
    # A character that an encoding lacks would be written in a way that JSON does not know.
    typer.echo(json.dumps(value, ensure_ascii=not is_unicode(sys.stdout.encoding), indent=2))


def say(text: str) -> None:
    """Print a line to standard output; names of files and people cannot steer the terminal by it."""
    typer.echo(_tame(text))


def hint(text: str) -> None:
    """Print a line to standard error (progress, remarks), so that standard output stays clean."""
    with suppress(OSError):  # nobody is there to hear it, and what the command does matters more
        typer.echo(_tame(text), err=True)


def _tame(text: str) -> str:
    """A text whose control and direction characters are written out, line breaks and tabs aside."""
    return _STEERING.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
