"""Whether somebody may change a record that another person has confirmed."""

from core.adapters.store.models import Record, RecordStatus
from core.domain.permissions import Permission
from core.services.team import current_actor, is_allowed


def others_record_refusal(record: Record | None) -> str:
    """Why who acts may not change a record (one Chinese clause); ``""`` where they may.

    What somebody has confirmed is changed by them, or by who has ``CHANGE_OTHERS``; drafts and what is up for
    discussion anybody may go on with. Without sign-in nobody can tell persons apart, and nothing is refused.

    Args:
        record: as it is now.
    """
    name = current_actor().name
    if record is None or not name or record.reviewer in ("", name) or record.status != RecordStatus.CONFIRMED:
        return ""
    return "" if is_allowed(Permission.CHANGE_OTHERS) else f"它由「{record.reviewer}」确认，只有组长或管理员能改"
