"""Writes the text of a form, and changes it so that the rest stays as it is written, comments included.

A form being edited is its *tables*: what its TOML says as plain values (``{"name": …, "field": [{…}, …]}``), with
mistakes or without.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import tomlkit
from tomlkit import TOMLDocument
from tomlkit.items import AoT, Table

from core.domain.form.loading import FormTexts, form_path
from core.domain.form.toml_file import parse_tables

Tables = dict[str, Any]
FROM = "from"
"""In an entry of a table: the place from 0 at which it was written before; not there for a new one."""


def new_tables(name: str, title: str, fields: Sequence[Mapping[str, Any]], groups: Sequence[str]) -> Tables:
    """Tables of a new form; the first text field of a person, else the first text field, holds the name.

    Args:
        name: of the form.
        title: of the form.
        fields: as :func:`new_field` makes them.
        groups: headings, in order.
    """
    texts = [field for field in fields if field["type"] == "str"]
    people = [field for field in texts if field["kind"] == "person"]
    name_field = next((field["key"] for field in (*people, *texts)), "")
    head: Tables = {"name": name, "title": title, "version": 1, "name_field": name_field, "groups": list(groups)}
    return head | {"field": [dict(field) for field in fields]}


def new_field(key: str, group: str, *, label: str = "", is_list: bool = False, kind: str = "text") -> dict[str, Any]:
    """A field as it stands in a form's tables: one point, one right answer.

    Args:
        key: of the field.
        group: it belongs to.
        label: what the desk calls it; the key where empty.
        is_list: whether it holds several values.
        kind: of its values.
    """
    return {
        "key": key,
        "label": label or key,
        "group": group,
        "type": "list[str]" if is_list else "str",
        "kind": kind,
        "nature": "judgement" if kind in ("choice", "text") else "verbatim",
        "points": 1,
        "one_right_answer": True,
        "values": [],
        "description": "",
    }


def entries(tables: Mapping[str, Any], table: str) -> list[dict[str, Any]]:
    """The entries of a list of tables, each with its place (:data:`FROM`)."""
    rows = tables.get(table)
    listed = rows if isinstance(rows, list) else []
    return [{**row, FROM: place} for place, row in enumerate(listed) if isinstance(row, dict)]


def placed(tables: Mapping[str, Any]) -> Tables:
    """Tables in which each entry of a list names its place (:data:`FROM`), as :func:`with_tables` asks for."""
    return {name: entries(tables, name) if _is_list_of_tables(value) else value for name, value in tables.items()}


def form_text(tables: Mapping[str, Any]) -> str:
    """TOML of a form's tables, each entry a paragraph."""
    return with_tables("", tables)


def with_tables(source: str, tables: Mapping[str, Any]) -> str:
    """A form's text with other values; what did not change stays as it is written.

    Args:
        source: TOML as it was; ``""`` for a new form.
        tables: what it should say. Entries of ``[[field]]`` and the other lists name where they were (:data:`FROM`).

    Raises:
        FormError: ``source`` is no TOML.
    """
    parse_tables(source, "表单")
    document = tomlkit.parse(source)
    entries = {key: value for key, value in tables.items() if _is_list_of_tables(value)}
    for key, value in tables.items():
        if key not in entries:
            _put(document, key, value)
    for key in [key for key in document if key not in tables]:
        del document[key]
    for key, rows in entries.items():
        _put_entries(document, key, rows)
    return tomlkit.dumps(document)


def renamed(texts: FormTexts, name: str) -> FormTexts:
    """The same form under another name.

    Raises:
        FormError: the name cannot be used.
    """
    form_path(name)
    document = tomlkit.parse(texts.form)
    document["name"] = name
    return replace(texts, form=tomlkit.dumps(document))


def _is_list_of_tables(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(one, Mapping) for one in value)


def _put(document: TOMLDocument | Table, key: str, value: Any) -> None:
    """Set a key, unless it says so already."""
    if key not in document or _plain(document[key]) != value:
        document[key] = value


def _plain(item: Any) -> Any:
    return item.unwrap() if hasattr(item, "unwrap") else item


def _put_entries(document: TOMLDocument, key: str, rows: Sequence[Mapping[str, Any]]) -> None:
    before = document.get(key)
    written = list(before) if isinstance(before, AoT) else []
    if [_plain(table) for table in written] == [_without_from(row) for row in rows] and all(
        row.get(FROM) == number for number, row in enumerate(rows)
    ):
        return
    texts = []
    for row in rows:
        place = row.get(FROM)
        if isinstance(place, int) and 0 <= place < len(written):
            table = written[place]
        else:
            table = tomlkit.table()
        values = _without_from(row)
        for name, value in values.items():
            _put(table, name, value)
        for name in [name for name in table if name not in values]:
            del table[name]
        texts.append(f"[[{key}]]\n{table.as_string().strip()}\n")
    if before is not None:
        del document[key]
    # Each as its own text: tomlkit would glue tables together that were not written one after the other.
    entries = tomlkit.parse("\n".join(texts))
    if document.as_string().strip() and texts:
        document.add(tomlkit.nl())
    if texts:
        document.append(key, entries[key])


def _without_from(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != FROM}
