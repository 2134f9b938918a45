"""Strategies for forms that nobody wrote: any fields, groups, points and flags, filled forms of them, and mappings."""

from typing import Any

from hypothesis import strategies as st

from core.domain.form import Field, FieldType, Form, FormValues, Kind, Nature, Value
from core.domain.form.mapping import FormChange, FormMapping
from core.domain.form.mapping_steps import (
    WEAKEST_FIRST,
    AddField,
    DropField,
    MappingStep,
    MergeFields,
    MoveField,
    SplitByValue,
    SplitText,
)

WORDS = ("甲", "乙", "丙", "丁", "戊", "A套", "b 2", "三号线", "没说、不急", "50%")
POINTS = st.sampled_from((0.5, 1, 1.5, 2, 3, 7.25, 10))


@st.composite
def fields(draw: st.DrawFn, key: str, group: str, *, may_be_list: bool = True) -> Field:
    """A field of any type, kind, nature and worth."""
    is_list = may_be_list and draw(st.booleans())
    return Field(
        key=key,
        label=key,
        group=group,
        type=FieldType.LIST if is_list else FieldType.TEXT,
        kind=draw(st.sampled_from(Kind)),
        nature=draw(st.sampled_from(Nature)),
        points=draw(POINTS),
        one_right_answer=draw(st.booleans()),
        values=tuple(draw(st.lists(st.sampled_from(WORDS), unique=True, max_size=4))),
        description="",
    )


@st.composite
def forms(draw: st.DrawFn, *, most: int = 7) -> Form:
    """A valid form of one to ``most`` fields; its name field may stand anywhere."""
    groups = tuple(f"组{number}" for number in range(draw(st.integers(1, 3))))
    count = draw(st.integers(1, most))
    name = draw(st.integers(0, count - 1))
    return Form(
        name="generated",
        title="随机表单",
        version=draw(st.integers(1, 9)),
        name_field=f"字段-{name}",
        groups=groups,
        fields=tuple(
            draw(fields(f"字段-{number}", draw(st.sampled_from(groups)), may_be_list=number != name))
            for number in range(count)
        ),
    )


def values_of_field(field: Field) -> st.SearchStrategy[Value]:
    """Values of one field, empty ones and several in one string among them."""
    texts = st.sampled_from((*WORDS, *field.values, "甲、乙", "乙，丙"))
    return st.lists(texts, max_size=3) if field.is_list else st.one_of(st.just(""), texts)


def filled(form: Form) -> st.SearchStrategy[FormValues]:
    """A filled form, with all keys in order."""
    return st.fixed_dictionaries({field.key: values_of_field(field) for field in form.fields})


def customers(form: Form) -> st.SearchStrategy[dict[str, Any]]:
    """A customer as records store it."""
    keys = form.keys
    return st.fixed_dictionaries(
        {
            "values": filled(form),
            "origin": st.fixed_dictionaries(dict.fromkeys(keys, st.sampled_from(("reviewer", "run:1", "run:2")))),
            "confirmed": st.fixed_dictionaries(dict.fromkeys(keys, st.sampled_from(WEAKEST_FIRST))),
            "pinned": st.dictionaries(
                st.sampled_from(keys), st.lists(st.integers(0, 9), min_size=1, max_size=2, unique=True).map(sorted)
            ),
            "source": st.one_of(st.none(), st.integers(0, 3)),
        }
    )


@st.composite
def form_changes(draw: st.DrawFn) -> FormChange:
    """A form, its next version, and a mapping between them that uses any of the steps."""
    old = draw(forms())
    steps: list[MappingStep] = []
    fresh: list[Field] = []
    left = list(old.fields)
    name_field = old.name_field

    def added(hint: str, **how: Any) -> str:
        key = f"新-{hint}-{len(fresh)}"
        fresh.append(draw(fields(key, draw(st.sampled_from(old.groups)), **how)))
        return key

    while left:
        field = left.pop(0)
        is_name = field.key == old.name_field
        kinds = ["same", "move"] if is_name else ["same", "move", "drop", "by value", "text", "merge"]
        kind = draw(st.sampled_from(kinds))
        if kind == "merge" and not (left and left[0].key != old.name_field):
            kind = "move"
        if kind == "same":
            fresh.append(field)
        elif kind == "move":
            to = added("改名", may_be_list=not is_name)
            most = 2 if fresh[-1].is_list else 1
            new_values = st.lists(st.sampled_from(WORDS), max_size=most, unique=True).map(tuple)
            values = draw(st.dictionaries(st.sampled_from(WORDS), new_values, max_size=3))
            steps.append(MoveField(key=field.key, to=to, values=values))
            name_field = to if is_name else name_field
        elif kind == "drop":
            steps.append(DropField(key=field.key))
        elif kind == "by value":
            words = draw(st.permutations(WORDS))
            cut = draw(st.integers(0, len(words)))
            parts = {added("拆"): tuple(words[:cut]), added("拆"): tuple(words[cut : cut + 2])}
            rest = draw(st.sampled_from(("", *parts)))
            steps.append(SplitByValue(key=field.key, parts=parts, rest=rest))
        elif kind == "text":
            separator = draw(st.sampled_from(("、", "，", " ")))
            steps.append(SplitText(key=field.key, to=(added("段"), added("段")), separator=separator))
        else:
            steps.append(MergeFields(keys=(field.key, left.pop(0).key), to=added("合并")))
    if draw(st.booleans()):
        steps.append(AddField(to=added("加"), value=draw(st.sampled_from(("", "甲")))))
    ordered = draw(st.permutations(fresh))
    new = old.model_copy(update={"version": old.version + 1, "fields": tuple(ordered), "name_field": name_field})
    new = Form.model_validate(new.model_dump())
    return FormChange(old, new, FormMapping(steps=tuple(draw(st.permutations(steps)))))
