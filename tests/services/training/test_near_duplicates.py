"""Near duplicates against the Jaccard index counted on the texts themselves: hardly one missed, none made up."""

import json
import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from core.adapters.store import Store
from core.domain.chat import strip_residue
from core.domain.near_duplicates import SIMILAR, NearDuplicates
from core.services.training import export_training
from core.services.training.set_versions import chats_of_set
from tests.factories.exports import fill
from tests.factories.exports import form as filled
from tests.factories.training import options

LETTERS = [chr(code) for code in range(0x4E00, 0x4E00 + 1500)]
SURELY = 0.82


def jaccard(first: str, second: str) -> float:
    """The Jaccard index of two texts' runs of five characters, white space left out."""
    one, other = ({text[at : at + 5] for at in range(max(1, len(text) - 4))} for text in (_bare(first), _bare(second)))
    return len(one & other) / len(one | other)


def _bare(text: str) -> str:
    return "".join(text.split())


def changed(text: str, share: float, seed: int) -> str:
    """The text with so many of its characters replaced by others."""
    source = random.Random(seed)
    letters = list(text)
    for at in source.sample(range(len(letters)), round(len(letters) * share)):
        letters[at] = source.choice(LETTERS)
    return "".join(letters)


def shortened(text: str, share: float, seed: int) -> str:
    """The text without some of its lines, a line of its own in their place."""
    source = random.Random(seed)
    lines = text.splitlines()
    left_out = set(source.sample(range(len(lines)), round(len(lines) * share)))
    return "\n".join([*(line for at, line in enumerate(lines) if at not in left_out), f"丁{seed}：再说"])


def invented_chat(seed: int) -> str:
    source = random.Random(seed)
    return "\n".join("甲" + "".join(source.choices(LETTERS, k=source.randint(4, 24))) for _ in range(30))


def generated_pairs() -> Iterator[tuple[str, str]]:
    for seed in range(300):
        chat = invented_chat(seed)
        share = 0.04 * (seed % 50) / 50
        yield chat, changed(chat, share, seed) if seed % 2 else shortened(chat, share * 5, seed)


def check_pairs(pairs: list[tuple[str, str]]) -> None:
    """Every pair is put where the index counted on its texts says; different pairs have nothing in common."""
    near_duplicates = NearDuplicates()
    for number, pair in enumerate(pairs):
        for side, text in zip("ab", pair, strict=True):
            near_duplicates.add(f"{number}{side}".encode(), text)
    groups = near_duplicates.groups()
    together = [groups[f"{number}a".encode()] == groups[f"{number}b".encode()] for number in range(len(pairs))]
    indices = [jaccard(*pair) for pair in pairs]
    surely = [is_together for is_together, index in zip(together, indices, strict=True) if index >= SURELY]
    assert len(surely) >= 20
    assert sum(surely) >= 0.99 * len(surely)
    made_up = [index for is_together, index in zip(together, indices, strict=True) if is_together and index < SIMILAR]
    assert made_up == []


def test_pairs_just_above_the_threshold_are_found_and_those_below_are_not() -> None:
    pairs = list(generated_pairs())
    indices = [jaccard(*pair) for pair in pairs]
    assert sum(SURELY <= index < 0.88 for index in indices) >= 30
    assert sum(0.7 < index < SIMILAR for index in indices) >= 30
    check_pairs(pairs)


def test_the_threshold_itself_counts_as_near() -> None:
    text = "".join(LETTERS[:94])  # 90 runs of five characters; of 100 in all, 80 are common
    near, below = text[:84] + "".join(LETTERS[200:210]), text[:83] + "".join(LETTERS[300:311])
    near_duplicates = NearDuplicates()
    for digest, each in ((b"text", text), (b"near", near), (b"below", below)):
        near_duplicates.add(digest, each)
    assert (jaccard(text, near), jaccard(text, below) < SIMILAR) == (SIMILAR, True)
    groups = near_duplicates.groups()
    assert (groups[b"near"], groups[b"below"]) == (b"text", b"below")


def test_a_chain_of_small_changes_is_one_group_named_by_its_first() -> None:
    versions = [invented_chat(1)]
    for step in range(12):
        versions.append(changed(versions[-1], 0.012, step))
    assert jaccard(versions[0], versions[-1]) < 0.7
    assert all(jaccard(*pair) >= SURELY for pair in pairwise(versions))
    near_duplicates = NearDuplicates()
    for number in (5, 3, 12, 0, 7, 1, 9, 2, 11, 4, 6, 8, 10):
        near_duplicates.add(str(number).encode(), versions[number])
    assert set(near_duplicates.groups().values()) == {b"5"}
    assert NearDuplicates().groups() == {}


def test_no_near_pair_is_torn_apart_by_the_split(store: Store, tmp_path: Path) -> None:
    chats = [invented_chat(seed) for seed in range(24)]
    texts = [text for seed, chat in enumerate(chats) for text in (chat, changed(chat, 0.012, seed))]
    assert all(jaccard(chat, copy) >= SURELY for chat, copy in zip(texts[::2], texts[1::2], strict=True))
    fill(store, texts=tuple(texts), labels=tuple([filled()] for _ in texts))
    export_training(store, options=options(validation=0.5, seed=2), out=tmp_path / "set")
    train, validation = (chats_of_set(store, 1, part)["四条"] for part in ("train", "val"))
    assert train and validation
    assert [index for index in range(1, 48, 2) if (index in train) != (index + 1 in train)] == []


@pytest.mark.competition
def test_real_chats_with_small_changes_are_found(competition: Path) -> None:
    rows = json.loads((competition / "train.json").read_text("utf-8"))
    chats = [strip_residue(row["chat_text"]) for row in rows]
    check_pairs([(chat, changed(chat, 0.018, seed)) for seed, chat in enumerate(chats) if len(chat) > 200])
