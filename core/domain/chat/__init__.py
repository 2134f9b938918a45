"""Parsing of chat texts: messages with exact offsets, spreadsheet residue, speakers and their roles. Pure."""

from core.domain.chat.parsed_chat import Message, MessageKind, ParsedChat, Role, RoleGuess, Span
from core.domain.chat.residue import residue_copies, strip_residue
from core.domain.chat.roles import guess_roles
from core.domain.chat.unparsed_chat import UnparsedChat, parse_chat

__all__ = [
    "Message",
    "MessageKind",
    "ParsedChat",
    "Role",
    "RoleGuess",
    "Span",
    "UnparsedChat",
    "guess_roles",
    "parse_chat",
    "residue_copies",
    "strip_residue",
]
