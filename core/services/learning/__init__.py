"""Learning from approvals: an extractor that is fitted on approved chats, and what it can be expected to score."""

from typing import TYPE_CHECKING

from core.lazy_packages import import_when_used

if TYPE_CHECKING:
    from core.services.learning.corpus import read_corpus
    from core.services.learning.evaluation import Evaluation, evaluate
    from core.services.learning.models import examples_of, extract_with, train

__all__ = [
    "Evaluation",
    "evaluate",
    "examples_of",
    "extract_with",
    "read_corpus",
    "train",
]

import_when_used(__name__)
