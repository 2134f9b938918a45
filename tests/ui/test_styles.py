"""Style sheets of the app that browsers can work with quickly."""

import re
from pathlib import Path

import core.ui

UI = Path(core.ui.__file__).parent
_SHEET_TYPES = (".css", ".py", ".js")
_RESTYLES_ALL = re.compile(r"\[class[^\]\n]*\][^{},\n]*[\s>+~]\*\s*[,{]")
"""``*`` behind a part of a class: any change of a class styles all that lies in its element anew, shadow trees too."""


def test_no_rule_styles_everything_anew_with_each_class() -> None:
    sheets = [path for path in UI.rglob("*") if path.suffix in _SHEET_TYPES and "node_modules" not in path.parts]
    assert len(sheets) > 50
    assert _RESTYLES_ALL.search('[class*="st-key-main-"] [data-testid="link"] * { color: #fff }')
    slow = [f"{path.name}: {rule}" for path in sheets for rule in _RESTYLES_ALL.findall(path.read_text("utf-8"))]
    assert slow == []
