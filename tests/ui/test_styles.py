"""Style sheets of the app that browsers can work with quickly."""

import re
from pathlib import Path

import pytest

import core.ui

UI = Path(core.ui.__file__).parent
_SHEET_TYPES = (".css", ".py", ".js")
_BEHIND_A_CLASS_PART = re.compile(r"\[class[^\]\n]*\][^{},\n]*[\s>+~](?:\*|:is\((?:\w+[,\s]*)+|[a-z]\w*)[^{}\n]*\{")
"""What ends in a bare element behind a part of a class: any class that changes styles all such elements in it anew."""


@pytest.mark.parametrize("behind", ["*", "h3", ":is(div, span)", ':is(h3, [data-testid="caption"])'])
def test_bare_elements_behind_a_part_of_a_class_are_seen(behind: str) -> None:
    assert _BEHIND_A_CLASS_PART.search(f'[class*="st-key-main-"] [data-testid="link"] {behind} {{ color: #fff }}')


def test_no_rule_styles_everything_anew_with_each_class() -> None:
    sheets = [path for path in UI.rglob("*") if path.suffix in _SHEET_TYPES and "node_modules" not in path.parts]
    assert len(sheets) > 50
    slow = [f"{path.name}: {rule}" for path in sheets for rule in _BEHIND_A_CLASS_PART.findall(path.read_text("utf-8"))]
    assert slow == []
