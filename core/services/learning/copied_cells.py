"""Values of approved records that came from a run itself and that nobody has looked at one by one.

Who approves a chat confirms in bulk what they have not touched: there a run's confidence is measured by its own answer.
"""

from dataclasses import dataclass

from sqlmodel import Session

from core.adapters.store.kept_reads import read_value_once
from core.adapters.store.models import Confirmation
from core.services.learning.run_confidence import approved_customers
from core.services.team import withheld


@dataclass(frozen=True, slots=True)
class CopiedCells:
    """How far a run's confidences rest on its own answers.

    Attributes:
        copied: values of approved records that the run gave and that nobody confirmed one by one.
        cells: all values of these records.
    """

    copied: int
    cells: int

    @property
    def sentence(self) -> str:
        """Chinese: how many values nobody has looked at, and what that does; ``""`` for none."""
        if not self.copied:
            return ""
        share = self.copied / self.cells
        share = share if self.copied == self.cells else min(share, 0.99)  # 100 % are all of them
        return (
            f"对照的 {self.cells:,} 格里有 {self.copied:,} 格（{share:.0%}）"
            "是从这个抽取任务照抄的，没有人逐项确认："
            "把握可能偏高，盲审几条才知道偏多少"
        )


def copied_cells(session: Session, run_id: int) -> CopiedCells:
    """The copied values of the approved records by which a run's confidences are fitted.

    They are counted once until anything is written.

    Args:
        session: open session.
        run_id: the run.
    """
    key = (run_id, withheld(session).chats)
    return read_value_once(session, "copied cells", key, lambda: _count_copied(session, run_id))


def _count_copied(session: Session, run_id: int) -> CopiedCells:
    origin = f"run:{run_id}"
    copied = cells = 0
    for customers in approved_customers(session, run_id):
        for customer in customers:
            confirmed, origins = customer.get("confirmed", {}), customer.get("origin", {})
            cells += len(customer["values"])
            copied += sum(one == origin and confirmed.get(key) != Confirmation.SINGLE for key, one in origins.items())
    return CopiedCells(copied, cells)
