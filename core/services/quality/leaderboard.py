"""The leaderboard: every run of a dataset scored against one benchmark, with its cost and confidence interval."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace

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
from core.services.quality.run_cost import run_costs, yuan_per_right_value
from core.services.quality.scores import (
    BLIND,
    LABELS,
    RECORDS,
    Benchmark,
    benchmark_version,
    cached_reference,
    run_score,
)


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
    def yuan_per_right_value(self) -> float | None:
        """What one value that the reference confirms cost; see :func:`core.services.quality.run_cost`."""
        judged = len(self.score.chats) - len(self.score.missing)
        return yuan_per_right_value(self.run, self.cost, right=self.score.filled.credit, judged=judged)

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


@dataclass(frozen=True, slots=True)
class BoardScores:
    """What takes time about a leaderboard: every run scored, with intervals.

    Attributes:
        floor: what all-empty forms would score.
        constants: what the best constants per field would score, chosen on other chats.
        chats: chats of the reference.
        disputed: label cells that are disputed.
        runs: ids of the runs, the best first; those that the reference flatters stand behind the others.
        scores: of these.
        intervals: 95 % of these.
        to_best: 95 % of (this − best).
        undisputed: scores without disputed labels; ``None`` where nothing is disputed.
    """

    floor: float
    constants: float
    chats: int
    disputed: int
    runs: tuple[int, ...]
    scores: tuple[RunScore, ...]
    intervals: tuple[Interval, ...]
    to_best: tuple[Interval, ...]
    undisputed: tuple[RunScore | None, ...]


def scored_runs(session: Session, benchmark: Benchmark) -> list[RunView]:
    """The runs that are scored against a benchmark: those with answers, but the reference itself."""
    every = queries.runs(session, benchmark.dataset.id)
    return [run for run in every if run.done and not _is_reference(run, benchmark)]


def count_scored(store: Store, benchmark: Benchmark) -> int:
    """Number of runs that are scored against a benchmark."""
    with store.read() as session:
        return len(scored_runs(session, benchmark))


def board_version(store: Store, benchmark: Benchmark) -> tuple[Hashable, ...]:
    """All that the scores of a leaderboard depend on."""
    with store.read() as session:
        every = queries.runs(session, benchmark.dataset.id)
        runs = scored_runs(session, benchmark)
        versions = tuple(run_version(run) for run in runs)
        caveats = run_caveats(session, benchmark, runs, every)
        without = replace(benchmark, without_disputed=True)
        return (
            benchmark_version(session, store, benchmark),
            benchmark_version(session, store, without),
            versions,
            tuple(sorted(caveats.items())),
        )


def board_scores(
    store: Store, benchmark: Benchmark, seen: Callable[[int, int], None] = lambda done, total: None
) -> BoardScores:
    """Score every run that has answers, with intervals; kept while neither runs nor reference change.

    Args:
        store: the open store.
        benchmark: what they are measured by.
        seen: told how many of how many scores there are.

    Raises:
        NotFoundError: the reference does not exist.
    """
    with store.read() as session:
        every = queries.runs(session, benchmark.dataset.id)
        runs = scored_runs(session, benchmark)
        key, golds = cached_reference(session, store, benchmark)
        strict = replace(benchmark, without_disputed=True)
        _, without = cached_reference(session, store, strict)
        disputed = sum(len(cells) for cells in without.disputed.values())
        total = len(runs) * (2 if disputed else 1)
        scores: list[RunScore] = []
        apart: list[RunScore | None] = []
        for run in runs:
            scores.append(run_score(session, store, benchmark, run))
            apart.append(run_score(session, store, strict, run) if disputed else None)
            seen(len(scores) * (2 if disputed else 1), total)
        versions = tuple(run_version(run) for run in runs)
        caveats = run_caveats(session, benchmark, runs, every)
    # Labels before what is flattered: theirs is an honest score, if not that of a model.
    order = sorted(
        range(len(runs)),
        key=lambda i: (caveats[runs[i].id] != "", caveats[runs[i].id] != LABELLED, -scores[i].score, runs[i].id),
    )
    alone, to_best = cached(("board", *key, versions, tuple(order)), lambda: _intervals(scores, order))
    return BoardScores(
        floor=golds.floor,
        constants=golds.constants,
        chats=len(golds.golds),
        disputed=disputed,
        runs=tuple(runs[i].id for i in order),
        scores=tuple(scores[i] for i in order),
        intervals=tuple(alone[i] for i in order),
        to_best=tuple(to_best[i] for i in order),
        undisputed=tuple(apart[i] for i in order),
    )


def board_of(store: Store, benchmark: Benchmark, scores: BoardScores) -> Leaderboard:
    """The leaderboard of scores, with what is known of the runs now; runs that were deleted since are left out.

    Args:
        store: the open store.
        benchmark: by which they were scored.
        scores: the scores, of the newest data or of data before.
    """
    outside = external_scores(store, benchmark.dataset.id)
    with store.read() as session:
        every = queries.runs(session, benchmark.dataset.id)
        by_id = {run.id: run for run in every}
        runs = [by_id[run_id] for run_id in scores.runs if run_id in by_id]
        yuan = run_costs(session, runs)
        caveats = run_caveats(session, benchmark, runs, every)
        origins = _origins(session, benchmark)
    rows = tuple(
        LeaderboardRow(
            by_id[run_id],
            scores.scores[place],
            scores.intervals[place],
            None if place == 0 else scores.to_best[place],
            scores.undisputed[place],
            tuple(outside.get(run_id, ())),
            yuan[run_id],
            started_records(origins, by_id[run_id], every),
            caveats[run_id],
        )
        for place, run_id in enumerate(scores.runs)
        if run_id in by_id
    )
    return Leaderboard(
        benchmark, scores.floor, scores.constants, benchmark.form.max_points, scores.chats, rows, scores.disputed
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
