"""Few-shot examples: approved records with similar chats, never the chat itself or a copy of it.

Likeness is the cosine of character n-grams (TF-IDF), which needs no model and no dictionary. The idea of checking an
example against its own text is langextract's: a value that should stand in the chat and does not teaches to invent.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import numpy as np
from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store import queries
from core.adapters.store.models import Chat, Dataset, Record
from core.domain.chat import parse_chat
from core.domain.cleaning import clean
from core.domain.evidence import EvidenceStatus, locate, text_index
from core.domain.form import Form, FormValues, Nature
from core.domain.prompts import Example
from core.services.extraction.pipeline.stages import PickedExample
from core.services.quality.passed_cells import passed_cells
from core.services.team import remember_seen_in

NEAR: Final = 0.8
"""Cosine from which two chats count as copies of one another (same talk with other made-up names)."""
MOST_RECORDS: Final = 2_000
"""Most records that are compared, newest first."""
LONGEST: Final = 2_500
"""Longest chat of an example, in characters; a longer one costs more than it helps."""
_LABEL: Final = re.compile(r"\A(?P<dataset>.+) 第 (?P<index>\d{1,9}) 条（版本 ", re.DOTALL)
"""What :func:`example_label` writes."""
_CLEANED: Final = ("recalled", "placeholders", "broadcasts")


@dataclass(frozen=True, slots=True)
class ApprovedExample:
    """An approved record as an example: its chat, conversation and forms, and a label of its origin."""

    chat_id: int
    conversation: str
    forms: tuple[FormValues, ...]
    label: str


class ExamplePool:
    """Approved records prepared for similarity search; build it once for many chats."""

    def __init__(self, form: Form, approved: Sequence[ApprovedExample]) -> None:
        self.form = form
        self.approved = [one for one in approved if one.forms and len(one.conversation) <= LONGEST]
        self._matrix: Any = None
        self._vectorizer: Any = None
        if self.approved:
            # Imported here: it takes a second, and most runs show no examples.
            from sklearn.feature_extraction.text import TfidfVectorizer

            self._vectorizer = TfidfVectorizer(
                analyzer="char", ngram_range=(2, 3), sublinear_tf=True, max_features=50_000, dtype=np.float32
            )
            self._matrix = self._vectorizer.fit_transform([one.conversation for one in self.approved])

    def pick(self, conversation: str, count: int, *, chat_id: int | None = None) -> list[PickedExample]:
        """The most similar records first; ties keep their order.

        Args:
            conversation: the chat in hand; it and its near duplicates are left out.
            count: how many at most.
            chat_id: of the chat in hand.
        """
        if not self.approved or count < 1:
            return []
        likeness = (self._matrix @ self._vectorizer.transform([conversation]).T).toarray().ravel()
        ranked = sorted(range(len(self.approved)), key=lambda n: (-round(float(likeness[n]), 6), n))
        own = "".join(conversation.split())
        picked: list[PickedExample] = []
        shown: list[int] = []
        for n in ranked:
            one = self.approved[n]
            words = "".join(one.conversation.split())
            # A chunk holds a part of its chat only: the whole is then not near, but it contains the part.
            if one.chat_id == chat_id or likeness[n] >= NEAR or own in words or words in own:
                continue
            # Two copies of one example say the same twice.
            if shown and (self._matrix[shown] @ self._matrix[n].T).max() >= NEAR:
                continue
            shown.append(n)
            picked.append(
                PickedExample(Example(one.conversation, _answer(one.forms)), one.label, check_example(self.form, one))
            )
            if len(picked) == count:
                break
        return picked


def check_example(form: Form, example: ApprovedExample) -> tuple[str, ...]:
    """Verbatim values of an example that do not occur in its own chat, one Chinese sentence each."""
    index = text_index(example.conversation)
    problems: list[str] = []
    for values in example.forms:
        marks = locate(form, index, values, form.name_of(values))
        problems += [
            f"「{field.label}」的值“{values[field.key]}”在它的群聊里找不到"
            for field in form.fields
            if field.nature is Nature.VERBATIM and marks[field.key].status is EvidenceStatus.MISSING
        ]
    return tuple(problems)


def approved_records(session: Session, form: Form) -> list[ApprovedExample]:
    """The newest approved records of all datasets with this form; of two for one chat the one that counts.

    Records with values that passed by a threshold and that nobody has looked at are left out.
    """
    statement = (
        select(Record, col(Chat.index), col(Chat.text), col(Dataset.name))
        .join(Chat, col(Chat.id) == col(Record.chat_id))
        .join(Dataset, col(Dataset.id) == col(Record.dataset_id))
        .where(queries.is_final(), ~queries.is_passed(), col(Dataset.form) == form.reference)
        .order_by(col(Record.id).desc())
        .limit(MOST_RECORDS)
    )
    examples: list[ApprovedExample] = []
    rows = session.execute(statement).all()
    passed = passed_cells(session, {record.id: record.version for record, *_ in rows})
    for record, index, text, dataset in rows:
        if record.id in passed:  # a part of it is what a run says, which nobody has looked at
            continue
        forms = tuple(form.coerce(customer["values"]).values for customer in record.customers)
        label = f"{example_label(dataset, index)}{record.version}）"
        examples.append(ApprovedExample(record.chat_id, clean(parse_chat(text), _CLEANED).text, forms, label))
    return examples


def example_label(dataset: str, index: int) -> str:
    """How the label of an example from a chat begins; its record's version follows."""
    return f"{dataset} 第 {index} 条（版本 "


def remember_examples_shown(session: Session, labels: Iterable[str]) -> None:
    """Remember that who reads is shown the records that examples are from.

    Args:
        session: open session that reads.
        labels: of the examples.
    """
    indices: dict[str, set[int]] = {}
    for label in labels:
        if place := _LABEL.match(label):
            indices.setdefault(place["dataset"], set()).add(int(place["index"]))
    statement = select(col(Dataset.id), col(Dataset.name)).where(col(Dataset.name).in_(indices))
    for dataset_id, name in session.execute(statement).all() if indices else ():
        remember_seen_in(session, int(dataset_id or 0), indices[name])


def records_state(session: Session, form: Form) -> tuple[int, int]:
    """Number and digest of the approved records' versions: the cache key of a pool.

    Sums would not do: one record withdrawn and another one approved may leave them as they were.
    """
    statement = (
        select(col(Record.id), col(Record.version), col(Record.updated_at))
        .join(Dataset, col(Dataset.id) == col(Record.dataset_id))
        .where(queries.is_final(), ~queries.is_passed(), col(Dataset.form) == form.reference)
        .order_by(col(Record.id).desc())
        .limit(MOST_RECORDS)
    )
    versions = [tuple(row) for row in session.execute(statement)]
    return len(versions), int.from_bytes(blake2b(repr(versions).encode(), digest_size=8).digest())


def _answer(forms: Sequence[FormValues]) -> str:
    rows = ",\n".join(json.dumps(values, ensure_ascii=False) for values in forms)
    return f"[\n{rows}\n]"
