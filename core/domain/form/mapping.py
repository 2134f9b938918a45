"""A mapping from a form in use to its next version: checked against both, applied to filled forms, and taken back.

Whatever the new form cannot hold is kept beside, so that taking a mapping back gives every cell that nobody has changed
since exactly as it was; a changed one is carried back as near as the new form allows.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.domain.form.form_definition import Field as FormField
from core.domain.form.form_definition import Form
from core.domain.form.mapping_steps import (
    WEAKEST_FIRST,
    AddField,
    DropField,
    FormCell,
    MappingStep,
    MoveField,
)
from core.domain.form.toml_file import refused_because
from core.errors import FormError

Kept = dict[str, dict[str, Any]]
"""Old cells of one customer that their new ones do not give back, as JSON: ``{key: {value, origin, …}}``."""
_OF_CELLS: Final = ("values", "origin", "confirmed", "pinned")
_ALIKE: Final = 0.6
_MOST_STEPS: Final = 500


@dataclass(frozen=True, slots=True)
class Carried:
    """One customer in another form.

    Attributes:
        customer: as records store it, of the other form; what is not about cells is unchanged.
        kept: old cells that cannot be told from the new ones.
        moved: number of filled cells whose field or value changed.
        lost: ``(old key, value)`` of what the other form has no place for.
    """

    customer: dict[str, Any]
    kept: Kept
    moved: int
    lost: tuple[tuple[str, str], ...]


class FormMapping(BaseModel):
    """What becomes of each field of a form in its next version; one that no step names keeps its key and values."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: tuple[MappingStep, ...] = Field(default=(), max_length=_MOST_STEPS)


@dataclass(frozen=True)
class FormChange:
    """The change of a form into another one by a mapping.

    Attributes:
        old: the form that filled forms are of.
        new: the form that they become ones of.
        mapping: as somebody wrote it.
    """

    old: Form
    new: Form
    mapping: FormMapping

    @cached_property
    def steps(self) -> tuple[MappingStep, ...]:
        """The steps that are written, those for fields of both forms that none names, and empty new fields."""
        written = self.mapping.steps
        sources = {key for step in written for key in step.sources}
        targets = {key for step in written for key in step.targets}
        same = [key for key in self.old.keys if key in self.new and key not in sources | targets]
        added = [key for key in self.new.keys if key not in targets and key not in same]
        return (*written, *(MoveField(key=key, to=key) for key in same), *(AddField(to=key) for key in added))

    def problems(self) -> list[str]:
        """What keeps the mapping from being used between the forms, as Chinese sentences; empty where nothing does."""
        written = self.mapping.steps
        if named := [*_named_twice(written), *_unknown(written, self.old, self.new)]:
            return named
        told = {key for step in self.steps for key in step.sources}
        homeless = [key for key in self.old.keys if key not in told]
        sentences = [f"旧表单的字段「{key}」没有去处：请写明改名、拆分、合并或去掉" for key in homeless]
        sentences += [problem for step in self.steps for problem in step.problems(self.old, self.new)]
        if self.old.name_field not in self.old_keys(self.new.name_field):
            sentences.append(f"新表单的名字字段「{self.new.name_field}」要从旧表单的「{self.old.name_field}」来")
        return sentences

    def check(self) -> None:
        """Refuse a mapping that cannot be used between the forms.

        Raises:
            FormError: names what is wrong with it.
        """
        if problems := self.problems():
            more = f"（另有 {len(problems) - 1:,} 处）" if len(problems) > 1 else ""
            raise FormError(f"字段的对应有问题：{problems[0]}{more}", "请改正后再预览")

    def new_keys(self, key: str) -> tuple[str, ...]:
        """Where the values of an old field stand in the new form; nowhere for one that is dropped."""
        return next((step.targets for step in self.steps if key in step.sources), ())

    def old_keys(self, key: str) -> tuple[str, ...]:
        """Which old fields a new one has its values from; none for one that is new."""
        return next((step.sources for step in self.steps if key in step.targets), ())

    def carry(self, customer: Mapping[str, Any]) -> Carried:
        """Carry a customer as records store it into the new form, each cell with its origin, confirmation and evidence.

        Args:
            customer: ``{values, origin, confirmed, pinned, …}``; all but ``values`` may be missing.
        """
        cells = _cells_of(customer, self.old)
        carried: dict[str, FormCell] = {}
        kept: Kept = {}
        moved, lost = 0, []
        for step in self.steps:
            own = {key: cells[key] for key in step.sources}
            made = step.forward(cells, self.old, self.new)
            carried |= made
            if own and step.backward(made, self.old, self.new) != own:
                kept |= {key: _as_json(cell) for key, cell in own.items()}
            lost += list(step.lost(cells))
            moved += sum(1 for key, cell in own.items() if cell.value and made.get(key) != cell)
        return Carried(_as_customer(customer, carried, self.new), kept, moved, tuple(lost))

    def carry_back(self, customer: Mapping[str, Any], kept: Kept) -> dict[str, Any]:
        """The customer in the old form again.

        Args:
            customer: in the new form, perhaps changed since.
            kept: what :meth:`carry` kept beside.
        """
        cells = _cells_of(customer, self.new)
        back: dict[str, FormCell] = {}
        for step in self.steps:
            before = {key: _from_json(kept[key]) for key in step.sources if key in kept}
            now = {key: cells[key] for key in step.targets}
            is_whole = bool(before) and len(before) == len(step.sources)
            is_untouched = is_whole and step.forward(before, self.old, self.new) == now
            back |= before if is_untouched else step.backward(cells, self.old, self.new)
        return _as_customer(customer, back, self.old)


def read_mapping(raw: object) -> FormMapping:
    """A mapping from JSON or TOML that somebody wrote: ``{"steps": [{"step": "move", …}, …]}``.

    Raises:
        FormError: names the step and what is wrong with it.
    """
    try:
        return FormMapping.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = [part for part in first["loc"] if part != "steps"]
        number = f"第 {place[0] + 1} 步" if place and isinstance(place[0], int) else "内容"
        names = "、".join(part for part in place[2:] if isinstance(part, str) and "-" not in part) or "step"
        raise FormError(
            f"字段的对应{number}读不懂（{names}：{refused_because(first)}）",
            "每一步写 step（move、drop、split_values、split_text、merge 或 add）和它要的项，见文档 forms.md",
        ) from error


def propose_mapping(old: Form, new: Form) -> FormMapping:
    """The likeliest mapping between two versions: fields that left go to new ones called alike, or go.

    A person has to look at it: it knows names only.
    """
    free = [key for key in new.keys if key not in old]
    steps: list[MappingStep] = []
    for key in (key for key in old.keys if key not in new):
        field = old.field(key)
        ranked = sorted(free, key=lambda to: -_likeness(old.field(key), new.field(to)))
        if key == old.name_field and new.name_field in free:
            ranked = [new.name_field]
        if ranked and (key == old.name_field or _likeness(field, new.field(ranked[0])) > _ALIKE):
            free.remove(ranked[0])
            steps.append(MoveField(key=key, to=ranked[0]))
        else:
            steps.append(DropField(key=key))
    return FormMapping(steps=tuple(steps))


def _likeness(field: FormField, other: FormField) -> float:
    """How alike two fields are called, 0 to 1."""
    pairs = ((field.key, other.key), (field.label, other.label))
    return max(difflib.SequenceMatcher(None, a, b, autojunk=False).ratio() for a, b in pairs)


def _named_twice(steps: Sequence[MappingStep]) -> Iterator[str]:
    for form, keys in (
        ("旧", [key for step in steps for key in step.sources]),
        ("新", [key for step in steps for key in step.targets]),
    ):
        yield from (f"{form}表单的字段「{key}」写了两次" for key in dict.fromkeys(keys) if keys.count(key) > 1)


def _unknown(steps: Sequence[MappingStep], old: Form, new: Form) -> Iterator[str]:
    yield from (f"旧表单没有字段「{key}」" for step in steps for key in step.sources if key not in old)
    yield from (f"新表单没有字段「{key}」" for step in steps for key in step.targets if key not in new)


def _cells_of(customer: Mapping[str, Any], form: Form) -> dict[str, FormCell]:
    values, origin, confirmed, pinned = (customer.get(part) or {} for part in _OF_CELLS)
    unseen = WEAKEST_FIRST[0] if "confirmed" in customer else ""
    return {
        field.key: FormCell(
            values.get(field.key) or field.empty,
            origin.get(field.key, ""),
            confirmed.get(field.key, unseen),
            tuple(pinned.get(field.key, ())),
        )
        for field in form.fields
    }


def _as_customer(customer: Mapping[str, Any], cells: Mapping[str, FormCell], form: Form) -> dict[str, Any]:
    ordered = {key: cells[key] for key in form.keys}
    made: dict[str, Any] = dict(customer) | {"values": {key: cell.value for key, cell in ordered.items()}}
    if "origin" in customer:
        made["origin"] = {key: cell.origin for key, cell in ordered.items() if cell.origin}
    if "confirmed" in customer:
        made["confirmed"] = {key: cell.confirmed or WEAKEST_FIRST[0] for key, cell in ordered.items()}
    if "pinned" in customer:
        made["pinned"] = {key: list(cell.pinned) for key, cell in ordered.items() if cell.pinned}
    return made


def _as_json(cell: FormCell) -> dict[str, Any]:
    return {"value": cell.value, "origin": cell.origin, "confirmed": cell.confirmed, "pinned": list(cell.pinned)}


def _from_json(raw: Mapping[str, Any]) -> FormCell:
    return FormCell(raw["value"], raw["origin"], raw["confirmed"], tuple(raw["pinned"]))
