"""What a model wrote → clean forms, whatever it wrote; every repair is noted. Pure, and never raises."""

from core.domain.replies.reply import ParsedReply, ReplyStatus, parse_reply

__all__ = ["ParsedReply", "ReplyStatus", "parse_reply"]
