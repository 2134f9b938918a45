"""Review: the queue, the workbench's data, and saving reviewers' work."""

from typing import TYPE_CHECKING

from core.lazy_packages import import_when_used

if TYPE_CHECKING:
    from core.services.review.adjudication import TwoReviews, save_adjudication, two_reviews
    from core.services.review.base_runs import base_run, base_runs
    from core.services.review.overview import DatasetState, overview
    from core.services.review.queue.claims import claim
    from core.services.review.queue.filters import FILTERS, Filter
    from core.services.review.queue.order import ORDERS, ORDERS_BEFORE
    from core.services.review.records.save_types import Ack
    from core.services.review.records.saving import apply_saves
    from core.services.review.workbench.blind import BLIND, BlindSession, blind_seen, blind_waiting
    from core.services.review.workbench.outbox import apply_outbox
    from core.services.review.workbench.session import PrimarySession, open_session
    from core.services.review.workbench.sync import ReviewSession, claimed_chats, offline_payload, offline_sentence

__all__ = [
    "BLIND",
    "FILTERS",
    "Filter",
    "Ack",
    "DatasetState",
    "PrimarySession",
    "BlindSession",
    "ReviewSession",
    "TwoReviews",
    "save_adjudication",
    "two_reviews",
    "apply_outbox",
    "apply_saves",
    "base_run",
    "blind_seen",
    "blind_waiting",
    "base_runs",
    "claim",
    "claimed_chats",
    "ORDERS",
    "ORDERS_BEFORE",
    "offline_payload",
    "offline_sentence",
    "open_session",
    "overview",
]

import_when_used(__name__)
