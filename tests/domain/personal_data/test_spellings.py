"""Nearly every spelling of personal data is masked, and nearly no ordinary number is."""

from collections.abc import Callable

import pytest

from bench.masking import missed, wrongly_masked
from bench.masking_habits import habits
from bench.masking_hand import by_hand, ordinary_by_hand
from bench.masking_lookalikes import lookalikes
from bench.masking_texts import Sample, ordinary, samples
from bench.masking_unseen import ordinary_unseen, unseen
from core.domain.personal_data import PersonalKind, personal_mentions

COUNT = 60
MOST_UNSEEN_MISSED = 0.03


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


@pytest.mark.parametrize("kind", PersonalKind)
def test_spellings_that_nobody_listed_are_masked(kind: PersonalKind) -> None:
    written = unseen(kind)
    assert len(written) >= 200
    every_third = written[::3]
    assert len(missed(kind, every_third)) <= len(every_third) * MOST_UNSEEN_MISSED


def test_ordinary_messages_that_nobody_listed_stay() -> None:
    texts = ordinary_unseen()
    assert len(texts) >= 400
    assert len(wrongly_masked(texts[::3])) <= len(texts[::3]) // 100


@pytest.mark.parametrize("name", ordinary(1))
def test_ordinary_numbers_stay(name: str) -> None:
    assert not wrongly_masked(ordinary(COUNT)[name])[1:]


@pytest.mark.parametrize("name", lookalikes(1))
def test_what_only_looks_like_somebody_stays(name: str) -> None:
    assert not wrongly_masked(lookalikes(COUNT)[name])


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ("昨天蔡振华给我打的电话", ["蔡振华"]),
        ("杨丁宇，麻烦你跟进一下", ["杨丁宇"]),
        ("跟雷妍联系过了", ["雷妍"]),
        ("我要投诉程永强", ["程永强"]),
        ("订单是廖谢一诺下的", ["廖谢一诺"]),
        ("预约人 Chen Jiahe", ["Chen Jiahe"]),
        ("业主阿卜杜拉·卡德尔", ["阿卜杜拉·卡德尔"]),
        ("让其其格处理吧", ["其其格"]),
        ("我叫高兴", ["高兴"]),
        ("很高兴为您服务，方便的时候看看金额", []),
        ("联系人权限在哪里开", []),
        ("跟明星同款，周大福的安全扣", []),
        ("客户和部门都看不到", []),
    ],
)
def test_people_who_do_not_speak_are_found_in_sentences(sentence: str, names: list[str]) -> None:
    mentions = personal_mentions(sentence, [PersonalKind.NAME])
    assert [sentence[one.start : one.end] for one in mentions] == names
