"""The summary of a chat: four Markdown sections, as the prompt *summary* asks for them, and the same made of forms."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from core.domain.form import Form, Value, text_of

SUMMARY_SECTIONS: Final = ("客户基本信息", "客户意向与预算信息", "客户购买准备情况", "跟进计划信息")

_GROUP_SECTIONS: Final = {"基本信息": 0, "意向与阶段": 2, "跟进计划": 3}
"""Where a group of fields is told; others belong to the second section."""
_FENCE = re.compile(r"\A\s*```(?:markdown|md)?\s*\n(.*?)\n?```\s*\Z", re.DOTALL)


def summary_of(form: Form, forms: Sequence[Mapping[str, Value]]) -> str:
    """Tell filled forms as a summary: what a model would be asked to fill such forms from.

    Args:
        form: which fields there are; their groups decide the section.
        forms: one per customer.
    """
    lines: list[list[str]] = [[] for _ in SUMMARY_SECTIONS]
    for number, values in enumerate(forms, 1):
        name = form.name_of(dict(values)) or f"客户{number}"
        for section, told in enumerate(lines):
            parts = [
                f"{field.label}：{text_of(value)}"
                for field in form.fields
                if _GROUP_SECTIONS.get(field.group, 1) == section
                and field.key != form.name_field
                and (value := values.get(field.key))
            ]
            if parts or section == 0:
                told.append(f"- {name}" + (f"：{'；'.join(parts)}" if parts else ""))
    sections = (
        f"## {title}\n" + ("\n".join(told) or "无") for title, told in zip(SUMMARY_SECTIONS, lines, strict=True)
    )
    return "\n\n".join(sections)


def read_summary(text: str) -> tuple[str, tuple[str, ...]]:
    """A model's summary without a code block around it, and what is wrong with it, one Chinese sentence each."""
    notes: list[str] = []
    if match := _FENCE.match(text):
        text = match[1]
        notes.append("归纳外面的代码块标记已去掉")
    if missing := [section for section in SUMMARY_SECTIONS if section not in text]:
        notes.append(f"归纳缺少小节：{'、'.join(missing)}")
    return text.strip(), tuple(notes)
