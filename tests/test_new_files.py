"""A new file is whole or not there, and what the system refuses is said in Chinese."""

from pathlib import Path

import pytest

from core.new_files import write_new_file
from core.system_errors import system_reason
from tests.small_disk import fill, small_disk


def test_a_file_that_does_not_fit_is_not_there() -> None:
    with small_disk() as disk:
        fill(disk)
        with pytest.raises(OSError) as refused:
            write_new_file(disk / "new.md", "甲" * 5000)
        assert system_reason(refused.value) == "磁盘已满"
        assert not (disk / "new.md").exists()


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    write_new_file(tmp_path / "new.md", "甲\n")
    with pytest.raises(FileExistsError):
        write_new_file(tmp_path / "new.md", "乙")
    assert (tmp_path / "new.md").read_bytes() == "甲\n".encode()


def test_refusals_are_said_in_chinese_and_rare_ones_in_the_words_of_the_system(tmp_path: Path) -> None:
    reasons = []
    for path in (tmp_path / "none" / "x", tmp_path, tmp_path / ("x" * 300)):
        with pytest.raises(OSError) as refused:
            path.open("w")
        reasons.append(system_reason(refused.value))
    assert reasons == ["路径不存在", "是一个文件夹", "名称太长"]
    assert system_reason(OSError("no number")) == "no number"
