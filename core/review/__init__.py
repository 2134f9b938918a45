"""Review: the queue, what the workbench shows, and saving what reviewers did."""

from core.review.desk import Desk, open_desk
from core.review.model import UNREVIEWED, Ack, Confirmation, Save
from core.review.overview import Activity, DatasetState, overview, record_rows, records_version
from core.review.payload import chat_payloads
from core.review.queue import FILTERS, Progress, base_run, claim, first, neighbours, progress
from core.review.saving import apply_saves
from core.review.second import BLIND, SecondDesk, blind_waiting

__all__ = [
    "BLIND",
    "FILTERS",
    "UNREVIEWED",
    "Ack",
    "Activity",
    "Confirmation",
    "DatasetState",
    "Desk",
    "Progress",
    "Save",
    "SecondDesk",
    "apply_saves",
    "base_run",
    "blind_waiting",
    "chat_payloads",
    "claim",
    "first",
    "neighbours",
    "open_desk",
    "overview",
    "progress",
    "record_rows",
    "records_version",
]
