"""What an exported file must not take the place of: devices, pipes, sockets, links to them."""

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import ExportError
from core.services.export.atomic_file import pending_file
from core.services.training.set_files import MANIFEST, TRAIN, VALIDATION, publish_set


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


MAKERS: dict[str, Callable[[Path], None]] = {
    "pipe": os.mkfifo,
    "socket": _socket,
    "link to a device": lambda path: path.symlink_to("/dev/full"),
    "link to a pipe": lambda path: (os.mkfifo(path.with_name("pipe")), path.symlink_to(path.with_name("pipe")))[1],
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_what_is_no_file_stays(tmp_path: Path, make: Callable[[Path], None]) -> None:
    target = tmp_path / "out.json"
    make(target)
    before = sorted(tmp_path.iterdir()), target.lstat().st_ino
    with pytest.raises(ExportError, match="不是普通文件"), pending_file(target) as file:
        file.write("x")
        file.finish()
        file.publish()
    assert (sorted(tmp_path.iterdir()), target.lstat().st_ino) == before


@pytest.mark.parametrize("device", ["/dev/null", "/dev/full", "/dev/stdout", "/dev/stderr", "/dev/fd/1"])
def test_devices_stay(device: str) -> None:
    with pytest.raises(ExportError, match="不是普通文件|写不了"), pending_file(Path(device)):
        raise AssertionError("began to write")
    assert stat.S_IFMT(os.lstat(device).st_mode) != stat.S_IFREG


@pytest.mark.parametrize("name", [TRAIN, "val.jsonl", "manifest.json"])
def test_a_training_set_replaces_files_only(tmp_path: Path, name: str) -> None:
    made, out = tmp_path / "made", tmp_path / "out"
    made.mkdir()
    out.mkdir()
    (made / TRAIN).write_text("{}")
    (out / "dataset_info.json").write_text("old")
    os.mkfifo(out / name)
    with pytest.raises(ExportError, match="不是普通文件"):
        publish_set(made, out)
    assert stat.S_ISFIFO((out / name).lstat().st_mode)
    assert (out / "dataset_info.json").read_text() == "old"


def test_a_set_broken_off_while_it_is_moved_has_no_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, out = tmp_path / "made", tmp_path / "out"
    for folder in (made, out):
        folder.mkdir()
        for name in (TRAIN, VALIDATION, MANIFEST):
            (folder / name).write_text(folder.name)
    move = os.replace

    def killed(source: Path, target: Path) -> None:
        if source.name == VALIDATION:
            raise KeyboardInterrupt
        move(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            publish_set(made, out)
    assert {path.name: path.read_text() for path in out.iterdir()} == {TRAIN: "made", VALIDATION: "out"}
    (made / TRAIN).write_text("made")
    publish_set(made, out)
    assert {path.read_text() for path in out.iterdir()} == {"made"} and (out / MANIFEST).exists()


def test_a_link_to_a_file_is_replaced_by_the_file(tmp_path: Path) -> None:
    old, target = tmp_path / "old.json", tmp_path / "out.json"
    old.write_text("old")
    target.symlink_to(old)
    with pending_file(target) as file:
        file.write("new")
        file.finish()
        file.publish()
    assert (target.read_text(), old.read_text()) == ("new", "old")
