"""A change of a form in use as a background job: looked through, done or undone while pages may be closed.

All is computed before the transaction that ends the job, and in which it is written: a job that was cancelled, killed
or taken over has done nothing, and one that has ended is not done again.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from sqlmodel import Session

from core.adapters.store import HeavyJobView, Store
from core.adapters.store.models import JobStatus
from core.domain.form.mapping import FormChange
from core.domain.permissions import Permission
from core.errors import StoreError
from core.services.forms.change_plan import ChangedValue, DroppedValue, FormChangePlan, plan_form_change
from core.services.forms.change_writing import CHANGE_JOB, UNDO_JOB
from core.services.forms.changing import PreparedChange, prepare_form_change, prepare_undo
from core.services.forms.earlier_forms import form_change_of
from core.services.forms.staged_rows import OnRows
from core.services.jobs import JobKind, JobProgress, ResultWithEntry, cancel_job, latest_job_about, result_of
from core.services.jobs.personal import asked_by, data_of_the_moment, request_once
from core.services.team import acting_as, permitted

PREVIEW_JOB: Final = "form_preview"
_READING: Final = "读取"


@permitted(Permission.FORMS)
def request_preview(store: Store, change: FormChange, *, datasets: Sequence[str], who: str) -> HeavyJobView:
    """Have looked through what a change of a form would do, see :func:`plan_form_change`.

    Args:
        store: the open store.
        change: both forms and the mapping.
        datasets: names of datasets that use the old form; none: all of them.
        who: asks for it.
    """
    parameters = {**_named(change), "datasets": list(datasets), "who": who}
    return request_once(store, PREVIEW_JOB, parameters)


@permitted(Permission.FORMS)
def request_form_change(store: Store, plan: FormChangePlan, *, who: str) -> HeavyJobView:
    """Have done what a plan says; a failure is the job's sentence.

    See :func:`~core.services.forms.changing.apply_form_change`.

    Args:
        store: the open store.
        plan: as somebody has looked at it.
        who: does it.
    """
    accepted = {"dataset_ids": list(plan.dataset_ids), "datasets": list(plan.datasets), "lost_cells": plan.lost_cells}
    accepted["lost_digest"] = plan.lost_digest
    return request_once(store, CHANGE_JOB, {**_named(plan.change), **accepted, "who": who})


@permitted(Permission.FORMS)
def request_undo(store: Store, change_id: int, *, name: str, who: str) -> HeavyJobView:
    """Have a change of a form taken back; a failure is the job's sentence.

    See :func:`~core.services.forms.changing.undo_form_change`.

    Args:
        store: the open store.
        change_id: the change.
        name: of the form, without a version.
        who: does it.
    """
    return request_once(store, UNDO_JOB, {"name": name, "change_id": change_id, "who": who})


@permitted(Permission.FORMS)
def cancel_change(store: Store, job_id: int) -> None:
    """Give a change, an undo or a preview up before it is written; afterwards it stays as it is.

    Args:
        store: the open store.
        job_id: the job.
    """
    cancel_job(store, job_id)


def newest_change_job(store: Store, name: str) -> HeavyJobView | None:
    """The change or undo of a form, by its name, that anybody asked for last, however it stands."""
    with store.read() as session:
        jobs = [latest_job_about(session, kind, {"name": name}) for kind in (CHANGE_JOB, UNDO_JOB)]
    return max((job for job in jobs if job is not None), key=lambda job: job.id, default=None)


def newest_preview(store: Store, name: str, who: str) -> tuple[HeavyJobView, FormChangePlan | None] | None:
    """What somebody has looked through last of a form, by its name: the job, and its plan once it is there."""
    with store.read() as session:
        job = latest_job_about(session, PREVIEW_JOB, {"name": name, "who": who})
    if job is None:
        return None
    if job.status != JobStatus.DONE:
        return job, None
    try:
        return job, _plan(job.parameters, result_of(store, job))
    except StoreError:  # the change has been made since: nothing is kept of what it did away with
        return None
    except KeyError:  # kept by an earlier version of this program: it did not look for all that this one shows
        return None


def is_preview_of(job: HeavyJobView, change: FormChange, datasets: Sequence[str]) -> bool:
    """Whether a job of :func:`request_preview` is about a change of these datasets."""
    subject = {**_named(change), "datasets": list(datasets)}
    return all(job.parameters.get(name) == value for name, value in subject.items())


def _named(change: FormChange) -> dict[str, Any]:
    mapping = change.mapping.model_dump(mode="json")
    return {"name": change.old.name, "old": change.old.reference, "new": change.new.reference, "mapping": mapping}


def _change(parameters: Mapping[str, Any]) -> FormChange:
    return form_change_of(parameters["old"], parameters["new"], parameters["mapping"])


def _plan(parameters: Mapping[str, Any], held: Mapping[str, Any]) -> FormChangePlan:
    return FormChangePlan(
        _change(parameters),
        tuple(held["datasets"]),
        tuple(held["dataset_ids"]),
        dict(held["rows"]),
        held["cells"],
        tuple(DroppedValue(**one) for one in held["lost"]),
        held["lost_cells"],
        held["problem"],
        tuple(ChangedValue(**one) for one in held["examples"]),
        held["lost_kinds"],
        held["lost_hidden"],
        held["lost_digest"],
        held["history_days"],
    )


def _preview(store: Store, parameters: Mapping[str, Any], progress: JobProgress) -> dict[str, Any]:
    with acting_as(asked_by(parameters)):
        plan = plan_form_change(
            store, _change_now(store, parameters), datasets=parameters["datasets"], on_rows=partial(progress, _READING)
        )
    return plan.as_json() | {"dataset_ids": list(plan.dataset_ids)}


def _change_now(store: Store, parameters: Mapping[str, Any]) -> FormChange:
    with store.read():  # forms of the database are looked up in it
        return _change(parameters)


def _prepare_change(store: Store, parameters: Mapping[str, Any], on_rows: OnRows) -> PreparedChange:
    plan = FormChangePlan(
        _change_now(store, parameters),
        tuple(parameters["datasets"]),
        tuple(parameters["dataset_ids"]),
        rows={},
        cells=0,
        lost=(),
        lost_cells=parameters["lost_cells"],
        lost_digest=parameters.get("lost_digest", ""),
    )
    return prepare_form_change(store, plan, who=parameters["who"], on_rows=on_rows)


def _prepare_undo(store: Store, parameters: Mapping[str, Any], on_rows: OnRows) -> PreparedChange:
    return prepare_undo(store, int(parameters["change_id"]), who=parameters["who"], on_rows=on_rows)


def _written(prepare: Callable[[Store, Mapping[str, Any], OnRows], PreparedChange]) -> Callable[..., ResultWithEntry]:
    """How a job is computed that writes what was prepared in the transaction which ends it."""

    def compute(store: Store, parameters: Mapping[str, Any], progress: JobProgress) -> ResultWithEntry:
        actor = asked_by(parameters)
        with acting_as(actor):
            prepared = prepare(store, parameters, partial(progress, _READING))

        def enter(session: Session) -> None:
            with acting_as(actor):
                prepared(session)

        return ResultWithEntry(None, enter)

    return compute


def _about_form(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"name": parameters["name"]}


def _about_person(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"name": parameters["name"], "who": parameters["who"]}


KINDS: Final = {
    PREVIEW_JOB: JobKind("预览", data_of_the_moment, _preview, (), _about_person),
    CHANGE_JOB: JobKind("表单改动", data_of_the_moment, _written(_prepare_change), (), _about_form),
    UNDO_JOB: JobKind("撤销表单改动", data_of_the_moment, _written(_prepare_undo), (), _about_form),
}
