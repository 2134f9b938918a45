"""Review: the queue, what the workbench shows, and saving what reviewers did."""

from core.review.desk import Desk, open_desk
from core.review.filters import FILTERS, Filter
from core.review.model import UNREVIEWED, Ack, Confirmation, Save
from core.review.order import ORDERS
from core.review.overview import Activity, DatasetState, overview
from core.review.payload import chat_payloads
from core.review.queue import BaseRun, Progress, base_run, base_runs, claim, progress
from core.review.saving import apply_saves
from core.review.second import BLIND, SecondDesk, blind_waiting
from core.review.turn import Table, claimed

__all__ = [
    "BLIND",
    "FILTERS",
    "Filter",
    "UNREVIEWED",
    "Ack",
    "Activity",
    "BaseRun",
    "Confirmation",
    "DatasetState",
    "Desk",
    "Progress",
    "Save",
    "SecondDesk",
    "Table",
    "apply_saves",
    "base_run",
    "blind_waiting",
    "base_runs",
    "chat_payloads",
    "claim",
    "claimed",
    "ORDERS",
    "open_desk",
    "overview",
    "progress",
]
