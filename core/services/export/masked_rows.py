"""Rows of a table on a page, with personal data hidden: the same rule as for exported files."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.models import Chat
from core.domain.form import Form, load_named_form
from core.domain.masking import Mask

CHAT, FIELD = "群聊", "字段"
_OWN: frozenset[str] = frozenset(
    {CHAT, FIELD, "状态", "提出人", "处理人", "提出时间", "打开", "对比", "等谁回复", "解决人"}
)
"""Columns that hold the program's and the reviewers' words, not the chats'."""


def mask_rows(
    store: Store, dataset: DatasetView, rows: Sequence[Mapping[str, Any]], mask: Mask
) -> list[dict[str, Any]]:
    """The rows with what the mask hides replaced by stars.

    Args:
        store: open store.
        dataset: whose chats they are about.
        rows: with the column 群聊 (index), and 字段 (key or label) for rows about one field.
        mask: what is hidden.
    """
    form = load_named_form(dataset.form)
    indices = sorted({int(row[CHAT]) for row in rows if isinstance(row.get(CHAT), int)})
    texts: dict[int, str] = {}
    with store.read() as session:
        statement = select(col(Chat.index), col(Chat.text)).where(col(Chat.dataset_id) == dataset.id)
        for some in queries.chunked(indices):
            texts |= {
                int(index): str(text) for index, text in session.execute(statement.where(col(Chat.index).in_(some)))
            }
    return [_masked(row, form, texts.get(row.get(CHAT, 0), ""), mask) for row in rows]


def _masked(row: Mapping[str, Any], form: Form, text: str, mask: Mask) -> dict[str, Any]:
    key = next((field.key for field in form.fields if row.get(FIELD) in (field.key, field.label)), "")
    return {
        name: mask.cell(form, form.name_field if name in ("客户", form.subject_heading) else key, value, text)
        if isinstance(value, str) and name not in _OWN
        else value
        for name, value in row.items()
    }
