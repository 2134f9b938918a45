"""The default run of a dataset: the one that reviews start from and that exports fall back on.

The lead pins it. Where nobody has, it is the best run by score against the labels, without labels the best by the score
measured elsewhere, without either the newest that was extracted or imported: a merge that nobody has measured waits
until it is pinned, for it would move a review that is under way. Runs that are half done or half empty are no
candidates: forms without values score well, and a review that starts from them is typing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import (
    Chat,
    ExternalScore,
    PinnedRun,
    Run,
    RunKind,
    RunStatus,
    SeenDefaultRun,
)
from core.adapters.store.queries import dataset
from core.domain.permissions import Permission
from core.domain.scoring.interval import Interval
from core.errors import InputError
from core.services.quality.answered_runs import AnsweredRun, database_address, runs_with_answers
from core.services.quality.cache import cached
from core.services.quality.run_measures import (
    JUDGED_ON,
    filled_per_chat,
    first_answers,
    form_of_dataset,
    judging_labels,
    measured_runs,
)
from core.services.team import permitted

COMPLETE_FROM, FILLED_FROM = 0.9, 0.5
"""A candidate answers at least this share of the chats of the run that answers most, and this share of what the best
run finds (F1 over filled cells) or, without labels, of the cells that the fullest run fills."""
_BESIDE_LABELS_FROM = 0.5
"""Chats that it answers at least, as a share of those that have labels: else most would open empty."""
_FOUND_FROM = 0.5
"""Cells per chat whose value stands in the chat: fewer tell nothing about any run."""


class DefaultReason(StrEnum):
    """Why a run is its dataset's default."""

    PINNED = "pinned"
    LABELS = "labels"
    EXTERNAL = "external"
    NEWEST = "newest"
    ONLY_LABELS = "only labels"


@dataclass(frozen=True, slots=True)
class DefaultRun:
    """A dataset's default run.

    Attributes:
        id: of the run.
        name: of the run.
        reason: why it is the default.
        score: that it was chosen by, where it was.
        left_out: whether a run that scores more did not come into question: taught by answers, not done, or too empty.
        who: who pinned it, where somebody did.
        at: when it was pinned.
        first: number of labelled chats that it was judged on, where there are more: the first ones.
        answers_few: whether it answers a part of the chats only, where nothing but its age decided.
        merge_waits: whether a newer run is a merge, which age alone does not make the default.
    """

    id: int
    name: str
    reason: DefaultReason
    score: float | None = None
    left_out: bool = False
    who: str = ""
    at: datetime | None = None
    first: int | None = None
    answers_few: bool = False
    merge_waits: bool = False

    @property
    def why(self) -> str:
        """The reason in a few Chinese words."""
        left_out = "；学过答案、没做完或填得太少的不参选" if self.left_out else ""
        match self.reason:
            case DefaultReason.PINNED:
                return f"{self.who or '组长'}指定"
            case DefaultReason.LABELS:
                labels = f"前 {self.first:,} 条的标注" if self.first else "标注"
                return f"对照{labels}得分最高，{self.score:.2f}{left_out}"
            case DefaultReason.EXTERNAL:
                return f"登记的线上得分最高，{self.score:.2f}{left_out}"
            case DefaultReason.NEWEST:
                newest = "还没有做完全部群聊的，先用最新的" if self.answers_few else "最新的完整抽取任务"
                return newest + left_out + ("；合并任务要指定才是" if self.merge_waits else "")
            case DefaultReason.ONLY_LABELS:
                return "还没有完整的抽取任务，先用人工标注"

    def as_json(self) -> dict[str, Any]:
        """The default run as the command line prints it."""
        return {
            "run": self.name,
            "reason": self.reason.value,
            "pinned": self.reason is DefaultReason.PINNED,
            "score": self.score,
            "who": self.who,
        }


def default_run(session: Session, dataset_id: int) -> DefaultRun | None:
    """The default run of a dataset; ``None`` where no run has answers."""
    return runs_and_default(session, dataset_id)[1]


def runs_and_default(session: Session, dataset_id: int) -> tuple[list[AnsweredRun], DefaultRun | None]:
    """The runs of a dataset that have answers, the newest first, and which of them is the default."""
    runs = runs_with_answers(session, dataset_id)
    return runs, _default_of(session, dataset_id, runs)


def default_and_best(session: Session, dataset_id: int) -> tuple[DefaultRun | None, DefaultRun | None, Interval | None]:
    """The default run, the one that would be it had nobody pinned one, and the 95 % interval of the latter's score.

    Returns:
        ``None`` for both where no run has answers, and for the interval where no labels measured the score.
    """
    runs = runs_with_answers(session, dataset_id)
    best = _best_of(session, dataset_id, runs)
    interval = _score_interval(session, dataset_id, runs, best.id) if best is not None else None
    return _default_of(session, dataset_id, runs), best, interval


def _default_of(session: Session, dataset_id: int, runs: Sequence[AnsweredRun]) -> DefaultRun | None:
    pin = session.get(PinnedRun, dataset_id)
    if pin is not None and (pinned := next((run for run in runs if run.id == pin.run_id), None)) is not None:
        return DefaultRun(pinned.id, pinned.name, DefaultReason.PINNED, who=pin.who, at=pin.at)
    return _best_of(session, dataset_id, runs)


def _best_of(session: Session, dataset_id: int, runs: Sequence[AnsweredRun]) -> DefaultRun | None:
    if not runs:
        return None
    scores = session.execute(
        select(col(ExternalScore.id), col(ExternalScore.run_id), col(ExternalScore.score))
        .join(Run, col(Run.id) == col(ExternalScore.run_id))
        .where(col(Run.dataset_id) == dataset_id)
        .order_by(col(ExternalScore.id))
    )
    # Not the newest id alone: on SQLite one that is deleted leaves its id to the next.
    key = ("default run", database_address(session), dataset_id, tuple(runs), *map(tuple, scores))
    return cached(key, lambda: _choose(session, dataset_id, runs))


def run_scores(session: Session, dataset_id: int) -> Mapping[int, float]:
    """Scores of a dataset's runs that were measured, by id: against the labels, without labels those from outside."""
    measured = measured_runs(session, dataset_id, runs_with_answers(session, dataset_id))
    return {run_id: one.score for run_id, one in measured.items()}


def _score_interval(session: Session, dataset_id: int, runs: Sequence[AnsweredRun], run_id: int) -> Interval | None:
    measured = measured_runs(session, dataset_id, runs).get(run_id)
    if measured is None or not measured.chats:
        return None
    key = ("interval", run_id, measured.chats)
    import numpy as np  # takes its time to import

    from core.domain.scoring import mean_intervals

    (interval,) = cached(key, lambda: mean_intervals(np.array(measured.chats)[:, None]))
    return interval


@permitted(Permission.DEFAULT_RUN)
def pin_default_run(store: Store, dataset_id: int, run_id: int | None, *, who: str) -> None:
    """Choose a dataset's default run, or leave the choice to the rule again.

    Args:
        store: the open store.
        dataset_id: the dataset.
        run_id: a run of it that has answers; ``None`` takes the pin away.
        who: who chooses.

    Raises:
        InputError: it is no run of this dataset, or has no answers.
    """
    with store.write() as session:
        if run_id is None:
            session.execute(delete(PinnedRun).where(col(PinnedRun.dataset_id) == dataset_id))
            return
        run = session.get(Run, run_id)
        if run is None or run.dataset_id != dataset_id:
            raise InputError("这个数据集里没有这个抽取任务", "请刷新页面，从列表里选择")
        if all(answered.id != run_id for answered in runs_with_answers(session, dataset_id)):
            raise InputError(f"抽取任务「{run.name}」还没有结果，不能作为默认任务", "请等它有了结果再指定")
        session.merge(PinnedRun(dataset_id=dataset_id, run_id=run_id, who=who.strip()))


def last_seen_default(store: Store, dataset_id: int, reviewer: str) -> tuple[int, str] | None:
    """Id and name of the default run that a reviewer was last shown; ``None`` where none was."""
    with store.read() as session:
        seen = session.get(SeenDefaultRun, (dataset_id, reviewer))
        return (seen.run_id, seen.run_name) if seen is not None else None


@permitted(Permission.REVIEW)
def remember_default(store: Store, dataset_id: int, reviewer: str, default: DefaultRun) -> None:
    """Note that a reviewer was shown which run is the default."""
    with store.write() as session:
        session.merge(
            SeenDefaultRun(dataset_id=dataset_id, reviewer=reviewer, run_id=default.id, run_name=default.name)
        )


def _choose(session: Session, dataset_id: int, runs: Sequence[AnsweredRun]) -> DefaultRun:
    candidates = [run for run in runs if run.kind != RunKind.LABELS]
    if not candidates:
        # Labels are what reviewers are compared with: they start from them only where there is nothing else.
        return DefaultRun(runs[0].id, runs[0].name, DefaultReason.ONLY_LABELS)
    labels = judging_labels(session, dataset_id, runs)
    has_labels = labels is not None
    # What was made from labels and records scores well by them; whoever wants it as the default pins it.
    honest = [run for run in candidates if not (run.is_learned or (has_labels and run.is_tuned_here))]
    candidates = _complete(honest or candidates)
    labelled = next((run for run in runs if run.kind == RunKind.LABELS), None)
    few = _BESIDE_LABELS_FROM * labelled.answered if labelled is not None else 0.0
    if labelled is not None and all(run.answered < few for run in candidates):
        return DefaultRun(labelled.id, labelled.name, DefaultReason.ONLY_LABELS)
    measured = measured_runs(session, dataset_id, runs)
    # A score measured elsewhere tells nothing of what a run fills.
    found_shares = {run.id: measured[run.id].found for run in candidates if has_labels and run.id in measured}
    if found_shares:
        best_found = max(found_shares.values())
        candidates = [run for run in candidates if found_shares.get(run.id, 0.0) >= FILLED_FROM * best_found]
    newest = candidates[0]
    if not found_shares and len(candidates) > 1:
        candidates = _filled(session, dataset_id, candidates)
    if rivals := [run for run in candidates if run.id in measured]:
        best = max(rivals, key=lambda run: (round(measured[run.id].score, 6), run.id))
        reason = DefaultReason.LABELS if has_labels else DefaultReason.EXTERNAL
        left_out = any(round(one.score - measured[best.id].score, 6) > 0 for one in measured.values())
        first = JUDGED_ON if labels is not None and labels.answered > JUDGED_ON else None
        return DefaultRun(best.id, best.name, reason, measured[best.id].score, left_out, first=first)
    chosen = next((run for run in candidates if not run.is_merge), candidates[0])
    few_answers = chosen.answered < COMPLETE_FROM * dataset(session, dataset_id).chats
    return DefaultRun(
        chosen.id,
        chosen.name,
        DefaultReason.NEWEST,
        left_out=bool(measured) or candidates[0] is not newest,
        answers_few=few_answers,
        merge_waits=chosen is not candidates[0],
    )


def _complete(runs: Sequence[AnsweredRun]) -> list[AnsweredRun]:
    """Runs that are done and answer about as many chats as the one that answers most."""
    settled = [run for run in runs if run.status != RunStatus.RUNNING] or runs
    most = max(run.answered for run in settled)
    return [run for run in settled if run.answered >= COMPLETE_FROM * most]


def _filled(session: Session, dataset_id: int, runs: Sequence[AnsweredRun]) -> list[AnsweredRun]:
    """Runs that fill about as many cells as the fullest: without labels that is all that tells an empty one."""
    form = form_of_dataset(session, dataset_id)
    statement = (
        select(col(Chat.index), col(Chat.text))
        .where(col(Chat.dataset_id) == dataset_id)
        .order_by(col(Chat.index))
        .limit(JUDGED_ON)
    )
    texts = {int(index): str(text) for index, text in session.execute(statement)}
    answers = {run.id: first_answers(session, run.id) for run in runs}
    supported = {run_id: filled_per_chat(form, forms, texts) for run_id, forms in answers.items()}
    # What is made up stands in no chat. Where next to nothing does, all that is filled counts.
    is_told = max(supported.values()) >= _FOUND_FROM
    filled = supported if is_told else {run_id: filled_per_chat(form, forms) for run_id, forms in answers.items()}
    fullest = max(filled.values())
    return [run for run in runs if filled[run.id] >= FILLED_FROM * fullest]
