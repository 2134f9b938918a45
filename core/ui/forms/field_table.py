"""The fields of a form in a table: typed, moved, added and removed by keys; each mistake stands beside its field."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.domain.form import FieldType, Form, Kind, Nature
from core.domain.form.loading import FormTexts
from core.services.forms.form_text import entries, new_field
from core.services.forms.kind_guess import key_parts
from core.services.forms.left_behind import without_fields
from core.services.forms.renames import follow_keys, follow_keys_beside
from core.ui.forms.edited_rows import Row, plain, typed_rows
from core.ui.forms.labels import COLUMN_TITLES, HEAD_TITLES, KIND_TITLES, NATURE_TITLES, TYPE_TITLES, problems_by_field
from core.ui.forms.open_form import OpenForm, act, later, may_change, tables_of, with_all, with_entries, with_places
from core.ui.markdown import Markdown, escape_markdown
from core.ui.notices import announce
from core.ui.tables import table_height

_PICK, _PROBLEM = "选", "问题"
_ATTRIBUTES: Final = tuple(COLUMN_TITLES)
_EMPTY: Final = {"values": [], "points": 1, "one_right_answer": True}


def draw_fields(opened: OpenForm) -> None:
    """The form's title and name field, and the table of fields with its buttons."""
    key = opened.key("fields")
    shown = entries(opened.shown_tables, "field")
    rows = typed_rows([_row(field) for field in shown], key)
    fields = [_field(row, field) for row, field in zip(rows, shown, strict=True)]
    head = _draw_head(opened, fields)
    if may_change():
        _take(opened, head, shown, fields)
    told = problems_by_field(opened.problems())
    _draw_buttons(rows)
    frame = pd.DataFrame(
        [{**_row(field), _PROBLEM: told.get(place, "")} for place, field in enumerate(shown)],
        columns=[_PICK, *_ATTRIBUTES, _PROBLEM],
    )
    st.data_editor(
        frame,
        key=key,
        hide_index=True,
        height=table_height(rows, most=560),
        num_rows="fixed",
        disabled=True if not may_change() else [_PROBLEM],
        column_order=[_PICK, *((_PROBLEM,) if told else ()), *_ATTRIBUTES],
        column_config=_columns(opened),
    )
    _draw_names_left(shown, fields)


def names_left(shown: Sequence[Row], fields: Sequence[Row]) -> list[str]:
    """Keys that were typed anew while the name beside them is still the one that came with the key before.

    Args:
        shown: fields as the table was drawn from.
        fields: the same fields with what was typed.
    """
    return [
        str(now["key"])
        for before, now in zip(shown, fields, strict=True)
        if now.get("key")
        and now["key"] != before.get("key")
        and now.get("label") == before.get("label") == key_parts(str(before.get("key", "")))[1]
    ]


def _draw_names_left(shown: list[Row], fields: list[Row]) -> None:
    """Say which fields go on under the name that came with a key which was typed anew; one click takes it along."""
    left = names_left(shown, fields)
    if not left or not may_change():
        return
    names = {str(field["key"]): str(field.get("label", "")) for field in fields}
    told = "、".join(f"「{escape_markdown(key)}」仍叫「{escape_markdown(names[key])}」" for key in left)

    def renamed(opened: OpenForm) -> FormTexts:
        opened.redraw()  # what was typed is in the texts already
        rows = entries(opened.tables, "field")
        return with_entries(
            opened,
            field=[{**row, "label": key_parts(row["key"])[1]} if row.get("key") in left else row for row in rows],
        )

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"字段改了，名称没有：审阅台上{told}。", width="content")
        st.button("名称也改", key="form-fields-names", type="tertiary", on_click=act(renamed))


def _draw_head(opened: OpenForm, fields: list[Row]) -> dict[str, str]:
    """Boxes for the form's title, the field that holds the customer's name, and what prompts call the two sides."""
    off, tables = not may_change(), opened.shown_tables
    left, right, *sides = st.columns([3, 3, 2, 2])
    title = left.text_input(
        "标题", str(tables.get("title", "")), max_chars=60, key=opened.key("title"), disabled=off, help="大家怎么叫它"
    )
    labels = {str(one.get("key")): str(one.get("label", "")) for one in fields if one.get("type") == FieldType.TEXT}
    now = str(tables.get("name_field", ""))
    options = list(dict.fromkeys([*labels, now]))
    name_field = right.selectbox(
        "写名字的字段",
        options,
        index=options.index(now),
        format_func=lambda key: labels.get(key, key) or "（还没有选）",
        key=opened.key("name-field"),
        disabled=off,
        help="填的是谁，名字写在哪个字段；必须是文本",
    )
    head = {"title": title, "name_field": name_field}
    left, right = sides
    head |= _side(left, opened, "subject", "审阅台、提示词和导出里怎么叫他，如：客户、报修人、应聘人")
    head |= _side(right, opened, "staff", "审阅台、提示词和导出里怎么叫另一方，如：客服、师傅、招聘")
    return head


def _side(place: DeltaGenerator, opened: OpenForm, name: str, told: Markdown) -> dict[str, str]:
    """A box for what prompts call one of the two sides; nothing where the form says what it says anyway."""
    tables, usual = opened.shown_tables, str(Form.model_fields[name].default)
    typed = place.text_input(
        HEAD_TITLES[name],
        str(tables.get(name, usual)),
        max_chars=60,
        key=opened.key(name),
        disabled=not may_change(),
        help=told,
    )
    return {name: typed} if name in tables or typed != usual else {}


def _take(opened: OpenForm, head: dict[str, str], shown: list[Row], fields: list[Row]) -> None:
    """Keep what was typed; what speaks of a field by its key follows when that gets another one."""
    renames = {
        str(before.get("key")): str(now["key"])
        for before, now in zip(shown, fields, strict=True)
        if now.get("key") and before.get("key") != now["key"]
    }
    tables = follow_keys({**with_places(opened), **head, "field": fields}, renames)
    opened.change(follow_keys_beside(with_all(opened, tables), renames))


def _draw_buttons(rows: list[Row]) -> None:
    picked = [place for place, row in enumerate(rows) if row[_PICK]]
    off = not may_change()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for label, icon, shortcut, change, needs in (
            ("加字段", ":material/add:", "Alt+N", _added, False),
            ("上移", ":material/arrow_upward:", "Alt+Up", _moved(-1), True),
            ("下移", ":material/arrow_downward:", "Alt+Down", _moved(1), True),
            ("删除", ":material/delete:", "Alt+Delete", _removed, True),
        ):
            st.button(
                label,
                icon=icon,
                shortcut=shortcut,
                key=f"form-fields-{label}",
                disabled=off or (needs and not picked),
                help="先在「选」一列勾选字段" if needs and not picked else None,
                on_click=act(_on_picked(change, picked)) if change is not _removed else later(_remove(picked)),
            )
        st.caption("空格勾选，回车修改；列表里的值逐个输入。")


Change = Callable[[list[Row], list[int]], list[Row]]


def _on_picked(change: Change, picked: list[int]) -> Callable[[OpenForm], FormTexts]:
    def changed(opened: OpenForm) -> FormTexts:
        opened.redraw()  # what was typed is in the texts already
        fields = entries(opened.tables, "field")
        return with_entries(opened, field=change(fields, [place for place in picked if place < len(fields)]))

    return changed


def _added(fields: list[Row], picked: list[int]) -> list[Row]:
    """A new field behind the last one that is picked, in its group."""
    place = picked[-1] + 1 if picked else len(fields)
    taken = {field.get("key") for field in fields}
    number = next(number for number in range(len(fields) + 1, 10_000) if f"新字段{number}" not in taken)
    group = str(fields[place - 1].get("group", "")) if fields and place else ""
    return [*fields[:place], new_field(f"新字段{number}", group), *fields[place:]]


def _moved(by: int) -> Change:
    def change(fields: list[Row], picked: list[int]) -> list[Row]:
        order = list(range(len(fields)))
        for place in picked if by < 0 else reversed(picked):
            at = order.index(place)
            to = at + by
            if 0 <= to < len(order) and order[to] not in picked:
                order[at], order[to] = order[to], order[at]
        return [fields[place] for place in order]

    return change


def _removed(fields: list[Row], picked: list[int]) -> list[Row]:
    return [field for place, field in enumerate(fields) if place not in picked]


def _remove(picked: list[int]) -> Callable[[OpenForm], None]:
    """Take picked fields out with what speaks of them, in one step: 撤销 brings all of it back."""

    def remove(opened: OpenForm) -> None:
        before = {str(field.get("key")) for field in entries(opened.tables, "field")}
        texts = _on_picked(_removed, picked)(opened)
        left = {str(field.get("key")) for field in entries(tables_of(texts.form), "field")}
        texts, told = without_fields(texts, before - left)
        opened.replace(texts)
        if told:
            announce(f"一并删了{escape_markdown('、'.join(told))}；「撤销」一起回来", icon=":material/delete:")

    return remove


def _row(field: dict[str, Any]) -> Row:
    """A field as a row of the table; what is no value of its column is shown as nothing."""
    values = {name: field.get(name, _EMPTY.get(name, "")) for name in _ATTRIBUTES}
    is_list = isinstance(values["values"], list)
    values["values"] = [str(one) for one in values["values"]] if is_list else []
    points = values["points"]
    values["points"] = float(points) if isinstance(points, int | float) and not isinstance(points, bool) else None
    return {_PICK: False, **values}


def _field(row: Row, shown: Row) -> dict[str, Any]:
    """A row as a field of the form; what nobody typed stays as it was, whatever it is."""
    before, field = _row(shown), dict(shown)
    for name in _ATTRIBUTES:
        if row[name] != before[name]:
            field[name] = plain(row[name], like=0 if name == "points" else _EMPTY.get(name, ""))
    return field


def _columns(opened: OpenForm) -> dict[str, Any]:
    column = st.column_config
    groups = [str(group) for group in opened.tables.get("groups") or ()]
    return {
        _PICK: column.CheckboxColumn(width=44, pinned=True),
        _PROBLEM: column.TextColumn("⚠ 问题", width=260, pinned=False),
        # Not pinned: a grid draws what is pinned faded, as if it could not be typed into.
        "key": column.TextColumn(COLUMN_TITLES["key"], width=150, help="唯一；导出时就是这个名字"),
        "label": column.TextColumn(COLUMN_TITLES["label"], width=100, help="审阅台上怎么叫它"),
        "group": column.SelectboxColumn(COLUMN_TITLES["group"], width=100, options=groups),
        "type": column.SelectboxColumn(
            COLUMN_TITLES["type"], width=70, options=[str(one) for one in FieldType], format_func=_title(TYPE_TITLES)
        ),
        "kind": column.SelectboxColumn(
            COLUMN_TITLES["kind"], width=90, options=[str(one) for one in KIND_TITLES], format_func=_title(KIND_TITLES)
        ),
        "nature": column.SelectboxColumn(
            COLUMN_TITLES["nature"],
            width=70,
            options=[str(one) for one in Nature],
            format_func=_title(NATURE_TITLES),
            help="原文：应当在群聊里找得到；判断：从对话看出来",
        ),
        "points": column.NumberColumn(COLUMN_TITLES["points"], width=64, min_value=0, format="%g"),
        "one_right_answer": column.CheckboxColumn(
            COLUMN_TITLES["one_right_answer"], width=78, help="不勾选：按相似度给分"
        ),
        "values": column.ListColumn(COLUMN_TITLES["values"], width=205, help="建议，不是限制"),
        "description": column.TextColumn(COLUMN_TITLES["description"], width=320, help="写进提示词"),
    }


def _title(titles: dict[Any, str]) -> Callable[[Any], str]:
    by_value = {str(one): title for one, title in titles.items()}
    return lambda value: by_value.get(str(value), str(value))


assert set(KIND_TITLES) == set(Kind)
