"""Parsing of model replies into clean forms; every repair is noted. Pure, and never raises."""

from core.domain.replies.reply import parse_reply

__all__ = [
    "parse_reply",
]
