"""Chats: text in, messages with exact offsets, residue, speakers and roles out. Pure."""

from core.chat.model import Message, MessageKind, ParsedChat, Quote, Role, RoleGuess, Span
from core.chat.parser import parse_chat
from core.chat.residue import residue_copies
from core.chat.roles import guess_roles

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
]
