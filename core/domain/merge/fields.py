"""Merges answers about some fields into existing forms."""

from collections.abc import Sequence

from core.domain.form import Form, FormValues
from core.domain.person_names import differ_in_digits, match_people


def merge_fields(
    form: Form, base: Sequence[FormValues], part: Form, answers: Sequence[FormValues]
) -> tuple[list[FormValues], tuple[str, ...]]:
    """Copy the answered fields into the forms of the same customers.

    Customers are the same where their names are (:mod:`core.domain.person_names`). One that is left over on both sides
    is the same too, if one of the two has no name; so is an only customer on both sides under another name, unless
    the digits differ. An empty answer counts: the fields were asked for on purpose. The name itself stays as it is.

    Args:
        form: the whole form.
        base: the forms that are there; where there are none, the answers become forms of their own.
        part: the part of the form that was asked for.
        answers: forms of ``part``.

    Returns:
        The merged forms, and one Chinese sentence for each answer that found no customer.
    """
    if not base:
        return [{**form.empty(), **values} for values in answers], ()
    merged = [dict(values) for values in base]
    names = [form.name_of(values).strip() for values in merged]
    answered_keys = [key for key in part.keys if key != form.name_field]
    free = list(range(len(merged)))
    left: list[FormValues] = []
    for values, places in zip(answers, match_people([form.name_of(values) for values in answers], names), strict=True):
        at = next((place for place in places if place in free), -1)
        if at < 0:
            left.append(values)
            continue
        free.remove(at)
        merged[at].update({key: values[key] for key in answered_keys})
    if len(left) == len(free) == 1:
        name, other = form.name_of(left[0]).strip(), names[free[0]]
        if not (name and other) or (len(answers) == len(base) == 1 and not differ_in_digits(name, other)):
            merged[free[0]].update({key: left[0][key] for key in answered_keys})
            left = []
    notes = tuple(f"「{form.name_of(values) or '（没有名字）'}」不在已有的表里，这一份没有合并" for values in left)
    return merged, notes
