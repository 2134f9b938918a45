"""What went wrong in a template, as a part of a Chinese sentence, with the line of the prompt's body."""

import re
from types import TracebackType

from jinja2 import TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.parser import Parser

_COMPILED = "<template>"
_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (RecursionError, "嵌套太深"),
    (SyntaxError, "嵌套太深"),
    (MemoryError, "内容太大"),
    (OverflowError, "数字太大"),
    (ZeroDivisionError, "除以了零"),
    (KeyError, "没有这一项"),
    (TypeError, "用了不适合这种值的写法"),
    (ValueError, "用了不适合这个值的写法"),
)
_UNKNOWN = re.compile(r"No (filter|test) named '(.{1,60})'")
_UNSAFE = re.compile(r"access to attribute '(.{1,60})'")
_LONGEST = 200


def template_reason(error: Exception) -> str:
    """The reason, without a line; never the content of a chat."""
    if isinstance(error, UndefinedError):
        return "用到的变量、属性或下标不存在"
    if isinstance(error, TemplateError):
        message = (error.message or "").strip()
        if match := _UNKNOWN.match(message):
            return f"没有过滤器 {match[2]}，或提示词里不能用它" if match[1] == "filter" else f"没有测试 {match[2]}"
        if match := _UNSAFE.match(message):
            return f"提示词里不能用属性 {match[1]}"
        return message[:_LONGEST]
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return f"{reason}（{type(error).__name__}）"
    return type(error).__name__


def body_line(error: Exception) -> str:
    """``正文第 3 行``, or ``""`` where the line is unknown."""
    line = error.lineno if isinstance(error, TemplateSyntaxError) else 0
    trace = None if line else error.__traceback__
    while trace is not None:
        line = _line_of(trace) or line
        trace = trace.tb_next
    return f"正文第 {line} 行" if line else ""


def _line_of(trace: TracebackType) -> int:
    """The template's line where one frame is: while it runs, is parsed or is cut into tokens; 0 elsewhere."""
    frame = trace.tb_frame
    if frame.f_code.co_filename == _COMPILED:
        template = frame.f_globals.get("__jinja_template__")
        return int(template.get_corresponding_lineno(trace.tb_lineno)) if template else trace.tb_lineno
    if isinstance(parser := frame.f_locals.get("self"), Parser):
        return parser.stream.current.lineno
    if frame.f_globals.get("__name__") == "jinja2.lexer":
        return int(frame.f_locals.get("lineno", 0))
    return 0
