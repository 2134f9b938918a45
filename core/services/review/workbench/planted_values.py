"""Shows a planted value on the desk: in the payload of the chat, and nowhere else."""

from collections.abc import Mapping, Sequence

from core.adapters.store.models import Confirmation
from core.services.review.records.planted_errors import ShownError
from core.services.review.workbench.alternatives import LABELS
from core.services.review.workbench.contract import Alternative, ChatPayload, CustomerPayload


def shown_unbound(chats: Sequence[ChatPayload], planted: Mapping[int, ShownError], at: int | None) -> int | None:
    """The id of the chat on screen, where a planted error is shown on it and nobody knows yet on whose desk.

    Args:
        chats: payloads.
        planted: by chat id.
        at: index of the chat on screen.
    """
    for chat in chats:
        error = planted.get(chat["chat_id"])
        if error is not None and chat["chat"] == at and not error.is_bound:
            return chat["chat_id"]
    return None


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


def vouch_without_labels(customers: Sequence[CustomerPayload]) -> None:
    """Leave the labels out of what is said to have been compared with each customer's values.

    Where a dataset has planted errors, a field about which they seem to say nothing may be one. Left out of that
    customer alone, they would give it away by their absence.

    Args:
        customers: of a chat, with what other runs say; changed.
    """
    for customer in customers:
        if LABELS in customer.get("compared", ()):
            customer["compared"] = [name for name in customer["compared"] if name != LABELS]


def hide_labels(customers: Sequence[CustomerPayload], planted: ShownError) -> None:
    """Take the labels' word about a planted value away: it is always the right one, and would give the error away.

    Args:
        customers: of the chat, with what other runs say; changed.
        planted: the error.
    """
    key = planted.field
    for customer in customers:
        alternatives = customer["others"].get(key, [])
        if customer["origin"] != 0 or not any(LABELS in one["who"] for one in alternatives):
            continue
        left = [
            Alternative(value=one["value"], who=[name for name in one["who"] if name != LABELS]) for one in alternatives
        ]
        left = [one for one in left if one["who"]]
        customer["others"] = {other: values for other, values in customer["others"].items() if other != key}
        if any(one["value"] != customer["values"][key] for one in left):
            customer["others"][key] = left
        dissent = customer.get("dissent", {})
        if key in dissent:
            count = dissent[key]
            rest = {other: one for other, one in dissent.items() if other != key}
            if key in customer["others"] and count["differ"] > 1:
                rest[key] = {"differ": count["differ"] - 1, "of": count["of"] - 1}
            customer["dissent"] = rest
