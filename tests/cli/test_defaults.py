"""Values that the command line writes out, so that ``--help`` stays quick, are those of the program."""

import inspect

import pytest

from core.cli import common, quality
from core.domain.scoring import CORRECT_FROM


def test_compare_counts_a_cell_as_right_from_the_same_similarity_as_the_pages() -> None:
    assert inspect.signature(quality.compare).parameters["right_from"].default == CORRECT_FROM


def test_names_of_files_do_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    common.say("a\x1b[2J\u202eb.csv：\t一\n二")
    assert capsys.readouterr().out == "a\\x1b[2J\\u202eb.csv：\t一\n二\n"
