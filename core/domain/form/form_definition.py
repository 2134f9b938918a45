"""Fields and forms as frozen values, and the coercion of any mapping into a clean form.

A value is ``str`` or ``list[str]``; a field with nothing to say is ``""`` or ``[]`` (rules of the challenge).
"""

import math
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, PrivateAttr, model_validator

from core.domain.form.form_rules import problems_of
from core.domain.form.raw_values import clean_keys, coerce_value, is_settled
from core.domain.form.rules import Companion, Contradiction, SummarySection
from core.domain.form.toml_file import refusal
from core.domain.form.values import FormValues, Value


class FieldType(StrEnum):
    """How a field's value is stored."""

    TEXT = "str"
    LIST = "list[str]"


class Kind(StrEnum):
    """The kind of value a field holds; decides checks, normalisation and extraction rules."""

    PERSON = "person"
    PHONE = "phone"
    ID_CARD = "id_card"
    BANK_CARD = "bank_card"
    WECHAT = "wechat"
    QQ = "qq"
    EMAIL = "email"
    PLACE = "place"
    ADDRESS = "address"
    CHOICE = "choice"
    DATE = "date"
    AMOUNT = "amount"
    STAFF = "staff"
    TEXT = "text"


class Nature(StrEnum):
    """Whether a value is quoted from the chat or is a judgement about it."""

    VERBATIM = "verbatim"
    JUDGEMENT = "judgement"


class Coerced(NamedTuple):
    """A clean form, and what was changed to make it clean.

    Attributes:
        values: every key of the form, in order.
        notes: one Chinese sentence for each change that lost or reshaped something; empty for a clean input.
    """

    values: FormValues
    notes: tuple[str, ...]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Field(_Frozen):
    """One field of a form."""

    key: str
    label: str
    group: str
    type: FieldType
    kind: Kind
    nature: Nature
    points: float
    one_right_answer: bool
    values: tuple[str, ...] = ()
    description: str

    @model_validator(mode="after")
    def _check(self) -> "Field":
        if not self.key.strip() or self.key != self.key.strip():
            raise refusal("key 不能为空，前后不能有空格", "key")
        if not 0 < self.points < math.inf:  # also refuses nan
            raise refusal("points 必须是大于 0 的数", "points")
        if len(set(self.values)) != len(self.values):
            raise refusal("values 里有重复的值", "values")
        return self

    @property
    def is_list(self) -> bool:
        """Whether the value is a list of strings."""
        return self.type is FieldType.LIST

    @property
    def empty(self) -> Value:
        """A fresh empty value."""
        return [] if self.is_list else ""


OTHER_HEADINGS: Final = frozenset(
    {"群聊", "序号", "字段", "来源", "审阅人", "讨论", "状态", "标注", "对照", "理由", "提出人", "时间", "结论"}
)
"""Headings that tables have beside the fields and who they are about."""
_SUBJECT_HEADINGS: Final = ("客户", "客户编号", "编号", "")


class Form(_Frozen):
    """A form: its fields in the order in which they are written and shown.

    Attributes:
        subject: what prompts, pages and files call somebody who gets a filled form, such as 报修人.
        staff: what they call the side that writes the forms, such as 师傅.
        contradictions: values that do not go together.
        companions: fields that are filled together.
        summary_sections: sections of a summary; every group stands in one of them. Empty: one section per group.

    Raises:
        pydantic.ValidationError: a key twice, an unknown group, a name field that is not a text field, or a rule about
            a field, value or group that the form lacks.
    """

    name: str
    title: str
    version: int
    name_field: str
    groups: tuple[str, ...]
    fields: tuple[Field, ...]
    subject: str = "客户"
    staff: str = "客服"
    contradictions: tuple[Contradiction, ...] = ()
    companions: tuple[Companion, ...] = ()
    summary_sections: tuple[SummarySection, ...] = ()
    _is_stored: bool = PrivateAttr(default=False)

    @model_validator(mode="after")
    def _check(self) -> "Form":
        for reason, place in problems_of(self):
            raise refusal(reason, *place)
        return self

    @property
    def reference(self) -> str:
        """What names this form in the database and on the command line.

        ``name@version`` for a version that lies in the database, the name alone for a file.
        """
        return f"{self.name}@{self.version}" if self._is_stored else self.name

    @property
    def label(self) -> str:
        """Title and version, as people are told which form it is."""
        return f"{self.title} 第 {self.version} 版"

    @property
    def subject_heading(self) -> str:
        """Heading of the column about who a form is filled for: :attr:`subject`, unless another column is called so."""
        words = (self.subject, f"{self.subject}编号", *_SUBJECT_HEADINGS)
        return next(word for word in words if word not in {*self.keys, *OTHER_HEADINGS})

    def as_stored(self, name: str, version: int) -> "Form":
        """The same form as it lies in the database under a name and a version."""
        stored = self.model_copy(update={"name": name, "version": version})
        stored._is_stored = True
        return stored

    @cached_property
    def _by_key(self) -> dict[str, Field]:
        return {field.key: field for field in self.fields}

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """All keys, in order."""
        return tuple(self._by_key)

    @cached_property
    def list_keys(self) -> tuple[str, ...]:
        """Keys of the fields whose values are lists, in order."""
        return tuple(field.key for field in self.fields if field.is_list)

    @cached_property
    def _fields_to_coerce(self) -> tuple[tuple[str, Field, bool, bool], ...]:
        """``(key, field, whether it is a list, whether a text may be taken at a glance)`` of all fields, in order."""
        return tuple(
            (field.key, field, field.is_list, not field.is_list and field.kind is not Kind.PHONE)
            for field in self.fields
        )

    @property
    def max_points(self) -> float:
        """Most points that one form can earn (36 for the challenge's)."""
        return sum(field.points for field in self.fields)

    def field(self, key: str) -> Field:
        """The field with this key.

        Raises:
            KeyError: no such field.
        """
        return self._by_key[key]

    def __contains__(self, key: str) -> bool:
        """Whether the form has a field of this key."""
        return key in self._by_key

    def in_group(self, group: str) -> tuple[Field, ...]:
        """The fields of one group, in order."""
        return tuple(field for field in self.fields if field.group == group)

    def subset(self, keys: Iterable[str]) -> "Form":
        """The form restricted to some of its fields, in its own order; keeps the name field and the rules about them.

        Raises:
            KeyError: no such field.
        """
        chosen_keys = {self.name_field, *(self.field(key).key for key in keys)}
        fields = tuple(field for field in self.fields if field.key in chosen_keys)
        groups = tuple(group for group in self.groups if any(field.group == group for field in fields))
        part = Form(
            name=self.name,
            title=self.title,
            version=self.version,
            name_field=self.name_field,
            groups=groups,
            fields=fields,
            subject=self.subject,
            staff=self.staff,
            contradictions=tuple(rule for rule in self.contradictions if {rule.key, rule.other} <= chosen_keys),
            companions=tuple(rule for rule in self.companions if {rule.key, rule.needs} <= chosen_keys),
            summary_sections=tuple(
                SummarySection(title=section.title, groups=tuple(group for group in section.groups if group in groups))
                for section in self.summary_sections
            ),
        )
        part._is_stored = self._is_stored
        return part

    @property
    def sections(self) -> tuple[SummarySection, ...]:
        """Sections of a summary: those the form defines, else one per group."""
        return self.summary_sections or tuple(SummarySection(title=group, groups=(group,)) for group in self.groups)

    def empty(self) -> FormValues:
        """A fresh all-empty form."""
        return {field.key: field.empty for field in self.fields}

    def is_empty(self, values: Mapping[str, Value]) -> bool:
        """Whether no field of ``values`` is filled."""
        return not any(values.get(key) for key in self.keys)

    def name_of(self, values: Mapping[str, Value]) -> str:
        """The customer's name in a form, or ``""``."""
        name = values.get(self.name_field, "")
        return name if isinstance(name, str) else ""

    def coerce(self, raw: Mapping[str, Any], *, empty_words: Collection[str] = ()) -> Coerced:
        """Turn any mapping into a clean form: all keys, in order, each of its type.

        Missing keys become empty, unknown keys are dropped, both with a note. A list where a text belongs is joined
        with ``、``; a text where a list belongs becomes a list of one (empty: of none), unsplit, for labels write
        several values into one string and the scorer splits them. ``None`` and outer white space vanish silently.

        Args:
            raw: whatever a model, a file or a browser gave for one customer.
            empty_words: words that stand for nothing where models and programs wrote it (``MODEL_WORDS``,
                ``PROGRAM_WORDS``); what a person typed is a value whatever it is.
        """
        values: FormValues = {}
        notes: list[str] = []
        known = self._by_key
        has_its_keys = raw.keys() == known.keys()  # nearly every form has, and its keys need no look one by one
        if not has_its_keys:
            raw, mended = clean_keys(raw, known)
            if mended:
                notes.append(f"字段名里有看不见的字符，已按「{'」「'.join(mended)}」读")
            if missing := [key for key in self.keys if key not in raw]:
                notes.append(f"缺少字段，已按空填写：{'、'.join(missing)}")
        for key, field, is_list, is_plain in self._fields_to_coerce:
            given = raw.get(key)
            # Most are empty, and need no look.
            if not given and (given is None or given == "" or is_list and given == []):
                values[key] = [] if is_list else ""
            elif is_plain and is_settled(given, empty_words):
                values[key] = given
            else:
                values[key] = coerce_value(field, given, notes, empty_words)
        if not has_its_keys and (unknown := [str(key) for key in raw if key not in known]):
            notes.append(f"表单没有这些字段，已忽略：{'、'.join(unknown[:8])}{'…' if len(unknown) > 8 else ''}")
        return Coerced(values, tuple(notes))
