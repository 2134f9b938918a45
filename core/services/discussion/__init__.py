"""Discussions: threads of comments about a chat or one of its fields, with mentions, resolved and opened again."""

from typing import TYPE_CHECKING

from core.lazy_packages import import_when_used

if TYPE_CHECKING:
    from core.services.discussion.known_people import known_people

__all__ = ["known_people"]

import_when_used(__name__)
