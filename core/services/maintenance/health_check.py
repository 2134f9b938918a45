"""Health check: whether the database is intact, and whether every form in use can be loaded."""

from dataclasses import dataclass

from core.adapters.store import Store, queries
from core.domain.form import load_named_form
from core.errors import FormError
from core.settings import settings


@dataclass(frozen=True, slots=True)
class HealthReport:
    """The result of a health check.

    Attributes:
        problems: one Chinese sentence each; empty where all is well.
        datasets: number of datasets.
        chats: number of chats.
        runs: number of runs.
    """

    problems: tuple[str, ...]
    datasets: int
    chats: int
    runs: int


def check_health(store: Store) -> HealthReport:
    """Check the database and every form that is in use."""
    problems = store.problems()
    with store.read() as session:
        datasets = queries.datasets(session)
        runs = queries.runs(session)
    for name in sorted({settings().form, *(dataset.form for dataset in datasets)}):
        try:
            load_named_form(name)
        except FormError as error:
            problems.append(str(error))
    return HealthReport(tuple(problems), len(datasets), sum(dataset.chats for dataset in datasets), len(runs))
