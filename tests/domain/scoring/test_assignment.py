"""The assignment is that of SciPy, also where several have the same sum."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from core.domain.scoring.assignment import best_assignment


@settings(derandomize=True, deadline=None, max_examples=120)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_small_assignments_are_those_of_scipy(rows: int, columns: int, different: int, seed: int) -> None:
    totals = np.random.default_rng(seed).integers(0, different, (rows, columns)) / 7
    rows_chosen, columns_chosen = linear_sum_assignment(totals, maximize=True)
    assert best_assignment(totals.tolist()) == list(zip(rows_chosen.tolist(), columns_chosen.tolist(), strict=True))
