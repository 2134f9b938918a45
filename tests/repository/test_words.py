"""One word for one thing: what pages, commands and services say. The words are those of docs/glossary.md."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.repository.syntax import tree_of

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ("core/ui", "core/cli", "core/domain/permissions.py", "core/domain/prompts", "core/services", "pages")
_BEFORE = "抽取 合并 默认 训练 微调 run:".split()
BANNED = {
    "抽取任务, not 任务 alone": re.compile("".join(f"(?<!{word})" for word in _BEFORE) + "任务"),
    "增量审阅": re.compile("差异审阅"),
    "预计失分 of what may be lost, 失分 of what was": re.compile("费分|待定分|分待定"),
    "您": re.compile("你(?!好|们)"),
    "抽取任务, not 起始值, for the run": re.compile("起始值"),
    "抽取任务, not 结果, for the run": re.compile("(?<!最)(?:新|别的|各)结果"),
    "抽取的值, not 模型的值: rules, files and people fill in, too": re.compile("模型的值|模型填的值|看不到模型"),
    "F1, for the sheet of keys: ? is text in a field": re.compile("按 ?[?？]"),
    "摘要, not 归纳, for the text": re.compile("由归纳|归纳的文字"),
}
KEPT = {"起始值：", "按待定分", "待定分", "最费分的群聊", "由归纳填表"}
"""Words of before that addresses, and a published prompt, still say."""
_SCRIPT_TEXT = re.compile(r"\"([^\"\n]*)\"|`([^`]*)`")


def _python_texts() -> Iterator[tuple[str, str]]:
    """Texts in code, with their places; docstrings are English."""
    for folder in PYTHON:
        for path in sorted((ROOT / folder).rglob("*.py")) or [ROOT / folder]:
            for node in ast.walk(tree_of(path)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value


def _script_texts() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "core/ui").rglob("*.js")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.lstrip().startswith(("*", "//", "/*")):
                for match in _SCRIPT_TEXT.finditer(line):
                    yield f"{path.relative_to(ROOT)}:{number}", match[1] or match[2] or ""


@cache
def texts() -> list[tuple[str, str]]:
    """Every text that a person may read, with its place."""
    return [*_python_texts(), *_script_texts()]


@pytest.mark.parametrize("instead", BANNED)
def test_one_word_for_one_thing(instead: str) -> None:
    wrong = [f"{place}: {text[:60]}" for place, text in texts() if text not in KEPT and BANNED[instead].search(text)]
    assert not wrong, f"say {instead}:\n" + "\n".join(wrong)
