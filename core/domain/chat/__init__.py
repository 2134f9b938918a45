"""Chats: text in, messages with exact offsets, residue, speakers and roles out. Pure."""

from core.domain.chat.model import Message, MessageKind, ParsedChat, Quote, Role, RoleGuess, Span
from core.domain.chat.parser import parse_chat
from core.domain.chat.residue import residue_copies, strip_residue
from core.domain.chat.roles import guess_roles

__all__ = [
    "Message",
    "MessageKind",
    "ParsedChat",
    "Quote",
    "Role",
    "RoleGuess",
    "Span",
    "guess_roles",
    "parse_chat",
    "residue_copies",
    "strip_residue",
]
