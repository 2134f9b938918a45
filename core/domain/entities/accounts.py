"""Finds the names by which people are reached in WeChat and QQ. Pure."""

import re
from collections.abc import Iterator

from core.domain.entities.mention import Mention

_LINK = r"[号码id]{0,2}[ \t]{0,3}(?:是|为|就是|：|:|=|-|加)?[ \t]{0,3}"
_WECHAT = re.compile(
    r"(?<![a-z0-9_])(?P<bare>wxid_[a-z0-9]{6,24})(?![a-z0-9])"
    r"|(?:微信|微\.信|薇信|威信|(?<![a-z])(?:wechat|weixin|vx|wx|v信))(?!名)"
    rf"{_LINK}(?P<id>[a-z][a-z0-9_-]{{5,19}})(?![a-z0-9_@.-])",
    re.IGNORECASE | re.ASCII,
)
_QQ = re.compile(rf"(?:(?<![a-z])qq|扣扣|企鹅)(?!群){_LINK}(?P<id>[1-9]\d{{4,10}})(?!\d)", re.IGNORECASE | re.ASCII)
ACCOUNT_HINT = re.compile(r"wxid_|微信|微\.信|薇信|威信|wechat|weixin|vx|wx|v信|qq|扣扣|企鹅", re.IGNORECASE | re.ASCII)
"""Stands in every text that holds a WeChat id or a QQ number."""
_NO_ID = re.compile(r"(?:https?|www|group|wechat|weixin|mini)", re.IGNORECASE)


def wechat_ids_in(text: str) -> Iterator[Mention]:
    """WeChat ids that are called so, and the ``wxid_…`` that the program gives."""
    for match in _WECHAT.finditer(text):
        name = "id" if match["id"] else "bare"
        if not _NO_ID.match(match[name]):
            yield Mention(match[name], *match.span(name))


def qq_numbers_in(text: str) -> Iterator[Mention]:
    """QQ numbers that are called so."""
    return (Mention(match["id"], *match.span("id")) for match in _QQ.finditer(text))
