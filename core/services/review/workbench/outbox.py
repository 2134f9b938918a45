"""Apply the browser's outbox, each save once, however often the browser sends it."""

from collections.abc import Mapping, Sequence

from core.adapters.store import Store
from core.services.review.records.save_reading import save_id_of
from core.services.review.records.save_types import Ack
from core.services.review.workbench.sync import ReviewSession


def apply_outbox(
    review_session: ReviewSession,
    store: Store,
    outbox: Sequence[object],
    kept: Mapping[str, Ack],
    *,
    just_sent: bool = False,
) -> dict[str, Ack]:
    """Apply the saves of an outbox that have no acknowledgement yet.

    Args:
        review_session: who reviews what.
        store: the open store.
        outbox: the saves that the browser last sent, oldest first.
        kept: acknowledgements by save id that this function returned before.
        just_sent: the browser has sent this outbox now. A conflict or a rejection is then judged anew: if the browser
            asks again, the first answer was lost, and the record may have changed since.

    Returns:
        ``{save id: acknowledgement}`` for this outbox, in its order. A save that could not be stored now is missing and
        is tried again. What is no longer kept is still applied once: its event in the database has the save id.
    """
    answered = {save_id: ack for save_id, ack in kept.items() if ack.result == "saved" or not just_sent}
    unanswered = [save for save in outbox if save_id_of(save) not in answered]
    answered |= {ack.save_id: ack for ack in review_session.save(store, unanswered)}
    return {save_id: answered[save_id] for save in outbox if (save_id := save_id_of(save)) in answered}
