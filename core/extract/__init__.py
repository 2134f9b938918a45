"""Extraction of one chat: prompt → model → forms, with retries where they help. No database here."""

from core.extract.one import Outcome, Status, extract_chat
from core.extract.tokens import estimate_tokens

__all__ = ["Outcome", "Status", "estimate_tokens", "extract_chat"]
