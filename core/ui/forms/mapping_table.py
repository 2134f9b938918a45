"""The mapping between two versions of a form as a table: one row for each old field, and what its mistakes are."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from core.domain.form import Form
from core.domain.form.mapping import FormMapping, propose_mapping
from core.domain.form.mapping_steps import DropField, MappingStep, MergeFields, MoveField, SplitByValue, SplitText
from core.domain.form.toml_file import refused_because
from core.errors import FormError

KEEP, MOVE, DROP, BY_VALUE, BY_TEXT = "不变", "改到", "去掉", "按值拆到", "按分隔符拆到"
WAYS: Final = (KEEP, MOVE, DROP, BY_VALUE, BY_TEXT)
"""What can become of a field; several that are moved to one new field are merged."""
OLD, WAY, NEW, VALUES, SEPARATOR = "旧字段", "怎么办", "新字段", "值的对应", "分隔符"
REST: Final = "其余"
_ARROW = re.compile(r"→|->|=>|＝>")
_ENTRIES = re.compile(r"[;；\n]")
_ITEMS = re.compile(r"[、，,]")

StepT = TypeVar("StepT", bound=BaseModel)
Row = dict[str, Any]
"""One row of the table, by column."""


def proposed_rows(old: Form, new: Form) -> list[Row]:
    """The rows of the mapping that names suggest, those that need a decision first."""
    steps = {step.sources[0]: step for step in propose_mapping(old, new).steps}
    ordered = [*(key for key in old.keys if key in steps), *(key for key in old.keys if key not in steps)]
    return [_row(key, steps.get(key)) for key in ordered]


def _row(key: str, step: MappingStep | None) -> Row:
    way = KEEP if step is None else MOVE if step.targets else DROP
    return {OLD: key, WAY: way, NEW: list(step.targets) if step else [], VALUES: "", SEPARATOR: ""}


def mapping_of_rows(rows: Sequence[Mapping[str, Any]], new: Form) -> FormMapping:
    """The mapping that a table says.

    Args:
        rows: as they were edited; several rows that are moved to one field are merged in the order of the table.
        new: the form that it leads to.

    Raises:
        FormError: a row that cannot be meant; names the field.
    """
    steps: list[MappingStep] = []
    moved: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        key, way, targets = str(row[OLD]), row[WAY], [str(one) for one in row[NEW] or []]
        if way == KEEP:
            if str(row[VALUES] or "").strip():
                moved.setdefault(key, []).append(row)
        elif way == DROP:
            steps.append(DropField(key=key))
        elif not targets:
            raise FormError(f"「{key}」还没有选新字段", "请选它要去的字段，或改为「去掉」")
        elif way == MOVE:
            if len(targets) > 1:
                raise FormError(
                    f"「{key}」改到了 {len(targets):,} 个字段", "要分到几个字段，请选「按值拆到」或「按分隔符拆到」"
                )
            moved.setdefault(targets[0], []).append(row)
        elif way == BY_VALUE:
            steps.append(_by_value(key, targets, str(row[VALUES] or ""), new))
        else:
            steps.append(_by_text(key, targets, str(row[SEPARATOR] or "")))
    for to, sources in moved.items():
        if len(sources) == 1:
            values = _entries(str(sources[0][OLD]), str(sources[0][VALUES] or ""))
            key = str(sources[0][OLD])
            steps.append(_step(MoveField, key, key=key, to=to, values=values))
            continue
        separator = next((str(row[SEPARATOR]) for row in sources if row[SEPARATOR]), "，")
        keys = tuple(str(row[OLD]) for row in sources)
        steps.append(_step(MergeFields, "、".join(keys), keys=keys, to=to, separator=separator))
    return FormMapping(steps=tuple(steps))


def _step(kind: type[StepT], name: str, **values: Any) -> StepT:
    """A step of what was typed.

    Raises:
        FormError: it holds what no step may; names the field.
    """
    try:
        return kind(**values)
    except ValidationError as error:
        raise FormError(f"「{name}」的对应{refused_because(error.errors()[0])}", "请检查写的值和分隔符") from error


def _by_value(key: str, targets: list[str], text: str, new: Form) -> SplitByValue:
    parts: dict[str, tuple[str, ...]] = dict.fromkeys(targets, ())
    rest = ""
    for value, where in _entries(key, text).items():
        to = _target(key, where, targets, new)
        if value == REST:
            rest = to
        else:
            parts[to] = (*parts[to], value)
    if not any(parts.values()) and not rest:
        raise FormError(
            f"「{key}」按值拆开，还没有写哪个值去哪个字段",
            f"在「{VALUES}」里写，如：漏水→{targets[0]}；{REST}→{targets[-1]}",
        )
    return _step(SplitByValue, key, key=key, parts=parts, rest=rest)


def _target(key: str, where: tuple[str, ...], targets: list[str], new: Form) -> str:
    """The new field that a value is to go to, by its key or its label."""
    labels = {new.field(to).label: to for to in targets if to in new}
    named = "、".join(where)
    to = named if named in targets else labels.get(named)
    if to is None:
        raise FormError(f"「{key}」的值要去的字段「{named}」不在它的新字段里", f"可以写：{'、'.join(targets)}")
    return to


def _by_text(key: str, targets: list[str], separator: str) -> SplitText:
    if len(targets) < 2 or not separator:
        raise FormError(f"「{key}」按分隔符拆开，要选两个以上的新字段并写分隔符", "如分隔符写「，」")
    return _step(SplitText, key, key=key, to=tuple(targets), separator=separator)


def _entries(key: str, text: str) -> dict[str, tuple[str, ...]]:
    """``旧→新、新；旧→`` as new values by old value."""
    entries: dict[str, tuple[str, ...]] = {}
    for entry in filter(None, (one.strip() for one in _ENTRIES.split(text))):
        sides = [side.strip() for side in _ARROW.split(entry)]
        if len(sides) != 2 or not sides[0]:
            raise FormError(
                f"「{key}」的值的对应「{entry[:30]}」读不懂",
                "一条写成「旧值→新值」，几条之间用「；」，新值有几个用「、」",
            )
        entries[sides[0]] = tuple(filter(None, (item.strip() for item in _ITEMS.split(sides[1]))))
    return entries
