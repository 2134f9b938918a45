"""Chooses among the answers of a reply: drafts, examples and remarks are left out, customers side by side joined."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from core.domain.form import Form
from core.domain.replies.answer_words import ANSWER, ASIDE, EXAMPLE, MESSAGE_OR_RATING, REVISED, announced, is_title
from core.domain.replies.plain_values import plain_value

_FAR_LESS = 4
"""An answer with fewer fields than this part of another's is a remark about that one …"""
_LEAST_REMARKED = 4
"""… if that one has at least so many."""

SINGLE = "收到单个对象，已当作一位客户"
SEVERAL = "几个对象没有放进列表，已合成一个答案"
FRAGMENTS = "列表之后还有零散的对象，已忽略"


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


class AnswerChooser:
    """Compares answers to one form.

    Args:
        form: the form.
        count_fields: number of the form's fields that a value contains.
    """

    def __init__(self, form: Form, count_fields: Callable[[Any], int]) -> None:
        self.form = form
        self._count_fields = count_fields
        self._plain: dict[int, tuple[Mapping[str, Any], dict[str, Any]]] = {}

    def heaviest(self, answer: Answer) -> int:
        """Number of fields of the customer who has most of them."""
        return max(map(self._count_fields, answer.raws), default=0)

    def far_less(self, answer: Answer, other: Answer) -> bool:
        """Whether an answer has so few fields that it is a remark about the other one; no customers are an answer.

        Fields count that are named, for forms are written out with their empty fields, but one that fills more than
        the other says no less.
        """
        most = self.heaviest(other)
        if not answer.raws or most < _LEAST_REMARKED:
            return False
        return self.heaviest(answer) * _FAR_LESS < most and self._filled(answer) < self._filled(other)

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
        if not self.far_less(answer, other):
            return False
        is_named = re.search(r"\w", self.name_of(answer.raws[0])) is not None
        return answer.whole or other.whole or not beside or not is_named

    def _is_explained(self, before: str, answer: Answer, other: Answer) -> bool:
        """Whether an object says less than the answer, and the words before call it evidence or the like."""
        words = before.rstrip().rsplit("\n", 1)[-1]
        is_aside = bool(ASIDE.search(words)) and not ANSWER.search(words)
        return is_aside and bool(answer.raws) and self.heaviest(answer) < self.heaviest(other)

    def _is_about(self, answer: Answer, other: Answer, kind: str = "") -> bool:
        """Whether an answer says of each field of another one where it is from or how sure it is.

        Args:
            answer: which may be such a remark.
            other: the other one.
            kind: what the words before the first one announce.
        """
        if not answer.raws or not any(key in raw for raw in other.raws for key in answer.raws[0] if key in self.form):
            return False
        if kind == "remark":
            return True
        return self._are_references(answer) and not self._are_references(other)

    def _are_references(self, answer: Answer) -> bool:
        """Whether all values of all customers are numbers of messages or ratings."""
        return all(self._is_reference(self._plain_values(raw)) for raw in answer.raws)

    def _is_reference(self, values: Mapping[str, Any]) -> bool:
        """Whether all filled values, several or a name, are numbers of messages or ratings."""
        filled = {key: value for key, value in values.items() if value or value == 0}
        texts = [text for value in filled.values() for text in (value if isinstance(value, list) else [value])]
        return (len(filled) > 1 or self.form.name_field in filled) and all(
            MESSAGE_OR_RATING.fullmatch(str(text)) for text in texts
        )

    def _repeats(self, answer: Answer, other: Answer) -> bool:
        """Whether an answer says less than another one and nothing else."""
        raws, wholes = ([self._plain_values(raw) for raw in one.raws] for one in (answer, other))
        return bool(raws) and all(
            any(len(raw) < len(whole) and all(whole.get(key) == raw[key] for key in raw) for whole in wholes)
            for raw in raws
        )

    def _plain_values(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a raw form without evidence and other wrappings."""
        if id(raw) not in self._plain:
            self._plain[id(raw)] = raw, self._unwrapped(raw)
        return self._plain[id(raw)][1]

    def _unwrapped(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        return {key: plain_value(self.form.field(key), value, []) for key, value in raw.items() if key in self.form}

    def name_of(self, raw: Mapping[str, Any]) -> str:
        """A customer's name, also where it comes with evidence; ``""`` where there is none."""
        name = plain_value(self.form.field(self.form.name_field), raw.get(self.form.name_field), [])
        return name.strip() if isinstance(name, str) else ""

    def choose(self, candidates: Iterable[tuple[str, Answer]]) -> Answer | None:
        """Choose the answer that counts among all that a reply holds: the last complete one.

        Bare objects one after another are the customers of one answer, until words of revision come between them or
        a customer comes again: then a new answer begins; so are lists of one customer each, side by side. Bare objects
        behind a list are fragments, unless they are announced as an answer. What is announced as an example counts
        only where there is nothing else.

        Args:
            candidates: answers in order, each with the words before it.
        """
        groups: list[Answer] = []
        examples: list[bool] = []
        names: set[str] = set()
        opening = ""
        remarks = 0
        singles = True
        for before, answer in candidates:
            kind = announced(before)
            is_wordless = not re.search(r"\w", before.replace("json", ""))
            after_example = bool(examples) and examples[-1]
            if is_wordless and after_example and not all(examples):
                kind = "example"
            revised = bool(REVISED.search(before)) and kind != "remark"
            last = groups[-1] if groups else None
            name = self.name_of(answer.raws[0]) if answer.raws else ""
            # An example is nothing that could be remarked upon, unless words say that this is done.
            comparable = (
                last is not None and last.complete and answer.complete and (not after_example or kind == "remark")
            )
            about = last is not None and comparable and self._is_about(answer, last, kind)
            singles = singles and len(answer.raws) == 1
            beside = is_title(before) and not after_example and announced(opening) != "remark"
            is_next = beside and singles and not about and bool(name and names) and name not in names
            remark = (
                last is not None
                and comparable
                and kind != "example"
                and (
                    about
                    or (kind != "answer" and self._is_remark(answer, last, beside=is_title(before)))
                    or (not revised and (self._repeats(answer, last) or self._is_explained(before, answer, last)))
                    or (is_wordless and not answer.whole and 0 < remarks < len(last.raws))
                )
            )
            is_fragment = last is not None and last.whole and not answer.whole
            is_fragment = is_fragment and not revised and not after_example and kind not in ("answer", "example")
            if last and not is_next and (is_fragment or remark):
                groups[-1] = last._replace(notes=(*last.notes, FRAGMENTS))
                remarks += 1
                continue
            unclear = ASIDE.search(opening) or EXAMPLE.search(opening)
            if (
                last is None
                or after_example
                or kind == "example"
                or (kind == "answer" and any(examples) and announced(opening) != "answer")
                or (not is_next and (answer.whole or last.whole))
                or revised
                or name in names
                or answer.raws[0] in last.raws
                or self._is_about(last, answer)
                or (not is_next and self._is_remark(last, answer, beside=is_title(before) and not unclear))
            ):
                groups.append(answer)
                examples.append(kind == "example")
                names = set()
                remarks = 0
                singles = len(answer.raws) == 1
            else:
                notes = tuple(SEVERAL if note == SINGLE else note for note in (*last.notes, *answer.notes))
                notes = notes if SEVERAL in notes else (SEVERAL, *notes)
                groups[-1] = Answer(last.raws + answer.raws, False, last.complete and answer.complete, notes)
            names |= {name} - {""}
            opening = before
        if len(groups) < 2:
            return groups[0] if groups else None
        meant = [group for group, is_example in zip(groups, examples, strict=True) if not is_example] or groups
        chosen = next((group for group in reversed(meant) if group.complete), meant[-1])
        which = "最后一个是示例，采用它之前的" if examples[-1] else "最后一个不完整，采用它之前的"
        which = "采用最后一个" if chosen is groups[-1] else which
        return chosen._replace(notes=(f"回复里有 {len(groups):,} 个答案，{which}", *chosen.notes))
