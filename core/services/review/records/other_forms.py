"""Work that was done over another version of the dataset's form: carried to the one that it has now, or refused."""

from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store.models import Confirmation, Dataset, Record
from core.domain.form import Form, load_named_form
from core.errors import ConflictError
from core.services.forms.earlier_forms import carried_customers
from core.services.review.records.save_types import CustomerSave, Save
from core.services.review.records.versions import event_of


class FormChangedError(ConflictError):
    """What was read is of another form than the one that it was read by."""


def refuse_other_form(session: Session, dataset_id: int, form: Form) -> None:
    """Refuse what was read of a dataset as of a form that it does not have any more; call it behind the reading.

    Read so, fields that the other form calls otherwise would be empty, and would be saved as such.

    Raises:
        FormChangedError: the form was changed in between.
    """
    if _form_of(session, dataset_id) not in ("", form.reference):
        raise FormChangedError("这个数据集的表单刚刚改过", "请刷新页面，按新的表单继续；填的内容都在")


def require_current_form(session: Session, dataset_id: int, form: Form) -> None:
    """Refuse to write values of a form that the dataset does not have any more.

    Raises:
        ConflictError: the form was changed in between.
    """
    current = _form_of(session, dataset_id)
    if current != form.reference:
        raise ConflictError("这个数据集的表单刚刚改过，没有保存", "请刷新页面，按新的表单再改")


def in_current_form(session: Session, dataset_id: int, form: Form, save: Save) -> tuple[Form, Save]:
    """The form that a dataset has, and a save carried to it where it was made over another version.

    Args:
        session: open for writing.
        dataset_id: the dataset.
        form: what who saves takes for the dataset's form.
        save: made over ``save.form``, or over ``form`` where it names none.

    Raises:
        ConflictError: no change of the form leads from there to here.
    """
    current = _form_of(session, dataset_id)
    made_over = save.form or form.reference
    if current in ("", made_over):
        return (form if form.reference == made_over else load_named_form(made_over)), save
    old = load_named_form(made_over)
    customers: list[dict[str, Any]] = [
        {
            "values": old.coerce(customer.values).values,
            "confirmed": {key: str(state) for key, state in customer.confirmed.items()},
            "pinned": customer.pinned,
        }
        for customer in save.customers
    ]
    carried = carried_customers(session, dataset_id, made_over, current, customers)
    if carried is None:
        raise ConflictError(
            f"这次填写用的是表单「{old.label}」，数据集已经换了别的表单，没有保存",
            "内容还在本机，请抄下来，刷新页面后按新的表单填写",
        )
    moved = [
        CustomerSave(
            values=one["values"],
            confirmed={key: Confirmation(state) for key, state in one["confirmed"].items()},
            origin=customer.origin,
            pinned=one["pinned"],
        )
        for customer, one in zip(save.customers, carried, strict=True)
    ]
    form_now = load_named_form(current)
    # Which of the new fields were folded is not known: nobody is charged with what they may not have seen.
    carried_save = {"customers": moved, "form": current, "field_seconds": {}, "folded": list(form_now.keys)}
    return form_now, save.model_copy(update=carried_save)


def after_form_changes(session: Session, record: Record, save: Save) -> Save:
    """A save whose record nothing but changes of the form has touched since, as made over its newest version."""
    version = record.version
    while version > save.base_version:
        event = event_of(session, record, version)
        if event is None or "form_change" not in event.change:  # a browser chose the ids of its saves
            return save
        version -= 1
    return save.model_copy(update={"base_version": record.version}) if version == save.base_version else save


def _form_of(session: Session, dataset_id: int) -> str:
    statement = select(col(Dataset.form)).where(col(Dataset.id) == dataset_id)
    return str(session.execute(statement).scalar_one_or_none() or "")
