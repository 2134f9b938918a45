"""Merges runs into a new one: by priority, by majority, or per field by the run that scores best on labels."""

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlmodel import Session

from core.adapters.store import RunView, Store, queries
from core.adapters.store.models import ExtractionStatus, now
from core.domain.form import Form, FormValues, Value, cell_text, load_named_form
from core.domain.merge import (
    CrossValidation,
    Method,
    Ranking,
    VotedForm,
    cross_validate,
    merge_chat,
    rank_by_label_scores,
)
from core.domain.merge.methods import Answer
from core.domain.merge.vote import Choice
from core.domain.permissions import Permission
from core.domain.scoring import LCS, Measure
from core.errors import ConflictError, InputError
from core.services.quality.cache import cached
from core.services.quality.data_versions import reference_version, run_version
from core.services.quality.merged_run import MergedChat, fill_merged_run, store_merged_run, validate_run_name
from core.services.quality.scores import reference
from core.services.team import permitted

METHOD_TITLES: Mapping[str, str] = {
    Method.PRIORITY: "按优先顺序",
    Method.MAJORITY: "多数表决",
    Method.BEST: "逐字段取得分最高的抽取任务",
}
SHOWN = 60
"""Differing cells that a plan shows."""


@dataclass(frozen=True, slots=True)
class DifferingCell:
    """A cell on which the merged runs differ.

    Attributes:
        chat: index of the chat.
        customer: position in the merged answer, from 0.
        key: the field.
        taken: the value that was taken.
        choices: all values that were given, the heaviest first.
    """

    chat: int
    customer: int
    key: str
    taken: Value
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class MergePlan:
    """The result of a merge before anything is stored.

    Attributes:
        runs: in the order that they were named.
        method: see :class:`core.domain.merge.Method`.
        ranking: who goes first, as positions in ``runs``.
        chats: chats with an answer of at least one run.
        differing: number of cells on which the runs' answers differ.
        estimate: for ``Method.BEST``, what to expect on other chats; ``None`` for the other methods, or
            where fewer than two chats have labels.
        measure: likeness of free texts.
        against: what ``Method.BEST`` chose by, as :func:`plan_merge` takes it; ``""`` for the other methods.
        differences: the first of these cells. All of them, and the forms, are made again where they are stored: of
            100,000 chats they take gigabytes.
    """

    runs: tuple[RunView, ...]
    method: Method
    ranking: Ranking
    chats: int
    differing: int
    estimate: CrossValidation | None
    measure: Measure
    differences: tuple[DifferingCell, ...]
    against: str = ""


def plan_merge(
    store: Store,
    *,
    dataset: str | int,
    runs: Sequence[str | int],
    method: Method | str,
    field_order: Mapping[str, Sequence[str | int]] | None = None,
    against: str = "labels",
    folds: int = 5,
    measure: Measure = LCS,
) -> MergePlan:
    """Merge runs without storing anything; the plan is kept while neither the runs nor the reference change.

    Args:
        store: open store.
        dataset: name or id.
        runs: names or ids, the first one first: the order of *priority*, and of ties otherwise.
        method: ``priority`` (the first run that filled the cell), ``majority`` (empty cells vote too), or ``best``
            (per field the run that scores best against ``against``; its estimate is cross-validated).
        field_order: for ``priority``, other orders of ``runs`` for single fields, by key.
        against: what ``best`` scores against: ``labels``, ``records`` or ``run:NAME``.
        folds: of the cross-validation.
        measure: similarity for free-text fields.

    Raises:
        InputError: fewer than two runs, one named twice, or a field or run that is not there.
        NotFoundError: no such dataset, run or reference.
    """
    how = _method(method)
    with store.read() as session:
        data = queries.dataset(session, dataset)
        run_views = tuple(queries.run(session, run, data.id) for run in runs)
        if len({run.id for run in run_views}) < max(2, len(run_views)):
            raise InputError("合并至少需要两个不同的抽取任务", "请选择两个以上的抽取任务，每个只选一次")
        form = load_named_form(data.form)
        everybody = tuple(range(len(run_views)))
        named = Ranking(everybody, _orders(form, run_views, field_order or {}))
        version = reference_version(session, data, against) if how is Method.BEST else None
        key = (
            "merge",
            store.url,
            form.reference,
            form.version,
            measure.name,
            how,
            tuple(sorted(named.fields.items())),
            tuple((run.name, run_version(run)) for run in run_views),
            (version, folds),
        )

        def make() -> MergePlan:
            estimate, ranking = None, named
            if how is Method.BEST:
                answers = [queries.forms_by_index(session, run.id) for run in run_views]
                golds = reference(session, data, against)
                ranking = rank_by_label_scores(form, answers, golds, measure)
                estimate = cross_validate(form, answers, golds, folds=folds, measure=measure)
            chosen_by = against if how is Method.BEST else ""
            merged = _merged(session, form, MergePlan(run_views, how, ranking, 0, 0, estimate, measure, ()))
            chats, differing, differences = _counted(merged)
            return MergePlan(run_views, how, ranking, chats, differing, estimate, measure, differences, chosen_by)

        return cached(key, make)


def _merged(session: Session, form: Form, plan: MergePlan) -> Iterator[tuple[int, list[VotedForm]]]:
    """``(chat index, customers)`` of all chats with an answer, in order, one at a time."""
    streams = (_numbered(session, run.id, number) for number, run in enumerate(plan.runs))
    for index, rows in groupby(heapq.merge(*streams, key=itemgetter(0)), key=itemgetter(0)):
        answers: list[Answer] = [None] * len(plan.runs)
        for _, number, forms in rows:
            answers[number] = forms
        yield index, merge_chat(form, answers, plan.method, plan.ranking, plan.measure)


def _numbered(session: Session, run_id: int, number: int) -> Iterator[tuple[int, int, list[FormValues]]]:
    return ((index, number, forms) for index, forms in queries.stream_forms(session, run_id))


def _counted(merged: Iterable[tuple[int, list[VotedForm]]]) -> tuple[int, int, tuple[DifferingCell, ...]]:
    """Number of chats, number of cells on which answers differ, and the first of these cells."""
    chats = differing = 0
    first: list[DifferingCell] = []
    for index, customers in merged:
        chats += 1
        differing += sum(len(one.choices) for one in customers)
        if len(first) < SHOWN:
            first += [
                DifferingCell(index, position, key, one.values[key], choices)
                for position, one in enumerate(customers)
                for key, choices in one.choices.items()
            ]
    return chats, differing, tuple(first[:SHOWN])


@permitted(Permission.RUNS)
def merge_runs(store: Store, plan: MergePlan, *, name: str, who: str = "") -> RunView:
    """Store a planned merge as a new run of kind *merge*.

    Each extraction keeps, per customer and field, which runs the value came from, and the values that were not taken.

    Args:
        store: open store.
        plan: of :func:`plan_merge`.
        name: of the new run.
        who: for the record.

    Raises:
        InputError: no name.
        ConflictError: the name is taken, or the runs have got other answers since the plan was made.
    """
    validate_run_name(name)
    chats = _merged_chats(store, plan)
    return store_merged_run(store, plan.runs[0].dataset_id, name=name, about=_about(plan, who), chats=chats)


@permitted(Permission.RUNS)
def merge_into(store: Store, plan: MergePlan, run_id: int) -> None:
    """Store a planned merge in the run that was made for it and still waits; what it held before is replaced.

    Args:
        store: open store.
        plan: of :func:`plan_merge`.
        run_id: a running run of kind *merge*; where it runs no more, nothing is stored.

    Raises:
        ConflictError: the runs have got other answers since the plan was made.
    """
    fill_merged_run(store, run_id, about=_about(plan, ""), chats=_merged_chats(store, plan))


def _merged_chats(store: Store, plan: MergePlan) -> dict[int, MergedChat]:
    """The merged answers by index of the chat.

    Raises:
        ConflictError: the runs have got other answers since the plan was made.
    """
    with store.read() as session:
        form = load_named_form(queries.dataset(session, plan.runs[0].dataset_id).form)
        chats = {
            index: MergedChat(
                [one.values for one in customers], _notes(plan, customers), [_provenance(plan, customers)]
            )
            for index, customers in _merged(session, form, plan)
        }
    with store.read() as session:  # afterwards: what came between the plan and the last answer is seen
        now_there = [queries.run(session, run.id) for run in plan.runs]
    if [run_version(run) for run in now_there] != [run_version(run) for run in plan.runs]:
        raise ConflictError("要合并的抽取任务刚刚有了新的结果，没有合并", "请看过新的预览再合并")
    return chats


def _method(method: Method | str) -> Method:
    try:
        return Method(method)
    except ValueError as error:
        raise InputError(f"不认识合并方式「{method}」", f"可以是 {'、'.join(Method)}") from error


def _orders(
    form: Form, runs: Sequence[RunView], wanted: Mapping[str, Sequence[str | int]]
) -> dict[str, tuple[int, ...]]:
    places: dict[str | int, int] = {}
    for place, run in enumerate(runs):
        places[run.name] = places[run.id] = place
    orders: dict[str, tuple[int, ...]] = {}
    for key, order in wanted.items():
        if key not in form:
            raise InputError(f"表单里没有字段「{key}」", "请检查字段名")
        if unknown := [str(run) for run in order if run not in places]:
            raise InputError(
                f"字段「{key}」的顺序里有未参加合并的抽取任务「{unknown[0]}」", "请先把它加入要合并的抽取任务"
            )
        first = [places[run] for run in order]
        orders[key] = tuple(dict.fromkeys([*first, *range(len(runs))]))
    return orders


def _about(plan: MergePlan, who: str) -> dict[str, Any]:
    names = [run.name for run in plan.runs]
    return {
        "method": plan.method.value,
        "runs": names,
        "who": who,
        "order": [names[run] for run in plan.ranking.overall],
        "fields": {key: names[order[0]] for key, order in plan.ranking.fields.items()},
        "differing": plan.differing,
        "estimate": asdict(plan.estimate) if plan.estimate else None,
        **({"against": plan.against} if plan.against else {}),
    }


def _provenance(plan: MergePlan, customers: Sequence[VotedForm]) -> dict[str, Any]:
    """The one entry of ``replies``: where each value came from, and what was not taken."""
    names = [run.name for run in plan.runs]
    sources, alternatives = [], []
    for position, one in enumerate(customers):
        fields: dict[str, list[str]] = {}
        for key, value in one.values.items():
            given = one.choices.get(key)
            # Where all agree, all who have this customer gave it; a list may be put together from several answers.
            takers = sorted(one.members) if given is None else _givers(given, value)
            fields[key] = [names[run] for run in takers]
            if given is not None:
                others = [{"value": c.value, "runs": [names[run] for run in c.ballots]} for c in given]
                alternatives.append(
                    {
                        "customer": position,
                        "field": key,
                        "taken": value,
                        "others": [other for other in others if other["value"] != value],
                        "from": "merge",
                    }
                )
        members = {names[run]: place for run, place in sorted(one.members.items())}
        sources.append({"members": members, "fields": fields})
    return {
        "at": now().isoformat(timespec="seconds"),
        "status": ExtractionStatus.OK.value,
        "raw": "",
        "sources": sources,
        "about": {"alternatives": alternatives},
    }


def _givers(given: Sequence[Any], value: Any) -> list[int]:
    exact = [run for choice in given if choice.value == value for run in choice.ballots]
    if exact:
        return sorted(exact)
    items = set(value) if isinstance(value, list) else set()
    return sorted(run for choice in given if items & set(choice.value or ()) for run in choice.ballots)


def _notes(plan: MergePlan, customers: Sequence[VotedForm]) -> list[str]:
    names = [run.name for run in plan.runs]
    notes = []
    for position, one in enumerate(customers, start=1):
        for key, given in one.choices.items():
            texts = "；".join(f"{'、'.join(names[run] for run in c.ballots)}：{cell_text(c.value)}" for c in given)
            notes.append(
                f"第 {position} 位客户的「{key}」各抽取任务不同（{texts}），取「{cell_text(one.values[key])}」"
            )
    return notes
