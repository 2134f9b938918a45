"""Nearly every spelling of personal data is masked, and nearly no ordinary number is."""

import pytest

from bench.masking import missed, wrongly_masked
from bench.masking_texts import ordinary, samples
from core.domain.personal_data import PersonalKind

COUNT = 60


@pytest.mark.parametrize("kind", PersonalKind)
def test_spellings_are_masked(kind: PersonalKind) -> None:
    assert len(samples(kind, COUNT)) == COUNT
    assert not missed(kind, COUNT)


@pytest.mark.parametrize("name", ordinary(1))
def test_ordinary_numbers_stay(name: str) -> None:
    assert not wrongly_masked(ordinary(COUNT)[name])[1:]
