"""Customers found by how their names are typed without an input method: ``wj9`` or ``wangjing9`` for 王静9.

The names are those that a dataset's largest run has found in the chats: no record is read. They are kept in memory with
their readings, as one text that is searched in milliseconds, until the run has answered more.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product

from sqlalchemy import func, select
from sqlmodel import Session, col

from core.adapters.store import RunView, queries
from core.adapters.store.models import Chat, Extraction, ExtractionStatus, RunKind, RunStatus
from core.domain.form import load_named_form
from core.domain.pinyin import readings_of
from core.errors import FormError
from core.services.quality.cache import cached
from core.services.quality.data_versions import run_version
from core.services.review.queue.filters import cell

LETTERS = re.compile(r"[a-z][a-z0-9]{1,29}")
"""What is looked for: a name's first letters or its pinyin, with the digits in it."""
MOST_CUSTOMERS = 3
"""Customers of each chat whose names are found."""
_MOST_SPELLINGS = 8
"""Spellings of one name, whose characters may each be read in several ways."""
_EVERY = 500
"""Answers after which the names of a run that is under way are read anew."""


@dataclass(frozen=True, slots=True)
class FoundCustomer:
    """A customer that was found: index of the chat, and the name as the run has it."""

    index: int
    name: str


def find_customers(session: Session, dataset_id: int, letters: str, *, limit: int) -> list[FoundCustomer]:
    """Customers whose names are spelled with these letters, or begin so, in order of the chats.

    The first question after a run has changed reads all of its names (about a second for 100,000 chats), the others
    none.

    Args:
        session: open session.
        dataset_id: the dataset.
        letters: in lower case, see :data:`LETTERS`.
        limit: at most so many.
    """
    if not LETTERS.fullmatch(letters):
        return []
    largest = max(
        (run for run in queries.runs(session, dataset_id) if run.kind != RunKind.LABELS and run.done),
        key=lambda run: (run.done, run.id),
        default=None,
    )
    if largest is None:
        return []
    is_under_way = largest.status == RunStatus.RUNNING
    version = (largest.newest // _EVERY, largest.edited) if is_under_way else run_version(largest)
    key = ("palette customers", session.get_bind().engine.url, largest.id, version)
    spelled = cached(key, lambda: _spelled(session, dataset_id, largest), chats=max(1, largest.done))
    return list(islice(_customers_spelled(spelled, letters), limit))


def _customers_spelled(spelled: str, letters: str) -> Iterator[FoundCustomer]:
    beginning = re.compile(rf"(?:^| ){letters}", re.MULTILINE)
    end = 0
    while match := beginning.search(spelled, end):
        start = spelled.rfind("\n", 0, match.end()) + 1
        end = spelled.find("\n", match.end())
        end = len(spelled) if end < 0 else end
        spellings, index, name = spelled[start:end].split("\t", 2)
        if match.start() < start + len(spellings):
            yield FoundCustomer(int(index), name)


def _spelled(session: Session, dataset_id: int, run: RunView) -> str:
    """All names of a run, one a line: spellings, index of the chat, name."""
    dataset = queries.dataset(session, dataset_id)
    try:
        key = load_named_form(dataset.form).name_field
    except FormError:
        return ""
    if session.get_bind().dialect.name == "sqlite":
        names = [func.json_extract(col(Extraction.forms), f'$[{place}]."{key}"') for place in range(MOST_CUSTOMERS)]
    else:
        forms = col(Extraction.forms)
        names = [cell(forms.op("->")(place), (key,), sqlite=False) for place in range(MOST_CUSTOMERS)]
    statement = (
        select(col(Chat.index), *names)
        .select_from(Extraction)
        .join(Chat, col(Chat.id) == col(Extraction.chat_id))
        .where(col(Extraction.run_id) == run.id, col(Extraction.status) != ExtractionStatus.FAILED)
        .order_by(col(Chat.index))
    )
    rows = [
        (index, " ".join(str(name).split()))
        for index, *customers in session.execute(statement).all()
        for name in dict.fromkeys(customers)
        if name and not str(name).isspace()
    ]
    readings = {one: read.split(" ") for one, read in readings_of(name for _, name in rows).items()}
    return "\n".join(f"{' '.join(name_spellings(name, readings))}\t{index}\t{name}" for index, name in rows)


def name_spellings(name: str, readings: Mapping[str, Sequence[str]]) -> list[str]:
    """How a name is typed: by first letters and in full, a few ways where its characters are read in several.

    Args:
        name: as it stands in a form.
        readings: by character, see :func:`core.domain.pinyin.readings_of`.
    """
    characters = [one for one in name.lower() if one.isalnum()]
    ways: list[Iterable[str]] = [list(readings.get(one, (one,))) for one in characters]
    full = ["".join(way) for way in islice(product(*ways), _MOST_SPELLINGS)]
    first = ["".join(way) for way in islice(product(*(_initials(way) for way in ways)), _MOST_SPELLINGS)]
    return list(dict.fromkeys([*first, *full]))


def _initials(way: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(reading[:1] for reading in way))
