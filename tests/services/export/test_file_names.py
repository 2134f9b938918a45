"""Names from data become names of files: never paths, and such that every system takes them."""

import tempfile
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from core.domain.form import load_named_form
from core.errors import ExportError, FormError
from core.services.export import ExportResult, download, file_name

HOSTILE = [
    *("..", ".", "...", "../../etc/passwd", "..\\..\\boot.ini", "/etc/passwd", "C:\\a", "a/../../b", "a/b", ". .", "~"),
    *("a\x00b", "a\nb", "a\tb", "con", "NUL.txt", "Com1", "lpt9.jsonl", "aux.", "a.", "a ", "a. . ."),
    *("\u202efdp.exe", "a\u200bb", "\ufeffa", "a\u2066b", "\ud800a", "训" * 300, "a" * 300, "👍🏽" * 100, "é" * 120),
    *('a:b*c?"d<e>f|g', "\u2028a", "-rf", ".hidden", "％2e％2e", "．．", "․․/a"),
]


def safe_name(name: str) -> bool:
    stem = name.partition(".")[0].lower()
    return (
        Path(name).name == name
        and name not in (".", "..")
        and not set(name) & set('/\\:*?"<>|\0\n\r\t \u200b\u202e\u2066\ufeff\u2028')
        and not name.startswith(".")
        and not name.endswith((".", " "))
        and stem not in {"con", "nul", "aux", "prn", "com1", "lpt9"}
        and len(name) <= 81
        and len(name.encode()) <= 181
    )


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_every_name_becomes_a_name_of_one_file_or_is_refused(name: str) -> None:
    try:
        made = file_name(name)
    except ExportError as error:
        assert "文件名" in str(error)
        assert not name.strip("./\\ ~\x00")
    else:
        assert safe_name(made)
    assert safe_name(file_name("submission", name))
    assert safe_name(file_name(name, fallback="training-3"))


def test_ordinary_names_stay() -> None:
    assert file_name("submission", "二月 群聊") == "submission_二月_群聊"
    assert file_name("v1.2-试", "alpaca") == "v1.2-试_alpaca"


def tempfile_names() -> set[str]:
    return {path.name for path in Path(tempfile.gettempdir()).iterdir()}


@pytest.mark.parametrize("name", ["..", ".", "", "../a", "a/b", "/tmp/a", "a\\b", "a\0"], ids=ascii)
def test_a_download_cannot_leave_its_folder(name: str) -> None:
    before = tempfile_names()

    def make(out: Path) -> ExportResult:
        raise AssertionError(f"asked to write to {out}")

    with pytest.raises(ExportError):
        download(name, make)
    assert {
        path for path in set(Path(tempfile.gettempdir()).iterdir()) - before if "shiyao-export" in path.name
    } == set()


def test_members_of_an_archive_lie_in_one_folder() -> None:
    def make(out: Path) -> ExportResult:
        out.mkdir()
        (out / "train.jsonl").write_text("{}\n", "utf-8")
        return ExportResult(kind="training", out=out, sha256="", size=3, counts={})

    made = download(file_name("../..", "甲"), make)
    members = zipfile.ZipFile(BytesIO(made.data)).namelist()
    assert members == [made.name.removesuffix(".zip") + "/train.jsonl"] and ".." not in Path(members[0]).parts


@pytest.mark.parametrize("name", ["../../.streamlit/secrets", "/etc/hosts", "..", "", "a\0b", "a/b"], ids=ascii)
def test_the_name_of_a_form_is_no_path(name: str) -> None:
    with pytest.raises(FormError):
        load_named_form(name)
