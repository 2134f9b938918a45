"""What has to be true of a form as a whole: keys once, groups that are there, rules about fields that it has."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.domain.form.form_definition import Form

Place = tuple[int | str, ...]
"""Where in a form something stands: ``("fields", 3, "group")``."""


def problems_of(form: "Form") -> Iterator[tuple[str, Place]]:
    """Everything that is wrong with a form whose parts are right each by itself: a Chinese clause, and where."""
    if len(set(form.groups)) != len(form.groups):
        yield "groups 里有重复的分组", ("groups",)
    if not form.fields:
        yield "至少要有一个 [[field]]", ("fields",)
    seen: set[str] = set()
    for index, field in enumerate(form.fields):
        if field.key in seen:
            yield f"字段「{field.key}」出现了两次", ("fields", index, "key")
        seen.add(field.key)
        if field.group not in form.groups:
            reason = f"字段「{field.key}」的 group「{field.group}」不在 groups 里"
            yield reason, ("fields", index, "group")
    if form.name_field not in seen or form.field(form.name_field).is_list:
        yield f"name_field「{form.name_field}」不是文本字段的 key", ("name_field",)
    yield from _rule_problems(form)
    yield from _section_problems(form)


def _rule_problems(form: "Form") -> Iterator[tuple[str, Place]]:
    for index, rule in enumerate(form.contradictions):
        for name, key, value in (("", rule.key, rule.value), ("other_", rule.other, rule.other_value)):
            if key not in form:
                yield f"没有字段「{key}」", ("contradictions", index, "other" if name else "key")
            elif form.field(key).values and value not in form.field(key).values:
                yield f"字段「{key}」没有值「{value}」", ("contradictions", index, f"{name}value")
    for index, companion in enumerate(form.companions):
        for name, key in (("key", companion.key), ("needs", companion.needs)):
            if key not in form:
                yield f"没有字段「{key}」", ("companions", index, name)


def _section_problems(form: "Form") -> Iterator[tuple[str, Place]]:
    told: set[str] = set()
    for index, section in enumerate(form.summary_sections):
        for group in section.groups:
            if group not in form.groups:
                yield f"小节的分组「{group}」不在 groups 里", ("summary_sections", index, "groups")
            if group in told:
                yield f"分组「{group}」写在了两个小节里", ("summary_sections", index, "groups")
            told.add(group)
    if form.summary_sections and (left := [group for group in form.groups if group not in told]):
        last = len(form.summary_sections) - 1
        yield f"分组「{left[0]}」不在任何小节里", ("summary_sections", last, "groups")
