"""Values that the command line writes out, so that ``--help`` stays quick, are those of the program."""

import inspect

from core.cli import quality
from core.domain.scoring import CORRECT_FROM


def test_compare_counts_a_cell_as_right_from_the_same_similarity_as_the_pages() -> None:
    assert inspect.signature(quality.compare).parameters["right_from"].default == CORRECT_FROM
