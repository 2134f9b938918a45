"""The parts of ``docs/`` that are generated from the code; cog calls these functions from comments in the Markdown.

``make docs`` writes the parts anew, ``make lint`` fails where one is no longer what the code says.
"""

import inspect
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import grimp
from pydantic import SecretStr
from pydantic.fields import FieldInfo

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

BASE = (
    "core.errors",
    "core.places",
    "core.metrics",
    "core.private_files",
    "core.processes",
    "core.settings",
    "core.secrets",
    "core.logs",
)
"""Eight files that everything may import; drawn as one room without arrows, for they would hide all others."""


def import_graph() -> str:
    """Rooms of ``core`` and who imports whom, as a Mermaid flow chart with their number in front."""
    graph = grimp.build_graph("core", cache_dir=None)
    rooms = {module: _room(module) for module in graph.modules}
    arrows = {
        (rooms[importer], rooms[imported])
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
        if rooms[importer] and rooms[imported] and rooms[importer] != rooms[imported]
    }
    base = "base"
    names = sorted({room for room in rooms.values() if room})
    to_base = sum(1 for _, imported in arrows if imported == base)
    drawn = sorted(arrow for arrow in arrows if base not in arrow)
    return f"{len(names)} rooms, {len(arrows)} arrows ({to_base} of them to base, not drawn).\n\n" + _mermaid(
        _floors(names), drawn
    )


def blank_sqlite() -> str:
    """The statements that make a blank SQLite database as the migrations leave it."""
    from sqlalchemy import create_engine

    from core.adapters.store.blank_schema import statements_of
    from core.adapters.store.schema_version import upgrade

    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        upgrade(connection)
        statements = statements_of(connection)
    engine.dispose()
    return statements


def floor_graph(package: str) -> str:
    """The rooms of one package and who imports whom inside it, as a Mermaid flow chart."""
    graph = grimp.build_graph("core", cache_dir=None)
    depth = package.count(".") + 1

    def room(module: str) -> str:
        inside = module.startswith(package + ".")
        return ".".join(module.split(".")[: depth + 1]).removeprefix(package + ".") if inside else ""

    arrows = {
        (room(importer), room(imported))
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
        if room(importer) and room(imported) and room(importer) != room(imported)
    }
    names = sorted({room(module) for module in graph.modules} - {""})
    return _mermaid({"": names}, sorted(arrows))


def command_help() -> str:
    """The ``--help`` of the program and of each of its verbs, as code blocks under headings."""
    from typer.main import get_command
    from typer.testing import CliRunner

    from core.cli import app

    def pages(command: Any, words: tuple[str, ...]) -> Iterable[str]:
        shown = CliRunner().invoke(app, [*words, "--help"], prog_name="python -m core", terminal_width=100)
        lines = "\n".join(line.rstrip() for line in shown.output.strip().splitlines())
        yield f"{'##' if len(words) < 2 else '###'} `{' '.join(('python -m core', *words))}`\n\n```text\n{lines}\n```"
        for verb, child in getattr(command, "commands", {}).items():
            yield from pages(child, (*words, verb))

    return "\n\n".join(pages(get_command(app), ()))


def api_routes_table() -> str:
    """The routes of the HTTP API: what each does, and what it answers."""
    from core.api.application import description
    from core.api.reference_page import described_routes

    rows = [
        (f"`{route.method} {route.path}`", route.title, route.text, f"`{route.answer or '—'}`")
        for route in described_routes(description())
    ]
    return table(("route", "what", "more", "answer"), rows)


def settings_table() -> str:
    """Every setting of the installation: its variable, what is used without it, what it is."""
    from core.settings import Settings

    described = inspect.getdoc(Settings) or ""
    attributes = re.findall(r"^    (\w+): (.+(?:\n        .+)*)", described.partition("Attributes:")[2], re.MULTILINE)
    texts = {name: " ".join(text.split()) for name, text in attributes}
    rows = [
        (f"`SHIYAO_{name.upper()}`", _default(field), _as_cell(texts[name]))
        for name, field in sorted(Settings.model_fields.items())
    ]
    return table(("variable", "without it", "what"), rows)


def _default(field: FieldInfo) -> str:
    """What a setting is without its variable; paths depend on the installation."""
    if field.default_factory is not None:
        return "in the data folder"
    value = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
    return f"`{str(value).lower() if isinstance(value, bool) else value}`" if value not in (None, "") else "—"


def _as_cell(text: str) -> str:
    """A docstring's text as a cell: names in code style, without the references that only Python's readers follow."""
    text = re.sub(r" \(``SHIYAO_\w+``\)", "", text)
    return re.sub(r":\w+:`[\w.]*?(\w+)`", r"`\1`", text).replace("``", "`")


def figures() -> str:
    """Times and limits that the documentation speaks of, read from where the code keeps them."""
    from core.domain import near_duplicates
    from core.domain.scoring import bootstrap
    from core.services.extraction.pipeline import retry
    from core.services.extraction.runs import shared_lanes
    from core.services.quality import alignment
    from core.services.review.queue import claims
    from core.services.training import training_options

    browser = _browser_constants()
    rows = [
        ("a chat stays claimed after the workbench's last sync", f"{claims.CLAIM.total_seconds() / 60:g} minutes"),
        ("the workbench renews its claims", f"every {browser['BEAT'] / 60_000:g} minute"),
        ("… while somebody moved in the last", f"{browser['PRESENT'] / 60_000:g} minutes"),
        ("a draft is saved after the last edit by", f"{browser['DRAFT_PAUSE']:g} ms"),
        ("a worker's heartbeat", f"every {shared_lanes.HEARTBEAT_SECONDS:g} s"),
        ("a worker counts as lost without one after", f"{shared_lanes.LOST_SECONDS:g} s"),
        ("a call is tried at most", f"{retry.ATTEMPTS} times"),
        ("an interval is drawn from", f"{bootstrap.SAMPLES:,} resamples"),
        ("two runs are never told apart below", f"{bootstrap.FEWEST} chats"),
        ("runs beside one another on 对比 at most", alignment.MOST_RUNS),
        ("two chats are near-duplicates from a Jaccard index of", near_duplicates.SIMILAR),
        ("a training row is copied at most", f"{training_options.MAX_COPIES} times"),
    ]
    return table(("what", "figure"), rows)


def _browser_constants() -> dict[str, float]:
    """Numeric constants of the workbench's JavaScript modules."""
    modules = (ROOT / "core" / "ui" / "workbench" / "js").glob("*.js")
    pattern = re.compile(r"^(?:export )?const ([A-Z_]+) = ([0-9_]+);", re.MULTILINE)
    return {
        name: float(value) for module in modules for name, value in pattern.findall(module.read_text(encoding="utf-8"))
    }


def table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    """A Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _room(module: str) -> str:
    parts = module.split(".")
    if module in BASE:
        return "base"
    if len(parts) < 2 or parts[1] == "__main__":
        return ""
    if parts[1] in ("services", "adapters"):
        return "/".join(parts[1:3]) if len(parts) > 2 else ""
    return parts[1]


def _floors(names: list[str]) -> Mapping[str, list[str]]:
    order = {
        "entry": ("cli", "ui", "api"),
        "services": ("services/",),
        "adapters": ("adapters/",),
        "pure": ("domain", "base"),
    }
    return {floor: [name for name in names if name.startswith(starts)] for floor, starts in order.items()}


def _mermaid(floors: Mapping[str, list[str]], arrows: Iterable[tuple[str, str]]) -> str:
    lines = ["```mermaid", "flowchart TD"]
    for floor, names in floors.items():
        if floor:
            lines.append(f"  subgraph {floor}")
        lines += [f"  {'  ' if floor else ''}{_key(name)}[{name.rpartition('/')[2]}]" for name in names]
        if floor:
            lines.append("  end")
    lines += [f"  {_key(importer)} --> {_key(imported)}" for importer, imported in arrows]
    return "\n".join([*lines, "```"])


def _key(name: str) -> str:
    """Mermaid's own words (``export``) are no names of nodes."""
    return "room_" + name.replace("/", "_").replace(".", "_")
