"""What the checks say about one cell as it is stored now: for an edit made away from the desk, which shows them all."""

from sqlalchemy import select
from sqlmodel import col

from core.chat import guess_roles, parse_chat
from core.checks import check
from core.evidence import ChatIndex, Evidence, locate
from core.form import Form
from core.review.writing import record_of, values_of
from core.store import Store
from core.store.models import Chat


def remarks(store: Store, form: Form, dataset_id: int, index: int, customer: int, key: str) -> list[str]:
    """The remarks of the desk on one cell, a sentence each; none where there is no record.

    Args:
        store: the open store.
        form: the dataset's form.
        dataset_id: the dataset.
        index: of the chat.
        customer: position of the form, from 0.
        key: field.
    """
    with store.read() as session:
        record = record_of(session, dataset_id, index)
        if record is None or customer >= len(record.customers):
            return []
        forms = values_of(record.customers)
        text = session.execute(select(col(Chat.text)).where(col(Chat.id) == record.chat_id)).scalar_one()
    parsed = parse_chat(text)
    marks = locate(form, ChatIndex(parsed), forms[customer], form.name_of(forms[customer]))
    missing = {name for name, mark in marks.items() if mark.status is Evidence.MISSING}
    unsupported = [missing if place == customer else set() for place in range(len(forms))]
    found = check(form, parsed, guess_roles(parsed), forms, unsupported)
    return [one.text for one in found if (one.customer, one.key) == (customer, key)]
