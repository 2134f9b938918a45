"""Whether an imported run repeats what the dataset holds already: labels, confirmed records, or another run."""

import json
from collections.abc import Mapping, Sequence

from sqlmodel import Session

from core.adapters.store import queries
from core.adapters.store.models import Run, RunKind
from core.domain.form import FormValues

REPEATS = "repeats"
"""Key of a run's ``parameters``: what it is a copy of, as :func:`note_copy` found it when it was imported."""
OF_PEOPLE, RUN_IDS = "of_people", "run_ids"
"""Keys in there: whether labels or confirmed records say the same, and ids of the runs that do."""
SAME_SHARE, FEWEST_CHATS = 0.9, 3
"""An answer is a copy where it says the same about this share of the chats that both say something about, and about
at least so many."""
_LOOKED_AT = 300
"""Chats that are compared at most, the first ones."""


def note_copy(session: Session, dataset_id: int, run_id: int) -> tuple[str, ...]:
    """Write down of an imported run what it was copied from, so that scores and the default run go by it.

    Our own exports come back as files: of confirmed records, of labels, of the run that records were started from.

    Args:
        session: open for writing; the run's answers are in it.
        dataset_id: the dataset.
        run_id: the imported run.

    Returns:
        What was found, one Chinese sentence without the full stop; none where it repeats nothing.
    """
    answers = queries.forms_by_index(session, run_id, first=_LOOKED_AT)
    copied = [
        run
        for run in queries.runs(session, dataset_id)
        if run.id != run_id
        and _is_copy(answers, queries.forms_by_index(session, run.id, first=_LOOKED_AT, indices=list(answers)))
    ]
    is_of_people = any(run.kind == RunKind.LABELS for run in copied) or _is_copy(
        answers, queries.confirmed_by_index(session, dataset_id, passed=False)
    )
    if not copied and not is_of_people:
        return ()
    imported = session.get_one(Run, run_id)
    repeats = {OF_PEOPLE: is_of_people, RUN_IDS: sorted(run.id for run in copied)}
    imported.parameters = {**(imported.parameters or {}), REPEATS: repeats}
    if is_of_people:
        return ("内容与标注或已确认的记录相同：评分里标明偏高，不会成为默认任务",)
    return (f"内容与抽取任务「{copied[0].name}」相同：评分里和它一样看待",)


def _is_copy(answers: Mapping[int, Sequence[FormValues]], others: Mapping[int, Sequence[FormValues]]) -> bool:
    pairs = [(_plain(forms), _plain(others[index])) for index, forms in answers.items() if index in others]
    filled = [(one, other) for one, other in pairs if one or other]
    same = sum(one == other for one, other in filled)
    return len(filled) >= FEWEST_CHATS and same >= SAME_SHARE * len(filled)


def _plain(forms: Sequence[FormValues]) -> list[str]:
    """Forms without what is empty in them, in an order of their own."""
    kept = ({key: value for key, value in values.items() if value} for values in forms)
    return sorted(json.dumps(values, ensure_ascii=False, sort_keys=True) for values in kept if values)
