"""Summaries of a chat in Markdown: the form's sections, written by a model or made from forms."""

import re
from collections.abc import Mapping, Sequence

from core.domain.form import Form, Value, text_of
from core.domain.thoughts import THOUGHTS, split_thoughts

_FENCE = re.compile(r"\A\s*+```(?:markdown|md)?(?>\s*\n)(.*?)\n?```\s*\Z", re.DOTALL)


def summary_of(form: Form, forms: Sequence[Mapping[str, Value]]) -> str:
    """Write filled forms as a Markdown summary.

    Args:
        form: which fields there are; its sections tell which groups stand where.
        forms: one per customer.
    """
    lines: list[list[str]] = [[] for _ in form.sections]
    for number, values in enumerate(forms, 1):
        name = form.name_of(dict(values)) or f"客户{number}"
        for number_of_section, (section, told) in enumerate(zip(form.sections, lines, strict=True)):
            parts = [
                f"{field.label}：{text_of(value)}"
                for field in form.fields
                if field.group in section.groups and field.key != form.name_field and (value := values.get(field.key))
            ]
            if parts or number_of_section == 0:
                told.append(f"- {name}" + (f"：{'；'.join(parts)}" if parts else ""))
    sections = (
        f"## {section.title}\n" + ("\n".join(told) or "无") for section, told in zip(form.sections, lines, strict=True)
    )
    return "\n\n".join(sections)


def read_summary(text: str, form: Form) -> tuple[str, tuple[str, ...]]:
    """Parse a model's summary: the text alone, without thoughts before it and without a code block around it.

    This is what the next stage reads, and what is stored as the chat's summary.

    Args:
        text: the model's reply.
        form: the sections that its file names are expected; where it names none, so is nothing.

    Returns:
        The summary, ``""`` where the reply is nothing but thoughts; and its problems, one Chinese sentence each.
    """
    notes: list[str] = []
    text, thought, _ = split_thoughts(text)
    if thought:
        notes.append(THOUGHTS)
    if match := _FENCE.match(text):
        text = match[1]
        notes.append("摘要外面的代码块标记已去掉")
    if missing := [section.title for section in form.summary_sections if section.title not in text]:
        notes.append(f"摘要缺少小节：{'、'.join(missing)}")
    return text.strip(), tuple(notes)
