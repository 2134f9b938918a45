"""Adjudication: resolves the differences between two reviews and saves the chat's adjudicated record."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from core.adapters.store import DatasetView, RecordView, Store, queries
from core.adapters.store.models import Confirmation, Pass, RecordStatus
from core.domain.form import Form, FormValues, Value
from core.domain.permissions import Permission
from core.domain.scoring import Scorer
from core.errors import ConflictError, PermissionDeniedError
from core.services.quality.alignment import Customer, align_chat
from core.services.review.records.save_types import Ack
from core.services.review.records.saving import apply_saves
from core.services.team import hidden_sentence, permitted, remember_seen, withheld_chats


@dataclass(frozen=True, slots=True)
class TwoReviews:
    """Two reviews of one chat with their customers matched.

    Attributes:
        first: the primary record.
        second: the second record.
        settled: the adjudicated record, if there is one.
        customers: aligned; ``forms[0]`` is the first reviewer's, ``forms[1]`` the second's.
    """

    first: RecordView
    second: RecordView
    settled: RecordView | None
    customers: tuple[Customer, ...]


def two_reviews(store: Store, dataset: DatasetView, form: Form, chat: int) -> TwoReviews | None:
    """Load both reviews of a chat for adjudication; ``None`` if one of them is missing.

    Raises:
        PermissionDeniedError: who is signed in is still at the second one.
    """
    with store.read() as session:
        if chat in withheld_chats(session, dataset.id):
            raise PermissionDeniedError(hidden_sentence(chat), "请先完成盲审")
        chat_id = queries.chat(session, dataset.id, chat).id
        remember_seen(session, [chat_id])
        first, second, settled = (
            next(queries.records(session, dataset.id, review_pass=review_pass, chat_ids=[chat_id]), None)
            for review_pass in (Pass.PRIMARY, Pass.SECOND, Pass.ADJUDICATED)
        )
    if first is None or second is None:
        return None
    return TwoReviews(first, second, settled, align_chat(Scorer(form), [first.forms, second.forms], None))


def settled_forms(form: Form, reviews: TwoReviews, choices: Mapping[str, Value]) -> list[FormValues]:
    """The forms of a chat after adjudication.

    Args:
        form: the form.
        reviews: both reviews.
        choices: ``{"customer:field": value}`` for cells that differ, ``{"customer:*": ""}`` to leave a customer out.
            Cells without a choice keep the first reviewer's value, or the second's where only they have the customer.
    """
    forms: list[FormValues] = []
    for position, customer in enumerate(reviews.customers):
        if f"{position}:*" in choices:
            continue
        base = customer.forms[0] if customer.forms[0] is not None else customer.forms[1]
        values = dict(base or form.empty())
        values.update({key: choices[f"{position}:{key}"] for key in form.keys if f"{position}:{key}" in choices})
        forms.append(form.coerce(values).values)
    return forms


@permitted(Permission.ADJUDICATE)
def save_adjudication(
    store: Store,
    dataset: DatasetView,
    form: Form,
    chat: int,
    reviews: TwoReviews,
    choices: Mapping[str, Value],
    *,
    reviewer: str,
    base_version: int,
) -> Ack:
    """Save a chat's adjudicated record; every cell of it counts as confirmed one by one.

    Args:
        store: the open store.
        dataset: the dataset.
        form: its form.
        chat: index of the chat.
        reviews: both reviews.
        choices: as given to :func:`settled_forms`.
        reviewer: who adjudicates.
        base_version: version of the adjudicated record that was shown; 0 where there was none.

    Raises:
        ConflictError: one of the reviews has changed since it was shown.
    """
    newest = two_reviews(store, dataset, form, chat)
    for shown, now in ((reviews.first, newest and newest.first), (reviews.second, newest and newest.second)):
        if not now or now.version != shown.version:
            who = now.reviewer if now else shown.reviewer
            raise ConflictError(f"{who} 刚刚又改过第 {chat} 条的审阅，没有保存仲裁", "请看过新的值再保存，选好的还在")
    confirmed = dict.fromkeys(form.keys, Confirmation.SINGLE)
    save = {
        "save_id": str(uuid4()),
        "chat": chat,
        "reviewer": reviewer,
        "base_version": base_version,
        "customers": [{"values": values, "confirmed": confirmed} for values in settled_forms(form, reviews, choices)],
        "status": str(RecordStatus.CONFIRMED),
        "reason": f"仲裁：{reviews.first.reviewer} 与 {reviews.second.reviewer}",
    }
    (ack,) = apply_saves(store, form, dataset.id, [save], review_pass=Pass.ADJUDICATED)
    return ack
