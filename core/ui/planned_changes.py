"""Rows of a table of planned changes, wherever a change of many records is previewed."""

from collections.abc import Iterable
from typing import Any

from core.domain.form import Form, text_of
from core.services.review.records.bulk_plan import PlannedChange


def change_rows(form: Form, changes: Iterable[PlannedChange]) -> list[dict[str, Any]]:
    """One row for each value that would change, by the titles that people see."""
    return [
        {
            "序号": change.chat,
            "客户": change.customer + 1,
            "字段": form.field(change.key).label,
            "现在": text_of(change.before),
            "改为": text_of(change.after),
        }
        for change in changes
    ]
