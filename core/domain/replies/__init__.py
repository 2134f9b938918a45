"""Parsing of model replies into clean forms; every repair is noted. Pure, and never raises."""

from core.domain.replies.reply import ParsedReply, ReplyStatus, parse_reply

__all__ = ["ParsedReply", "ReplyStatus", "parse_reply"]
