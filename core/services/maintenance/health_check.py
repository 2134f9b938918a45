"""Health check: whether the database is intact, and forms with their rules and guidelines, and prompts, can be used."""

from dataclasses import dataclass

from core.adapters.llm.local.rules import parse_rules, rules_path
from core.adapters.store import Store, queries
from core.domain.form import Form
from core.domain.form.guidelines import check_guidelines
from core.domain.form.loading import form_names, form_path, load_form
from core.domain.form.toml_file import read_source
from core.domain.prompts import prompt_folder
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
    """Check the database, all prompts, and every form in ``data/forms`` or in use, with its rules and guidelines."""
    problems = store.problems()
    with store.read() as session:
        datasets = queries.datasets(session)
        runs = queries.runs(session)
    for name in sorted({settings().form, *form_names(), *(dataset.form for dataset in datasets)}):
        problems += _form_problems(name)
    problems += [str(error) for error in prompt_folder().unusable.values()]
    return HealthReport(tuple(problems), len(datasets), sum(dataset.chats for dataset in datasets), len(runs))


def _form_problems(name: str) -> list[str]:
    """One sentence for each file of a form that cannot be used; files are read anew, not from the cache."""
    try:
        form = load_form(form_path(name))
    except FormError as error:
        return [str(error)]
    problems = []
    for check in (_check_rules, check_guidelines):
        try:
            check(form)
        except FormError as error:
            problems.append(str(error))
    return problems


def _check_rules(form: Form) -> None:
    path = rules_path(form.name)
    if path.is_file():
        parse_rules(read_source(path), path.name, form)
