"""Shows a planted value on the desk: in the payload of the chat, and nowhere else."""

from collections.abc import Mapping, Sequence

from core.adapters.store.models import Confirmation
from core.services.review.records.planted_errors import ShownError
from core.services.review.workbench.contract import ChatPayload, CustomerPayload


def without_confidence(chats: Sequence[ChatPayload], planted: Mapping[int, ShownError], at: int | None) -> int | None:
    """Take away how sure a planted value is: that was computed of the right one.

    Args:
        chats: payloads; changed.
        planted: by chat id.
        at: index of the chat on screen.

    Returns:
        Id of the chat on screen, where a planted error is shown on it and nobody knows yet on whose desk.
    """
    on_screen = None
    for chat in chats:
        error = planted.get(chat["chat_id"])
        if error is None:
            continue
        for customer in chat["customers"]:
            if "sure" in customer:
                customer["sure"].pop(error.field, None)
            if "doubts" in customer:
                customer["doubts"] = [key for key in customer["doubts"] if key != error.field]
        if chat["chat"] == at and not error.is_bound:
            on_screen = chat["chat_id"]
    return on_screen


def show_planted(customers: Sequence[CustomerPayload], planted: ShownError, version: int) -> None:
    """Put a planted value where the run's value is shown, and where it stands in the reviewer's own draft.

    Once the reviewer has changed it only the run's value, as it is shown struck through, is the planted one.

    Args:
        customers: of the chat; changed.
        planted: the error.
        version: of the record, 0 where there is none: in another one than was noted nothing stands any more.
    """
    key = planted.field
    if version != planted.version:
        return
    for customer in customers:
        baseline = customer["baseline"]
        if customer["origin"] != 0 or baseline is None or baseline[key] != planted.right:
            continue
        customer["baseline"] = {**baseline, key: planted.value}
        if not planted.is_changed and customer["values"][key] == planted.right:
            customer["values"] = {**customer["values"], key: planted.value}
            if planted.confirmation:
                customer["confirmed"] = {**customer["confirmed"], key: Confirmation(planted.confirmation)}
