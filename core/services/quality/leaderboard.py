"""The leaderboard: every run of a dataset scored against one benchmark, with its cost and confidence interval."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlmodel import Session

from core.adapters.store import DatasetView, RunView, Store, queries
from core.adapters.store.models import RecordStatus, RunKind
from core.domain.scoring import Interval, RunScore, mean_intervals
from core.domain.scoring.bootstrap import difference_intervals
from core.errors import NotFoundError
from core.services.quality.cache import cached
from core.services.quality.data_versions import run_version
from core.services.quality.external_scores import ExternalScoreView, external_scores
from core.services.quality.record_origins import (
    FLATTERED,
    LABELLED,
    LEARNED,
    NO_ORIGINS,
    RecordOrigins,
    record_origins,
)
from core.services.quality.run_ancestry import is_taught_here, runs_behind
from core.services.quality.run_cost import run_costs
from core.services.quality.scores import BLIND, LABELS, RECORDS, Benchmark, cached_reference, run_score


@dataclass(frozen=True, slots=True)
class LeaderboardRow:
    """One run on the leaderboard.

    Attributes:
        run: the run.
        score: against the leaderboard's benchmark.
        interval: 95 % of the score, bootstrap over chats.
        to_best: 95 % of (this − best), paired over chats; ``None`` for the best itself.
        undisputed: the score without disputed labels; ``None`` where nothing is disputed.
        external_scores: scores from outside, newest first.
        started: records of the reference that were started from this run, or one behind it; they flatter it.
        caveat: why the reference flatters it, in Chinese; ``""`` where it does not.
        cost: yuan, see :func:`core.services.quality.run_cost.run_costs`; ``None`` where the price is unknown.
    """

    run: RunView
    score: RunScore
    interval: Interval
    to_best: Interval | None
    undisputed: RunScore | None
    external_scores: tuple[ExternalScoreView, ...]
    cost: float | None
    started: int = 0
    caveat: str = ""

    @property
    def is_ranked(self) -> bool:
        """Whether its score can be held against the others'."""
        return not self.caveat

    @property
    def indistinguishable_from_best(self) -> bool:
        """Whether the run is statistically indistinguishable from the best."""
        return self.to_best is None or self.to_best.has_zero


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """All runs of a dataset, the best first; those that the reference flatters stand behind the others.

    Attributes:
        benchmark: what they are measured by.
        floor: what all-empty forms would score.
        constants: what the best constants per field would score, chosen on other chats.
        max: full marks.
        chats: chats of the reference.
        rows: one per run with answers.
        disputed: label cells that are disputed.
    """

    benchmark: Benchmark
    floor: float
    constants: float
    max: float
    chats: int
    rows: tuple[LeaderboardRow, ...]
    disputed: int


def references(store: Store, dataset: DatasetView) -> list[str]:
    """List the references that runs of this dataset can be scored against, the best first; may be empty.

    Labels, blindly reviewed chats, confirmed records (which flatter the run that they were started from), then every
    run with answers.
    """
    with store.read() as session:
        names = [LABELS] if queries.labels_run(session, dataset.id) is not None else []
        if queries.has_blind_reviews(session, dataset.id):
            names.append(BLIND)
        if queries.record_counts(session, dataset.id).get(RecordStatus.CONFIRMED):
            names.append(RECORDS)
        runs = [run for run in queries.runs(session, dataset.id) if run.done and run.kind != RunKind.LABELS]
    return names + [f"run:{run.name}" for run in runs]


def leaderboard(store: Store, benchmark: Benchmark) -> Leaderboard:
    """Score every run that has answers.

    Raises:
        NotFoundError: the reference does not exist.
    """
    outside = external_scores(store, benchmark.dataset.id)
    with store.read() as session:
        every = queries.runs(session, benchmark.dataset.id)
        runs = [run for run in every if run.done and not _is_reference(run, benchmark)]
        key, golds = cached_reference(session, store, benchmark)
        scores = [run_score(session, store, benchmark, run) for run in runs]
        strict = Benchmark(
            benchmark.dataset, benchmark.form, benchmark.against, benchmark.measure, without_disputed=True
        )
        _, without = cached_reference(session, store, strict)
        disputed = sum(len(cells) for cells in without.disputed.values())
        apart = [run_score(session, store, strict, run) if disputed else None for run in runs]
        yuan = run_costs(session, runs)
        versions = tuple(run_version(run) for run in runs)
        caveats_by_run = run_caveats(session, benchmark, runs, every)
        origins = _origins(session, benchmark)
    started = [started_records(origins, run, every) for run in runs]
    caveats = [caveats_by_run[run.id] for run in runs]
    # Labels before what is flattered: theirs is an honest score, if not that of a model.
    order = sorted(
        range(len(runs)), key=lambda i: (caveats[i] != "", caveats[i] != LABELLED, -scores[i].score, runs[i].id)
    )
    alone, to_best = cached(("board", *key, versions, tuple(order)), lambda: _intervals(scores, order))
    rows = tuple(
        LeaderboardRow(
            runs[i],
            scores[i],
            alone[i],
            None if place == 0 else to_best[i],
            apart[i],
            tuple(outside.get(runs[i].id, ())),
            yuan[runs[i].id],
            started[i],
            caveats[i],
        )
        for place, i in enumerate(order)
    )
    return Leaderboard(
        benchmark, golds.floor, golds.constants, benchmark.form.max_points, len(golds.golds), rows, disputed
    )


def run_caveats(
    session: Session, benchmark: Benchmark, runs: Sequence[RunView], every: Sequence[RunView]
) -> dict[int, str]:
    """Why the score of each run against a reference is not to be compared with others, by run; ``""`` where it is.

    Args:
        session: an open session.
        benchmark: with the reference.
        runs: the runs in question.
        every: all runs of the dataset.
    """
    origins = _origins(session, benchmark)
    of_people = benchmark.against in (LABELS, RECORDS, BLIND)
    caveats = {}
    for run in runs:
        if started_records(origins, run, every):
            caveats[run.id] = FLATTERED
        elif run.kind == RunKind.LABELS:
            caveats[run.id] = LABELLED
        else:
            is_taught = of_people and is_taught_here(session, benchmark.dataset.id, run, every)
            caveats[run.id] = LEARNED if is_taught else ""
    return caveats


def _origins(session: Session, benchmark: Benchmark) -> RecordOrigins:
    return record_origins(session, benchmark.dataset.id) if benchmark.against == RECORDS else NO_ORIGINS


def started_records(origins: RecordOrigins, run: RunView, every: Sequence[RunView]) -> int:
    """Records that were started from a run, or from one of those that it was made of.

    Args:
        origins: what the records were started from.
        run: the run.
        every: all runs of its dataset.
    """
    return sum(origins.by_id.get(source.id, 0) for source in runs_behind(run, every))


def named_run(board: Leaderboard, name: str) -> LeaderboardRow:
    """The row of a run, by the run's name.

    Raises:
        NotFoundError: it is not on the board.
    """
    match = next((row for row in board.rows if row.run.name == name), None)
    if match is None:
        raise NotFoundError(f"没有抽取任务「{name}」的得分", "请从列表里选择")
    return match


def _is_reference(run: RunView, benchmark: Benchmark) -> bool:
    return run.kind == RunKind.LABELS if benchmark.against == LABELS else benchmark.against == f"run:{run.name}"


def _intervals(scores: list[RunScore], order: list[int]) -> tuple[list[Interval], list[Interval]]:
    if not scores:
        return [], []
    table = np.array([[chat.score for chat in score.chats.values()] for score in scores], dtype=np.float64).T
    table = table.reshape(-1, len(scores))
    return mean_intervals(table), difference_intervals(table - table[:, [order[0]]])
