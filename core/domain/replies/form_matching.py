"""Matches JSON values of any structure to forms: opens wrappers, flattens groups, recognises keys, skips drafts."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from core.domain.form import Form
from core.domain.replies.answer_words import ANSWER, ASIDE, EXAMPLE, REVISED, VERSION, WRAPPERS, is_announced, is_title
from core.domain.replies.json_fragments import JsonFragment, find_fragments
from core.domain.replies.plain_values import plain_value

_NOISE = re.compile(r"[\s\-_—–－·.。/／:：>→|]+")
_FAR_LESS = 4
"""An answer with fewer fields than this part of another's is a remark about that one …"""
_LEAST_REMARKED = 4
"""… if that one has at least so many."""
_LONGEST_NAME = 20
_MOST_ANSWERS = 300
"""Objects in one reply that are looked at: each is compared with those before."""
_MAX_DEPTH = 6

RENAMED = "字段名的写法或层级不同，已对应到表单的字段"
INNER_JSON = "JSON 写在了字符串里，已展开"
WRAPPED = "答案包在别的结构里，已取出"
SINGLE = "收到单个对象，已当作一位客户"
SEVERAL = "几个对象没有放进列表，已合成一个答案"
NAMED = "客户的名字写在了外层，已填进表单"
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
            answer = self.choose_answer(self.answers(find_fragments(value, self.count_fields), value, depth + 1))
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
        flat = self._flatten(value)
        if flat is not None and not _is_rating(inner for key, inner in flat[0].items() if key in self.form):
            raw, renamed = flat
            bare = Answer([raw], False, notes=(SINGLE, RENAMED) if renamed else (SINGLE,))
            is_form = any(_plain(key) in self._keys for key in value)
            others = [answer for key, answer in inner_answers if key in raw]
            if not (others if not is_form else any(self._far_less(bare, answer) for answer in others)):
                return bare
        answer = self._by_key(inner_answers) or self.choose_answer(inner_answers)
        if answer is None:
            return None
        notes = [note for note in answer.notes if note != SINGLE]
        return answer._replace(whole=True, notes=(WRAPPED, *notes))

    def _says_more(self, value: Mapping[str, Any]) -> bool:
        """Whether something else than remarks has fields of the form."""
        return any(self.count_fields({key: inner}) for key, inner in value.items() if not self._is_aside(key))

    def _by_key(self, answers: list[tuple[str, Answer]]) -> Answer | None:
        """The customers of ``{"1": {…}, "2": {…}}`` or ``{"张三": {…}}``; ``None`` where keys say something else."""
        bare = [(key, answer) for key, answer in answers if len(answer.raws) == 1 and not answer.whole]
        if not bare or len(bare) < len(answers) or any(VERSION.search(key) or REVISED.search(key) for key, _ in bare):
            return None
        raws: list[dict[str, Any]] = []
        notes: list[str] = []
        most = max((answer for _, answer in bare), key=self._heaviest)
        for key, answer in bare:
            (raw,) = answer.raws
            is_customer = is_title(key) or self._name(raw) == key.strip()
            if not is_customer and self._far_less(answer, most):
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
            if answer and (self._heaviest(answer) > 2 * beside if answer.raws else not beside):
                answers.append((str(key), answer))
        filled = [one for one in answers if one[1].raws]
        others = any(
            self.count_fields(inner)
            for key, inner in value.items()
            if not self._is_aside(key) and not (isinstance(inner, list) and not inner)
        )
        if not filled and others:
            return None  # an empty list beside an answer under another name
        answer = self.choose_answer(filled or answers)
        if answer is None:
            return None
        return answer._replace(whole=True, notes=(WRAPPED, *(note for note in answer.notes if note != SINGLE)))

    def _is_aside(self, key: object) -> bool:
        """Whether a key is that of a remark about the answer, and none of the form."""
        return bool(ASIDE.search(str(key))) and _plain(key) not in self._keys and key not in self.form.groups

    def _heaviest(self, answer: Answer) -> int:
        """Number of fields of the customer who has most of them."""
        return max(map(self.count_fields, answer.raws), default=0)

    def _far_less(self, answer: Answer, other: Answer) -> bool:
        """Whether an answer has so few fields that it is a remark about the other one; no customers are an answer.

        Fields count that are named, for forms are written out with their empty fields, but one that fills more than
        the other says no less.
        """
        most = self._heaviest(other)
        if not answer.raws or most < _LEAST_REMARKED:
            return False
        return self._heaviest(answer) * _FAR_LESS < most and self._filled(answer) < self._filled(other)

    def _filled(self, answer: Answer) -> int:
        """Number of filled fields of all customers."""
        return sum(bool(value) for raw in answer.raws for value in self._plain_values(raw).values())

    def _is_remark(self, answer: Answer, other: Answer, *, beside: bool) -> bool:
        """Whether an answer is a remark about another one: far less is said, and not about one more customer.

        Args:
            answer: which says less.
            other: the other one.
            beside: whether it stands where one more customer would, behind nothing but a number or 客户2.
        """
        if not self._far_less(answer, other):
            return False
        is_named = re.search(r"\w", self._name(answer.raws[0])) is not None
        return answer.whole or other.whole or not beside or not is_named

    def _is_explained(self, before: str, answer: Answer, other: Answer) -> bool:
        """Whether an object says less than the answer, and the words before call it evidence or the like."""
        words = before.rstrip().rsplit("\n", 1)[-1]
        is_aside = bool(ASIDE.search(words)) and not ANSWER.search(words)
        return is_aside and bool(answer.raws) and self._heaviest(answer) < self._heaviest(other)

    def _repeats(self, answer: Answer, other: Answer) -> bool:
        """Whether an answer says less than another one and nothing else."""
        raws, wholes = ([self._plain_values(raw) for raw in one.raws] for one in (answer, other))
        return bool(raws) and all(
            any(len(raw) < len(whole) and all(whole.get(key) == raw[key] for key in raw) for whole in wholes)
            for raw in raws
        )

    def _plain_values(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a raw form without evidence and other wrappings."""
        return {key: plain_value(self.form.field(key), value, []) for key, value in raw.items() if key in self.form}

    def _name(self, raw: Mapping[str, Any]) -> str:
        """A customer's name, also where it comes with evidence; ``""`` where there is none."""
        name = plain_value(self.form.field(self.form.name_field), raw.get(self.form.name_field), [])
        return name.strip() if isinstance(name, str) else ""

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

    def choose_answer(self, candidates: Iterable[tuple[str, Answer]]) -> Answer | None:
        """Choose the answer that counts among all that a reply holds: the last complete one.

        Bare objects one after another are the customers of one answer, until words of revision come between them or
        a customer comes again: then a new answer begins. Bare objects behind a list are fragments, unless they are
        announced as a revision.

        Args:
            candidates: answers in order, each with the words before it.
        """
        groups: list[Answer] = []
        names: set[str] = set()
        opening = ""
        for before, answer in candidates:
            revised = bool(REVISED.search(before))
            last = groups[-1] if groups else None
            remark = (
                last is not None
                and last.complete
                and answer.complete
                and (
                    self._is_remark(answer, last, beside=is_title(before))
                    or (not revised and (self._repeats(answer, last) or self._is_explained(before, answer, last)))
                )
            )
            if last and ((last.whole and not answer.whole and not revised) or remark):
                groups[-1] = last._replace(notes=(*last.notes, FRAGMENTS))
                continue
            name = self._name(answer.raws[0]) if answer.raws else ""
            if (
                last is None
                or answer.whole
                or last.whole
                or revised
                or name in names
                or answer.raws[0] in last.raws
                or self._is_remark(
                    last, answer, beside=is_title(before) and not (ASIDE.search(opening) or EXAMPLE.search(opening))
                )
            ):
                groups.append(answer)
                names = set()
            else:
                notes = tuple(SEVERAL if note == SINGLE else note for note in (*last.notes, *answer.notes))
                groups[-1] = Answer(last.raws + answer.raws, False, last.complete and answer.complete, notes)
            names |= {name} - {""}
            opening = before
        if len(groups) < 2:
            return groups[0] if groups else None
        chosen = next((group for group in reversed(groups) if group.complete), groups[-1])
        which = "采用最后一个" if chosen is groups[-1] else "最后一个不完整，采用它之前的"
        return chosen._replace(notes=(f"回复里有 {len(groups)} 个答案，{which}", *chosen.notes))


def _plain(key: object) -> str:
    return _NOISE.sub("", str(key)).lower()


def _is_rating(values: Iterable[Any]) -> bool:
    """Whether all values are numbers from 0 to 1: how sure a model is of each field, not what it holds."""
    ratings = list(values)
    return all(
        isinstance(one, Decimal | int | float) and not isinstance(one, bool) and 0 <= one <= 1 for one in ratings
    )
