"""What a lead has checked of the reviews of a dataset: share of blind second reviews, planted values, reading speed.

Which chats a share is about is decided by lot with a secret of the dataset's own: the same chats however often one
asks, and nobody who does not know the secret can tell which.
"""

import hashlib
import secrets
from collections.abc import Callable

from sqlalchemy import func, select
from sqlmodel import Session, col

from core.adapters.store import ReviewCheckView, Store, queries
from core.adapters.store.models import Account, Record, ReviewCheck, now
from core.adapters.store.queries import PASSED_BY
from core.domain.permissions import Permission
from core.errors import InputError
from core.services.team import AuditKind, permitted, record_audit

SPEEDS = (300, 6_000)
"""The least and the most characters a minute that can be set."""
MOST_PLANTED = 0.2
"""Largest share of planted values: more would cost more attention than they measure."""


def lot(secret: str, chat_id: int) -> float:
    """A chat's lot under a secret, 0 to 1, the same however often it is drawn."""
    return int.from_bytes(hashlib.sha256(f"{secret}:{chat_id}".encode()).digest()[:8]) / 2**64


def review_checks(session: Session, dataset_id: int) -> ReviewCheckView:
    """The review checks of a dataset; all off where nobody has set any."""
    row = session.get(ReviewCheck, dataset_id)
    return ReviewCheckView.from_row(row if row is not None else ReviewCheck(dataset_id=dataset_id, lot_secret=""))


def blind_lots(session: Session, dataset_id: int) -> Callable[[int], float | None] | None:
    """Says of a chat's id its lot, where the chat is drawn for a blind second review; ``None`` where the share is 0.

    Lots are in no order that anybody knows: who takes the drawn chats by lot has a fair sample at any time.
    """
    row = session.get(ReviewCheck, dataset_id)
    if row is None or not row.blind_share:
        return None
    secret, share = row.lot_secret, row.blind_share

    def lot_of(chat_id: int) -> float | None:
        drawn = lot(secret, chat_id)
        return drawn if drawn < share else None

    return lot_of


@permitted(Permission.REVIEW_CHECKS)
def set_review_checks(
    store: Store, dataset_id: int, *, blind_share: float, planted_share: float, characters_per_minute: int, who: str
) -> None:
    """Set what is checked of the reviews of a dataset; written down in the audit log where it changes something.

    Args:
        store: the open store.
        dataset_id: the dataset.
        blind_share: share of the approved chats that somebody else reviews blind, 0 to 1.
        planted_share: share of the chats with a known answer in which one value is planted, 0 to ``MOST_PLANTED``.
        characters_per_minute: above this, an approval was faster than its text can be read.
        who: the lead.

    Raises:
        InputError: a number is out of its range.
        NotFoundError: no such dataset.
    """
    if not 0 <= blind_share <= 1:
        raise InputError("盲审比例要在 0% 到 100% 之间", "请改好后再保存")
    if not 0 <= planted_share <= MOST_PLANTED:
        raise InputError(f"预埋错误的比例要在 0% 到 {MOST_PLANTED:.0%} 之间", "请改好后再保存")
    if not SPEEDS[0] <= characters_per_minute <= SPEEDS[1]:
        raise InputError(f"阅读速度要在每分钟 {SPEEDS[0]} 到 {SPEEDS[1]:,} 字之间", "请改好后再保存")
    with store.write() as session:
        dataset = queries.dataset(session, dataset_id)
        row = session.get(ReviewCheck, dataset_id)
        if row is None:
            row = ReviewCheck(dataset_id=dataset_id, lot_secret=secrets.token_hex(16))
            session.add(row)
        changes = []
        if row.blind_share != blind_share:
            changes.append(f"盲审比例 {row.blind_share:.0%} → {blind_share:.0%}")
        if row.planted_share != planted_share:
            changes.append(f"预埋错误 {row.planted_share:.0%} → {planted_share:.0%}")
        if row.characters_per_minute != characters_per_minute:
            changes.append(f"阅读速度 每分钟 {row.characters_per_minute} → {characters_per_minute:,} 字")
        if planted_share > row.planted_share:  # answers that had their lot are drawn from once more
            row.planted_up_to = 0
        row.blind_share, row.planted_share = blind_share, planted_share
        row.characters_per_minute = characters_per_minute
        row.who, row.at = who.strip(), now()
        if changes:
            record_audit(session, AuditKind.REVIEW_CHECKS, dataset.name, "；".join(changes))


def only_person(session: Session) -> str | None:
    """Name of the one person who could review anything, where there is no second one for a blind review.

    With accounts these are the open ones, else whoever has saved a review. ``None``: there are several, or nobody yet.
    """
    accounts = list(session.execute(select(col(Account.name)).where(~col(Account.disabled)).limit(2)).scalars())
    if accounts:
        return accounts[0] if len(accounts) == 1 else None
    first = session.execute(select(func.min(col(Record.reviewer))).where(col(Record.reviewer) != PASSED_BY)).scalar()
    if first is None:
        return None
    other = select(col(Record.id)).where(col(Record.reviewer).not_in((PASSED_BY, first))).limit(1)
    return str(first) if session.execute(other).first() is None else None
