"""The command line: the pages' functions without a browser. One module per group of commands, joined here.

Modules import what is heavy (the database, providers) inside their commands, so that ``--help`` stays quick.
"""

import logging
from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any

import typer
from typer.exceptions import Abort, TyperException

from core import private_files
from core.cli import (
    check,
    data,
    discussion,
    export,
    form_changes,
    forms,
    imports,
    learn,
    privacy,
    quality,
    runs,
    serve,
    team,
    tokens,
    training,
    webhooks,
)
from core.cli.common import Db, hint, say
from core.errors import SettingsError, ShiyaoError, shorten
from core.places import COMMAND
from core.standard_streams import why_unwritable
from core.system_errors import FULL, system_reason

app = typer.Typer(
    name=COMMAND,
    help="拾要：导入群聊，抽取、审阅、评分和导出。",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(serve.app)
app.add_typer(data.app)
app.add_typer(check.app, name="check", help=check.CHECK_HELP)
app.add_typer(imports.app)
app.add_typer(runs.app)
app.add_typer(quality.app)
app.add_typer(learn.app)
app.add_typer(discussion.app)
app.add_typer(export.app, name="export")
forms.app.add_typer(form_changes.app)
app.add_typer(forms.app, name="form")
export.app.command("training", help=training.EXPORT_HELP)(training.export)
app.add_typer(training.app, name="training")
app.add_typer(team.app, name="user")
app.add_typer(tokens.app, name="token")
app.add_typer(webhooks.app, name="webhook")
app.add_typer(privacy.app)


def _say_versions(is_asked: bool) -> None:
    if is_asked:
        from core.services.maintenance import software_versions

        for name, version in software_versions().items():
            say(f"{name} {version}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_say_versions, is_eager=True, help="显示版本，报告问题时用。")
]


@app.callback()
def _root(ctx: typer.Context, db: Db = "", version: Version = False) -> None:
    ctx.obj = db


@cache
def _command() -> Any:
    """What typer makes of all commands: once, for a process may run several."""
    return typer.main.get_command(app)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: without the program's name; ``None``: those of the process.

    Returns:
        The exit code: 0 only on success, 2 for a command that cannot be understood. Errors are one line on standard
        error; their traces go to the log.
    """
    private_files.keep_new_files_private()
    try:
        code = _command()(args=arguments, prog_name=COMMAND, standalone_mode=False)
    except TyperException as error:
        from core.cli.usage_errors import usage_sentence

        return _fail(f"用法不对：{shorten(usage_sentence(error))}（加 --help 查看用法）", error.exit_code)
    except ShiyaoError as error:
        _log(error)
        return _fail(str(error))
    except (KeyboardInterrupt, Abort):
        return _fail("已中断。", 130)
    except SystemExit as left:
        # Typer's: the reader (head, less) has gone; nothing is wrong on our side.
        return left.code if isinstance(left.code, int) else 1
    except Exception as error:
        if isinstance(error, OSError) and error.filename is None and (reason := why_unwritable()):
            return _fail(f"结果写不出去（{reason}）。请检查标准输出转向的文件和磁盘空间，再执行一次。")
        if isinstance(error, OSError) and error.errno in FULL:
            _log(error)
            return _fail(f"{system_reason(error)}（{error.filename or '临时文件夹'}）。请先腾出磁盘空间，再执行一次。")
        return _fail(f"程序出错（{type(error).__name__}），详情已记入日志 {_log(error)}。")
    return code if isinstance(code, int) else 0


def _log(error: Exception) -> str:
    """Put an error with its trace into the log, and say where that is."""
    from core import logs

    try:
        logs.set_up()
        place = logs.place()
    except SettingsError:  # which say where the log is
        return ""
    is_expected = isinstance(error, ShiyaoError)
    logging.getLogger("shiyao.cli").log(logging.WARNING if is_expected else logging.ERROR, "%s", error, exc_info=error)
    return place


def _fail(message: str, code: int = 1) -> int:
    hint(" ".join(message.split()))
    return code
