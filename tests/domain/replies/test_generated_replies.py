"""Whatever is put around and beside the customers of a reply: they come back as they are, or the reply is refused.

A reply is built from the customers that it means, in one of many shapes; what the parser gives is compared with them.
"""

import json
from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.form import FormValues, load_named_form
from core.domain.replies import parse_reply

FORM = load_named_form()
NAME, WISH = FORM.name_field, "客户是否有意向"
NAMES = ("林舟3", "周遥1", "陶然乡-邱总", "王强", "Amy")
TEXTS = ("大理", "13800000000", "周五前发报价", "36万", "按“旧版”发", "[图片] 看看", "0.9", "无人")
ASIDES = ("confidence", "evidence", "依据", "说明", "changes", "置信度", "理由", "notes")
Raw = dict[str, Any]


def dump(value: Any, random: Random) -> str:
    return json.dumps(value, ensure_ascii=random.random() < 0.2, indent=random.choice((None, None, 2)))


def customers_of(random: Random) -> list[FormValues]:
    """None to three customers with different names; of the last one little may be known."""
    names = random.sample(NAMES, random.choice((0, 1, 1, 2, 2, 3)))
    forms: list[FormValues] = []
    for number, name in enumerate(names):
        values = FORM.empty()
        share = random.choice((0.3, 0.6, 0.9)) if number == 0 else random.choice((0.0, 0.3, 0.9))
        for field in FORM.fields:
            if random.random() < share:
                words = random.sample(field.values or TEXTS, min(2, len(field.values or TEXTS)))
                values[field.key] = words if field.is_list else words[0]
        forms.append({**values, NAME: name})
    return forms


def as_written(values: FormValues, random: Random) -> Raw:
    """One customer as some model writes it: keys, groups and values in one of their shapes."""
    keys = [key for key in FORM.keys if values[key] or key == NAME] if random.random() < 0.4 else list(FORM.keys)
    style = random.choice(("plain", "plain", "value", "string", "truth"))
    raw: Raw = {}
    for key in keys:
        value: Any = values[key]
        if style == "value":
            value = {"value": value, random.choice(("evidence", "依据", "confidence")): random.choice(("原文", 0.8))}
        elif style == "string" and isinstance(value, list):
            value = json.dumps(value, ensure_ascii=False)
        elif style == "truth" and key == WISH and value:
            value = {"有意向": random.choice((True, 1)), "无意向": random.choice((False, 0))}[str(value)]
        raw[key] = value
    shape = random.choice(("flat", "flat", "groups"))
    if shape == "groups":
        grouped: dict[str, Raw] = {}
        for key, value in raw.items():
            grouped.setdefault(FORM.field(key).group, {})[key] = value
        raw = dict(grouped)
    if random.random() < 0.2:
        raw[random.choice(ASIDES)] = {NAME: 0.9, FORM.keys[1]: "第 3 条消息"}
    return raw


def remark_of(forms: list[FormValues], random: Random) -> Any:
    """Something about the answer that is keyed by the form's fields, as the answer is."""
    keys = random.sample(FORM.keys, random.randint(1, 4))
    about = {key: random.choice((0.9, "第 3 条消息", {"value": "林舟3：你好", "message": 3})) for key in keys}
    names = [str(values[NAME]) for values in forms] or ["林舟3"]
    return random.choice((about, [about], dict.fromkeys(names, about), dict.fromkeys(keys, 0.5), "没有"))


def listed(forms: list[FormValues], random: Random) -> Any:
    """All customers as one JSON value."""
    raws = [as_written(values, random) for values in forms]
    shapes: list[Callable[[], Any]] = [
        lambda: raws,
        lambda: raws,
        lambda: [json.dumps(raw, ensure_ascii=False) for raw in raws],
        lambda: [{"客户": raw} for raw in raws],
    ]
    if raws:
        shapes += [
            lambda: {str(number): raw for number, raw in enumerate(raws, 1)},
            lambda: {f"客户{number}": raw for number, raw in enumerate(raws, 1)},
            lambda: {str(values[NAME]): raw for values, raw in zip(forms, raws, strict=True)},
            lambda: by_name(forms),
        ]
    return random.choice(shapes)()


def by_name(forms: list[FormValues]) -> Any:
    """Customers under their names, with short keys, and nothing of what is empty."""
    if len(forms) == 1 or not all(any(value for key, value in values.items() if key != NAME) for values in forms):
        return forms
    return {
        str(values[NAME]): {key.rsplit("-", 1)[-1]: value for key, value in values.items() if value and key != NAME}
        for values in forms
    }


def wrapped(forms: list[FormValues], random: Random) -> Any:
    """The customers, perhaps in a wrapper, perhaps with remarks beside them."""
    value = listed(forms, random)
    for _ in range(random.choice((0, 0, 1, 1, 2))):
        pairs = [(random.choice(("infos", "result", "data", "customers", "结果", "客户列表", "客户")), value)]
        if random.random() < 0.5:
            pairs.append((random.choice(ASIDES), remark_of(forms, random)))
        if random.random() < 0.3:
            pairs.append(random.choice((("code", 0), ("总结", "一位客户询价"), ("index", 3), ("备注", []))))
        random.shuffle(pairs)
        value = dict(pairs)
    return json.dumps(value, ensure_ascii=False) if random.random() < 0.1 else value


def followed(forms: list[FormValues], random: Random) -> str:
    """What stands behind an answer and has the same keys: evidence, ratings, an example."""
    keys = [key for key in FORM.keys if random.random() < 0.8 or key == NAME]
    words, value = random.choice(
        (
            ("依据：", "第1条"),
            ("### 依据\n", "第 3 条消息"),
            ("以下是各字段的置信度：\n", random.choice((0.9, "0.9"))),
            ("例如格式：\n", "某某"),
            ("示例：", "某某"),
        )
    )
    remark = dict.fromkeys(keys, value)
    text = dump(random.choice((remark, [remark], [remark] * len(forms))), random)
    return f"\n\n{words}" + (f"```json\n{text}\n```" if random.random() < 0.4 else text)


def reply_of(forms: list[FormValues], random: Random) -> str:
    """A whole reply that means these customers."""
    if len(forms) > 1 and random.random() < 0.2:
        titles = random.choice(("", "{}. ", "客户{}：\n", "### 第{}位客户\n"))
        raws: list[Any] = [as_written(values, random) for values in forms]
        if random.random() < 0.5:
            raws = [[raw] for raw in raws]
        text = "\n\n".join(titles.format(number) + dump(raw, random) for number, raw in enumerate(raws, 1))
    else:
        text = dump(wrapped(forms, random), random)
    if random.random() < 0.3:
        text = f"```json\n{text}\n```"
    if random.random() < 0.3:
        text = random.choice(("好的，结果如下：\n", "根据群聊 [图片] 整理：\n")) + text
    if forms and random.random() < 0.3:
        tiny = [{NAME: forms[0][NAME]}]
        text += random.choice(
            (
                "\n[]",
                '\n["询价"]',
                f"\n{json.dumps(tiny, ensure_ascii=False)}",
                "\n以上 [图片] 供参考。",
                "\n说明：没有提到的填 []",
            )
        )
    if forms and random.random() < 0.2:
        text += f"\n依据：{dump({NAME: '第 3 条消息'}, random)}"
    if forms and random.random() < 0.2:
        text += followed(forms, random)
    if random.random() < 0.1:
        example = FORM.empty() | dict.fromkeys((field.key for field in FORM.fields if not field.is_list), "某某")
        text = f"示例：{dump(random.choice((example, [example])), random)}\n答案：\n{text}"
    elif random.random() < 0.2:
        draft = dump([as_written({**FORM.empty(), NAME: "草稿里的人"}, random)], random)
        text = f"{draft}\n检查后发现不对。最终答案：\n{text}"
    if random.random() < 0.3:
        draft = dump([as_written({**FORM.empty(), NAME: "想过的人"}, random)], random)
        text = f"<think>先看一遍。{draft} 不对。</think>\n{text}"
    return text


@given(st.integers(0, 10**9))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_the_customers_of_a_reply_come_back_or_it_is_refused(seed: int) -> None:
    random = Random(seed)
    forms = customers_of(random)
    text = reply_of(forms, random)
    reply = parse_reply(FORM, text)
    assert reply.forms is None or reply.forms == forms, text
