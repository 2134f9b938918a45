"""Modules are joined whatever way a formatter breaks their imports, and what cannot be joined is refused."""

from pathlib import Path

import pytest

from core.ui.javascript import join_modules


def joined(tmp_path: Path, *sources: str) -> str:
    paths = [tmp_path / f"{number}.js" for number in range(len(sources))]
    for path, text in zip(paths, sources, strict=True):
        path.write_text(text, "utf-8")
    return join_modules(paths)


def test_imports_and_the_word_export_go_away(tmp_path: Path) -> None:
    first = (
        "export const A = 1;\nexport function f() {}\nexport async function g() {}\nexport class C {}\nexport let b;\n"
    )
    second = (
        'import { A } from "./0.js";\n'
        'import {\n  C,\n  f as named, // why\n  g,\n} from "./0.js";\n'
        "import './0.js'\n"
        "import * as all from './0.js';\n"
        "export default function run() {}\n"
    )
    assert joined(tmp_path, first, second) == (
        "const A = 1;\nfunction f() {}\nasync function g() {}\nclass C {}\nlet b;\n\nexport default function run() {}\n"
    )


def test_text_that_only_looks_like_an_import_stays(tmp_path: Path) -> None:
    source = 'const text = "import x from y;"; // export const A = 1;\n/** @type {A} */ (text).run(); /* import */\n'
    assert joined(tmp_path, source) == source


def test_lines_of_comment_go_away(tmp_path: Path) -> None:
    source = (
        '// @ts-check\n/** @import { A } from "./a.js" */\n/**\n * What it does.\n * @param {A} a\n */\n'
        "function f(a) {\n"
        '  // export const A = 1;\n  return "// this" + a; // and why\n}\n/* one */ const b = 1; /* two */\n'
    )
    rest = 'function f(a) {\n  return "// this" + a; // and why\n}\n/* one */ const b = 1; /* two */\n'
    assert joined(tmp_path, source) == rest


@pytest.mark.parametrize(
    "line",
    ["export { A };", 'export * from "./a.js";', "export {\n  A,\n};", 'import { A } from "./a.js"; const b = A;'],
)
def test_what_cannot_be_joined_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(ValueError, match="cannot be joined"):
        joined(tmp_path, f"const A = 1;\n{line}\n")
