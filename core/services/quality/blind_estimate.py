"""盲审估计: what a run and the first reviews are worth, measured on chats drawn by lot and reviewed blind.

Records flatter the run that they were started from. A blind second review knows neither, and chats that were drawn by
lot stand for all that were approved: so the score against them is the honest one. It is set beside the score against
the first reviews of the very same chats, with intervals from a paired bootstrap over chats.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store import DatasetView, RunView, Store, queries
from core.adapters.store.models import Chat, Pass, Record, RecordStatus
from core.adapters.store.queries import PASSED_BY
from core.domain.form import Form, FormValues
from core.domain.scoring.interval import Interval
from core.services.quality.cache import cached
from core.services.quality.data_versions import records_version, run_version
from core.services.quality.default_run import default_run
from core.services.quality.review_checks import blind_lots, only_person, review_checks
from core.services.quality.reviewer_agreement import is_by_two

FEWEST = 10
"""Blindly reviewed chats from which an estimate is shown: of fewer, a percentile interval is too narrow."""


@dataclass(frozen=True, slots=True)
class MeanPoints:
    """A mean over the drawn chats, in points of the form, with its 95 % interval."""

    mean: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class BlindEstimate:
    """What blind reviews of chats drawn by lot say.

    Attributes:
        share: share of the approved chats that is drawn, 0 to 1.
        drawn: approved chats that are drawn.
        reviewed: of these, chats that somebody else has reviewed blind.
        same_person: chats left out because one person stands for both reviews.
        alone: name of the only person there is, so that nobody can review blind; ``""`` otherwise.
        points: full marks of the form.
        agreement: points of the first reviews against the blind ones; ``None`` below ``FEWEST`` chats, as the next.
        run: name of the default run; ``""`` where there is none, or it has not answered all these chats.
        blind: points of that run against the blind reviews, adjudicated where somebody has.
        approved: its points against the first reviews of the same chats.
        flattery: the second minus the first, paired by chat.
    """

    share: float
    drawn: int
    reviewed: int
    same_person: int
    alone: str
    points: float
    agreement: MeanPoints | None = None
    run: str = ""
    blind: MeanPoints | None = None
    approved: MeanPoints | None = None
    flattery: MeanPoints | None = None


def blind_estimate(store: Store, dataset: DatasetView, form: Form) -> BlindEstimate | None:
    """What the blind reviews of chats drawn by lot say; ``None`` where the lead has set no share.

    Kept until a record, the share or the run's answers change.
    """
    with store.read() as session:
        share = review_checks(session, dataset.id).blind_share
        if not share:
            return None
        default = default_run(session, dataset.id)
        run = queries.run(session, default.id, dataset.id) if default is not None else None
        alone = only_person(session) or ""
        key = (
            "blind estimate",
            store.url,
            dataset.id,
            form.reference,
            share,
            alone,
            records_version(session, dataset.id),
            run_version(run) if run is not None else None,
        )
        return cached(key, lambda: _estimate(session, dataset, form, run, share, alone))


def _estimate(
    session: Session, dataset: DatasetView, form: Form, run: RunView | None, share: float, alone: str
) -> BlindEstimate:
    drawn, same_person, first, second, settled = _reviews(session, dataset.id)
    if len(second) < FEWEST:
        return BlindEstimate(share, drawn, len(second), same_person, alone, form.max_points)
    agreement = _points(form, first, second)
    estimate = BlindEstimate(share, drawn, len(second), same_person, alone, form.max_points, _mean(agreement))
    answers = queries.forms_by_index(session, run.id) if run is not None else {}
    if run is None or not second.keys() <= answers.keys():
        return estimate
    blind, approved = _points(form, answers, settled), _points(form, answers, first)
    return BlindEstimate(
        share,
        drawn,
        len(second),
        same_person,
        alone,
        form.max_points,
        _mean(agreement),
        run.name,
        _mean(blind),
        _mean(approved),
        _mean([b - a for a, b in zip(blind, approved, strict=True)]),
    )


_Forms = dict[int, list[FormValues]]


def _reviews(session: Session, dataset_id: int) -> tuple[int, int, _Forms, _Forms, _Forms]:
    """Of chats drawn by lot: how many a person has approved, and of those reviewed blind both reviews and the truth.

    Left out, and counted second, are chats where one person stands for both reviews. The truth is what was adjudicated,
    else what the second reviewer says.
    """
    lot_of = blind_lots(session, dataset_id)
    approved = select(col(Record.chat_id), col(Record.reviewer)).where(
        col(Record.dataset_id) == dataset_id,
        col(Record.review_pass) == Pass.PRIMARY,
        col(Record.status) == RecordStatus.CONFIRMED,
        col(Record.reviewer) != PASSED_BY,
    )
    drawn = {
        chat_id: reviewer
        for chat_id, reviewer in session.execute(approved)
        if lot_of is not None and lot_of(chat_id) is not None
    }
    reviewed = select(col(Record.chat_id), col(Record.reviewer)).where(
        col(Record.dataset_id) == dataset_id,
        col(Record.review_pass) == Pass.SECOND,
        col(Record.status) == RecordStatus.CONFIRMED,
    )
    twice = {chat_id: reviewer for chat_id, reviewer in session.execute(reviewed) if chat_id in drawn}
    both = sorted(chat_id for chat_id, reviewer in twice.items() if is_by_two(drawn[chat_id], reviewer))
    forms: dict[str, _Forms] = {kind: {} for kind in Pass}
    for ids in queries.chunked(both):
        statement = (
            select(col(Chat.index), col(Record.review_pass), col(Record.customers))
            .join(Chat, col(Chat.id) == col(Record.chat_id))
            .where(col(Record.chat_id).in_(ids), col(Record.status) == RecordStatus.CONFIRMED)
        )
        for index, review_pass, customers in session.execute(statement):
            forms[review_pass][index] = [customer["values"] for customer in customers]
    second = forms[Pass.SECOND]
    return len(drawn), len(twice) - len(both), forms[Pass.PRIMARY], second, second | forms[Pass.ADJUDICATED]


def _points(form: Form, preds: _Forms, golds: _Forms) -> list[float]:
    """Points of each reference chat, in order."""
    from core.domain.scoring import score_run  # numpy takes its time to import

    return [chat.score for chat in score_run(form, preds, golds).chats.values()]


def _mean(points: list[float]) -> MeanPoints:
    import numpy as np

    from core.domain.scoring import mean_intervals

    (interval,) = mean_intervals(np.array(points)[:, None])
    return MeanPoints(float(np.mean(points)), interval)
