"""Reads an edited table, plans what it changes, and applies it."""

from pathlib import Path
from typing import BinaryIO

from core.adapters.store import Store, queries
from core.domain.form import Form, load_named_form
from core.domain.permissions import Permission
from core.errors import InputError
from core.services.datasets.plain_table import read_plain_table
from core.services.review.records.bulk import BulkOutcome, apply, undo
from core.services.review.records.returned_table import ReturnedTable, plan_returned_table
from core.services.team import permitted


def preview_table(
    store: Store, source: Path | BinaryIO, *, filename: str, dataset: str | int, sheet: str = ""
) -> tuple[Form, ReturnedTable]:
    """What an edited table would change in a dataset, and the dataset's form; ``sheet`` names one of several.

    Raises:
        InputError: it is no exported table of this dataset.
        NotFoundError: no such dataset.
    """
    with store.read() as session:
        dataset_view = queries.dataset(session, dataset)
    form = load_named_form(dataset_view.form)
    table = read_plain_table(source, filename, form, sheet=sheet)
    return form, plan_returned_table(store, form, dataset_view.id, table)


@permitted(Permission.BULK)
def return_table(store: Store, form: Form, returned: ReturnedTable, *, who: str) -> BulkOutcome:
    """Apply what was shown, as a bulk change in somebody's name.

    Raises:
        InputError: nobody's name.
    """
    return apply(store, form, returned.plan, who=who, reason=returned.reason, base_run=returned.base_run)


def undo_returned_table(store: Store, bulk_id: str, *, dataset: str | int, who: str) -> BulkOutcome:
    """Take a table that was brought back out again; records that somebody has saved since are left alone and named.

    Raises:
        InputError: nobody's name.
        NotFoundError: no such dataset, or no such change in it.
        ConflictError: it has been taken back already.
    """
    if not who.strip():
        raise InputError("还不知道是谁在撤销", "请先填写名字")
    with store.read() as session:
        dataset_view = queries.dataset(session, dataset)
    return undo(store, load_named_form(dataset_view.form), dataset_view.id, bulk_id, who=who)
