"""Where a form's values stand in the chat: status and exact spans per field. Pure."""

from core.evidence.index import ChatIndex
from core.evidence.locate import locate
from core.evidence.model import MAX_SPANS, Evidence, Mark
from core.evidence.near import same_person

__all__ = ["MAX_SPANS", "ChatIndex", "Evidence", "Mark", "locate", "same_person"]
