"""Nearly every spelling of personal data is masked, and nearly no ordinary number is."""

from collections.abc import Callable

import pytest

from bench.masking import missed, wrongly_masked
from bench.masking_habits import habits
from bench.masking_hand import by_hand, ordinary_by_hand
from bench.masking_lookalikes import lookalikes
from bench.masking_texts import Sample, ordinary, samples
from core.domain.personal_data import PersonalKind

COUNT = 60


@pytest.mark.parametrize("kind", PersonalKind)
@pytest.mark.parametrize("written_by", [samples, habits])
def test_spellings_are_masked(written_by: Callable[[PersonalKind, int], list[Sample]], kind: PersonalKind) -> None:
    written = written_by(kind, COUNT)
    assert len(written) == COUNT
    assert not missed(kind, written)[1:]


@pytest.mark.parametrize("kind", PersonalKind)
def test_what_was_written_by_hand_is_masked(kind: PersonalKind) -> None:
    written = by_hand(kind)
    assert len(written) >= 85
    assert len(missed(kind, written)) <= len(written) // 100


def test_ordinary_messages_written_by_hand_stay() -> None:
    assert len(wrongly_masked(ordinary_by_hand())) <= len(ordinary_by_hand()) // 100


@pytest.mark.parametrize("name", ordinary(1))
def test_ordinary_numbers_stay(name: str) -> None:
    assert not wrongly_masked(ordinary(COUNT)[name])[1:]


@pytest.mark.parametrize("name", lookalikes(1))
def test_what_only_looks_like_somebody_stays(name: str) -> None:
    assert not wrongly_masked(lookalikes(COUNT)[name])
