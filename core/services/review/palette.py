"""What the palette (Ctrl+K) finds: datasets and runs by name, chats by number or by words in their conversation.

Names go to the browser once, with the readings of their characters, and are matched there at every key. Only chats
are asked for: there may be a hundred thousand. What is shown of a chat is its own text, never a record: a blind second
reviewer learns nothing of the first review here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import Chat, Dataset, Run, RunKind
from core.domain.form import load_named_form
from core.domain.indices import MAX_INDEX
from core.errors import FormError
from core.services.review.palette_people import find_customers
from core.services.review.queue import search

MOST_NAMES = 2000
"""Datasets and runs that are offered by name, each: the newest ones."""
MOST_CHATS = 8
"""Chats that a search answers with."""
MOST_DATASETS = 50
"""Datasets in which a search looks for the number of a chat."""
MOST_WORDS = 8
"""Words that a search looks for."""
_AROUND = 16
"""Characters that are shown on each side of what was found."""


@dataclass(frozen=True, slots=True)
class NamedDataset:
    """A dataset as it is offered; ``form`` is the name of its form."""

    id: int
    name: str
    form: str


@dataclass(frozen=True, slots=True)
class NamedRun:
    """A run as it is offered, with the id of its dataset."""

    id: int
    name: str
    dataset: int


@dataclass(frozen=True, slots=True)
class NamedField:
    """A field of a form as it is offered."""

    key: str
    label: str
    group: str


@dataclass(frozen=True, slots=True)
class PaletteNames:
    """All that is found by name.

    Attributes:
        datasets: the newest first.
        runs: the newest first, without labels, which no page shows as a run.
        fields: by the name of the form, for each form of a dataset that can be read.
    """

    datasets: list[NamedDataset]
    runs: list[NamedRun]
    fields: dict[str, list[NamedField]]


@dataclass(frozen=True, slots=True)
class FoundChat:
    """A chat that was found.

    Attributes:
        dataset: id of its dataset.
        index: position in the source, from 1.
        passage: the words that were looked for and a little around them, or the customer's name; ``""`` where none
            were.
    """

    dataset: int
    index: int
    passage: str = ""


def palette_names(store: Store) -> PaletteNames:
    """Everything that is found by name: at most :data:`MOST_NAMES` datasets and as many runs."""
    with store.read() as session:
        datasets = session.execute(
            select(col(Dataset.id), col(Dataset.name), col(Dataset.form))
            .order_by(col(Dataset.id).desc())
            .limit(MOST_NAMES)
        )
        named = [NamedDataset(int(dataset_id or 0), name, form) for dataset_id, name, form in datasets]
        runs = session.execute(
            select(col(Run.id), col(Run.name), col(Run.dataset_id))
            .where(col(Run.kind) != RunKind.LABELS)
            .order_by(col(Run.id).desc())
            .limit(MOST_NAMES)
        )
        named_runs = [NamedRun(int(run_id or 0), name, dataset_id) for run_id, name, dataset_id in runs]
    forms = dict.fromkeys(dataset.form for dataset in named)
    return PaletteNames(named, named_runs, {name: fields for name in forms if (fields := _fields(name))})


def _fields(form: str) -> list[NamedField]:
    """Fields of a form; none where its file is gone or broken: the page that needs it says so."""
    try:
        return [NamedField(field.key, field.label, field.group) for field in load_named_form(form).fields]
    except FormError:
        return []


def find_chats(
    store: Store,
    dataset_ids: Sequence[int],
    *,
    number: int | None = None,
    words: Sequence[str] = (),
    letters: str = "",
) -> list[FoundChat]:
    """The chats that somebody may mean, at most :data:`MOST_CHATS`.

    By number: the one with this index first, then those whose index begins with it. By words: those whose conversation
    contains each of them, in the order in which they were imported. A dataset's chats that are still to be indexed are
    left out here, other than in the workbench's queue, where a search may take its time. By letters: those with a
    customer whose name is typed so without an input method.

    Args:
        store: the open store.
        dataset_ids: where to look, the likeliest first.
        number: what a chat's index is or begins with.
        words: of two characters and more; all of them.
        letters: the first letters or the pinyin of a customer's name, with its digits; where neither is given.
    """
    words = [word for word in words if len(word) >= 2][:MOST_WORDS]
    if number is None and not words and not letters:
        return []
    chats: list[FoundChat] = []
    with store.read() as session:
        for dataset_id in dataset_ids[:MOST_DATASETS]:
            room = MOST_CHATS - len(chats)
            if room <= 0:
                break
            if words:
                chats += _with_words(session, dataset_id, words, number, room)
            elif number is None:
                named = find_customers(session, dataset_id, letters, limit=room)
                chats += [FoundChat(dataset_id, one.index, one.name) for one in named]
            else:
                chats += [FoundChat(dataset_id, index) for index in _numbered(session, dataset_id, number, room)]
    return sorted(chats, key=lambda chat: chat.index != number) if number is not None else chats


def _with_words(
    session: Session, dataset_id: int, words: Sequence[str], number: int | None, room: int
) -> list[FoundChat]:
    narrowed = [_begins_with(number)] if number is not None else []
    rows = search.first_matches(session, dataset_id, words, limit=room, conditions=narrowed)
    return [FoundChat(dataset_id, index, passage_around(conversation, words[0])) for index, conversation in rows]


def _numbered(session: Session, dataset_id: int, number: int, room: int) -> list[int]:
    """Indices of a dataset's chats that are this number or begin with its digits: one short look for each length."""
    indices: list[int] = []
    for some in _ranges(number):
        statement = select(col(Chat.index)).where(col(Chat.dataset_id) == dataset_id, some).order_by(col(Chat.index))
        indices += session.execute(statement.limit(room - len(indices))).scalars()
        if len(indices) >= room:
            break
    return indices


def _begins_with(number: int) -> ColumnElement[bool]:
    """Condition: a chat's index is this number, or begins with its digits."""
    return or_(false(), *_ranges(number))


def _ranges(number: int) -> list[ColumnElement[bool]]:
    """Conditions on a chat's index, for each number of digits one: it begins with those of this number."""
    ranges, low, high = [], number, number
    while 0 < low <= MAX_INDEX:
        ranges.append(and_(col(Chat.index) >= low, col(Chat.index) <= min(high, MAX_INDEX)))
        low, high = low * 10, high * 10 + 9
    return ranges


def passage_around(conversation: str, word: str) -> str:
    """A word as it stands in a conversation and a little around it, in one line."""
    at = conversation.lower().find(word.lower())
    if at < 0:
        return ""
    start, end = max(0, at - _AROUND), at + len(word) + _AROUND
    cut = " ".join(conversation[start:end].split())
    return f"{'…' if start else ''}{cut}{'…' if end < len(conversation) else ''}"
