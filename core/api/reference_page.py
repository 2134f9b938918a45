"""The page that describes the API: written from its OpenAPI description, without a script or a foreign address."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

_TEMPLATE = Path(__file__).with_name("reference.html.j2")
_BASE = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class DescribedField:
    """A parameter, or a field of a type: its name, type, whether it must be there, and what it means."""

    name: str
    type: str
    required: bool
    meaning: str


@dataclass(frozen=True, slots=True)
class DescribedRoute:
    """A route: what to send and what comes back.

    Attributes:
        method: of HTTP.
        path: below the server's address.
        group: what it belongs to.
        title: in a few words.
        text: in some sentences.
        parameters: in the path, in the query and in headers.
        body: type of what is sent; ``""`` where nothing is.
        answer: type of what comes back.
        problems: ``(status, what it means)`` of special ones.
    """

    method: str
    path: str
    group: str
    title: str
    text: str
    parameters: tuple[DescribedField, ...]
    body: str
    answer: str
    problems: tuple[tuple[str, str], ...]


def described_routes(openapi: Mapping[str, Any]) -> list[DescribedRoute]:
    """All routes of a description, in its order."""
    prefix = openapi["servers"][0]["url"]
    return [
        DescribedRoute(
            method=method.upper(),
            path=prefix + path,
            group=(operation.get("tags") or [""])[0],
            title=operation.get("summary", ""),
            text=operation.get("description", ""),
            parameters=tuple(
                DescribedField(
                    one["name"],
                    type_of(one["schema"]),
                    bool(one.get("required")),
                    one.get("description", one["schema"].get("description", "")) + _default(one["schema"]),
                )
                for one in operation.get("parameters", ())
            ),
            body=_content(operation.get("requestBody", {})),
            answer=_content(next((r for s, r in operation["responses"].items() if s.startswith("2")), {})),
            problems=tuple(
                (status, one["description"])
                for status, one in operation["responses"].items()
                if status.isdigit() and not status.startswith("2")
            ),
        )
        for path, operations in openapi["paths"].items()
        for method, operation in operations.items()
    ]


def described_types(openapi: Mapping[str, Any]) -> Iterator[tuple[str, tuple[DescribedField, ...]]]:
    """All types of a description with their fields, by name."""
    for name, schema in sorted(openapi["components"]["schemas"].items()):
        if "properties" in schema:
            required = schema.get("required", ())
            yield (
                name,
                tuple(
                    DescribedField(field, type_of(one), field in required, one.get("description", ""))
                    for field, one in schema["properties"].items()
                ),
            )


def type_of(schema: Mapping[str, Any]) -> str:
    """A type as people write it: ``list[int]``, ``string | null``, the name of another type."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_BASE)
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(type_of(one) for one in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "prefixItems" in schema:
        return f"[{', '.join(type_of(one) for one in schema['prefixItems'])}]"
    if schema.get("type") == "array":
        return f"list[{type_of(schema.get('items', {}))}]"
    if isinstance(schema.get("additionalProperties"), Mapping):
        return f"dict[string, {type_of(schema['additionalProperties'])}]"
    return str(schema.get("format") or schema.get("type") or "any")


def reference_page(openapi: Mapping[str, Any]) -> str:
    """The page, as HTML.

    Args:
        openapi: the description.
    """
    groups: dict[str, list[DescribedRoute]] = {}
    for route in described_routes(openapi):
        groups.setdefault(route.group, []).append(route)
    return _template().render(api=openapi["info"], groups=groups, types=list(described_types(openapi)))


def _default(schema: Mapping[str, Any]) -> str:
    default = schema.get("default")
    return "" if default in (None, "") else f"（默认 {str(default).lower() if isinstance(default, bool) else default}）"


def _content(described: Mapping[str, Any]) -> str:
    for media, one in described.get("content", {}).items():
        schema = one.get("schema", {})
        return type_of(schema) if media == "application/json" else f"{media}"
    return ""


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_TEMPLATE.read_text("utf-8"))
