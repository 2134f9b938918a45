"""Scores of stored runs against a stored reference, kept while neither changes."""

from collections.abc import Collection, Hashable
from dataclasses import dataclass

from sqlmodel import Session

from core.adapters.store import DatasetView, RunView, Store, queries
from core.domain.form import Form, FormValues, load_named_form
from core.domain.scoring import (
    CORRECT_FROM,
    LCS,
    Comparison,
    Measure,
    Reference,
    RunScore,
    compare_scores,
    prepare_reference,
    score_against,
)
from core.errors import InputError, NotFoundError
from core.services.quality.cache import cached
from core.services.quality.data_versions import reference_version, run_version
from core.services.quality.disputes import counted_cells

LABELS, RECORDS, BLIND = "labels", "records", "blind"
"""References: labels, what was approved, and of that only what somebody reviewed without seeing any run."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What runs of a dataset are measured against: reference, form and similarity measure.

    Attributes:
        dataset: the dataset.
        form: its form.
        against: ``labels``, ``records``, ``blind`` or ``run:NAME``.
        measure: similarity for free-text fields.
        without_disputed: leave disputed labels out (only labels can be disputed).
    """

    dataset: DatasetView
    form: Form
    against: str = LABELS
    measure: Measure = LCS
    without_disputed: bool = False


def outdated_sentence(run: RunView) -> str:
    """That chats went on after the run read them, in Chinese; ``""`` where none did."""
    if not run.outdated:
        return ""
    return f"{run.outdated:,} 条群聊后来续写过，这个抽取任务的结果是续写前得出的，得分里照算"


def score(
    store: Store,
    *,
    dataset: str | int,
    run: str | int,
    against: str = LABELS,
    measure: Measure = LCS,
    without_disputed: bool = False,
) -> RunScore:
    """Score a run by the official rules (docs/scoring.md).

    Args:
        store: where both are.
        dataset: name or id.
        run: name or id of the run to score; chats without a successful extraction score 0.
        against: ``labels``, ``records`` (已确认), ``blind`` (盲审过的), or ``run:NAME``.
        measure: similarity for free-text fields.
        without_disputed: leave disputed labels out.

    Raises:
        NotFoundError: no such dataset, run or reference.
        InputError: ``against`` is none of these.
    """
    with store.read() as session:
        source = queries.dataset(session, dataset)
        benchmark = Benchmark(source, load_named_form(source.form), against, measure, without_disputed)
        return run_score(session, store, benchmark, queries.run(session, run, source.id))


def compare_runs(
    store: Store,
    *,
    dataset: str | int,
    run_a: str | int,
    run_b: str | int,
    against: str = LABELS,
    measure: Measure = LCS,
    right_from: float = CORRECT_FROM,
) -> Comparison:
    """Compare run B with run A against the same reference.

    Args:
        store: where all are.
        dataset: name or id.
        run_a: name or id of the run that is compared with.
        run_b: name or id of the run that is compared; differences are B − A.
        against: ``labels``, ``records`` (已确认), ``blind`` (盲审过的), or ``run:NAME``.
        measure: similarity for free-text fields.
        right_from: from which similarity a free text counts as right.

    Raises:
        NotFoundError: no such dataset, run or reference.
        InputError: ``against`` is none of these.
    """
    with store.read() as session:
        source = queries.dataset(session, dataset)
        benchmark = Benchmark(source, load_named_form(source.form), against, measure)
        a, b = (queries.run(session, run, source.id) for run in (run_a, run_b))
        return comparison(session, store, benchmark, a, b, right_from=right_from)


def run_score(session: Session, store: Store, benchmark: Benchmark, run: RunView) -> RunScore:
    """The score of a run; kept while neither the run nor the reference changes."""
    key, golds = cached_reference(session, store, benchmark)

    def make() -> RunScore:
        return score_against(golds, queries.forms_by_index(session, run.id))

    return cached((*key, run_version(run)), make, chats=len(golds.golds))


def comparison(
    session: Session, store: Store, benchmark: Benchmark, a: RunView, b: RunView, *, right_from: float = CORRECT_FROM
) -> Comparison:
    """Run B against run A; kept like the scores."""
    key, _ = cached_reference(session, store, benchmark)
    versions = run_version(a), run_version(b)
    one, two = run_score(session, store, benchmark, a), run_score(session, store, benchmark, b)
    # Its rights are small beside the two scores, which it keeps alive.
    return cached(
        ("compare", *key, versions, right_from),
        lambda: compare_scores(benchmark.form, one, two, right_from=right_from),
        chats=len(one.chats),
    )


def benchmark_version(session: Session, store: Store, benchmark: Benchmark) -> tuple[Hashable, ...]:
    """All that scores by a benchmark depend on, beside the runs."""
    return _version_with(session, store, benchmark, _disputed(session, benchmark))


def _disputed(session: Session, benchmark: Benchmark) -> dict[int, set[tuple[int, int]]]:
    if not benchmark.without_disputed or benchmark.against != LABELS:
        return {}
    return counted_cells(session, benchmark.dataset.id, benchmark.form)


def _version_with(
    session: Session, store: Store, benchmark: Benchmark, disputed: dict[int, set[tuple[int, int]]]
) -> tuple[Hashable, ...]:
    cells = frozenset((index, frozenset(disputed_cells)) for index, disputed_cells in disputed.items())
    version = reference_version(session, benchmark.dataset, benchmark.against)
    return (
        store.url,
        benchmark.dataset.id,
        benchmark.form.reference,
        benchmark.form.version,
        version,
        benchmark.measure.name,
        cells,
    )


def stored_comparison(
    store: Store, benchmark: Benchmark, a: RunView, b: RunView, *, right_from: float = CORRECT_FROM
) -> Comparison:
    """Run B against run A; see :func:`comparison`."""
    with store.read() as session:
        return comparison(session, store, benchmark, a, b, right_from=right_from)


def cached_reference(session: Session, store: Store, benchmark: Benchmark) -> tuple[tuple[Hashable, ...], Reference]:
    """The reference made comparable, and all that it depends on."""
    disputed = _disputed(session, benchmark)
    key = _version_with(session, store, benchmark, disputed)

    def make() -> Reference:
        golds = reference(session, benchmark.dataset, benchmark.against)
        return prepare_reference(benchmark.form, golds, benchmark.measure, disputed)

    return key, cached(("reference", *key), make, chats=benchmark.dataset.chats)


def reference(
    session: Session, dataset: DatasetView, against: str, *, indices: Collection[int] | None = None
) -> dict[int, list[FormValues]]:
    """``{chat index: forms}`` of what a run is measured against.

    Args:
        session: open session.
        dataset: the dataset.
        against: see :class:`Benchmark`.
        indices: only these chats, where that is quicker; others may be there as well.

    Raises:
        NotFoundError: there is no such reference, or it is empty.
        InputError: ``against`` is not understood.
    """
    if against == RECORDS:
        forms = queries.confirmed_by_index(session, dataset.id, passed=False)
        if not forms:
            raise NotFoundError(f"数据集「{dataset.name}」还没有已确认的记录", "请先审阅，或用标注作对照")
        return forms
    if against == BLIND:
        forms = queries.blind_by_index(session, dataset.id)
        if not forms:
            raise NotFoundError(f"数据集「{dataset.name}」还没有盲审过的群聊", "请先在审阅台盲审几条，或用别的对照")
        return forms
    if against == LABELS:
        labels = queries.labels_run(session, dataset.id)
        if labels is None:
            raise NotFoundError(f"数据集「{dataset.name}」没有标注", "请导入标注，或用已确认的记录（records）作对照")
        return queries.forms_by_index(session, labels.id, indices=indices)
    prefix, _, name = against.partition(":")
    if prefix != "run" or not name:
        raise InputError(f"不认识对照「{against}」", "可以是 labels、records、blind 或 run:任务名")
    return queries.forms_by_index(session, queries.run(session, name, dataset.id).id, indices=indices)
