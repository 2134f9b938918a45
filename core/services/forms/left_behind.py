"""What speaks of fields that a form no longer has, while it is edited: guidelines, rules, what excludes or needs it."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from core.domain.form.loading import FormTexts
from core.domain.form.toml_file import parse_tables
from core.errors import FormError
from core.services.forms.form_text import entries, placed, with_tables
from core.services.forms.renames import guidelines_text

_IN_FORM = {"contradiction": ("矛盾", ("key", "other")), "companion": ("同填", ("key", "needs"))}


def without_fields(texts: FormTexts, keys: Collection[str] | None = None) -> tuple[FormTexts, tuple[str, ...]]:
    """Take out what speaks of fields that the form does not have.

    Args:
        texts: of the form, without the fields; what is no TOML stays as it is.
        keys: of the fields; ``None``: of all that are not there.

    Returns:
        The texts, and what was taken out, each in a few Chinese words; empty where there was nothing.
    """
    try:
        tables = parse_tables(texts.form, "表单")
        guidelines, rules = parse_tables(texts.guidelines, "规范"), parse_tables(texts.rules, "规则")
    except FormError:
        return texts, ()
    there = {row.get("key") for row in entries(tables, "field")}

    def is_gone(key: Any) -> bool:
        return isinstance(key, str) and key not in there and (keys is None or key in keys)

    told: list[str] = []
    if gone := [key for key in guidelines if is_gone(key)]:
        kept = {key: text for key, text in guidelines.items() if key not in gone}
        texts = replace(texts, guidelines=guidelines_text(kept))
        told += [f"「{key}」的标注规范" for key in gone]
    choices = entries(rules, "choice")
    if left := [choice for choice in choices if is_gone(choice.get("key"))]:
        kept_choices = [choice for choice in choices if choice not in left]
        texts = replace(texts, rules=with_tables(texts.rules, _with(placed(rules), "choice", kept_choices)))
        told.append(f"{len(left):,} 条本地规则")
    for table, (title, attributes) in _IN_FORM.items():
        rows = entries(tables, table)
        if left := [row for row in rows if any(is_gone(row.get(name)) for name in attributes)]:
            tables = _with(placed(tables), table, [row for row in rows if row not in left])
            told.append(f"{len(left):,} 条{title}")
            texts = replace(texts, form=with_tables(texts.form, tables))
            tables = parse_tables(texts.form, "表单")
    return texts, tuple(told)


def _with(tables: Mapping[str, Any], table: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    rest = {name: value for name, value in tables.items() if name != table}
    return rest | ({table: rows} if rows else {})
