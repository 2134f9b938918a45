"""Words in WeChat's markup (``<msg>``, ``<appmsg>``, ``<sysmsg>``): places, cards, transcripts, links, payments.

Read with patterns of bounded length, not as XML: exports cut the markup anywhere, and strangers write it.
"""

import re
from collections.abc import Mapping
from html import unescape

from core.services.datasets.message_words import BELOW_QUOTE, PLACEHOLDERS

_READ = 20_000
_ELEMENT = re.compile(
    r"<(title|des|feedesc|pay_memo|type|content|displayname|sourcename|datadesc)>"
    r"\s{0,9}(?:<!\[CDATA\[)?([^<>]{1,5000}?)(?:\]\]>)?\s{0,9}</\1>"
)
_ATTRIBUTE = re.compile(r"""\b(poiname|label|nickname|alias|transtext)=["']([^"<>]{1,2000}?)["']""")
_APPS: Mapping[str, str] = {
    "5": "[链接]",
    "6": "[文件]",
    "19": "[聊天记录]",
    "33": "[小程序]",
    "36": "[小程序]",
    "2000": "[转账]",
    "2001": "[红包]",
}
"""Kinds of ``<appmsg>``, which all are messages of type 49."""
_NOTICE_KINDS = frozenset(("10000", "10002"))


def is_notice(text: str, kind: str) -> bool:
    """Whether a message is a notice that WeChat keeps as markup, not what its sender said."""
    return kind in _NOTICE_KINDS and text.lstrip().startswith(("<sysmsg", "<revokemsg", "<?xml"))


def words_in_markup(markup: str, kind: str) -> str:
    """What a message says, with a placeholder for its kind in front.

    Args:
        markup: of the message.
        kind: its type, as the export names or numbers it.
    """
    markup = markup[:_READ]
    outer, _, referred = markup.partition("<refermsg>")
    elements = _first_of_each(outer)
    title = elements.get("title", "")
    if title and (quoted := _quoted(_first_of_each(referred))):
        return f"{quoted}\n{BELOW_QUOTE}\n{title}"
    if title and ("引用" in kind or "回复" in kind):
        return title
    if is_notice(markup, kind) and elements.get("content"):
        return elements["content"]
    attributes = [unescape(value).strip() for _, value in sorted(_ATTRIBUTE.findall(outer), key=_rank)]
    words = [title, *attributes, elements.get("feedesc", ""), elements.get("pay_memo", "")]
    placeholder = (
        _APPS.get(elements.get("type", ""), "")
        or PLACEHOLDERS.get(kind)
        or (f"[{kind[:12]}]" if kind else "[其他消息]")
    )
    below = _forwarded(outer) or elements.get("des", "")
    return "\n".join(filter(None, (" ".join(filter(None, (placeholder, *words))), below)))


def _rank(attribute: tuple[str, str]) -> int:
    return ("poiname", "label", "nickname", "alias", "transtext").index(attribute[0])


def _first_of_each(markup: str) -> dict[str, str]:
    elements: dict[str, str] = {}
    for name, words in _ELEMENT.findall(markup):
        elements.setdefault(name, unescape(words).strip())
    return elements


def _forwarded(markup: str) -> str:
    """The messages of a forwarded record, one a line; its description shows the first ones only."""
    _, opened, record = markup.partition("<recorditem>")
    if not opened:
        return ""
    lines: list[str] = []
    sender = ""
    for name, words in _ELEMENT.findall(unescape(record)):
        if name == "sourcename":
            sender = words.strip()
        elif name == "datadesc":
            lines.append(f"{sender}: {unescape(words).strip()}" if sender else unescape(words).strip())
    return "\n".join(lines)


def _quoted(referred: Mapping[str, str]) -> str:
    """What a reply of WeChat quotes, as WeChat copies it: ``「名字：原文」``; ``""`` where it quotes nothing."""
    words, name = referred.get("content", ""), referred.get("displayname", "")
    if not words:
        return ""
    if words.startswith("<"):
        words = "[其他消息]"
    return f"「{name}：{words}」" if name else f"「{words}」"
