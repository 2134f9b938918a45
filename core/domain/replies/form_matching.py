"""Matches JSON values of any structure to forms: opens wrappers, flattens groups, recognises keys, skips drafts."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from core.domain.form import Form
from core.domain.replies.json_fragments import JsonFragment, find_fragments

_NOISE = re.compile(r"[\s\-_—–－·.。/／:：>→|]+")
_REVISED = re.compile(
    r"最终|修正|修改后|更正|改正|纠正|调整后|终稿|反思后|复核后|优化后|完善后|final|revis|correct|refine", re.I
)
_ANSWER = re.compile(r"答案|结果|输出|最终|final|answer|result|output", re.I)
_WRAPPERS = frozenset(
    "infos info results result data output answer answers forms customers items list json "
    "结果 答案 最终答案 客户 客户列表 客户信息 客户信息列表 信息 列表".split()
)
_ASIDE = re.compile(
    r"confidence|evidence|reason|explanation|changes?|notes?|source|score|置信|依据|证据|说明|理由|原文|来源|改动|评分",
    re.IGNORECASE,
)
"""Keys of what a model says about its answer, which may be keyed by fields as the answer is."""
_FAR_LESS = 4
"""An answer with fewer fields than this part of another's is a remark about that one."""
_MAX_DEPTH = 6
_NEAR = 80
"""Characters on either side that decide what an empty list means."""

RENAMED = "字段名的写法或层级不同，已对应到表单的字段"
INNER_JSON = "JSON 写在了字符串里，已展开"
WRAPPED = "答案包在别的结构里，已取出"
SINGLE = "收到单个对象，已当作一位客户"
SEVERAL = "几个对象没有放进列表，已合成一个答案"
FRAGMENTS = "列表之后还有零散的对象，已忽略"
ODD_ITEMS = "列表里有不是表单的内容，已忽略"


class Answer(NamedTuple):
    """Raw forms that belong to one answer.

    Attributes:
        raws: mappings with the form's keys, one per customer; may be empty.
        whole: a list or a wrapper, which says all there is to say; a bare object says one customer.
        complete: not cut off.
        notes: in Chinese.
    """

    raws: list[dict[str, Any]]
    whole: bool
    complete: bool = True
    notes: tuple[str, ...] = ()


class FormMatcher:
    """Recognises the fields of one form."""

    def __init__(self, form: Form) -> None:
        self.form = form
        short: dict[str, list[str]] = {}
        for field in form.fields:
            for alias in {_plain(field.label), _plain(field.key.rsplit("-", 1)[-1])}:
                short.setdefault(alias, []).append(field.key)
        self._keys = {alias: keys[0] for alias, keys in short.items() if len(keys) == 1}
        self._keys |= {_plain(key): key for key in form.keys}

    def weigh(self, value: Any, depth: int = 0) -> int:
        """Number of the form's fields that a value contains, at any depth."""
        if depth > _MAX_DEPTH:
            return 0
        if isinstance(value, Mapping):
            return sum((_plain(key) in self._keys) + self.weigh(inner, depth + 1) for key, inner in value.items())
        return sum(self.weigh(inner, depth + 1) for inner in value) if isinstance(value, list) else 0

    def read(self, value: Any, depth: int = 0) -> Answer | None:
        """The raw forms in a JSON value; ``None`` if there are none."""
        if depth > _MAX_DEPTH:
            return None
        if isinstance(value, Mapping):
            return self._read_mapping(value, depth)
        if isinstance(value, list):
            return self._read_list(value, depth)
        if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
            answer = self.settle(self.answers(find_fragments(value, self.weigh), value, depth + 1))
            return answer and answer._replace(notes=(INNER_JSON, *answer.notes))
        return None

    def answers(self, pieces: Iterable[JsonFragment], text: str, depth: int = 0) -> list[tuple[str, Answer]]:
        """All answers among the JSON fragments of a text, each with the words before it."""
        candidates: list[tuple[str, Answer]] = []
        previous = 0
        for piece in pieces:
            answer = self.read(piece.value, depth)
            if answer is None or (not answer.raws and candidates and not _stands_alone(text, piece)):
                continue
            before = text[previous : piece.start]
            notes = (*piece.notes, *answer.notes)
            candidates.append((before, answer._replace(complete=answer.complete and piece.complete, notes=notes)))
            previous = piece.end
        return candidates

    def _read_list(self, items: list[Any], depth: int) -> Answer | None:
        raws: list[dict[str, Any]] = []
        notes: list[str] = []
        for item in items:
            answer = self.read(item, depth + 1)
            if answer is None:
                notes.append(ODD_ITEMS)
            else:
                raws += answer.raws
                notes += [WRAPPED] if isinstance(item, list) else []
                notes += [note for note in answer.notes if note != SINGLE]
        return Answer(raws, True, notes=tuple(notes)) if raws or not items else None

    def _read_mapping(self, value: Mapping[str, Any], depth: int) -> Answer | None:
        if wrapped := self._unwrap(value, depth):
            return wrapped
        flat = self._flatten(value)
        if flat is not None:
            raw, renamed = flat
            return Answer([raw], False, notes=(SINGLE, RENAMED) if renamed else (SINGLE,))
        inner_answers: list[tuple[str, Answer]] = []
        plain = [key for key, inner in value.items() if not self._is_aside(key) and self.weigh(inner)]
        for key, inner in value.items():
            if plain and self._is_aside(key):
                continue
            answer = self.read(inner, depth + 1)
            if answer and (answer.raws or str(key).strip().lower() in _WRAPPERS):
                inner_answers.append((str(key), answer))
        answer = self.settle(inner_answers)
        if answer is None:
            return None
        notes = [note for note in answer.notes if note != SINGLE]
        return answer._replace(whole=True, notes=(WRAPPED, *notes))

    def _unwrap(self, value: Mapping[str, Any], depth: int) -> Answer | None:
        """The list in a wrapper (infos, 结果), whatever stands beside it; ``None`` if the fields stand beside it."""
        beside = sum(_plain(key) in self._keys for key in value)
        answers: list[tuple[str, Answer]] = []
        for key, inner in value.items():
            if str(key).strip().lower() not in _WRAPPERS or _plain(key) in self._keys or not isinstance(inner, list):
                continue
            answer = self.read(inner, depth + 1)
            if answer and (self._heaviest(answer) > 2 * beside if answer.raws else not beside):
                answers.append((str(key), answer))
        filled = [one for one in answers if one[1].raws]
        others = any(
            self.weigh(inner)
            for key, inner in value.items()
            if not self._is_aside(key) and not (isinstance(inner, list) and not inner)
        )
        if not filled and others:
            return None  # an empty list beside an answer under another name
        answer = self.settle(filled or answers)
        if answer is None:
            return None
        return answer._replace(whole=True, notes=(WRAPPED, *(note for note in answer.notes if note != SINGLE)))

    def _is_aside(self, key: object) -> bool:
        """Whether a key is that of a remark about the answer, and none of the form."""
        return bool(_ASIDE.search(str(key))) and _plain(key) not in self._keys and key not in self.form.groups

    def _heaviest(self, answer: Answer) -> int:
        """Number of fields of the customer who has most of them."""
        return max(map(self.weigh, answer.raws), default=0)

    def _far_less(self, answer: Answer, other: Answer) -> bool:
        """Whether an answer has so few fields that it is a remark about the other one; no customers are an answer."""
        most = self._heaviest(other)
        if not answer.raws or most < max(4, len(self.form.fields) // 3):
            return False
        return self._heaviest(answer) * _FAR_LESS < most

    def _flatten(self, value: Mapping[str, Any]) -> tuple[dict[str, Any], bool] | None:
        """A mapping as one form with the form's own keys, and whether keys changed; ``None`` if it is no form."""
        out: dict[str, Any] = {}
        rest: dict[str, Any] = {}
        renamed = False
        direct = {known for key in value if (known := self._keys.get(_plain(key)))}
        for key, inner in value.items():
            known = self._keys.get(_plain(key))
            if known:
                renamed |= known != key
                if known == key or not out.get(known):
                    out[known] = inner
                continue
            group = self._group(key, inner)
            if not group or group.keys() & direct or (direct and self._is_aside(key)):
                rest[key] = inner
            elif group.keys() & out.keys():
                return None  # two groups claim one field: these are several customers, not groups of one
            else:
                out |= group
                renamed = True
        return ({**out, **rest}, renamed) if out else None

    def _group(self, key: str, inner: Any) -> dict[str, Any]:
        """``{"组": {"字段": …}}`` → ``{"组-字段": …}``; also where the group is a list of mappings."""
        if isinstance(inner, Mapping):
            known = {sub: self._keys.get(_plain(f"{key}{sub}")) or self._keys.get(_plain(sub)) for sub in inner}
            return {full: inner[sub] for sub, full in known.items() if full}
        if not isinstance(inner, list) or not all(isinstance(item, Mapping) for item in inner):
            return {}
        merged: dict[str, list[Any]] = {}
        for item in inner:
            for sub, part in item.items():
                # Only with the group's name before it, or a list of customers would melt into one.
                if full := self._keys.get(_plain(f"{key}{sub}")):
                    merged.setdefault(full, []).extend(part if isinstance(part, list) else [part])
        return {full: parts[0] if len(parts) == 1 else parts for full, parts in merged.items()}

    def settle(self, candidates: Iterable[tuple[str, Answer]]) -> Answer | None:
        """The answer that counts: the last complete one.

        Bare objects one after another are the customers of one answer, until words of revision come between them or
        a customer comes again: then a new answer begins. Bare objects behind a list are fragments, unless they are
        announced as a revision.

        Args:
            candidates: answers in order, each with the words before it.
        """
        groups: list[Answer] = []
        names: set[str] = set()
        for before, answer in candidates:
            revised = bool(_REVISED.search(before))
            last = groups[-1] if groups else None
            remark = last is not None and last.complete and answer.complete and self._far_less(answer, last)
            if last and ((last.whole and not answer.whole and not revised) or remark):
                groups[-1] = last._replace(notes=(*last.notes, FRAGMENTS))
                continue
            name = str(answer.raws[0].get(self.form.name_field) or "") if answer.raws else ""
            if (
                last is None
                or answer.whole
                or last.whole
                or revised
                or name in names
                or answer.raws[0] in last.raws
                or self._far_less(last, answer)
            ):
                groups.append(answer)
                names = set()
            else:
                notes = tuple(SEVERAL if note == SINGLE else note for note in (*last.notes, *answer.notes))
                groups[-1] = Answer(last.raws + answer.raws, False, last.complete and answer.complete, notes)
            names |= {name} - {""}
        if len(groups) < 2:
            return groups[0] if groups else None
        chosen = next((group for group in reversed(groups) if group.complete), groups[-1])
        which = "采用最后一个" if chosen is groups[-1] else "最后一个不完整，采用它之前的"
        return chosen._replace(notes=(f"回复里有 {len(groups)} 个答案，{which}", *chosen.notes))


def _plain(key: object) -> str:
    return _NOISE.sub("", str(key)).lower()


def _stands_alone(text: str, piece: JsonFragment) -> bool:
    """Whether an empty list is said as an answer, not mentioned in a sentence."""
    near = max(0, piece.start - _NEAR)
    before = text[max(near, text.rfind("\n", near, piece.start) + 1) : piece.start]
    after = text[piece.end : piece.end + _NEAR].split("\n", 1)[0]
    return not after.strip(" \t\r。.`") and (not before.strip(" \t`") or bool(_ANSWER.search(before)))
