"""How far a run's confidences can be believed, as a heavy job: its data and its result."""

from collections.abc import Hashable, Mapping
from typing import Any, Final

from core.adapters.store import Store, queries
from core.services.jobs import JobKind, JobProgress
from core.services.learning.calibration import Reliability
from core.services.learning.run_confidence import other_runs, run_reliability
from core.services.quality.data_versions import run_version
from core.services.quality.score_jobs import benchmark_of, run_beside_reference_version, run_of


def _version(store: Store, parameters: Mapping[str, Any]) -> Hashable:
    benchmark = benchmark_of(store, parameters)
    run = run_of(store, benchmark, parameters)
    with store.read() as session:
        others = sorted(other_runs(session, benchmark.dataset.id, run.id))
        versions = tuple(run_version(queries.run(session, number, benchmark.dataset.id)) for number in others)
    return run_beside_reference_version(store, parameters), versions


def _reliability(store: Store, parameters: Mapping[str, Any], progress: JobProgress) -> Reliability | None:
    progress("交叉验证", 0, 0)
    benchmark = benchmark_of(store, parameters)
    return run_reliability(store, benchmark, run_of(store, benchmark, parameters))


KINDS: Final = {
    "reliability": JobKind(
        "把握",
        _version,
        _reliability,
        (
            "core.services.learning.calibration:Reliability",
            "core.services.learning.calibration:ReliabilityBin",
        ),
    ),
}
