"""Who is mentioned: known names behind an @, the longest one, and nobody in an address."""

import pytest

from core.domain.mentions import mentioned_people, unknown_mentions

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
    assert mentioned_people(text, PEOPLE) == names


def test_a_name_of_nothing_is_never_mentioned() -> None:
    assert mentioned_people("@ 好", ["", " "]) == []


def test_who_is_nobody_is_named() -> None:
    assert unknown_mentions("@小李 看，@王芳 也看，@小李 快，a@lin.com，@ 空", PEOPLE) == ["小李"]
    assert unknown_mentions("@小李 @王芳", PEOPLE) == ["小李"]
