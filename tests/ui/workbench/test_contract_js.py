"""The browser's types and words are those of Python, and a difference is noticed."""

from pathlib import Path
from typing import TypedDict

import pytest

from core.adapters.store.models import Confirmation
from core.ui.workbench import contract_js


def test_the_generated_files_are_up_to_date() -> None:
    assert contract_js.stale_files(contract_js.FOLDER) == [], "run python -m core.ui.workbench.contract_js"
    assert contract_js.main(["--check"]) == 0


def test_a_missing_or_edited_file_is_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(contract_js, "FOLDER", tmp_path)
    assert contract_js.stale_files(tmp_path) == ["contract.d.ts", "contract_parts.d.ts", "readings.js", "words.js"]
    assert contract_js.main([]) == 0
    assert contract_js.stale_files(tmp_path) == []
    words = tmp_path / "words.js"
    words.write_text(words.read_text("utf-8").replace(Confirmation.SINGLE, "逐个确认"), "utf-8")
    assert contract_js.stale_files(tmp_path) == ["words.js"]
    assert contract_js.main(["--check"]) == 1
    assert "words.js" in capsys.readouterr().err


def test_types_without_json_are_refused() -> None:
    class Odd(TypedDict):
        tags: set[str]

    with pytest.raises(TypeError, match="set"):
        contract_js._render(Odd, {}, {})


def test_the_words_of_python_stand_once_in_the_javascript() -> None:
    words = [word.value for enum in contract_js.WORDS.values() for word in enum if word.value]
    values = {word for word in words if word not in {"客户", "已确认", "待讨论"}}  # labels on screen say these too
    scripts = [path for path in sorted(contract_js.FOLDER.glob("*.js")) if path.name != "words.js"]
    texts = {path.name: path.read_text("utf-8") for path in scripts}
    assert [f"{name}: {word}" for name, text in texts.items() for word in sorted(values) if f'"{word}"' in text] == []
