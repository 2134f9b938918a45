"""Whether somebody may change a record that another person has made."""

from sqlmodel import Session

from core.adapters.store.models import Pass, Record, RecordStatus
from core.adapters.store.queries import PASSED_BY
from core.domain.permissions import Permission
from core.services.team import BLIND_JUST_NOW, current_actor, is_allowed, is_reviewing_blind


def others_record_refusal(session: Session, record: Record | None) -> str:
    """Why who acts may not change a record (one Chinese clause); ``""`` where they may.

    What somebody has confirmed is changed by them, or by who has ``CHANGE_OTHERS``; drafts, what is up for discussion
    and what a threshold let pass anybody may go on with. Whoever reviews the chat blind just now may change no other
    review of it: what stands there is not for them to see. Without sign-in nobody can tell persons apart, and the rest
    is allowed.

    Args:
        session: open.
        record: as it is now.
    """
    if record is not None and record.review_pass != Pass.SECOND and is_reviewing_blind(session, record.chat_id):
        return BLIND_JUST_NOW
    name = current_actor().name
    if record is None or not name:
        return ""
    if record.reviewer in ("", PASSED_BY, name) or record.status != RecordStatus.CONFIRMED:
        return ""
    return "" if is_allowed(Permission.CHANGE_OTHERS) else f"它由「{record.reviewer}」确认，只有组长或管理员能改"
