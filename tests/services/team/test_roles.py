"""Each role against each service: who may goes on, who may not is refused in a sentence before anything happens."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

import core.services
from core.adapters.store import Store
from core.adapters.store.models import Dataset, RecordStatus
from core.domain.form import Form, load_named_form
from core.domain.permissions import LEAST_ROLE, AccountRole, Permission, allows, permission_table
from core.errors import PermissionDeniedError, SignInError
from core.services.datasets.dataset_list import delete_dataset
from core.services.export import export_submission, parse_source
from core.services.quality.default_run import DefaultReason, DefaultRun, remember_default
from core.services.review.records import bulk, history
from core.services.review.records.bulk_plan import CellEdit, plan_edits
from core.services.review.records.saving import apply_saves
from core.services.team import acting_as
from core.services.team.acting import Actor, set_actor_source
from tests.factories.runs import add_dataset

ROOT = Path(__file__).parents[3]
REVIEWER, LEAD, ADMINISTRATOR = (Actor(str(role), role, number) for number, role in enumerate(AccountRole, 1))


class ReachedError(Exception):
    """The service began its work."""


class NoStore:
    """Stands for whatever a service is given: it may be reached or not, but does nothing."""

    def __getattr__(self, name: str) -> Any:
        raise ReachedError(name)


def guarded_services() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Services that ask for a permission, by where they are defined."""
    for module in pkgutil.walk_packages(core.services.__path__, "core.services."):
        loaded = importlib.import_module(module.name)
        for name, value in vars(loaded).items():
            if inspect.isfunction(value) and hasattr(value, "permission") and value.__module__ == module.name:
                yield f"{module.name.removeprefix('core.services.')}.{name}", value


SERVICES = dict(guarded_services())


@pytest.mark.parametrize("role", AccountRole)
@pytest.mark.parametrize("service", SERVICES)
def test_each_service_lets_in_who_may(service: str, role: AccountRole) -> None:
    function = SERVICES[service]
    permission = function.__dict__["permission"]
    parameters = inspect.signature(function).parameters.values()
    needed = {parameter.name: NoStore() for parameter in parameters if parameter.default is inspect.Parameter.empty}
    needed = {name: value for name, value in needed.items() if name not in ("values", "changes")}
    refused = None
    with acting_as(Actor("林晓", role, 1)):
        try:
            function(**needed)
        except PermissionDeniedError as error:
            refused = error
        except Exception:
            refused = None  # it went on to look at what it was given, which was nothing
    assert (refused is None) == allows(role, permission)
    if refused is not None:
        sentence = str(refused)
        assert permission in sentence and "林晓" in sentence and LEAST_ROLE[permission] in sentence


def test_every_permission_is_asked_for_by_a_service_or_waits_for_one() -> None:
    asked_for = {function.__dict__["permission"] for function in SERVICES.values()}
    inside = {
        Permission.BULK,
        Permission.CHANGE_OTHERS,
        Permission.DELETE_COMMENTS,
    }  # asked for in the middle of a service
    waiting = {Permission.SETTINGS}
    assert set(Permission) - asked_for - inside == waiting


def test_the_table_of_the_documentation_is_that_of_the_code() -> None:
    assert permission_table() in (ROOT / "docs" / "roles.md").read_text("utf-8")


def test_each_role_may_what_the_ones_before_it_may() -> None:
    roles = list(AccountRole)
    for permission in Permission:
        allowed = [allows(role, permission) for role in roles]
        assert allowed == sorted(allowed) and allowed[-1]


def test_who_is_not_signed_in_may_nothing(store: Store) -> None:
    def nobody() -> Actor:
        raise SignInError("登录已结束", "请重新登录")

    set_actor_source(nobody)
    try:
        for function in (
            SERVICES["datasets.dataset_list.delete_dataset"],
            SERVICES["review.records.saving.apply_saves"],
        ):
            with pytest.raises(SignInError, match="登录已结束"):
                function(store)
    finally:
        set_actor_source(None)


def test_a_dataset_is_deleted_by_an_administrator_alone(store: Store) -> None:
    dataset = add_dataset(store, 1)
    for actor in (REVIEWER, LEAD):
        with acting_as(actor), pytest.raises(PermissionDeniedError, match="删除数据集"):
            delete_dataset(store, dataset.id, confirmation=dataset.name)
    with acting_as(ADMINISTRATOR):
        delete_dataset(store, dataset.id, confirmation=dataset.name)
    with store.read() as session:
        assert session.get(Dataset, dataset.id) is None


def save(
    chat: int, who: str, *, version: int = 0, status: str = RecordStatus.CONFIRMED, note: str = ""
) -> dict[str, Any]:
    return {
        "save_id": str(uuid4()),
        "chat": chat,
        "reviewer": who,
        "base_version": version,
        "customers": [],
        "status": status,
        "note": note,
    }


def test_nobody_saves_in_another_name(store: Store) -> None:
    dataset, form = add_dataset(store, 1), load_named_form()
    with acting_as(REVIEWER):
        with pytest.raises(PermissionDeniedError, match="不能以「王芳」的名义"):
            apply_saves(store, form, dataset.id, [save(1, "王芳")], reviewer="王芳")
        with pytest.raises(PermissionDeniedError, match="不能以「王芳」的名义"):  # by place as well
            remember_default(store, dataset.id, "王芳", DefaultRun(1, "r", DefaultReason.NEWEST))
        (ack,) = apply_saves(store, form, dataset.id, [save(1, "王芳")])
        assert ack.result == "set_aside" and "王芳" in ack.why
        (ack,) = apply_saves(store, form, dataset.id, [save(1, REVIEWER.name)])
        assert ack.result == "saved"


def test_what_somebody_confirmed_is_changed_by_them_or_a_lead(store: Store, form: Form) -> None:
    dataset = add_dataset(store, 2)
    other = Actor("王芳", AccountRole.REVIEWER, 9)
    with acting_as(other):
        apply_saves(store, form, dataset.id, [save(1, "王芳"), save(2, "王芳", status=RecordStatus.DRAFT)])
    with acting_as(REVIEWER):
        refused, draft = apply_saves(
            store,
            form,
            dataset.id,
            [save(1, REVIEWER.name, version=1, note="改"), save(2, REVIEWER.name, version=1, note="接着做")],
        )
        assert refused.result == "set_aside" and "由「王芳」确认" in refused.why  # it stays in the browser
        assert draft.result == "saved"
    with acting_as(LEAD):
        (ack,) = apply_saves(store, form, dataset.id, [save(1, LEAD.name, version=1, note="组长改")])
        assert ack.result == "saved"
    with acting_as(other), pytest.raises(PermissionDeniedError, match="由「组长」确认"):
        history.restore(store, form, dataset.id, 1, 1, who="王芳", seen=2)


def test_a_reviewer_edits_one_cell_of_the_table_but_not_many(store: Store, form: Form) -> None:
    dataset = add_dataset(store, 2)
    key = form.keys[0]
    edits = [CellEdit(chat=chat, customer=0, key=key, value="新") for chat in (1, 2)]
    with acting_as(REVIEWER):
        apply_saves(
            store,
            form,
            dataset.id,
            [save(chat, REVIEWER.name) | {"customers": [{"values": form.empty()}]} for chat in (1, 2)],
        )
        plan = plan_edits(store, form, dataset.id, edits, base_run=None, who=REVIEWER.name)
        with pytest.raises(PermissionDeniedError, match="批量修改"):
            bulk.apply(store, form, plan, who=REVIEWER.name, reason="统一")
        with pytest.raises(PermissionDeniedError, match="批量修改"):
            bulk.apply(store, form, plan, who=REVIEWER.name, reason="统一", cell_id="a" * 12)
        with acting_as(LEAD):
            many = bulk.apply(store, form, plan, who=LEAD.name, reason="统一")
        with pytest.raises(PermissionDeniedError, match="撤销批量修改"):
            bulk.undo(store, form, dataset.id, many.id, who=REVIEWER.name)
        edits = [replace(edit, value="又新") for edit in edits]
        one = plan_edits(store, form, dataset.id, edits[:1], base_run=None, who=REVIEWER.name)
        assert bulk.apply(store, form, one, who=REVIEWER.name, reason="表里改", cell_id="b" * 12).cells == 1


def test_a_reviewer_takes_nothing_out(store: Store, tmp_path: Path) -> None:
    dataset = add_dataset(store, 1)
    out = tmp_path / "submission.json"
    with acting_as(REVIEWER), pytest.raises(PermissionDeniedError, match="导出"):
        export_submission(store, dataset=dataset.id, source=parse_source("records"), out=out, fill_missing=True)
    assert not out.exists()
    with acting_as(LEAD):
        export_submission(store, dataset=dataset.id, source=parse_source("records"), out=out, fill_missing=True)
    assert out.exists()
