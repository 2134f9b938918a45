"""The one way from data into text that Streamlit reads as Markdown: labels, captions, notices, tooltips, toasts.

Whatever somebody else wrote (names, notes, answers of a model, texts of errors) could hold an image, which every
browser would fetch from a foreign host; a link; a directive, a formula, an icon. ``tests/repository/markdown_lint.py``
refuses any Markdown in ``pages/`` and ``core/ui/`` that is neither written there nor escaped here.
"""

import re
from pathlib import PurePath
from typing import TypeAlias

Markdown: TypeAlias = str
"""Markdown without unescaped data. Who takes one is checked where it is called, who gives one where it returns."""
Html: TypeAlias = str
"""HTML without unescaped data, by the same check; :func:`html.escape` is what escapes there."""

_WORD_JOINER = "\u2060"
"""Invisible and without width. Streamlit changes some texts (links, short codes, arrows) once escapes are resolved."""
_CHANGED_AFTER_ESCAPES = re.compile(
    r"""
      (?P<link> https?(?=://) | www(?=\.) )
    | (?P<code> : ) (?= (?: [\w+-]+ : | material/ ) )
    | (?P<mail> (?<=[\w.+-]) (?=@[\w-]) )
    | (?P<arrow> (?<!\S) (?: <(?=->) | -(?=>) | <(?=-) | -(?=-) | >(?==) | <(?==) | ~(?==) ) (?= \S{1,2} (?!\S) ) )
    """,
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)
_SYNTAX = re.compile(r"[\\`*{}\[\]<>#~$|&!]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])|:(?![0-9\s])")
_BLOCK_START = re.compile(r"^(\s*)(\d*)([-+.)=])(?=[-=\s]|$)")
_BREAK = re.compile(r"(?<!\s)(?>\s*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])\s*+")
_BORDER = re.compile(r"^\s++|(?<!\s)\s++$")


def escape_markdown(text: str | Exception | PurePath, *, keep_breaks: bool = False) -> Markdown:
    """Escape a text so that Markdown shows it as it was typed.

    Args:
        text: anything that came from data; of an error its sentence.
        keep_breaks: whether its line breaks stay; a label has one line, so there they become spaces.
    """
    lines = _BREAK.split(str(text)) if not keep_breaks else str(text).splitlines()
    return ("  \n" if keep_breaks else " ").join(_escape_line(line) for line in lines)


def code_span(text: str) -> Markdown:
    """A text as inline code, in backticks that nothing in it can close."""
    line = _BREAK.sub(" ", text).replace(":material/", f":{_WORD_JOINER}material/") or " "
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    room = " " if line.strip() and (line[0] in "` " or line[-1] in "` ") else ""
    return f"{fence}{room}{line}{room}{fence}"


def _escape_line(line: str) -> str:
    # Four spaces would make a block of code; HTML shows one space anyway.
    line = _BORDER.sub(" ", line)
    line = _CHANGED_AFTER_ESCAPES.sub(lambda match: f"{match[0]}{_WORD_JOINER}", line)
    return _BLOCK_START.sub(r"\1\2\\\3", _SYNTAX.sub(r"\\\g<0>", line))
