"""Words around the answers in a reply: what announces one, what is a remark, which customer comes next."""

import re

REVISED = re.compile(
    r"最终|修正|修改后|更正|改正|纠正|调整后|终稿|反思后|复核后|优化后|完善后|final|revis|correct|refine", re.I
)
ANSWER = re.compile(r"答案|结果|输出|最终|final|answer|result|output", re.I)
WRAPPERS = frozenset(
    "infos info results result data output answer answers forms customers items list json "
    "结果 答案 最终答案 客户 客户列表 客户信息 客户信息列表 信息 列表".split()
)
ASIDE = re.compile(
    r"confidence|evidence|reason|explanation|changes?|notes?|source|score|置信|依据|证据|说明|理由|原文|来源|改动|评分",
    re.IGNORECASE,
)
"""Keys of what a model says about its answer, which may be keyed by fields as the answer is."""
EXAMPLE = re.compile(r"格式|示例|例如|比如|形如|样例|模板|example|format|template", re.IGNORECASE)
VERSION = re.compile(r"草稿|初稿|初步|draft|version|版|稿|轮|before|after|原始|旧|新", re.IGNORECASE)
"""Keys of one answer's versions, of which the last counts."""
_TITLE = re.compile(
    r"(?:第|no)? ?(?:客户|顾客|用户|customer|person|user|item)? ?(?:\d{1,2}|[一二三四五六七八九十]{1,3}|[a-h甲乙丙丁])?"
    r" ?(?:位|个|号)? ?(?:客户|顾客|用户)?",
    re.IGNORECASE,
)
_FENCE = re.compile(r"```\w*")
_NO_WORDS = re.compile(r"[\W_]+")
_LONGEST_TITLE = 30
_NEAR = 80
"""Characters on either side that decide what an empty list means."""


def is_title(words: str) -> bool:
    """Whether words say no more than which customer comes next: nothing, a number, 客户2, 第二位客户."""
    plain = _NO_WORDS.sub(" ", _FENCE.sub(" ", words)).strip()
    return len(plain) <= _LONGEST_TITLE and _TITLE.fullmatch(plain) is not None


def is_announced(text: str, start: int, end: int, before: str) -> bool:
    """Whether an empty list behind an answer is said to be the answer, not mentioned in a sentence or left over.

    Args:
        text: the reply.
        start: where the list begins.
        end: behind its last character.
        before: the words since the answer before it.
    """
    near = max(0, start - _NEAR)
    line = text[max(near, text.rfind("\n", near, start) + 1) : start]
    after = text[end : end + _NEAR].split("\n", 1)[0]
    if after.strip(' \t\r。.`"'):
        return False
    return bool(ANSWER.search(line) if line.strip(' \t`"') else ANSWER.search(before) or REVISED.search(before))
