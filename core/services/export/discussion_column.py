"""What was discussed, as a column beside the customers of a table."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store import DatasetView, queries
from core.adapters.store.models import Chat
from core.domain.form import Form, FormValues
from core.domain.masking import Mask
from core.services.discussion import DiscussionView, discussions_in, texts_of_customers

TITLE = "讨论"
MOST_CHARACTERS = 20_000
"""Characters of one cell: a cell of Excel holds 32,767. What was said last stays."""


class DiscussionColumn:
    """The discussions of a dataset's chats, ready to stand beside their customers."""

    def __init__(self, session: Session, dataset: DatasetView, form: Form, mask: Mask) -> None:
        """Read all discussions of the dataset.

        Args:
            session: open session.
            dataset: the dataset.
            form: its form.
            mask: what is hidden in the texts.
        """
        self._form, self._mask = form, mask
        self._views: dict[int, list[DiscussionView]] = {}
        for view in discussions_in(session, dataset.id):
            self._views.setdefault(view.chat, []).append(view)
        self._chat_texts: dict[int, str] = {}
        if mask:
            for part in queries.chunked(list(self._views)):
                statement = select(col(Chat.index), col(Chat.text)).where(
                    col(Chat.dataset_id) == dataset.id, col(Chat.index).in_(part)
                )
                self._chat_texts |= dict(session.execute(statement).all())

    def cells(self, index: int, forms: Sequence[FormValues]) -> list[str]:
        """One text per customer of a chat; what is about the whole chat stands with the first.

        Args:
            index: of the chat.
            forms: of its customers, in order.
        """
        views = self._views.get(index)
        if not views:
            return [""] * len(forms)
        names = [self._form.name_of(values) for values in forms]
        return [self._cell(index, texts) for texts in texts_of_customers(views, names, self._form)]

    def _cell(self, index: int, texts: Sequence[str]) -> str:
        text = "\n\n".join(texts)
        if self._mask:
            text = self._mask.cell(self._form, "", text, self._chat_texts.get(index, ""))
        return text if len(text) <= MOST_CHARACTERS else f"…{text[1 - MOST_CHARACTERS :]}"
