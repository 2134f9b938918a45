"""The runs that a run was made of, and whether one of them was made from what people said."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from sqlalchemy import func, select
from sqlmodel import Session, col

from core.adapters.store.models import Chat, LearnedModel, RunKind, TrainingSet
from core.domain.model_settings import DIGEST, LEARNED, ModelSettings
from core.services.datasets.copied_answers import OF_PEOPLE, REPEATS, RUN_IDS
from core.services.quality.cache import cached

_AT_ONCE = 500
"""Digests in one question to the database."""


class RunFacts(Protocol):
    """What is asked of a run: a row of the database has it, and so has a view of one."""

    @property
    def id(self) -> int | None:
        """Its number."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def kind(self) -> str:
        """Where its answers come from."""

    @property
    def provider(self) -> str:
        """By what its model was called."""

    @property
    def parameters(self) -> dict[str, Any]:
        """How it was made."""


R = TypeVar("R", bound=RunFacts)

FROM_PEOPLE = "from_people"
"""Key of ``parameters["merge"]``: a source was made from what people said; stays when the source is deleted."""
SOURCE_IDS = "run_ids"
"""Key of ``parameters["merge"]``: ids of the sources, since a name may come to stand for another run."""


def runs_behind(run: R, every: Sequence[R]) -> list[R]:
    """The run, then all runs of which it was merged, started or is a copy, as far as they are still there.

    Args:
        run: the run.
        every: all runs of its dataset.
    """
    by_id = {one.id: one for one in every}
    by_name = {one.name: one.id for one in every}
    behind = {run.id: run}
    ahead = [run]
    while ahead:
        parameters = ahead.pop().parameters or {}
        merge: Mapping[str, Any] = parameters.get("merge") or {}
        ids = merge.get(SOURCE_IDS)
        sources = [by_name.get(name) for name in merge.get("runs") or ()] if ids is None else ids
        copied = (parameters.get(REPEATS) or {}).get(RUN_IDS) or ()
        for number in (*sources, *copied, (parameters.get("pipeline") or {}).get("base_run")):
            if number in by_id and number not in behind:
                behind[number] = by_id[number]
                ahead.append(by_id[number])
    return list(behind.values())


def is_from_people(run: R, every: Sequence[R]) -> bool:
    """Whether a run's answers were made from labels or records, its own or those of a run behind it.

    A learned extractor's are, those corrected by habits, those picked from labels or records, an imported copy of
    either, and any merge of such runs or of labels. Labels themselves are not meant.

    Args:
        run: the run.
        every: all runs of its dataset.
    """
    return any(_was_taught(one) or (one is not run and one.kind == RunKind.LABELS) for one in runs_behind(run, every))


def is_taught_here(session: Session, dataset_id: int, run: R, every: Sequence[R]) -> bool:
    """Whether a run may have been made from what people said about chats of this dataset.

    Unlike :func:`is_from_people` it leaves out what was made from other chats only: a tuned or learned model that saw
    none of these has an honest score here.

    Args:
        session: an open session.
        dataset_id: the dataset whose chats the run is judged on.
        run: the run.
        every: all runs of its dataset.
    """
    if taught_on(session, dataset_id, run, every):
        return True
    for one in runs_behind(run, every):
        if one.provider == LEARNED and not (one.parameters or {}).get("merge"):
            if _is_learned_here(session, dataset_id, one):
                return True
        elif _was_taught(one) or (one is not run and one.kind == RunKind.LABELS):
            return True
    return False


def fitted_texts(session: Session, run: RunFacts) -> set[str] | None:
    """Digests of the texts that a run's learned model was fitted on.

    Returns:
        ``None`` where nobody can tell: it is no learned model's run, or its model is not kept any more.
    """
    entry = (run.parameters or {}).get("entry") or {}
    digest = str((entry.get("parameters") or {}).get(DIGEST, ""))
    return _texts_of(session, digest) if run.provider == LEARNED and digest else None


def _texts_of(session: Session, digest: str) -> set[str] | None:
    examples = session.execute(select(col(LearnedModel.examples)).where(col(LearnedModel.digest) == digest)).scalar()
    return None if examples is None else {str(one["sha256"]) for one in examples}


def _is_learned_here(session: Session, dataset_id: int, run: RunFacts) -> bool:
    """Whether a learned model's run was, or may have been, fitted on a chat of a dataset, told by its text."""
    texts = fitted_texts(session, run)
    return texts is None or _count_texts(session, dataset_id, texts) > 0


def trained_on(session: Session, dataset_id: int, model: ModelSettings) -> int:
    """Number of chats of a dataset that a learned or tuned model was trained on, told by their text.

    Args:
        session: open session.
        dataset_id: the dataset.
        model: the entry.
    """
    if number := model.training_set_id:
        return _taught_by_sets(session, dataset_id, {number})
    digest = str(model.parameters.get(DIGEST, "")) if model.provider == LEARNED else ""
    if not digest:
        return 0
    key = ("trained on", *_state_of_chats(session, dataset_id), digest)
    return cached(key, lambda: _count_texts(session, dataset_id, _texts_of(session, digest) or ()))


def taught_on(session: Session, dataset_id: int, run: R, every: Sequence[R]) -> int:
    """Number of chats of a dataset that the tuned models behind a run were trained on, told by their text."""
    numbers = {
        int(number)
        for one in runs_behind(run, every)
        if (number := ((one.parameters or {}).get("entry") or {}).get("training_set_id"))
    }
    return _taught_by_sets(session, dataset_id, numbers) if numbers else 0


def _taught_by_sets(session: Session, dataset_id: int, numbers: set[int]) -> int:
    key = ("taught on", *_state_of_chats(session, dataset_id), frozenset(numbers))
    return cached(key, lambda: _count_taught(session, dataset_id, numbers))


def _state_of_chats(session: Session, dataset_id: int) -> tuple[object, ...]:
    chats = session.execute(select(func.count()).where(col(Chat.dataset_id) == dataset_id)).scalar_one()
    return str(session.get_bind().engine.url), dataset_id, chats


def _count_taught(session: Session, dataset_id: int, numbers: Collection[int]) -> int:
    rows = session.execute(select(col(TrainingSet.provenance)).where(col(TrainingSet.id).in_(numbers))).scalars()
    texts = {row["chat_sha256"] for trained in rows for row in trained if row.get("part", "train") == "train"}
    return _count_texts(session, dataset_id, texts)


def _count_texts(session: Session, dataset_id: int, digests: Collection[str]) -> int:
    """Number of chats of a dataset with one of these texts."""
    texts = sorted(digests)
    chats = select(func.count()).where(col(Chat.dataset_id) == dataset_id)
    chunks = (texts[place : place + _AT_ONCE] for place in range(0, len(texts), _AT_ONCE))
    return sum(int(session.execute(chats.where(col(Chat.sha256).in_(chunk))).scalar_one()) for chunk in chunks)


def _was_taught(run: RunFacts) -> bool:
    merge = (run.parameters or {}).get("merge") or {}
    # Picked chat by chat, or field by field; of the latter those of before do not say by what: labels, as a rule.
    usual = "labels" if merge.get("method") == "best" else ""
    picked_by = str(merge.get("against") or usual) if "picks" in merge or usual else ""
    return (
        run.provider == LEARNED
        or merge.get("method") == "habits"
        or bool(merge.get(FROM_PEOPLE))
        or bool(((run.parameters or {}).get(REPEATS) or {}).get(OF_PEOPLE))
        or (picked_by != "" and not picked_by.startswith("run:"))
    )
