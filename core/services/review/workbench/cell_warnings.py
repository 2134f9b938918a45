"""Warnings about one stored cell, for edits made outside the workbench."""

from core.adapters.store import Store
from core.domain.form import Form
from core.services.review.workbench.payload import chat_payloads


def cell_warnings(store: Store, form: Form, dataset_id: int, index: int, customer: int, key: str) -> list[str]:
    """The workbench's warnings about one cell, one sentence each.

    Args:
        store: the open store.
        form: the dataset's form.
        dataset_id: the dataset.
        index: of the chat.
        customer: position of the form, from 0.
        key: field.
    """
    with store.read() as session:
        chats = chat_payloads(session, form, dataset_id, [index], None)
    return [
        one["text"] for chat in chats for one in chat["warnings"] if (one["customer"], one["key"]) == (customer, key)
    ]
