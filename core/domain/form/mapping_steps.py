"""Steps of a mapping from one form to another: each carries the cells of some old fields to some new ones, and back."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from core.domain.confirmations import Confirmation
from core.domain.form.form_definition import Field as FormField
from core.domain.form.form_definition import Form
from core.domain.form.toml_file import refusal
from core.domain.form.values import Value, is_storable, items_of, split_list, text_of
from core.domain.unseen_characters import is_blank

WEAKEST_FIRST: Final = (str(Confirmation.UNSEEN), str(Confirmation.BULK), str(Confirmation.SINGLE))
"""Confirmations of a cell; one that several cells are joined into is confirmed as the weakest of them."""
MOST_NAMES: Final = 200
"""Fields or values that one step names."""


def _storable(text: str) -> str:
    if not is_storable(text):
        raise refusal("有不能保存的字符")
    return text


def _seen(text: str) -> str:
    if is_blank(text):
        raise refusal("不能是空的")
    return text


_Text = Annotated[str, Field(max_length=2000), AfterValidator(_storable)]
_Key = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_storable), AfterValidator(_seen)]


@dataclass(frozen=True, slots=True)
class FormCell:
    """What is known of one field of one customer.

    Attributes:
        value: the field's value.
        origin: where it is from; ``""`` where nobody keeps that, as in runs.
        confirmed: whether a person looked at it; ``""`` likewise.
        pinned: positions of messages that a reviewer pinned to it.
    """

    value: Value
    origin: str = ""
    confirmed: str = ""
    pinned: tuple[int, ...] = ()


Cells = Mapping[str, FormCell]
"""Cells by key of their field; all keys of the form are there."""


class _Step(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    @abstractmethod
    def sources(self) -> tuple[str, ...]:
        """Keys of the old form that it reads."""

    @property
    @abstractmethod
    def targets(self) -> tuple[str, ...]:
        """Keys of the new form that it fills."""

    @abstractmethod
    def forward(self, cells: Cells, old: Form, new: Form) -> dict[str, FormCell]:
        """The cells of all targets, made from those of the sources."""

    @abstractmethod
    def backward(self, cells: Cells, old: Form, new: Form) -> dict[str, FormCell]:
        """The cells of all sources, made from those of the targets: as near as the targets alone allow."""

    def lost(self, cells: Cells) -> Iterator[tuple[str, str]]:
        """Old keys with the values that stand in no new field."""
        yield from ()

    def problems(self, old: Form, new: Form) -> Iterator[str]:
        """What keeps it from being used between these forms, as Chinese clauses; its keys are there."""
        yield from ()


class MoveField(_Step):
    """A field that stays one: renamed perhaps, of another type perhaps, some of its values renamed, joined or split.

    Attributes:
        key: in the old form.
        to: in the new form.
        values: new values by old value; none: the value goes. What is not named stays.
    """

    step: Literal["move"] = "move"
    key: _Key
    to: _Key
    values: dict[_Key, tuple[_Key, ...]] = Field(default_factory=dict, max_length=MOST_NAMES)

    @property
    def sources(self) -> tuple[str, ...]:
        """The old field."""
        return (self.key,)

    @property
    def targets(self) -> tuple[str, ...]:
        """The new field."""
        return (self.to,)

    def forward(self, cells: Cells, old: Form, new: Form) -> dict[str, FormCell]:
        """The cell with its new values; a value that nothing changes stays as it was written."""
        return {self.to: _renamed(cells[self.key], self.values, new.field(self.to))}

    def backward(self, cells: Cells, old: Form, new: Form) -> dict[str, FormCell]:
        """The cell with its old values; of several that became one, the first."""
        before: dict[str, tuple[str, ...]] = {}
        for value, new_values in self.values.items():
            if new_values:
                before.setdefault(new_values[0], (value,))
                before |= {other: () for other in new_values[1:] if other not in before}
        return {self.key: _renamed(cells[self.to], before, old.field(self.key))}

    def lost(self, cells: Cells) -> Iterator[tuple[str, str]]:
        """Values that are named without a new one."""
        if not all(self.values.values()):
            for item in split_list(items_of(cells[self.key].value)):
                if self.values.get(item) == ():
                    yield self.key, item

    def problems(self, old: Form, new: Form) -> Iterator[str]:
        """Several values where one fits."""
        if not new.field(self.to).is_list:
            for value, new_values in self.values.items():
                if len(new_values) > 1:
                    yield f"「{self.to}」只放得下一个值，「{value}」却要拆成 {len(new_values):,} 个"


class DropField(_Step):
    """A field that the new form does not have any more."""

    step: Literal["drop"] = "drop"
    key: _Key

    @property
    def sources(self) -> tuple[str, ...]:
        """The old field."""
        return (self.key,)

    @property
    def targets(self) -> tuple[str, ...]:
        """None."""
        return ()

    def forward(self, cells: Cells, old: Form, new: Form) -> dict[str, FormCell]:
        """Nothing."""
        return {}

    def backward(self, cells: Cells, old: Form, new: Form) -> dict[str, FormCell]:
        """An empty cell that nobody has looked at."""
        return {self.key: _unseen(old.field(self.key).empty)}

    def lost(self, cells: Cells) -> Iterator[tuple[str, str]]:
        """The whole value."""
        if text := text_of(cells[self.key].value):
            yield self.key, text


class SplitByValue(_Step):
    """A field whose values are dealt out to several fields.

    Attributes:
        key: in the old form.
        parts: per key of the new form, the values that it gets.
        rest: the key of ``parts`` that gets all other values; ``""``: they go.
    """

    step: Literal["split_values"] = "split_values"
    key: _Key
    parts: dict[_Key, tuple[_Key, ...]] = Field(min_length=1, max_length=MOST_NAMES)
    rest: Annotated[str, Field(max_length=200)] = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """The old field."""
        return (self.key,)

    @property
    def targets(self) -> tuple[str, ...]:
        """The new fields."""
        return tuple(self.parts)

    def forward(self, cells: Cells, old: Form, new: Form) -> dict[str, FormCell]:
        """Each new field's values; confirmation, origin and evidence go with all of them."""
        cell = cells[self.key]
        items = split_list(items_of(cell.value))
        if not any(item in values for item in items for values in self.parts.values()) and self.rest:
            part = {to: replace(cell, value=new.field(to).empty, pinned=()) for to in self.parts}
            return part | {self.rest: replace(cell, value=_typed(cell.value, new.field(self.rest)))}
        dealt: dict[str, list[str]] = {to: [] for to in self.parts}
        for item in items:
            for to in self._homes(item):
                dealt[to].append(item)
        return {
            to: replace(cell, value=_typed(values, new.field(to)), pinned=cell.pinned if values else ())
            for to, values in dealt.items()
        }

    def backward(self, cells: Cells, old: Form, new: Form) -> dict[str, FormCell]:
        """All values together, in the order of the new fields."""
        return {self.key: _joined([cells[to] for to in self.parts], "、", old.field(self.key))}

    def lost(self, cells: Cells) -> Iterator[tuple[str, str]]:
        """Values that no new field gets."""
        yield from ((self.key, item) for item in split_list(items_of(cells[self.key].value)) if not self._homes(item))

    def problems(self, old: Form, new: Form) -> Iterator[str]:
        """A rest that is no part, a value for two parts."""
        if self.rest and self.rest not in self.parts:
            yield f"拆分「{self.key}」时，其余的值要放进「{self.rest}」，但它不是拆出的字段"
        seen: set[str] = set()
        for values in self.parts.values():
            for value in values:
                if value in seen:
                    yield f"拆分「{self.key}」时，值「{value}」写给了两个字段"
                seen.add(value)

    def _homes(self, item: str) -> list[str]:
        return [to for to, values in self.parts.items() if item in values] or ([self.rest] if self.rest else [])


class SplitText(_Step):
    """A field whose text is cut at a separator into several fields; the last one gets whatever is left.

    Attributes:
        key: in the old form.
        to: in the new form, in the order of the parts.
        separator: between the parts.
    """

    step: Literal["split_text"] = "split_text"
    key: _Key
    to: tuple[_Key, ...] = Field(min_length=2, max_length=MOST_NAMES)
    separator: Annotated[str, Field(min_length=1, max_length=20), AfterValidator(_storable)]

    @property
    def sources(self) -> tuple[str, ...]:
        """The old field."""
        return (self.key,)

    @property
    def targets(self) -> tuple[str, ...]:
        """The new fields."""
        return self.to

    def forward(self, cells: Cells, old: Form, new: Form) -> dict[str, FormCell]:
        """One part for each field; confirmation, origin and evidence go with all of them."""
        cell = cells[self.key]
        parts = [part.strip() for part in text_of(cell.value).split(self.separator, len(self.to) - 1)]
        parts += [""] * (len(self.to) - len(parts))
        return {
            to: replace(cell, value=_typed(part, new.field(to)), pinned=cell.pinned if part else ())
            for to, part in zip(self.to, parts, strict=True)
        }

    def backward(self, cells: Cells, old: Form, new: Form) -> dict[str, FormCell]:
        """The parts with the separator between them."""
        return {self.key: _joined([cells[to] for to in self.to], self.separator, old.field(self.key))}


class MergeFields(_Step):
    """Several fields that become one.

    Attributes:
        keys: in the old form, in the order in which their values stand in the new one.
        to: in the new form.
        separator: between their texts, where the new field is a text.
    """

    step: Literal["merge"] = "merge"
    keys: tuple[_Key, ...] = Field(min_length=2, max_length=MOST_NAMES)
    to: _Key
    separator: Annotated[str, Field(max_length=20), AfterValidator(_storable)] = "，"

    @property
    def sources(self) -> tuple[str, ...]:
        """The old fields."""
        return self.keys

    @property
    def targets(self) -> tuple[str, ...]:
        """The new field."""
        return (self.to,)

    def forward(self, cells: Cells, old: Form, new: Form) -> dict[str, FormCell]:
        """All values together, confirmed as the weakest of them, with the evidence of all."""
        return {self.to: _joined([cells[key] for key in self.keys], self.separator, new.field(self.to))}

    def backward(self, cells: Cells, old: Form, new: Form) -> dict[str, FormCell]:
        """Everything in the first field: which part was which is not known."""
        cell = cells[self.to]
        first = {self.keys[0]: replace(cell, value=_typed(cell.value, old.field(self.keys[0])))}
        return {key: replace(cell, value=old.field(key).empty, pinned=()) for key in self.keys} | first


class AddField(_Step):
    """A field that the old form does not have.

    Attributes:
        to: in the new form.
        value: what it holds at first; a person has yet to look at it.
    """

    step: Literal["add"] = "add"
    to: _Key
    value: _Text | tuple[_Text, ...] = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def targets(self) -> tuple[str, ...]:
        """The new field."""
        return (self.to,)

    def forward(self, cells: Cells, old: Form, new: Form) -> dict[str, FormCell]:
        """The first value, not looked at."""
        value = self.value if isinstance(self.value, str) else list(self.value)
        return {self.to: _unseen(_typed(value, new.field(self.to)))}

    def backward(self, cells: Cells, old: Form, new: Form) -> dict[str, FormCell]:
        """Nothing."""
        return {}


MappingStep = Annotated[
    MoveField | DropField | SplitByValue | SplitText | MergeFields | AddField, Field(discriminator="step")
]
"""A step as it is written: ``step`` says which."""


def _unseen(value: Value) -> FormCell:
    return FormCell(value, confirmed=WEAKEST_FIRST[0])


def _typed(value: Value | Iterable[str], field: FormField) -> Value:
    """A value as the field stores it; of the right type already, it stays as it is."""
    if isinstance(value, str):
        return split_list([value]) if field.is_list else value
    return list(value) if field.is_list else text_of(list(value))


def _renamed(cell: FormCell, values: Mapping[str, tuple[str, ...]], field: FormField) -> FormCell:
    """A cell as the field stores it, its items renamed; untouched where none of them is named."""
    if not values:
        return cell if isinstance(cell.value, list) == field.is_list else replace(cell, value=_typed(cell.value, field))
    items = split_list([cell.value] if isinstance(cell.value, str) else cell.value)
    whole = cell.value.strip() if isinstance(cell.value, str) else ""
    if whole in values:
        return replace(cell, value=_typed(_once(values[whole]), field))
    if not any(item in values for item in items):
        return replace(cell, value=_typed(cell.value, field))
    return replace(cell, value=_typed(_once(new for item in items for new in values.get(item, (item,))), field))


def _once(items: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(items))


def _joined(cells: list[FormCell], separator: str, field: FormField) -> FormCell:
    """Several cells as one."""
    filled = [cell for cell in cells if text_of(cell.value)] or cells[:1]
    if field.is_list:
        value: Value = _once(item for cell in filled for item in split_list(items_of(cell.value)))
    else:
        value = separator.join(text_of(cell.value) for cell in filled)
    if len(filled) == 1:
        value = _typed(filled[0].value, field)
    states = [cell.confirmed for cell in cells]
    return FormCell(
        value,
        filled[0].origin if len({cell.origin for cell in filled}) == 1 else _by_hand(filled),
        next((state for state in WEAKEST_FIRST if state in states), states[0]),
        tuple(sorted({message for cell in cells for message in cell.pinned})),
    )


def _by_hand(cells: list[FormCell]) -> str:
    """The origin of a value that several made: a person's, where one of them is."""
    origins = [cell.origin for cell in cells]
    return next((origin for origin in origins if ":" not in origin), origins[0])
