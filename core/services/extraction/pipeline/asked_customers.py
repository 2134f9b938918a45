"""Whom a pipeline asks about one by one, and whether an answer is about the one who was asked about."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

from core.domain.chat import Role, guess_roles, parse_chat
from core.domain.form import Form, FormValues
from core.domain.person_names import match_people

MOST_ASKED: Final = 50
"""Customers of one chat that are asked about: no more can be saved on the desk."""


def customers_to_ask(
    form: Form, found_forms: Sequence[FormValues], text: str
) -> tuple[list[FormValues], set[str], list[str]]:
    """The customers that are asked about, each name once and no more than :data:`MOST_ASKED`.

    Args:
        form: of the values.
        found_forms: what an earlier stage has found.
        text: of the chat.

    Returns:
        Their forms, everybody in the chat by name, and notes in Chinese: who was named twice, how many are too many,
        who seems to be staff.
    """
    times = Counter(form.name_of(values).strip() for values in found_forms)
    distinct: list[FormValues] = []
    taken: set[str] = set()
    for values in found_forms:
        name = form.name_of(values).strip()
        if not name or name not in taken:
            distinct.append(values)
        taken.add(name)
    notes = [f"「{name}」列了 {count:,} 次，只问一次" for name, count in times.items() if name and count > 1]
    if len(distinct) > MOST_ASKED:
        over = len(distinct) - MOST_ASKED
        notes.append(
            f"找出了 {len(distinct)} 位{form.subject}，一条群聊最多 {MOST_ASKED} 位，后面 {over} 位没有问，也没有表单"
        )
    parsed = parse_chat(text)
    roles = guess_roles(parsed)
    notes += [
        f"「{name}」列为{form.subject}，可是看起来是{form.staff}，请核对"
        for name in times
        if name in roles and roles[name].role is Role.STAFF
    ]
    return distinct[:MOST_ASKED], {*parsed.speakers, *filter(None, times)}, notes


def answer_about(
    form: Form, name: str, answers: Sequence[FormValues], others: Collection[str]
) -> tuple[int | None, str]:
    """Which of the answers is about a customer.

    Args:
        form: of the answers.
        name: whom the question was about.
        answers: the forms of the reply.
        others: everybody else in the chat, customers and speakers.

    Returns:
        Its place, ``None`` where they are about somebody else; and a note in Chinese, ``""`` for none.
    """
    if not answers:
        return None, f"问的是「{name}」，没有回答表单"
    names = [form.name_of(values).strip() for values in answers]
    [own] = match_people([name], names)
    if own:
        place = own[0]
    else:
        elsewhere = match_people(names, [one for one in others if one != name])
        free = [at for at, people in enumerate(elsewhere) if not people]
        if not free:
            return None, f"问的是「{name}」，回答的是「{'」「'.join(names)}」，没有采用"
        place = free[0]
        if names[place]:
            return place, f"问的是「{name}」，回答里写的是「{names[place]}」，当作同一位"
    if len(answers) > 1:
        return place, f"问的是「{name}」一位，回答了 {len(answers):,} 位，只用了一位"
    return place, ""
