"""Who is mentioned: known names behind an @, the longest one, and nobody in an address."""

import pytest

from core.domain import mentions
from core.domain.mentions import MentionFinder

PEOPLE = ("王芳", "王芳芳", "Lin", "Linda", "周 遥", "ａｌｅｘ")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@王芳看一下", ["王芳"]),
        ("请@王芳芳 看", ["王芳芳"]),
        ("＠王芳，@LIN。", ["王芳", "Lin"]),
        ("@linda 和 @lin", ["Linda", "Lin"]),
        ("@lind @王", []),
        ("@周 遥：好", ["周 遥"]),
        ("@Alex 好", ["ａｌｅｘ"]),
        ("邮箱 a@lin.com", []),
        ("@王芳 @王芳", ["王芳"]),
        ("@" * 5000, []),
        ("", []),
    ],
)
def test_people_are_mentioned_by_their_names(text: str, names: list[str]) -> None:
    assert MentionFinder(PEOPLE).people(text) == names


def test_a_name_of_nothing_is_never_mentioned() -> None:
    assert MentionFinder(["", " "]).people("@ 好") == []


def test_who_is_nobody_is_named() -> None:
    assert MentionFinder(PEOPLE).unknown("@小李 看，@王芳 也看，@小李 快，a@lin.com，@ 空") == ["小李"]
    assert MentionFinder(PEOPLE).unknown("@小李 @王芳") == ["小李"]


@pytest.mark.parametrize("text", ["@" * 20_000, "@小李" * 5_000, "@王芳 " * 5_000])
def test_work_goes_with_the_text_however_many_people_there_are(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folded: list[str] = []
    fold = mentions._folded

    def counted(part: str) -> str:
        folded.append(part)
        return fold(part)

    monkeypatch.setattr(mentions, "_folded", counted)
    finder = MentionFinder([f"审阅人{number}" for number in range(300)])
    assert len(folded) == 300
    finder.people(text)
    finder.unknown(text)
    finder.people(text)
    assert len(folded) <= 300 + 2 * text.count("@")
