"""Fields and groups that get another name while a form is edited: whatever speaks of them follows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import tomlkit

from core.domain.form.loading import FormTexts
from core.domain.form.toml_file import parse_tables
from core.errors import FormError
from core.services.forms.form_text import FROM, Tables, with_tables

_OF_FIELDS = {"contradiction": ("key", "other"), "companion": ("key", "needs")}


def follow_keys(tables: Tables, renames: Mapping[str, str]) -> Tables:
    """Tables in which the name field and the rules speak of fields by their new keys."""
    followed = dict(tables)
    if tables.get("name_field") in renames:
        followed["name_field"] = renames[tables["name_field"]]
    for table, attributes in _OF_FIELDS.items():
        if isinstance(tables.get(table), list):
            followed[table] = [
                {**row, **{name: renames.get(row.get(name), row.get(name)) for name in attributes if name in row}}
                for row in tables[table]
            ]
    return followed


def follow_groups(tables: Tables, renames: Mapping[str, str]) -> Tables:
    """Tables in which fields and sections of a summary stand in groups by their new names."""
    followed = dict(tables)
    if isinstance(tables.get("field"), list):
        followed["field"] = [
            {**row, "group": renames.get(row.get("group"), row.get("group"))} if "group" in row else row
            for row in tables["field"]
        ]
    if isinstance(tables.get("summary_section"), list):
        followed["summary_section"] = [
            {**row, "groups": [renames.get(group, group) for group in row.get("groups") or ()]}
            for row in tables["summary_section"]
        ]
    return followed


def follow_keys_beside(texts: FormTexts, renames: Mapping[str, str]) -> FormTexts:
    """Texts whose guidelines and rules speak of fields by their new keys; what is no TOML stays as it is."""
    if not renames:
        return texts
    try:
        guidelines, rules = parse_tables(texts.guidelines, "规范"), parse_tables(texts.rules, "规则")
    except FormError:
        return texts
    if any(key in renames for key in guidelines):
        renamed_guidelines = {renames.get(key, key): value for key, value in guidelines.items()}
        texts = replace(texts, guidelines=guidelines_text(renamed_guidelines))
    choices: list[dict[str, Any]] = rules.get("choice") or []
    if any(choice.get("key") in renames for choice in choices):
        followed = [
            {**choice, "key": renames.get(choice.get("key", ""), choice.get("key")), FROM: place}
            for place, choice in enumerate(choices)
        ]
        texts = replace(texts, rules=with_tables(texts.rules, {**rules, "choice": followed}))
    return texts


def guidelines_text(guidelines: Mapping[str, str]) -> str:
    """TOML of guidelines by field key; fields without one are left out."""
    return tomlkit.dumps({key: text for key, text in guidelines.items() if str(text).strip()})
