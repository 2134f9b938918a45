"""Where a form's values stand in the chat: status and exact spans per field. Pure."""

from core.domain.evidence.exchanges import same_person
from core.domain.evidence.index import ChatIndex
from core.domain.evidence.locate import locate
from core.domain.evidence.model import MAX_SPANS, Evidence, Mark

__all__ = ["MAX_SPANS", "ChatIndex", "Evidence", "Mark", "locate", "same_person"]
