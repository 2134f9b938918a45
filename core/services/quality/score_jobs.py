"""Scores, comparisons, alignments and fill rates as heavy jobs: parameters, the data they depend on, results."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Final

from core.adapters.store import RunView, Store, queries
from core.domain.form import load_named_form
from core.domain.scoring import CORRECT_FROM, Comparison, measure_named
from core.services.jobs import JobKind, JobProgress, viewer_parameter
from core.services.quality.alignment import Alignment, align, alignment_version
from core.services.quality.data_versions import run_version
from core.services.quality.fill_rates import FillRate, run_fill_rates
from core.services.quality.leaderboard import BoardScores, board_scores, board_version
from core.services.quality.scores import Benchmark, benchmark_version, comparison

_SCORING: Final = tuple(
    f"core.domain.scoring.{name}"
    for name in ("run_score:RunScore", "run_score:Filled", "run_score:FieldScore", "chat_score:ChatScore")
)
_PAIRS: Final = ("core.domain.scoring.chat_score:MatchedPair", *_SCORING)


def score_parameters(store: Store, benchmark: Benchmark) -> dict[str, Any]:
    """Parameters of the job ``scores``, for whoever reads now."""
    return {
        "dataset": benchmark.dataset.id,
        "against": benchmark.against,
        "measure": benchmark.measure.name,
        **viewer_parameter(store),
    }


def comparison_parameters(
    store: Store, benchmark: Benchmark, a: RunView, b: RunView, *, right_from: float = CORRECT_FROM
) -> dict[str, Any]:
    """Parameters of the job ``comparison``; see :func:`core.services.quality.scores.comparison`."""
    return score_parameters(store, benchmark) | {"a": a.id, "b": b.id, "right_from": right_from}


def alignment_parameters(store: Store, benchmark: Benchmark, names: Sequence[str]) -> dict[str, Any]:
    """Parameters of the job ``alignment``; the benchmark's reference is what runs are aligned with."""
    return score_parameters(store, benchmark) | {"runs": list(names)}


def run_parameters(store: Store, benchmark: Benchmark, run: RunView) -> dict[str, Any]:
    """Parameters of jobs about one run beside a reference, like ``fill_rates``."""
    return score_parameters(store, benchmark) | {"run": run.id}


def benchmark_of(store: Store, parameters: Mapping[str, Any]) -> Benchmark:
    """The benchmark that parameters name.

    Raises:
        NotFoundError: its dataset is gone.
    """
    with store.read() as session:
        dataset = queries.dataset(session, int(parameters["dataset"]))
    measure = measure_named(str(parameters["measure"]))
    return Benchmark(dataset, load_named_form(dataset.form), str(parameters["against"]), measure)


def _scores_version(store: Store, parameters: Mapping[str, Any]) -> Hashable:
    return board_version(store, benchmark_of(store, parameters))


def _scores(store: Store, parameters: Mapping[str, Any], progress: JobProgress) -> BoardScores:
    progress("读取对照", 0, 0)
    benchmark = benchmark_of(store, parameters)
    return board_scores(store, benchmark, lambda done, total: progress("逐个抽取任务评分", done, total))


def _comparison_version(store: Store, parameters: Mapping[str, Any]) -> Hashable:
    benchmark = benchmark_of(store, parameters)
    with store.read() as session:
        runs = [queries.run(session, int(parameters[side]), benchmark.dataset.id) for side in ("a", "b")]
        versions = tuple(run_version(run) for run in runs)
        return benchmark_version(session, store, benchmark), versions


def _comparison(store: Store, parameters: Mapping[str, Any], progress: JobProgress) -> Comparison:
    progress("给两个抽取任务评分", 0, 0)
    benchmark = benchmark_of(store, parameters)
    with store.read() as session:
        a, b = (queries.run(session, int(parameters[side]), benchmark.dataset.id) for side in ("a", "b"))
        return comparison(session, store, benchmark, a, b, right_from=float(parameters["right_from"]))


def _alignment_version(store: Store, parameters: Mapping[str, Any]) -> Hashable:
    benchmark = benchmark_of(store, parameters)
    return alignment_version(store, benchmark, parameters["runs"], against=benchmark.against)


def _alignment(store: Store, parameters: Mapping[str, Any], progress: JobProgress) -> Alignment:
    benchmark = benchmark_of(store, parameters)
    return align(
        store,
        benchmark,
        parameters["runs"],
        against=benchmark.against,
        seen=lambda done, total: progress("逐条群聊对齐表单", done, total),
    )


def run_of(store: Store, benchmark: Benchmark, parameters: Mapping[str, Any]) -> RunView:
    """The run that parameters of :func:`run_parameters` name.

    Raises:
        NotFoundError: it is gone.
    """
    with store.read() as session:
        return queries.run(session, int(parameters["run"]), benchmark.dataset.id)


def run_beside_reference_version(store: Store, parameters: Mapping[str, Any]) -> Hashable:
    """Changes whenever the run or the reference of :func:`run_parameters` does."""
    benchmark = benchmark_of(store, parameters)
    run = run_of(store, benchmark, parameters)
    with store.read() as session:
        return benchmark_version(session, store, benchmark), run_version(run)


def _fill_rates(store: Store, parameters: Mapping[str, Any], progress: JobProgress) -> list[FillRate]:
    progress("数填了的格子", 0, 0)
    benchmark = benchmark_of(store, parameters)
    return run_fill_rates(store, benchmark, run_of(store, benchmark, parameters))


KINDS: Final = {
    "scores": JobKind("评分", _scores_version, _scores, ("core.services.quality.leaderboard:BoardScores", *_PAIRS)),
    "comparison": JobKind(
        "修好与改坏",
        _comparison_version,
        _comparison,
        (
            "core.domain.scoring.comparison:Comparison",
            "core.domain.scoring.comparison:FieldChange",
            "core.domain.scoring.comparison:CorrectnessChange",
            "core.domain.scoring.correct_cells:CorrectCells",
            *_PAIRS,
        ),
    ),
    "alignment": JobKind(
        "对比",
        _alignment_version,
        _alignment,
        (
            "core.services.quality.alignment:Alignment",
            "core.services.quality.alignment:Customer",
            "core.services.quality.alignment:Difference",
            "core.adapters.store.views:RunView",
        ),
    ),
    "fill_rates": JobKind(
        "填写率", run_beside_reference_version, _fill_rates, ("core.services.quality.fill_rates:FillRate",)
    ),
}
