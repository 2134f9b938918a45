"""Parses a model's reply: strict JSON first, then repairs, with notes on what was repaired."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from core.domain.form import MODEL_WORDS, Form, FormValues
from core.domain.replies.answer_choice import Answer
from core.domain.replies.form_matching import FormMatcher
from core.domain.replies.json_fragments import JsonFragment, find_fragments, repairable, strict_value
from core.domain.replies.plain_values import plain_value
from core.domain.replies.repair import repair_json
from core.domain.thoughts import THOUGHTS, split_thoughts

ReplyStatus = Literal["ok", "repaired", "failed"]

_DECORATION = re.compile(r"```\w*|\s+")
_MAX_LENGTH = 1_000_000
"""Most characters of a reply that are parsed."""

UNCLOSED = "思考过程没有结束标记，答案取自其中，请核对"
AROUND = "已忽略 JSON 前后的文字"
FENCE = "已去掉代码块标记"
CUT_OFF = "答案在中途断开，已补全括号，最后几项可能不完整"
HEADLESS = "答案缺少开头的括号，已补上"


@dataclass(frozen=True, slots=True)
class ParsedReply:
    """The result of parsing a reply.

    Attributes:
        forms: one clean form per customer, ``[]`` where it says there is none; ``None`` where it could not be read.
        notes: one Chinese sentence for each repair and coercion.
        status: ``repaired`` if there are notes, ``failed`` if there are no forms to be had.
        reason: why it failed, one Chinese sentence; else ``""``.
    """

    forms: list[FormValues] | None
    notes: tuple[str, ...] = ()
    status: ReplyStatus = "ok"
    reason: str = ""


def parse_reply(form: Form, text: str) -> ParsedReply:
    """Parse a reply in any format.

    Args:
        form: the form that was asked for.
        text: exactly what the model wrote.

    Returns:
        Never raises; a reply that cannot be read is ``failed`` with its reason.
    """
    try:
        return _parse(form, text[:_MAX_LENGTH])
    except RecursionError:
        return _failed("回复里的 JSON 嵌套太深，无法读取")


@lru_cache(maxsize=16)
def _matcher(form: Form) -> FormMatcher:
    """What recognises a form's fields: it keeps nothing of what it reads."""
    return FormMatcher(form)


def _parse(form: Form, text: str) -> ParsedReply:
    shapes = _matcher(form)
    text = text.strip("\ufeff \t\r\n")
    value = strict_value(text)
    if value is not None:
        answer = shapes.read(value)
        return _clean(form, answer, ()) if answer else _failed("回复是 JSON，但里面没有表单的字段")
    spoken, thought, closed = split_thoughts(text)
    notes = (THOUGHTS,) if thought else ()
    if not spoken.strip() and not thought.strip():
        return _failed("回复是空的")
    answer, more = _search(shapes, spoken)
    if answer is None and thought and not closed:
        answer, more = _search(shapes, thought)
        notes = (UNCLOSED,)
    if answer is not None:
        return _clean(form, answer, (*notes, *more))
    if not spoken.strip():
        return _failed("回复只有思考过程，没有答案")
    return _failed("回复里有 JSON，但没有表单的字段" if more else "回复里没有 JSON")


def _failed(reason: str) -> ParsedReply:
    return ParsedReply(None, status="failed", reason=reason)


def _search(shapes: FormMatcher, text: str) -> tuple[Answer | None, tuple[str, ...]]:
    """The answer in a text, and notes on what stood around it (on a failure: not empty if there was JSON at all)."""
    pieces = find_fragments(text, shapes.count_fields)
    answer = shapes.chooser.choose(shapes.answers(pieces, text))
    if not any(shapes.count_fields(piece.value) for piece in pieces):  # an empty list may be that of a field
        headless = _headless(shapes, text)
        if headless:
            return headless._replace(notes=(HEADLESS, *headless.notes)), ()
    if answer is None:
        return None, ("json",) if pieces else ()
    notes: list[str] = []
    if "```" in text:
        notes.append(FENCE)
    if _DECORATION.sub("", _outside(text, pieces)).strip(",，"):
        notes.append(AROUND)
    if not answer.complete:
        notes.append(CUT_OFF)
    return answer, tuple(notes)


def _outside(text: str, pieces: list[JsonFragment]) -> str:
    edges = [0, *(edge for piece in pieces for edge in (piece.start, piece.end)), len(text)]
    return "".join(text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))


def _headless(shapes: FormMatcher, text: str) -> Answer | None:
    """An answer without its first bracket, as it comes where a prompt has begun the reply for the model."""
    keys = "|".join(re.escape(key) for key in shapes.form.keys)
    first = re.search(rf"[\"“'](?:{keys})[\"”']\s*[:：]", text)
    if first is None:
        return None
    body = text[first.start() :].rstrip("` \r\n")
    segment = repairable("{" + body)
    if not segment:
        return None
    value, notes = repair_json(segment, shapes.count_fields)
    answer = shapes.read(value)
    return answer and answer._replace(notes=(*notes, *answer.notes))


def _clean(form: Form, answer: Answer, notes: tuple[str, ...]) -> ParsedReply:
    forms: list[FormValues] = []
    all_notes = [*notes, *answer.notes]
    for number, raw in enumerate(answer.raws, 1):
        shaped: list[str] = []
        plain = {
            key: plain_value(form.field(key), value, shaped) if key in form else value for key, value in raw.items()
        }
        values, coerced = form.coerce(plain, empty_words=MODEL_WORDS)
        changes = (*shaped, *coerced)
        forms.append(values)
        all_notes += [f"第 {number} 位客户：{note}" if len(answer.raws) > 1 else note for note in changes]
    unique = tuple(dict.fromkeys(all_notes))
    return ParsedReply(forms, unique, "repaired" if unique else "ok")
