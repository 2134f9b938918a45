"""Discussions: threads of comments about a chat or one of its fields, with mentions, resolved and opened again."""

from typing import TYPE_CHECKING

from core.lazy_packages import import_when_used

if TYPE_CHECKING:
    from core.services.discussion.known_people import known_people
    from core.services.discussion.listing import (
        EVERY_STATE,
        EVERYBODY,
        STATES,
        WHOLE_CHAT,
        WHOSE,
        DiscussionFilter,
        discussion_rows,
        discussions,
        is_blind,
        place_text,
        texts_of_customers,
    )
    from core.services.discussion.remark_types import Remark, RemarkAck
    from core.services.discussion.remarks import add_remark, apply_remarks
    from core.services.discussion.threads import (
        DiscussionView,
        OpenCounts,
        Turn,
        discussions_in,
        of_pass,
        open_counts,
        speakers_of,
    )

__all__ = [
    "EVERYBODY",
    "EVERY_STATE",
    "STATES",
    "WHOLE_CHAT",
    "WHOSE",
    "DiscussionFilter",
    "DiscussionView",
    "OpenCounts",
    "Remark",
    "RemarkAck",
    "Turn",
    "add_remark",
    "apply_remarks",
    "discussion_rows",
    "discussions",
    "discussions_in",
    "is_blind",
    "known_people",
    "of_pass",
    "open_counts",
    "place_text",
    "speakers_of",
    "texts_of_customers",
]

import_when_used(__name__)
