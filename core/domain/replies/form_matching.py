"""Matches JSON values of any structure to forms: opens wrappers, flattens groups, recognises keys, skips drafts."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from core.domain.form import Form
from core.domain.replies.answer_choice import FRAGMENTS, SINGLE, Answer, AnswerChooser
from core.domain.replies.answer_words import (
    ANSWER,
    ASIDE,
    EXAMPLE,
    GROUP,
    REVISED,
    VERSION,
    WRAPPERS,
    is_announced,
    is_title,
)
from core.domain.replies.json_fragments import JsonFragment, find_fragments
from core.domain.replies.plain_values import is_truth_number

_NOISE = re.compile(r"[\s\-_—–－·.。/／:：>→|]+")
_LONGEST_NAME = 20
_MOST_ANSWERS = 300
"""Objects in one reply that are looked at: each is compared with those before."""
_MAX_DEPTH = 6

RENAMED = "字段名的写法或层级不同，已对应到表单的字段"
INNER_JSON = "JSON 写在了字符串里，已展开"
WRAPPED = "答案包在别的结构里，已取出"
NAMED = "客户的名字写在了外层，已填进表单"
ODD_ITEMS = "列表里有不是表单的内容，已忽略"


class FormMatcher:
    """Recognises the fields of one form."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.chooser = AnswerChooser(form, self.count_fields)
        short: dict[str, list[str]] = {}
        for field in form.fields:
            for alias in {_plain(field.label), _plain(field.key.rsplit("-", 1)[-1])}:
                short.setdefault(alias, []).append(field.key)
        self._keys = {alias: keys[0] for alias, keys in short.items() if len(keys) == 1}
        self._keys |= {_plain(key): key for key in form.keys}
        self._groups = {_plain(group) for group in (*form.groups, *(key.split("-", 1)[0] for key in form.keys))}

    def count_fields(self, value: Any, depth: int = 0) -> int:
        """Number of the form's fields that a value contains, at any depth."""
        if depth > _MAX_DEPTH:
            return 0
        if isinstance(value, Mapping):
            return sum(
                (_plain(key) in self._keys) + self.count_fields(inner, depth + 1) for key, inner in value.items()
            )
        return sum(self.count_fields(inner, depth + 1) for inner in value) if isinstance(value, list) else 0

    def read(self, value: Any, depth: int = 0) -> Answer | None:
        """The raw forms in a JSON value; ``None`` if there are none."""
        if depth > _MAX_DEPTH:
            return None
        if isinstance(value, Mapping):
            return self._read_mapping(value, depth)
        if isinstance(value, list):
            return self._read_list(value, depth)
        if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
            answer = self.chooser.choose(self.answers(find_fragments(value, self.count_fields), value, depth + 1))
            return answer and answer._replace(notes=(INNER_JSON, *answer.notes))
        return None

    def answers(self, pieces: Iterable[JsonFragment], text: str, depth: int = 0) -> list[tuple[str, Answer]]:
        """All answers among the JSON fragments of a text, each with the words before it."""
        candidates: list[tuple[str, Answer]] = []
        previous = 0
        for piece in pieces:
            answer = self.read(piece.value, depth)
            before = text[previous : piece.start]
            if answer is None or (
                not answer.raws and candidates and not is_announced(text, piece.start, piece.end, before)
            ):
                continue
            notes = (*piece.notes, *answer.notes)
            candidates.append((before, answer._replace(complete=answer.complete and piece.complete, notes=notes)))
            if len(candidates) == _MOST_ANSWERS:
                break
            previous = piece.end
        return candidates

    def _read_list(self, items: list[Any], depth: int) -> Answer | None:
        if (parts := _one_key_each(items)) and (
            self._is_keyed_by_customer(parts) or all(_plain(key) in self._groups for key in parts)
        ):
            return self._read_mapping(parts, depth)
        raws: list[dict[str, Any]] = []
        notes: list[str] = []
        remarks = [isinstance(item, Mapping) and all(map(self._is_aside, item)) for item in items]
        for item, is_remark in zip(items, remarks, strict=True):
            answer = None if is_remark and not all(remarks) else self.read(item, depth + 1)
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
        inner_answers: list[tuple[str, Answer]] = []
        for key, inner in value.items():
            if _plain(key) in self._keys or (self._is_aside(key) and self._says_more(value)):
                continue
            answer = self.read(inner, depth + 1)
            if answer and (answer.raws or str(key).strip().lower() in WRAPPERS):
                inner_answers.append((str(key), answer))
        by_customer = self._is_keyed_by_customer(value)
        flat = None if by_customer else self._flatten(value)
        if flat is not None and not self._is_rating(flat[0]):
            raw, renamed = flat
            bare = Answer([raw], False, notes=(SINGLE, RENAMED) if renamed else (SINGLE,))
            is_form = any(_plain(key) in self._keys for key in value)
            others = [answer for key, answer in inner_answers if key in raw]
            if not (others if not is_form else any(self.chooser.far_less(bare, answer) for answer in others)):
                return bare
        answer = self._by_key(inner_answers, by_customer) or self.chooser.choose(inner_answers)
        if answer is None:
            return None
        notes = [note for note in answer.notes if note != SINGLE]
        return answer._replace(whole=True, notes=(WRAPPED, *notes))

    def _says_more(self, value: Mapping[str, Any]) -> bool:
        """Whether something else than remarks has fields of the form."""
        return any(self.count_fields({key: inner}) for key, inner in value.items() if not self._is_aside(key))

    def _is_keyed_by_customer(self, value: Mapping[str, Any]) -> bool:
        """Whether each key is one customer's number or name: no field or group, and no other name stands in it."""
        parts = {
            str(key).strip(): inner
            for key, inner in value.items()
            if not self._is_aside(key) and isinstance(inner, Mapping) and self.count_fields(inner)
        }
        titles = [bool(re.search(r"\w", key)) and is_title(key) for key in parts]
        if len(parts) < 2 or any(titles) != all(titles) or any(_plain(key) in self._keys for key in value):
            return False
        for key, inner in parts.items():
            flat = self._flatten(inner)
            if flat is None:
                return False
            name = self.chooser.name_of(flat[0])
            is_group = _plain(key) in self._groups or key.lower() in WRAPPERS or len(key) > _LONGEST_NAME
            is_word = any(words.search(key) for words in (GROUP, VERSION, REVISED, EXAMPLE, ANSWER))
            if not all(titles) and (is_group or (is_word and name != key) or (name not in key and key not in name)):
                return False
        return True

    def _by_key(self, answers: list[tuple[str, Answer]], by_customer: bool) -> Answer | None:
        """The customers of ``{"1": {…}, "2": {…}}`` or ``{"张三": {…}}``; ``None`` where keys say something else."""
        bare = [(key, answer) for key, answer in answers if len(answer.raws) == 1 and not answer.whole]
        versions = (key for key, _ in bare if VERSION.search(key) or REVISED.search(key))
        if not bare or len(bare) < len(answers) or (not by_customer and any(versions)):
            return None
        raws: list[dict[str, Any]] = []
        notes: list[str] = []
        most = max((answer for _, answer in bare), key=self.chooser.heaviest)
        for key, answer in bare:
            (raw,) = answer.raws
            is_customer = by_customer or is_title(key) or self.chooser.name_of(raw) == key.strip()
            if not is_customer and self.chooser.far_less(answer, most):
                notes.append(FRAGMENTS)
                continue
            is_name = not is_title(key) and key.strip().lower() not in WRAPPERS and len(key) <= _LONGEST_NAME
            if is_name and self.form.name_field not in raw:
                raw = {self.form.name_field: key.strip(), **raw}
                notes.append(NAMED)
            raws.append(raw)
            notes += answer.notes
        return Answer(raws, False, notes=tuple(notes))

    def _unwrap(self, value: Mapping[str, Any], depth: int) -> Answer | None:
        """What is in a wrapper (infos, 结果), whatever stands beside it; ``None`` if the fields stand beside it."""
        beside = sum(_plain(key) in self._keys for key in value)
        answers: list[tuple[str, Answer]] = []
        for key, inner in value.items():
            if str(key).strip().lower() not in WRAPPERS or _plain(key) in self._keys or key in self.form.groups:
                continue
            if not isinstance(inner, list) and self._says_more(
                {other: value[other] for other in value if other != key}
            ):
                continue  # an object under such a name may be a part of the form, as others are
            answer = self.read(inner, depth + 1)
            if answer and (self.chooser.heaviest(answer) > 2 * beside if answer.raws else not beside):
                answers.append((str(key), answer))
        filled = [one for one in answers if one[1].raws]
        others = any(
            self.count_fields(inner)
            for key, inner in value.items()
            if not self._is_aside(key) and not (isinstance(inner, list) and not inner)
        )
        if not filled and others:
            return None  # an empty list beside an answer under another name
        answer = self.chooser.choose(filled or answers)
        if answer is None:
            return None
        return answer._replace(whole=True, notes=(WRAPPED, *(note for note in answer.notes if note != SINGLE)))

    def _is_aside(self, key: object) -> bool:
        """Whether a key is that of a remark about the answer, and none of the form."""
        return bool(ASIDE.search(str(key))) and _plain(key) not in self._keys and key not in self.form.groups

    def _is_rating(self, raw: Mapping[str, Any]) -> bool:
        """Whether all values are numbers from 0 to 1: how sure a model is of each field, not what it holds."""
        values = {key: value for key, value in raw.items() if key in self.form}
        return not all(is_truth_number(self.form.field(key), value) for key, value in values.items()) and all(
            isinstance(one, Decimal | int | float) and not isinstance(one, bool) and 0 <= one <= 1
            for one in values.values()
        )

    def _flatten(self, value: Mapping[str, Any]) -> tuple[dict[str, Any], bool] | None:
        """A mapping as one form with the form's own keys, and whether keys changed; ``None`` if it is no form."""
        out: dict[str, Any] = {}
        rest: dict[str, Any] = {}
        renamed = False
        says_more = self._says_more(value)
        direct = {known for key in value if (known := self._keys.get(_plain(key)))}
        for key, inner in value.items():
            known = self._keys.get(_plain(key))
            if known:
                renamed |= known != key
                if known == key or not out.get(known):
                    out[known] = inner
                continue
            group = self._group(key, inner)
            if not group or group.keys() & direct or (self._is_aside(key) and says_more):
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


def _one_key_each(items: list[Any]) -> dict[str, Any]:
    """``[{"王强": {…}}, {"李四": {…}}]`` as one mapping; empty where the items are anything else, or keys repeat."""
    parts = {
        key: inner for item in items if isinstance(item, Mapping) and len(item) == 1 for key, inner in item.items()
    }
    return parts if len(parts) == len(items) > 1 else {}


def _plain(key: object) -> str:
    return _NOISE.sub("", str(key)).lower()
