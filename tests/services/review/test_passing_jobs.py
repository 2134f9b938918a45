"""Passing and taking back as jobs: what they do, that they go on where one died, and that a rule's stop stops them."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from core.adapters.store import DatasetView, PassingRuleView, Store
from core.adapters.store.models import ChatPriority, JobStatus
from core.domain.permissions import AccountRole
from core.errors import PermissionDeniedError
from core.services import jobs
from core.services.review import passing
from core.services.review.passing import carry_out_rule, make_rule
from core.services.review.passing_audits import audit_passing, passing_rules, stop_passing
from core.services.review.passing_jobs import newest_passing_job, request_passing, request_taking_back
from core.services.review.queue.background_update import update_with_confidence
from core.services.team import acting_as
from core.services.team.acting import Actor
from tests.factories.datasets import FORM
from tests.factories.jobs import carried_out
from tests.factories.reviews import NAME, answer, make, records

pytestmark = pytest.mark.both_databases
LEAD = Actor("组长", AccountRole.LEAD)
CHOSEN: Any = {"scope": "forms", "threshold": 0.95, "audit_share": 1.0, "allowed_error": 0.02, "who": "组长"}


def sure_run(store: Store, chats: int) -> tuple[DatasetView, PassingRuleView]:
    """A run that is sure of everything, and a rule by which nothing has passed yet."""
    dataset = make(store, chats)
    run = answer(store, dataset, "甲", {at: [{NAME: f"林木{at}"}] for at in range(1, chats + 1)})
    update_with_confidence(store, FORM, dataset.id, run)
    with store.write() as session:
        for row in session.execute(select(ChatPriority)).scalars():
            row.confidence = [dict.fromkeys(FORM.keys, 0.99)]
    return dataset, make_rule(store, FORM, dataset.id, run, **CHOSEN)


def test_a_job_lets_pass_and_another_takes_back(store: Store) -> None:
    dataset, rule = sure_run(store, 5)
    assert records(store, dataset) == {} and newest_passing_job(store, dataset.id) is None
    with acting_as(LEAD):
        job = request_passing(store, rule)
        assert newest_passing_job(store, dataset.id) == job
        ended = carried_out(store, job)
    assert ended.status == JobStatus.DONE, ended.problem
    assert jobs.result_of(store, ended) == 5
    assert {one.status for one in records(store, dataset).values()} == {"已确认"}
    with acting_as(LEAD):
        back = carried_out(store, request_taking_back(store, rule, who="组长"))
    assert jobs.result_of(store, back) == (5, 0)
    assert {one.status for one in records(store, dataset).values()} == {"未审阅"}
    newest = newest_passing_job(store, dataset.id)
    assert newest is not None and newest.id == back.id


def test_a_job_goes_on_where_one_died_and_tells_how_far_it_is(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset, rule = sure_run(store, 5)
    monkeypatch.setattr(passing, "_CHUNK", 2)

    def die(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_out_rule(store, FORM, rule, die)
    assert len(records(store, dataset)) == 2
    told: list[tuple[int, int]] = []
    assert carry_out_rule(store, FORM, rule, lambda done, total: told.append((done, total))) == 3
    assert told == [(2, 3), (3, 3)]
    assert len(passing_rules(store, dataset.id)) == 1, "it is the same rule"
    carried_out(store, request_taking_back(store, rule, who="组长"))
    again = carried_out(store, request_taking_back(store, rule, who="组长"))
    assert (again.status, jobs.result_of(store, again)) == (JobStatus.DONE, (0, 0))


def test_two_rules_at_once_do_not_wait_for_one_another(store: Store) -> None:
    """Each passes the chats in the order of its own lot; the database has to be asked for them in one order."""
    dataset, rule = sure_run(store, 60)
    rules = [rule, *(make_rule(store, FORM, dataset.id, rule.run_id or 0, **CHOSEN) for _ in range(3))]
    together = Barrier(len(rules))

    def carry_out(one: PassingRuleView) -> int:
        together.wait()
        return carry_out_rule(store, FORM, one)

    with ThreadPoolExecutor(len(rules)) as threads:
        passed = list(threads.map(carry_out, rules))
    assert sum(passed) == len(records(store, dataset)) == 60


def test_a_rule_that_is_switched_off_meanwhile_stops_its_job(store: Store) -> None:
    dataset, rule = sure_run(store, 3)
    job = request_passing(store, rule)
    stop_passing(store, rule.id, who="组长")
    ended = carried_out(store, job)
    assert (ended.status, jobs.result_of(store, ended)) == (JobStatus.DONE, 0)
    assert audit_passing(store, FORM, rule).passed == 0 and records(store, dataset) == {}


def test_only_who_may_asks_for_it(store: Store) -> None:
    _, rule = sure_run(store, 1)
    with acting_as(Actor("林晓", AccountRole.REVIEWER)):
        for ask in (lambda: request_passing(store, rule), lambda: request_taking_back(store, rule, who="林晓")):
            with pytest.raises(PermissionDeniedError):
                ask()
