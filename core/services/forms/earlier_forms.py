"""What is of an earlier version of a dataset's form: carried by the changes since, or looked up as it was."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store.models import AppliedFormChange, FormChangeRow
from core.domain.form import load_named_form
from core.domain.form.mapping import FormChange, read_mapping
from core.services.forms.changed_rows import Columns


def form_change_of(old: str, new: str, mapping: object) -> FormChange:
    """Both forms and the mapping between them, checked.

    Args:
        old: reference of the form in use.
        new: reference of the form that it becomes.
        mapping: as JSON, see :func:`core.domain.form.mapping.read_mapping`.

    Raises:
        FormError: no such form, or the mapping cannot be used between them.
    """
    change = FormChange(load_named_form(old), load_named_form(new), read_mapping(mapping))
    change.check()
    return change


def carried_customers(
    session: Session, dataset_id: int, old: str, new: str, customers: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]] | None:
    """Customers that were made over another version of a dataset's form, carried by the changes since.

    Args:
        session: open session.
        dataset_id: the dataset.
        old: reference of the form that they are of.
        new: reference of the form that the dataset has.
        customers: ``{values, …}`` each, of the old form.

    Returns:
        The customers in the new form; ``None`` where no change leads there.
    """
    entries = [
        entry
        for entry in session.execute(select(AppliedFormChange).order_by(col(AppliedFormChange.id).desc())).scalars()
        if str(dataset_id) in entry.datasets
    ]
    carried = [dict(customer) for customer in customers]
    for _ in entries:
        if old == new:
            break
        forward = next((one for one in entries if one.old == old and one.undone_at is None), None)
        back = next((one for one in entries if one.new == old and one.undone_at is not None), None)
        if forward is not None:
            change = form_change_of(forward.old, forward.new, forward.mapping)
            carried, old = [change.carry(customer).customer for customer in carried], forward.new
        elif back is not None:
            change = form_change_of(back.old, back.new, back.mapping)
            carried, old = [change.carry_back(customer, {}) for customer in carried], back.old
        else:
            return None
    return carried if old == new else None


def columns_before(session: Session, kind: str, row_ids: Iterable[int], reference: str) -> dict[int, Columns]:
    """``{id: columns}`` of rows as they were while of an earlier form; those that no change altered since are left out.

    A change keeps only the rows that it alters: how a row was is what the first change kept that altered it since.

    Args:
        session: open session.
        kind: the rows' table.
        row_ids: their ids there, not more than one statement may name.
        reference: of the earlier form.
    """
    changes = session.execute(
        select(col(AppliedFormChange.id), col(AppliedFormChange.datasets))
        .where(col(AppliedFormChange.old) == reference, col(AppliedFormChange.undone_at).is_(None))
        .order_by(col(AppliedFormChange.id))
    )
    left = {int(dataset): change_id or 0 for change_id, datasets in changes for dataset in datasets}
    statement = (
        select(*(col(getattr(FormChangeRow, name)) for name in ("row_id", "before", "dataset_id", "change_id")))
        .where(col(FormChangeRow.kind) == kind, col(FormChangeRow.row_id).in_(list(row_ids)))
        .order_by(col(FormChangeRow.change_id))
    )
    before: dict[int, Columns] = {}
    for row_id, columns, dataset_id, change_id in session.execute(statement) if left else ():
        if dataset_id in left and change_id >= left[dataset_id]:
            before.setdefault(row_id, dict(columns))
    return before
