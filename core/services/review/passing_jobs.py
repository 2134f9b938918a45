"""Letting many chats pass, and taking them back, as background jobs: a closed page stops neither.

The rule is made before its job is asked for, and what passes is written a few chats at a time. A job whose process died
is therefore done again without harm: it goes on with what is left.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from core.adapters.store import HeavyJobView, PassingRuleView, Store, queries
from core.adapters.store.models import JobStatus
from core.domain.form import Form, load_named_form
from core.domain.permissions import Permission
from core.errors import ConflictError, NotFoundError
from core.services.jobs import JobKind, JobProgress, latest_job_about
from core.services.jobs.personal import asked_by, data_of_the_moment, request_once
from core.services.review.passing import carry_out_rule
from core.services.review.passing_audits import count_passing_kept, passing_rules
from core.services.review.records import bulk
from core.services.team import acting_as, permitted

PASS_JOB, TAKE_BACK_JOB = "passing", "passing_undo"
INLINE_CHATS: Final = 200
"""Chats up to which a page waits: a second, less than it takes to start a job."""


@permitted(Permission.BULK)
def request_passing(store: Store, rule: PassingRuleView) -> HeavyJobView:
    """Have a rule that was just made let pass in the background what is sure enough.

    Args:
        store: open store.
        rule: as :func:`core.services.review.passing.make_rule` gave it.
    """
    return request_once(store, PASS_JOB, {"dataset_id": rule.dataset_id, "rule_id": rule.id})


@permitted(Permission.BULK)
def request_taking_back(store: Store, rule: PassingRuleView, *, who: str) -> HeavyJobView:
    """Have what a rule let pass taken back in the background, but what people have changed since.

    Args:
        store: open store.
        rule: the rule.
        who: the lead.
    """
    return request_once(store, TAKE_BACK_JOB, {"dataset_id": rule.dataset_id, "rule_id": rule.id, "who": who})


def newest_passing_job(store: Store, dataset_id: int) -> HeavyJobView | None:
    """The job of either kind that anybody asked for last of a dataset; one that is under way goes first."""
    with store.read() as session:
        newest = [latest_job_about(session, kind, {"dataset_id": dataset_id}) for kind in (PASS_JOB, TAKE_BACK_JOB)]
    jobs = [job for job in newest if job is not None]
    return max(jobs, key=lambda job: (job.status == JobStatus.RUNNING, job.id), default=None)


def _rule(store: Store, parameters: Mapping[str, Any]) -> tuple[PassingRuleView, Form]:
    dataset_id, rule_id = int(parameters["dataset_id"]), int(parameters["rule_id"])
    with store.read() as session:
        form = load_named_form(queries.dataset(session, dataset_id).form)
    for rule in passing_rules(store, dataset_id):
        if rule.id == rule_id:
            return rule, form
    raise NotFoundError("这条放行规则已不存在", "请刷新页面")


def _pass(store: Store, parameters: Mapping[str, Any], progress: JobProgress) -> int:
    """Number of chats that this process let pass."""
    rule, form = _rule(store, parameters)
    with acting_as(asked_by(parameters)):
        return carry_out_rule(store, form, rule, partial(progress, "正在放行"))


def _take_back(store: Store, parameters: Mapping[str, Any], progress: JobProgress) -> tuple[int, int]:
    """Numbers of chats that were taken back, and that were left as somebody changed them."""
    rule, form = _rule(store, parameters)
    told = partial(progress, "正在撤回")
    with acting_as(asked_by(parameters)):
        try:
            undone = bulk.undo(store, form, rule.dataset_id, rule.name, who=parameters["who"], on_records=told)
        except ConflictError:  # a process that died had taken all of it back
            with store.read() as session:
                if count_passing_kept(session, rule):
                    raise
            return 0, 0
    return len(undone.saved), len(undone.skipped)


def _about_dataset(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"dataset_id": parameters["dataset_id"]}


KINDS: Final = {
    PASS_JOB: JobKind("放行", data_of_the_moment, _pass, (), _about_dataset),
    TAKE_BACK_JOB: JobKind("撤回放行的记录", data_of_the_moment, _take_back, (), _about_dataset),
}
