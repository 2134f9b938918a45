"""Names of accounts: which can be read, which are the same to whoever signs in, and which only look the same.

Whoever reads a record goes by the name on it, so no account may wear another one's face. The rules are those of Unicode
(UTS 39: mixed scripts, look-alike letters; the tables come from ``confusable-homoglyphs``).
"""

import re
import unicodedata
from typing import Final

from core.domain.entities.jionlp_library import simplified_characters
from core.domain.unseen_characters import NO_SHAPE

LONGEST_NAME: Final = 40
_UNSEEN: Final = re.compile(f"[{NO_SHAPE}]")
_EDGES: Final = re.compile(r"^[\W_]+|[\W_]+$")
_SAME_SHAPE: Final = str.maketrans("I1|0", "lllo")
"""Letters and digits that a screen draws alike; O is o without its capital."""
_TWO_AS_ONE: Final = {"rn": "m", "vv": "w", "cl": "d"}
_PAIRS: Final = re.compile("|".join(_TWO_AS_ONE))
_SAME_STROKES: Final = str.maketrans("オチ曰末土已巳靑戶沒吳呂", "才千日未士己己青户没吴吕")
"""Characters of one shape, or nearly, that the tables of Unicode keep apart."""
_NO_SCRIPT: Final = frozenset({"COMMON", "INHERITED"})
_TOGETHER: Final = (
    frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "HAN", "HANGUL"}),
)
"""Scripts that names may mix ("highly restrictive" in UTS 39, but for Bopomofo: its letters look like characters)."""

RESERVED_NAMES: Final = tuple(
    """按阈值通过 命令行 服务器定时 服务器 cli 自动 系统 程序 模型 有人 匿名 没有登录 未登录 所有人 本人 管理员 组长
    审阅员""".split()
)
"""What the program writes where a person's name stands, and the roles: no account may be called so."""
_ANONYMOUS: Final = re.compile("匿名[0-9]+")
"""What the program calls a person who was made unknown."""


def plain_account_name(name: str) -> str:
    """A name as accounts have it: full-width letters and compatibility forms as plain ones, single blanks."""
    return " ".join(unicodedata.normalize("NFKC", name).split())


def name_key(name: str) -> str:
    """What a name is recognised by: capitals, width and blanks at its ends make no difference."""
    return unicodedata.normalize("NFKC", plain_account_name(name).casefold())


def look_the_same(name: str, other: str) -> bool:
    """Whether two names could be taken for one another, by the shapes of their letters; capitals and blanks apart."""
    return bool(_faces(name) & _faces(other))


def _faces(name: str) -> set[str]:
    """What a name looks like, read twice: where capitals make no difference, and where I, l and 1 make none."""
    plain = plain_account_name(_UNSEEN.sub("", name))
    traditional = simplified_characters()
    letters = [_drawn_as(traditional.get(letter, letter)) for letter in plain]
    shapes = _PAIRS.sub(lambda pair: _TWO_AS_ONE[pair[0]], "".join(letters).translate(_SAME_SHAPE).casefold())
    return {"".join(_EDGES.sub("", face).split()) for face in ("".join(letters).casefold(), shapes)}


def is_reserved(name: str) -> bool:
    """Whether a name is one that the program writes itself, or looks like one, so that nobody may have it."""
    return _ANONYMOUS.fullmatch(plain_account_name(name)) is not None or any(
        look_the_same(name, own) for own in RESERVED_NAMES
    )


def name_problem(name: str) -> str:
    """Why an account cannot have a name (a Chinese clause); ``""`` where it can.

    Args:
        name: as it was typed.
    """
    from confusable_homoglyphs import categories  # reads tables, which no server needs to start

    plain = plain_account_name(name)
    if not plain or len(plain) > LONGEST_NAME:
        return f"名字要有 1 到 {LONGEST_NAME} 个看得见的字符"
    if _UNSEEN.search(plain) or any(unicodedata.category(character)[0] == "C" for character in plain):
        return f"名字要有 1 到 {LONGEST_NAME} 个看得见的字符，现在夹着看不见的字符"
    if any(unicodedata.category(one)[0] == "M" and categories.alias(one) == "INHERITED" for one in plain):
        return "名字里的字上加了符号，看起来和没有加的一样"
    if any("\u2e80" <= one <= "\u2eff" for one in plain):
        return "名字里有部首符号，看起来和汉字一样"
    if is_reserved(plain):
        return f"「{plain}」是程序自己用的称呼，写在记录上分不清是谁"
    scripts = {categories.alias(character) for character in plain} - _NO_SCRIPT
    if len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER):
        return "名字夹着别的文字里长得一样的字母（例如西里尔字母、希腊字母），看不出是谁"
    return ""


def _drawn_as(character: str) -> str:
    """The letter that stands for all that look like this one; ASCII stands for itself."""
    if character.isascii():
        return character
    from confusable_homoglyphs import confusables

    character = character.translate(_SAME_STROKES)
    alike = [str(other["c"]) for other in confusables.confusables_data.get(character, ())]
    plain = next((other for other in alike if other.isascii() and other.isalnum()), None)
    return plain or (alike[0] if len(alike) == 1 and (alike[0].isalnum() or not character.isalnum()) else character)
