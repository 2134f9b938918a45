"""Several chats in one text: QQ exports all of them into one file, each under its 消息对象."""

import re
from typing import Final

_RULE: Final = re.compile(r"\s{0,8}[=＝—─━\-*]{4,}\s{0,8}")
_PARTNER: Final = re.compile(r"\s{0,8}消息对象\s{0,2}[:：]")
_GROUP: Final = re.compile(r"\s{0,8}消息分组\s{0,2}[:：]")


def split_chats(text: str) -> list[str]:
    """The chats of a text, which joined give it back; one where it names one partner or none.

    A name counts between two rules, as the program writes it (the first may be missing above the text), not in what
    somebody says.

    Args:
        text: of a file, with line ends of any kind.
    """
    lines = text.splitlines(keepends=True)
    partners = [
        number
        for number, line in enumerate(lines)
        if _PARTNER.match(line) and _is_rule(lines, number + 1) and (_is_rule(lines, number - 1) or not number)
    ]
    if len(partners) < 2:
        return [text]
    starts = [0, *(_block_start(lines, number) for number in partners[1:])]
    return ["".join(lines[start:end]) for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]


def _is_rule(lines: list[str], number: int) -> bool:
    return 0 <= number < len(lines) and _RULE.fullmatch(lines[number].rstrip("\r\n")) is not None


def _block_start(lines: list[str], number: int) -> int:
    """The rule above a partner's name, or above the name of his group."""
    start = number - 1
    if _is_rule(lines, start - 2) and _GROUP.match(lines[start - 1]):
        start -= 2
    return start
