"""Scores whether words before a colon look like a person's name or like a field label, by their form alone."""

import re
from functools import lru_cache
from typing import Final

from core.domain.chat.name_vocabulary import LABEL_ENDS, LABELS, SURNAMES, TITLE_ENDS

# Grammar that sentences have and names rarely do.
_SENTENCE = re.compile(
    r"如何|怎么|什么|为什么|可以|需要|以下|如下|这个|那个|这是|就是|我们|你们|咱们|您|请问|麻烦|因为|所以|如果|已经|还是|或者|对于|关于|按照|根据|通过|方面|其次|首先|然后|最后|目前|现在|之前|之后"
)
_BULLET = re.compile(
    r"[●○•·▪■□◆◇►▶➤→✔√]|[①-⑳⑴-⒇㈠-㈩❶-❿]|[(（【\[]?(?:\d{1,2}|[一二三四五六七八九十]{1,3})[)）】\].、，,．](?!\d)|第.{1,6}[步条章节人期]|[#*]\S|-{1,3}\s"
)
_TITLES: Final = frozenset(title for title in TITLE_ENDS if len(title) >= 2)
_QUOTE_OPEN: Final = "\"“「『《'‘”」<@＠"
_PAIRS: Final = (("(", ")"), ("（", "）"), ("【", "】"), ("[", "]"), ("「", "」"), ("《", "》"))
_ANON = re.compile(r"[\u4e00-\u9fff]{2,4}\d{1,2}")
_ANON_END = re.compile(r"(?:^|[^\u4e00-\u9fff]|[\u4e00-\u9fff])[\u4e00-\u9fff]{2}\d{1,2}$")
_HANZI = re.compile(r"[\u4e00-\u9fff]+")
# 小张, 老K, 物业小张, 阿强.
_FAMILIAR = re.compile(
    r"^[小老阿大][\u4e00-\u9fff]{1,2}$|^[小老阿][A-Z]$|[\u4e00-\u9fff][小老阿](?:[A-Z]|["
    + "".join(sorted(SURNAMES))
    + r"])$"
)
# 跟单Amy, 医助May: a job and a name.
_TITLED_LATIN = re.compile(r"[\u4e00-\u9fff]{1,6}[A-Z][a-z]{1,10}")
_LATIN_NAME = re.compile(r"[A-Z][a-z]{1,15}(?:[ .·_-]?[A-Z][A-Za-z]{0,15}){0,2}")
# Letters and digits of emoji that an export turned into question marks, bullets that decorate nicknames, bracket emoji.
_DECORATION = re.compile(
    r"^(?:[?？\s~～*★☆✨❤♥️⃣\ufe0f\U0001f000-\U0001faff\u2600-\u27bf\u23e9-\u23f3]|\[[^\[\]]{1,6}\])+"
)
_ENGLISH_LABEL = re.compile(
    r"(?<!\w)(?:\w+[ _-])?"
    r"(?:items?|prices?|names?|dates?|time|address|tel|phone|mobile|e-?mail|notes?|total|qty|quantity|"
    r"size|colou?r|payment|delivery|port|terms?|model|brand|subject|remarks?|moq|weight|from|to|cc|link|password|user(?:name)?|account)",
    re.IGNORECASE,
)
# 【联系方式】加…: a heading before other words.
_HEADED = re.compile(r"[【\[]([^】\]]{1,10})[】\]].")
# 订单类型（新购/增购/续期）: what one may choose from.
_OPTIONS = re.compile(r"[（(][^（）()/]*+/[^（）()]*+[)）]$")
# What stands in brackets at the end, from the first bracket on.
_BRACKETS = re.compile(r"\A([^（(【\[]*+)[（(【\[].*[）)】\]]$")
_EXPLANATION = re.compile(r"[（(].{0,40}[）)]$")
_HOURS = re.compile(r"(?<!\s)\s*+\d{1,2}:\d\d\s{0,2}[-~—–至]\s{0,2}\d{1,2}:\d\d.{0,6}$")
_JOINTS = re.compile(r"[\s\-—–_|丨·+@/&×]+")
_TIME_OF_DAY = re.compile(r"\d{1,2}:\d\d")
_SENTENCE_MARK = re.compile(r"[，；！？!;]|。(?!$)|,\s|://|=")


@lru_cache(maxsize=8192)
def name_shape(name: str) -> float:
    """How much words look like a person's name (above 0) or like a label, a list item or a sentence (below 0).

    Sizes: ±1 is a hint, ±3 is as good as certain unless the chat says otherwise, -9 cannot be outweighed.
    """
    if not name:
        return -9.0  # marks alone, once they are taken off
    if name[0] in _QUOTE_OPEN or "这是一条引用" in name or name.startswith("This is a quote"):
        return -9.0
    bare = _DECORATION.sub("", name).strip()
    if not bare:
        return 0.0 if "?" in name or len(name) <= 4 else -2.0
    # 小陈 8:00-22:00在线: office hours behind a name.
    hours = bare
    if (worker := _HOURS.sub("", bare)) and (worker in TITLE_ENDS or _person(worker) > 0):
        bare = worker
    score = _person(bare)
    score += _label(bare)
    if _BULLET.match(bare):
        score -= 5.0
    if any(bare.count(left) != bare.count(right) for left, right in _PAIRS):
        score -= 6.0
    if _SENTENCE_MARK.search(name):
        score -= 5.0
    if headed := _HEADED.match(bare):
        score -= 3.5 if _label(headed.group(1)) < 0 else 1.0
    if _OPTIONS.search(bare):
        score -= 2.0
    if _SENTENCE.search(bare):
        score -= 2.0
    if _TIME_OF_DAY.search(name) and hours == bare:
        score -= 2.0
    if "\u00a0" in name:
        score -= 2.0
    return score - max(0, len(name) - 16) * 0.1


def _person(bare: str) -> float:
    if _ANON.fullmatch(bare):
        return 3.0
    if _ANON_END.search(bare):
        return 2.0
    if bare in LABELS:
        return 0.0
    if bare in TITLE_ENDS:
        return 0.0  # 「司机：刘师傅」 is as likely as a nickname
    short = _BRACKETS.sub(r"\1", bare).strip()
    tail = _JOINTS.split(short)[-1]
    for word in (short, tail):
        if 2 <= len(word) <= 6 and word.endswith(TITLE_ENDS) and _HANZI.fullmatch(word):
            return 2.0
        if 2 <= len(word) <= 3 and word[0] in SURNAMES and _HANZI.fullmatch(word):
            return 1.5
        if _FAMILIAR.search(word) or _titled(word):
            return 1.5
    if _TITLED_LATIN.fullmatch(tail):
        return 1.0
    return 0.5 if _LATIN_NAME.fullmatch(short) else 0.0


def _titled(word: str) -> bool:
    """店长周杰, 导游阿诗玛: a job and one to three more characters."""
    return any(
        word[:length] in _TITLES and 1 <= len(word) - length <= 3 and _HANZI.fullmatch(word) for length in range(2, 6)
    )


def _label(bare: str) -> float:
    core = "".join(bare.split()).strip("【】[]()（）*_-—")
    # What stands in brackets behind a label explains it: 购买人数（互通费）.
    core = _EXPLANATION.sub("", core) or core
    if core in LABELS or _ENGLISH_LABEL.fullmatch(bare):
        return -4.5
    if core.endswith(LABEL_ENDS):
        return -3.5
    return 0.0
