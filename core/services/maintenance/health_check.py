"""Health check: whether the database is intact, and forms with their rules and guidelines, and prompts, can be used."""

from dataclasses import dataclass

from core.adapters.llm.local.rules import parse_rules
from core.adapters.store import Store, queries
from core.domain.form.guidelines import check_guidelines
from core.domain.form.loading import form_references, parse_form, read_form_texts, stored_version
from core.domain.prompts import prompt_folder
from core.errors import FormError, StoreDamagedError
from core.services.forms.library import default_form


@dataclass(frozen=True, slots=True)
class HealthReport:
    """The result of a health check.

    Attributes:
        problems: one Chinese sentence each; empty where all is well.
        datasets: number of datasets; ``None``, as the other two, where the database lacks what has to be read for it.
        chats: number of chats.
        runs: number of runs.
    """

    problems: tuple[str, ...]
    datasets: int | None
    chats: int | None
    runs: int | None


def check_health(store: Store) -> HealthReport:
    """Check the database, all prompts, and every form in ``data/forms`` or in use, with its rules and guidelines."""
    problems = store.problems()
    try:
        return _read_all(store, problems)
    except StoreDamagedError as error:
        # Its schema, which is among the problems already, or the rows themselves.
        return HealthReport(tuple(problems or [str(error)]), None, None, None)


def _read_all(store: Store, problems: list[str]) -> HealthReport:
    with store.read() as session:
        datasets = queries.datasets(session)
        runs = queries.runs(session)
        try:
            usual = {default_form(session)}
        except FormError as error:
            usual = set()
            problems.append(f"新数据集的表单（SHIYAO_FORM）不能用：{error}")
        for reference in sorted({*usual, *form_references(), *(dataset.form for dataset in datasets)}):
            problems += _form_problems(reference)
    problems += [str(error) for error in prompt_folder().unusable.values()]
    return HealthReport(tuple(problems), len(datasets), sum(dataset.chats for dataset in datasets), len(runs))


def _form_problems(reference: str) -> list[str]:
    """One sentence for each text of a form that cannot be used; files are read anew, not from the cache."""
    try:
        texts = read_form_texts(reference)
        form = parse_form(texts.form, f"{reference}.toml", reference=reference)
    except FormError as error:
        return [str(error)]
    is_stored = stored_version(reference) is not None
    problems = []
    for check in (
        lambda: parse_rules(texts.rules, f"{reference}.rules.toml", form, linear=is_stored),
        lambda: check_guidelines(form, texts.guidelines, f"{reference}.guidelines.toml"),
    ):
        try:
            check()
        except FormError as error:
            problems.append(str(error))
    return problems
