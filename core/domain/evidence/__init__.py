"""Evidence: where a form's values occur in the chat, with status and exact spans per field. Pure."""

from typing import TYPE_CHECKING

from core.lazy_packages import import_when_used

if TYPE_CHECKING:
    from core.domain.evidence.analysis import analyse_chat, cached_analysis, garbage_kept, text_index
    from core.domain.evidence.evidence_types import EvidenceStatus, FieldEvidence
    from core.domain.evidence.index import ChatIndex
    from core.domain.evidence.locate import locate
    from core.domain.evidence.slices import cut_at_evidence, overlap

__all__ = [
    "text_index",
    "ChatIndex",
    "EvidenceStatus",
    "FieldEvidence",
    "analyse_chat",
    "cached_analysis",
    "cut_at_evidence",
    "garbage_kept",
    "locate",
    "overlap",
]

import_when_used(__name__)
