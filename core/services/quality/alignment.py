"""Runs side by side: the customers of each chat matched, not taken by position, and where the values differ.

With a reference, each run is matched with it exactly as the score matches; what a run invented stands below. Without
one, the runs are matched with one another.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlmodel import Session

from core.adapters.store import DatasetView, RunView, Store, queries
from core.domain.form import Form, FormValues, text_of
from core.domain.merge import group_customers
from core.domain.scoring import CORRECT_FROM, LCS, Measure, Scorer
from core.domain.scoring.chat_score import Prepared
from core.domain.scoring.correct_cells import least_credit
from core.errors import InputError
from core.services.quality.cache import cached
from core.services.quality.data_versions import chats_version, reference_version, run_version
from core.services.quality.scores import BLIND, RECORDS, Benchmark, reference
from core.services.team import remember_seen_in

MOST_RUNS = 4
_SEEN_EVERY = 500


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer of a chat in all runs.

    Attributes:
        gold: position of the reference's form; ``None`` for a customer that the reference lacks, or without one.
        reference: the reference's form; ``None`` likewise.
        forms: each run's form, in the order of the runs; ``None`` where the run lacks this customer.
        positions: where each form stands in its run's answer; ``None`` likewise.
        credits: per run and field, which part of the points was earned; ``None`` without a form or a reference.
        differs_between_runs: numbers of the fields on which the runs differ among themselves.
        differs_from_reference: numbers of the fields on which some run differs from the reference.
    """

    gold: int | None
    reference: FormValues | None
    forms: tuple[FormValues | None, ...]
    positions: tuple[int | None, ...]
    credits: tuple[tuple[float, ...] | None, ...]
    differs_between_runs: frozenset[int]
    differs_from_reference: frozenset[int]

    def name(self, form: Form) -> str:
        """The customer's name: the reference's, else the first run's that has one."""
        names = (form.name_of(values) for values in (self.reference, *self.forms) if values)
        return next((name for name in names if name), "")


class Difference(NamedTuple):
    """A place where values differ.

    Attributes:
        chat: index of the chat.
        customer: position in the aligned customers of the chat.
        key: the field.
    """

    chat: int
    customer: int
    key: str


@dataclass(frozen=True, slots=True)
class Alignment:
    """Up to four runs of a dataset, chat by chat; one only beside a reference.

    Attributes:
        form: the form.
        runs: the runs, in the order asked for.
        against: the reference, ``""`` for none.
        chats: aligned customers by chat index, in order.
        missing_chats: per run, chats without an answer.
        measure: what the similarity of free texts is measured by.
        reference_key: the reference by the id of its run, which no other one is ever given: ``labels:<id>``,
            ``run:<id>``, ``records``, or ``""``.
    """

    form: Form
    runs: tuple[RunView, ...]
    against: str
    chats: Mapping[int, tuple[Customer, ...]]
    missing_chats: tuple[frozenset[int], ...]
    measure: Measure = LCS
    reference_key: str = ""
    _differences: dict[tuple[bool, str], list[Difference]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def is_correct(self, customer: Customer, run: int, key: str, *, right_from: float = CORRECT_FROM) -> bool | None:
        """Whether a run has a cell right; ``None`` without a reference form.

        Args:
            customer: one of :attr:`chats`.
            run: position of the run.
            key: the field.
            right_from: from which similarity a free text is right; passed over for measures that have no threshold.
        """
        if customer.gold is None:
            return None
        credits = customer.credits[run]
        by_similarity = self.measure.threshold and not self.form.field(key).one_right_answer
        least = least_credit(right_from if by_similarity else 1.0)
        return credits is not None and credits[self.form.keys.index(key)] >= least

    def differences(self, *, with_reference: bool = False, key: str = "") -> list[Difference]:
        """Where the runs differ, in reading order; the list is kept and is not to be changed.

        Args:
            with_reference: also where all runs agree and the reference does not.
            key: only this field.
        """
        places = self._differences.get((with_reference, key))
        if places is None:
            places = self._differences[with_reference, key] = list(self._find_differences(with_reference, key))
        return places

    def _find_differences(self, with_reference: bool, key: str) -> Iterator[Difference]:
        keys = self.form.keys
        for index, customers in self.chats.items():
            for position, customer in enumerate(customers):
                numbers = customer.differs_between_runs
                if with_reference:
                    numbers = numbers | customer.differs_from_reference
                for number in sorted(numbers):
                    if not key or keys[number] == key:
                        yield Difference(index, position, keys[number])


def align(
    store: Store,
    benchmark: Benchmark,
    names: Sequence[str],
    *,
    against: str = "",
    chats: Collection[int] | None = None,
    seen: Callable[[int, int], None] = lambda done, total: None,
) -> Alignment:
    """Align the customers of several runs, chat by chat; cached until one of the runs changes.

    Args:
        store: the open store.
        benchmark: dataset, form and measure (``benchmark.against`` is not used).
        names: two to four names of runs; with a reference one is enough.
        against: ``labels``, ``records``, ``run:NAME``, or ``""`` for no reference.
        chats: indices of the chats that are aligned, few; ``None`` for all of the dataset.
        seen: told how many of how many chats are aligned.

    Raises:
        InputError: too few runs, a run twice, or too many.
        NotFoundError: no such run or reference.
    """
    least = 1 if against else 2
    if not least <= len(names) <= MOST_RUNS or len(set(names)) != len(names):
        raise InputError(f"对比需要 {least} 到 {MOST_RUNS} 个不同的抽取任务，选了 {len(names):,} 个", "请重新选择")
    with store.read() as session:
        runs = tuple(queries.run(session, name, benchmark.dataset.id) for name in names)
        key = _version_of(session, store, benchmark, runs, against)

        def make() -> Alignment:
            answers = [queries.forms_by_index(session, run.id, indices=chats) for run in runs]
            golds = reference(session, benchmark.dataset, against, indices=chats) if against else None
            every = list(queries.chat_ids(session, benchmark.dataset.id))
            indices = every if chats is None else [index for index in every if index in chats]
            scorer = Scorer(benchmark.form, benchmark.measure)
            aligned: dict[int, tuple[Customer, ...]] = {}
            for i in indices:
                gold = golds.get(i) if golds is not None else None
                aligned[i] = align_chat(scorer, [a.get(i) for a in answers], gold)
                if len(aligned) % _SEEN_EVERY == 0:
                    seen(len(aligned), len(indices))
            return Alignment(
                benchmark.form,
                runs,
                against,
                aligned,
                tuple(frozenset(indices) - set(a) for a in answers),
                benchmark.measure,
                _reference_key(session, benchmark.dataset, against),
            )

        few = None if chats is None else tuple(sorted(chats))
        size = (benchmark.dataset.chats if few is None else len(few)) * len(names)
        return cached(("align", few, *key), make, chats=size)


def alignment_version(store: Store, benchmark: Benchmark, names: Sequence[str], *, against: str = "") -> Hashable:
    """All that an alignment depends on; see :func:`align`."""
    with store.read() as session:
        runs = tuple(queries.run(session, name, benchmark.dataset.id) for name in names)
        return _version_of(session, store, benchmark, runs, against)


def _version_of(
    session: Session, store: Store, benchmark: Benchmark, runs: Sequence[RunView], against: str
) -> tuple[Hashable, ...]:
    return (
        store.url,
        benchmark.form.reference,
        benchmark.form.version,
        benchmark.measure.name,
        chats_version(session, benchmark.dataset),
        tuple(run_version(run) for run in runs),
        tuple(run.name for run in runs),
        against,
        reference_version(session, benchmark.dataset, against) if against else None,
    )


def remember_reference_shown(store: Store, dataset_id: int, alignment: Alignment, chats: Iterable[int]) -> None:
    """Remember that who reads is shown the reference's forms of these chats, where people made them.

    Args:
        store: the open store.
        dataset_id: of the alignment.
        alignment: what is shown.
        chats: indices of the chats.
    """
    if alignment.against in (RECORDS, BLIND):
        with store.read() as session:
            remember_seen_in(session, dataset_id, chats)


def _reference_key(session: Session, dataset: DatasetView, against: str) -> str:
    kind, _, name = against.partition(":")
    if kind == "labels":
        run = queries.labels_run(session, dataset.id)
    else:
        run = queries.run(session, name, dataset.id) if name else None
    return f"{kind}:{run.id}" if run is not None else kind


def align_chat(
    scorer: Scorer, answers: Sequence[Sequence[FormValues] | None], golds: Sequence[FormValues] | None
) -> tuple[Customer, ...]:
    """Match the customers of one chat.

    Args:
        scorer: form and measure.
        answers: each run's forms; ``None`` where it has no answer.
        golds: the reference's forms; ``None`` without a reference.
    """
    forms_by_run = [list(answer or []) for answer in answers]
    rows: list[tuple[int | None, dict[int, int]]] = []
    unmatched: list[list[int]] = [list(range(len(forms))) for forms in forms_by_run]
    if golds:
        prepared = [scorer.prepare(values) for values in golds]
        rows = [(gold, {}) for gold in range(len(golds))]
        for number, forms in enumerate(forms_by_run):
            for pair in scorer.chat([scorer.prepare(values) for values in forms], prepared).pairs:
                rows[pair.gold][1][number] = pair.pred
                unmatched[number].remove(pair.pred)
    rest = [[forms_by_run[number][position] for position in positions] for number, positions in enumerate(unmatched)]
    for group in group_customers(scorer.form, rest, names_decide=False):
        rows.append((None, {number: unmatched[number][position] for number, position in group.items()}))
    return tuple(_customer(scorer, forms_by_run, answers, golds, gold, members) for gold, members in rows)


def _customer(
    scorer: Scorer,
    forms_by_run: list[list[FormValues]],
    answers: Sequence[Sequence[FormValues] | None],
    golds: Sequence[FormValues] | None,
    gold: int | None,
    members: Mapping[int, int],
) -> Customer:
    forms = tuple(forms_by_run[n][members[n]] if n in members else None for n in range(len(forms_by_run)))
    reference_form = golds[gold] if golds is not None and gold is not None else None
    nothing = scorer.prepare({})
    # A run without an answer differs from nobody; one without this customer says that all its cells are empty.
    ready: list[Prepared | None] = [
        scorer.prepare(values) if values is not None else (nothing if answers[n] is not None else None)
        for n, values in enumerate(forms)
    ]
    filled = [values for values in ready if values is not None]
    reference_values = scorer.prepare(reference_form) if reference_form is not None else nothing
    width = range(len(scorer.weights))
    return Customer(
        gold=gold,
        reference=reference_form,
        forms=forms,
        positions=tuple(members.get(n) for n in range(len(forms_by_run))),
        credits=tuple(
            scorer.credits(values, reference_values)
            if values is not None and forms[n] is not None and gold is not None
            else None
            for n, values in enumerate(ready)
        ),
        differs_between_runs=frozenset(i for i in width if len({values[i] for values in filled}) > 1),
        differs_from_reference=frozenset(
            i for i in width if golds is not None and any(values[i] != reference_values[i] for values in filled)
        ),
    )


def difference_rows(alignment: Alignment, differences: Sequence[Difference]) -> list[dict[str, str | int]]:
    """Differences as rows of a table, Chinese headings, one column per run and one for the reference."""
    rows: list[dict[str, str | int]] = []
    number = {key: i for i, key in enumerate(alignment.form.keys)}
    subject = alignment.form.subject
    for index, position, key in differences:
        customer = alignment.chats[index][position]
        row: dict[str, str | int] = {
            "群聊": index,
            alignment.form.subject_heading: customer.name(alignment.form) or f"第 {position + 1} 位",
            "字段": key,
        }
        if alignment.against:
            without = f"（对照没有这位{subject}）"
            row["对照"] = text_of(customer.reference.get(key)) if customer.reference is not None else without
        for n, run in enumerate(alignment.runs):
            values = customer.forms[n]
            missing = "（没有结果）" if index in alignment.missing_chats[n] else f"（没有这位{subject}）"
            row[run.name] = text_of(values.get(key)) if values is not None else missing
        for n, run in enumerate(alignment.runs):
            credit = customer.credits[n]
            if alignment.against:
                row[f"{run.name} 得分比例"] = f"{credit[number[key]]:.2f}" if credit is not None else "0.00"
        rows.append(row)
    return rows
