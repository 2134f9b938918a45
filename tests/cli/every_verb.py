"""Every command with arguments that are right, so that a test may get one of them wrong."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from core import cli

VALID = {
    "terms": "沐晚晴",
    "dataset": "d",
    "run": "甲",
    "source": "labels",
    "provider": "local",
    "into": "新",
    "name": "小何",
    "to": "组长",
    "model": "没有这个模型",
    "yuan": "1",
    "old": "repair_ticket",
    "new": "role_elements",
    "platform": "spark",
    "url": "http://127.0.0.1:9/absent",
    "repository": "group/name",
}
VALID |= dict.fromkeys(("number", "first", "second"), "1")


def verbs() -> Iterator[tuple[str, Any]]:
    groups: list[tuple[tuple[str, ...], Any]] = [((), get_command(cli.app))]
    while groups:
        path, command = groups.pop()
        if hasattr(command, "commands"):
            groups += [((*path, name), one) for name, one in command.commands.items()]
        elif path != ("worker",):  # it waits for ever
            yield " ".join(path), command


VERBS = dict(sorted(verbs()))


def arguments_for(path: str, folder: Path, name: str = "", value: str = "") -> list[str]:
    """A command in which everything that must be there is right but the value of this one parameter."""
    valid = VALID | {"out": str(folder / "out.csv"), "file": str(folder / "absent.json"), "place": str(folder)}
    arguments = path.split()
    for one in VERBS[path].params:
        if one.name == name or one.required:
            text = value if one.name == name else valid[one.name]
            arguments += [text] if one.param_type_name == "argument" else [one.opts[0], text]
            if one.name == "run" and one.multiple:
                arguments += [one.opts[0], "乙"]
    return arguments
