"""What the card at the end of a queue shows; part of :mod:`core.services.review.workbench.contract`."""

from typing import TypedDict


class WorkSum(TypedDict):
    """What a reviewer did in a stretch of time.

    Attributes:
        chats: that they decided and that are still theirs.
        seconds: of work on them; null where no save said.
        changes: cells that differ from what the run had said; null where nothing was started from a run.
        points: that the approved records score more than the run's answers; null likewise.
        slowest: key of the field that took the most time; empty where no save said.
        slowest_seconds: how much.
    """

    chats: int
    seconds: float | None
    changes: int | None
    points: float | None
    slowest: str
    slowest_seconds: float


class HeldChats(TypedDict):
    """How many chats of the queue somebody else is on."""

    who: str
    chats: int


class NextDataset(TypedDict):
    """Another dataset with chats to review."""

    id: int
    name: str
    left: int


class EndPayload(TypedDict):
    """What the card at the end of a queue shows.

    Attributes:
        sitting: the latest work without a pause of half an hour.
        today: since midnight, in all datasets.
        held: chats of the queue that others are on.
        next_dataset: the next one with open chats; null where there is none.
    """

    sitting: WorkSum
    today: WorkSum
    held: list[HeldChats]
    next_dataset: NextDataset | None
