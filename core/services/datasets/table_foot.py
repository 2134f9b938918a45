"""Tells the foot of a table of messages (合计, 导出时间：…) from a message."""

import re
from collections.abc import Mapping
from typing import Any

from core.services.datasets.message_columns import MessageColumns

FOOT = "像是合计或表尾的说明"
"""Why such a row is no message."""
_FOOT = re.compile(
    r"(?:合计|总计|小计|总数|总条数|total|共计|共\s?[\d,]{1,12}\s?[条行个]|(?:导出|制表|打印|生成)(?:时间|日期|人)?[：:])",
    re.IGNORECASE,
)
_COUNT = re.compile(r"[\d,.]{1,12}\s?[条行个人次]?")
_MOST_CELLS = 4


def is_foot(row: Mapping[str, Any], layout: MessageColumns) -> bool:
    """Whether a row counts the others or says when they were written out: one of few cells does.

    Nothing but a number is said in it.

    Args:
        row: cells by column.
        layout: which column is which.
    """
    if any(row.get(name) not in ("", None) for name in (layout.time, layout.date) if name):
        return False
    text = str(row.get(layout.text) or "").strip()
    if text and not _COUNT.fullmatch(text) or not layout.time and text:
        return False
    cells = [str(cell).strip() for cell in row.values() if cell not in ("", None)]
    return 0 < len(cells) <= _MOST_CELLS and any(map(_FOOT.match, cells))
