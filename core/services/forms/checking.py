"""What is wrong with a form that somebody makes or brings along: every mistake, at its place, in a sentence.

A file of the program is trusted; these forms are not: they may be too large for a screen or a prompt, or search for
ever.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from unicodedata import normalize

from pydantic import ValidationError

from core.adapters.llm.local.rules import parse_rules
from core.domain.form import UNSTORABLE, Form
from core.domain.form.form_definition import Field
from core.domain.form.form_rules import Place, problems_of
from core.domain.form.guidelines import parse_guidelines
from core.domain.form.loading import TABLES, FormTexts, form_path, parse_form
from core.domain.form.rules import Companion, Contradiction, SummarySection
from core.domain.form.toml_file import clause_of, line_of_place, parse_tables
from core.domain.unseen_characters import UNSEEN, is_blank
from core.errors import FormError

MOST_FIELDS = 200
_MOST_PROBLEMS = 200
"""Of a form at once; the others are found when these are mended."""
MOST_VALUES = 200
MOST_RULES = 500
LONGEST_NAME = 60
LONGEST_VALUE = 200
LONGEST_DESCRIPTION = 1000
LARGEST_TEXT = 512 * 1024
"""Characters that each text of a form may have."""
MOST_POINTS = 1000.0
_HIGHEST_VERSION = 10**9 - 1
_RESERVED = frozenset(
    {
        *("*", "__proto__", "constructor", "prototype", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable"),
        *("toLocaleString", "toString", "valueOf"),
    }
)
"""Keys that mean something else: a whole customer, and what every object of JavaScript has already."""
_SEPARATORS = re.compile(r"[|\[\]]")
"""What ``fields[…|…]`` in a pipeline separates keys by."""
_PARTS: dict[str, Any] = {
    "fields": Field,
    "contradictions": Contradiction,
    "companions": Companion,
    "summary_sections": SummarySection,
}


@dataclass(frozen=True, slots=True)
class FormProblem:
    """Something that is wrong with a form.

    Attributes:
        place: where, such as ``("fields", 3, "group")``; ``("guidelines",)`` and ``("rules",)`` for the other texts.
        reason: a Chinese clause.
        line: of its text, from 1; 0 where the reason says it.
    """

    place: Place
    reason: str
    line: int = 0


def check_form_texts(texts: FormTexts) -> list[FormProblem]:
    """Everything that is wrong with the texts of a form; empty where it can be used."""
    for part, source in (("form", texts.form), ("guidelines", texts.guidelines), ("rules", texts.rules)):
        if len(source) > LARGEST_TEXT:
            return [FormProblem((part,), f"有 {len(source):,} 字，最多 {LARGEST_TEXT:,} 字")]
        if UNSTORABLE.search(source):
            return [FormProblem((part,), "有不能保存的字符")]
    try:
        tables = parse_tables(texts.form, "表单")
    except FormError as error:
        return [FormProblem((), error.message)]
    if isinstance(fields := tables.get("field"), list) and len(fields) > MOST_FIELDS:
        return [FormProblem(("fields",), _too_many(len(fields)))]
    in_form = [
        FormProblem(place, reason, line_of_place(texts.form, place, TABLES))
        for place, reason in islice(_problems(tables), _MOST_PROBLEMS)
    ]
    if in_form:
        return in_form
    form = parse_form(texts.form, "表单")
    problems = []
    try:
        parse_rules(texts.rules, "规则", form, linear=True)
    except FormError as error:
        problems.append(FormProblem(("rules",), error.message))
    try:
        guidelines = parse_guidelines(texts.guidelines, "规范")
    except FormError as error:
        return [*problems, FormProblem(("guidelines",), error.message)]
    left = [key for key in guidelines if key not in form]
    return problems + [FormProblem(("guidelines",), _left_guideline(key)) for key in left[:_MOST_PROBLEMS]]


def _left_guideline(key: str) -> str:
    return f"表单里没有字段「{key}」了，它的规范还在；删掉这一条规范，或者把字段加回来"


def require_usable(texts: FormTexts, name: str) -> Form:
    """The form of texts that can be saved.

    Args:
        texts: of the form.
        name: of the file, for messages.

    Raises:
        FormError: the first thing that is wrong, with its line, and how many there are.
    """
    problems = check_form_texts(texts)
    if not problems:
        return parse_form(texts.form, name)
    first = problems[0]
    where = f"表单文件 {name} 第 {first.line} 行：" if first.line else f"表单文件 {name}：" if first.place else ""
    rest = f"（另有 {len(problems) - 1:,} 处）" if len(problems) > 1 else ""
    raise FormError(f"{where}{first.reason}{rest}", "请改正后再试")


def _problems(tables: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    """Mistakes of the parts; where there are none, those of the whole; then what is too large."""
    parts: dict[str, Any] = {"contradictions": (), "companions": (), "summary_sections": ()}
    rest = {key: value for key, value in tables.items() if key not in TABLES}
    broken = False
    for table, attribute in TABLES.items():
        raw = tables.get(table, [])
        if not isinstance(raw, list):
            yield (attribute,), f"应写成几段 [[{table}]]"
            return
        good = []
        for index, entry in enumerate(raw):
            try:
                good.append(_PARTS[attribute].model_validate(entry))
            except ValidationError as error:
                broken = True
                for one in error.errors():
                    inner = one.get("ctx", {}).get("place", ())
                    yield (attribute, index, *one["loc"], *inner), clause_of(one, {"field": "fields"})
        parts[attribute] = tuple(good)
    try:
        Form.model_validate({**rest, **parts})
    except ValidationError as error:
        for one in error.errors():
            if one["type"] != "refused":
                broken = True
                yield (*one["loc"],), clause_of(one, TABLES)
    if not broken:
        form = Form.model_construct(**{**rest, "groups": tuple(rest["groups"]), **parts})
        for reason, place in problems_of(form):
            yield place, reason
        for place, reason in _excesses(form):
            yield place, reason


def _too_many(fields: int) -> str:
    return f"有 {fields:,} 个字段，最多 {MOST_FIELDS} 个"


def _excesses(form: Form) -> Iterator[tuple[Place, str]]:
    """What a file of the program may hold, but a form that somebody brings along may not."""
    try:
        form_path(form.name)
    except FormError:
        yield ("name",), "名字只能有字母、数字、下划线和连字符，最多 100 字"
    head = tuple(((name,), str(getattr(form, name))) for name in ("title", "subject", "staff"))
    for place, text in (*head, *((("groups",), group) for group in form.groups)):
        if reason := _why_no_name(text):
            yield place, reason
    if type(form.version) is not int or not 0 < form.version <= _HIGHEST_VERSION:  # as it is written, "1" or true
        yield ("version",), f"version 应为 1 到 {_HIGHEST_VERSION:,} 的整数"
    if len(form.fields) > MOST_FIELDS:
        yield ("fields",), _too_many(len(form.fields))
    alike: dict[str, str] = {}
    for index, field in enumerate(form.fields[:MOST_FIELDS]):
        if field.key in _RESERVED:
            yield ("fields", index, "key"), f"「{field.key}」是程序保留的名字，请换一个"
        elif _SEPARATORS.search(field.key):
            yield ("fields", index, "key"), "不能有 | 和方括号"
        elif (other := alike.setdefault(_look(field.key), field.key)) != field.key:
            yield ("fields", index, "key"), f"和字段「{other}」看起来一样，请换一个名字"
        for name, text in (("key", field.key), ("label", field.label)):
            if reason := _why_no_name(text):
                yield ("fields", index, name), reason
        if len(field.values) > MOST_VALUES:
            yield ("fields", index, "values"), f"有 {len(field.values):,} 个建议值，最多 {MOST_VALUES} 个"
        if any(_is_no_value(value) for value in field.values):
            yield ("fields", index, "values"), f"values 不能是空的，前后不能有空格，也不能换行或超过 {LONGEST_VALUE} 字"
        if len(field.description) > LONGEST_DESCRIPTION:
            yield ("fields", index, "description"), f"说明最多 {LONGEST_DESCRIPTION} 字"
        if field.points > MOST_POINTS:
            yield ("fields", index, "points"), f"分值最多 {MOST_POINTS:g}"
    for attribute in ("contradictions", "companions", "summary_sections"):
        if len(getattr(form, attribute)) > MOST_RULES:
            yield (attribute,), f"最多 {MOST_RULES} 条"


def _look(text: str) -> str:
    """A key as it looks: full and half width, and characters without a shape, make no difference."""
    shown = (one for one in normalize("NFKC", text) if one.isspace() or not is_blank(one))
    return "".join(shown).casefold()


def _is_no_value(value: str) -> bool:
    """Whether a suggested value could not be told from others, or not be shown on one line."""
    return is_blank(value) or value != value.strip() or len(value) > LONGEST_VALUE or not value.isprintable()


def _why_no_name(text: str) -> str:
    if is_blank(text) or text != text.strip():
        return "不能是空的，前后不能有空格"
    if len(text) > LONGEST_NAME:
        return f"最多 {LONGEST_NAME} 字"
    if not text.isprintable() or UNSEEN.search(text):
        return "不能有换行或看不见的字符"
    return ""
