"""What else is known of a person, by the forms and chats that name them: to be looked for, too."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store.models import Chat, Dataset, Extraction, Record
from core.domain.form import Form, FormValues, Kind, load_named_form, text_of
from core.domain.personal_data import PersonSpellings, address_forms

_TELLS = frozenset({Kind.PERSON, Kind.PHONE, Kind.EMAIL, Kind.ID_CARD, Kind.BANK_CARD, Kind.WECHAT, Kind.QQ})
_MOST = 30


def related_words(session: Session, spellings: PersonSpellings, chats: Mapping[str, Iterable[int]]) -> tuple[str, ...]:
    """Names, nicknames, phones and accounts beside what is looked for, at most 30.

    They are what the same customer's form holds (the nickname 奔跑的蜗牛 with the phone that is looked for), and how a
    chat addresses the person (邱总, 小邱 for 邱明远). A guess: who deletes has to decide.

    Args:
        session: open session.
        spellings: of the person.
        chats: ``{dataset name: indices}`` that name the person.
    """
    words: dict[str, None] = {}
    for dataset_name, indices in chats.items():
        dataset = session.execute(select(Dataset).where(col(Dataset.name) == dataset_name)).scalars().first()
        if dataset is None:
            continue
        form = load_named_form(dataset.form)
        wanted_indices = list(indices)
        statement = select(Chat).where(col(Chat.dataset_id) == dataset.id, col(Chat.index).in_(wanted_indices))
        for chat in session.execute(statement).scalars():
            words |= dict.fromkeys(_of_forms(form, _forms(session, form, chat.id or 0), spellings))
            for name in spellings.terms:
                words |= dict.fromkeys(address_forms(chat.text, name))
            if len(words) > _MOST:
                break
    return tuple([word for word in words if not spellings.count(word)][:_MOST])


def _forms(session: Session, form: Form, chat_id: int) -> Iterator[FormValues]:
    records = select(col(Record.customers)).where(col(Record.chat_id) == chat_id)
    for customers in session.execute(records).scalars():
        yield from (form.coerce(customer.get("values", {})).values for customer in customers or [])
    extractions = select(col(Extraction.forms)).where(col(Extraction.chat_id) == chat_id)
    for forms in session.execute(extractions).scalars():
        yield from (form.coerce(values).values for values in _mappings(forms))


def _mappings(forms: Any) -> Sequence[Mapping[str, Any]]:
    return [one for one in forms if isinstance(one, dict)] if isinstance(forms, list) else []


def _of_forms(form: Form, forms: Iterable[FormValues], spellings: PersonSpellings) -> Iterator[str]:
    for values in forms:
        personal = [text_of(value) for key, value in values.items() if form.field(key).kind in _TELLS]
        if any(spellings.count(text) for text in personal):
            yield from (text for text in personal if len(text) > 1)
