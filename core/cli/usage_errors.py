"""What typer says of a command that it cannot understand, as Chinese sentences."""

import re
from typing import Any

from pydantic import ValidationError
from typer.exceptions import TyperException

from core.validation_words import why_refused

_EXTRA = re.compile(r"Got unexpected extra argument(?:\(s\)|s)? \((.*)\)", re.DOTALL)
_CHOICES = re.compile(r"is not (?:one of )?('.*?')\.?$")
_COMMAND = re.compile(r"No such command (?P<quote>['\"])(.*)(?P=quote)\.(.*)", re.DOTALL)


def usage_sentence(error: TyperException) -> str:
    """Why a command was not understood.

    Its exceptions are told apart by their names: typer keeps their classes to itself. What is not known here is said
    in its own words.
    """
    about: Any = error
    match type(error).__name__:
        case "MissingParameter":
            return f"缺少 {_parameter(about)}"
        case "NoSuchOption":
            near = f"，是不是 {'、'.join(sorted(about.possibilities))}" if about.possibilities else ""
            return f"没有 {about.option_name} 这个选项{near}"
        case "BadOptionUsage":
            takes = "后面不写值" if "not take" in about.message else "后面要写值"
            return f"{about.option_name} {takes}"
        case "BadParameter":
            return f"{_parameter(about)} 的值不能用：{_refusal(about)}"
        case "NoArgsIsHelpError":
            return f"没有写要做什么，可以是 {'、'.join(about.ctx.command.list_commands(about.ctx))}"
    message = error.format_message()
    if message.startswith("Missing command"):
        return "没有写要做什么"
    if extra := _EXTRA.match(message):
        return f"多写了 {extra[1]}"
    if command := _COMMAND.match(message):
        return f"没有 {command[2]} 这个命令"
    return message


def _parameter(error: Any) -> str:
    """The option or argument that an error is about, as it is written in a command."""
    hint = error.param_hint or (error.param.get_error_hint() if error.param is not None else "")
    hints = [hint] if isinstance(hint, str) else list(hint)
    return " 或 ".join(one.replace("'", "") for one in hints) or "参数"


def _refusal(error: Any) -> str:
    cause = error.__cause__
    if choices := _CHOICES.search(str(error.message)):
        return why_refused({"type": "enum", "ctx": {"expected": choices[1]}})
    if not isinstance(cause, ValidationError):
        return str(error.message)
    return why_refused(cause.errors(include_url=False)[0])
