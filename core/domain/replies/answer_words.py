"""Words around the answers in a reply: what announces one, what is a remark, which customer comes next."""

import re
from typing import Literal

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
GROUP = re.compile(
    r"信息|资料|方式|情况|计划|需求|意向|预算|跟进|基本|联系|位置|地址|身份|个人|时间|竞品|阶段|其他|其它|备注"
    r"|\b(?:info|basic|contact|details?|plan|profile|budget|other)",
    re.IGNORECASE,
)
"""Words in names of groups of fields, also of such as a model makes up; nobody is called so."""
MESSAGE_OR_RATING = re.compile(
    r"\s{0,4}(?:(?:第\s{0,4})?\d{1,9}(?:\s{0,4}[、,，\-~至到]\s{0,4}\d{1,9}){0,40}\s{0,4}[条句行](?:消息|记录)?"
    r"|(?:消息|message|msg|line|#|L)\s{0,4}\d{1,9}"
    r"|0(?:\.\d{1,20})?|1(?:\.0{1,20})?|\d{1,3}(?:\.\d{1,20})?\s{0,4}%|高|中|低|high|medium|low)\s{0,4}",
    re.IGNORECASE,
)
"""Which message a value is from, or how sure a model is of it: no value itself."""
VERSION = re.compile(
    r"草稿|初稿|初步|draft|version|版本|^第.{1,2}[版稿轮]|[版稿轮]\d*$|before|after|原始|^[旧新]", re.IGNORECASE
)
"""Keys of one answer's versions, of which the last counts."""
_TITLE = re.compile(
    r"(?:第|no)? ?(?:客户|顾客|用户|customer|person|user|item)? ?(?:\d{1,2}|[一二三四五六七八九十]{1,3}|[a-h甲乙丙丁])?"
    r" ?(?:位|个|号)? ?(?:客户|顾客|用户)?",
    re.IGNORECASE,
)
_DONE = re.compile(r"整理|提取|抽取|改为|得到|得出|extracted", re.IGNORECASE)
_OBEYED = re.compile(
    r"(?:按|照|依|符合|以|用|following|json)[^，。；,;\n]{0,12}(?:格式|模板|示例|样例|format|template|example)|格式化",
    re.IGNORECASE,
)
"""The format that an answer keeps to: no example follows."""
_ABOUT = re.compile(r"\b(?:of|for|behind|about)\b.*", re.IGNORECASE)
_LONGEST_HEADING = 12
_LONGEST_LINE = 200
_FENCE = re.compile(r"```\w*")
_NO_WORDS = re.compile(r"[\W_]+")
_LONGEST_TITLE = 30
_NEAR = 80
"""Characters on either side that decide what an empty list means."""


def is_title(words: str) -> bool:
    """Whether words say no more than which customer comes next: nothing, a number, 客户2, 第二位客户."""
    plain = _NO_WORDS.sub(" ", _FENCE.sub(" ", words)).strip()
    return len(plain) <= _LONGEST_TITLE and _TITLE.fullmatch(plain) is not None


def announced(before: str) -> Literal["answer", "example", "remark", ""]:
    """What the last line before a JSON value announces: of several words the last one says it (结果的依据).

    Args:
        before: the words since the value before it; fences do not count.
    """
    line = _FENCE.sub(" ", before).rstrip().rsplit("\n", 1)[-1][-_LONGEST_LINE:]
    line = _ABOUT.sub("", _OBEYED.sub("", line))
    ends = {
        kind: max((match.end() for pattern in patterns for match in pattern.finditer(line)), default=0)
        for kind, patterns in _KINDS.items()
    }
    kind = max(ends, key=lambda one: ends[one])
    rest = line[ends[kind] :]
    if not ends[kind] or (kind != "example" and (len(rest) > _LONGEST_HEADING or "。" in rest)):
        return ""
    words = before.rstrip()
    is_heading = line.rstrip()[-1:] in (":", "：") or words.endswith("`") or "\n" in before[len(words) :]
    return kind if kind != "answer" or is_heading else ""


_KINDS: dict[Literal["answer", "example", "remark"], tuple[re.Pattern[str], ...]] = {
    "answer": (ANSWER, REVISED, _DONE),
    "example": (EXAMPLE,),
    "remark": (ASIDE,),
}


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
