"""What each right value of a run cost, against labels."""

from typing import Any

import pytest

from core.adapters.store import Store, queries
from core.adapters.store.models import Extraction, Run, RunKind
from core.domain.form import load_named_form
from core.services.quality.run_cost import yuan_per_right_value
from core.services.quality.value_cost import value_costs
from core.services.review.overview import overview
from tests.factories.runs import add_dataset

FORM = load_named_form()


def add_run(store: Store, name: str, names: list[str], *, price: float | None = 1.0, kind: str = RunKind.MODEL) -> int:
    """A run that fills the name alone, at a yuan per thousand tokens, a thousand tokens a chat."""
    entry = {"name": "m", "provider": "openai", "price_in": price, "price_out": price}
    with store.write() as session:
        dataset = queries.dataset(session, "d")
        parameters: dict[str, Any] = {"entry": entry} if kind == RunKind.MODEL else {}
        run = Run(dataset_id=dataset.id, name=name, kind=kind, provider="openai", model=name, parameters=parameters)
        run.total = len(names)
        session.add(run)
        session.flush()
        for chat_id, value in zip(queries.chat_ids(session, dataset.id).values(), names, strict=False):
            forms = [FORM.empty() | {FORM.name_field: value}]
            row = Extraction(run_id=run.id or 0, chat_id=chat_id, status="ok", forms=forms, replies=[])
            row.tokens_in = 1000 if kind == RunKind.MODEL else 0
            session.add(row)
        return run.id or 0


@pytest.mark.both_databases
def test_each_right_value_has_its_price(store: Store) -> None:
    add_dataset(store, 4)
    add_run(store, "标注", ["甲1", "乙2", "丙3"], kind=RunKind.LABELS)
    good = add_run(store, "good", ["甲1", "乙2", "丙3", "丁4"])
    half = add_run(store, "half", ["甲1", "x", "丙3", "丁4"])
    add_run(store, "nothing right", ["x", "x", "x", "x"])
    add_run(store, "no price", ["甲1", "乙2", "丙3", "丁4"], price=None)
    with store.read() as session:
        costs = value_costs(session, queries.dataset(session, "d").id)
    # Three of four chats are labelled: they cost three of the four yuan.
    assert costs == {good: pytest.approx(1.0), half: pytest.approx(1.5)}
    assert list(costs) == [good, half]
    (state,), _ = overview(store)
    assert state.value_costs == costs


def test_without_labels_or_costs_nothing_is_said(store: Store) -> None:
    add_dataset(store, 2)
    run_id = add_run(store, "r", ["甲1", "乙2"])
    with store.read() as session:
        assert value_costs(session, queries.dataset(session, "d").id) == {}
        run = queries.run(session, run_id)
    assert yuan_per_right_value(run, None, right=1.0, judged=1) is None
    assert yuan_per_right_value(run, 2.0, right=0.0, judged=1) is None
    assert yuan_per_right_value(run, 2.0, right=4.0, judged=1) == pytest.approx(0.25)
