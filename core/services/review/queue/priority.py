"""Review priority of a chat: the points expected to be lost if a run's answer is approved unread.

Per cell, weight × chance that it is wrong. The chance comes from signs that are taken as independent: another run says
otherwise, a value that should stand in the chat does not, a check remarks on it, and how often reviewers changed this
field of this run before. The sizes are judgements of ours, not measured probabilities: they put chats in order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store.models import ChatPriority
from core.domain.checks import check
from core.domain.checks.form_warning import FormWarning, Level
from core.domain.evidence import EvidenceStatus, FieldEvidence, analyse_chat, locate
from core.domain.form import Field, FormValues, Nature
from core.domain.scoring import Scorer

_OTHERWISE = 0.6
_MISSING = 0.4
_REMARK = {Level.WARNING: 0.6, Level.HINT: 0.2}
_INFERRED = 0.1
_CUSTOMER = 0.3
_FAILED = 0.5
"""Probability that a cell is wrong, per sign; for a customer, that a whole form is missing or invented."""

_OFTEN = 0.15
"""Change rate from which a field is reported as often changed."""
_SEEN, _CHANGED = 20, 1
"""Prior of a change rate: as if reviewers had changed 1 of 20 values."""
_REASONS = 6


@dataclass(frozen=True, slots=True)
class ReviewPriority:
    """The review priority of one chat.

    Attributes:
        points: expected loss, 0 to the form's points.
        differing: cells in which another run differs.
        warnings: remarks of the checks that ask for a look, and values without evidence.
        reasons: ``{customer, key, points, why}``, the largest first; an empty key is about a whole customer.
    """

    points: float
    differing: int
    warnings: int
    reasons: tuple[dict[str, Any], ...]


class ChangeRates:
    """Rates at which reviewers changed each field of a run."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._seen = 0
        self._changed = dict.fromkeys(scorer.form.keys, 0)

    def add(self, customers: Sequence[Mapping[str, Any]], answers: Sequence[Mapping[str, Any]]) -> None:
        """Count one approved record: its stored customers and the run's forms."""
        for customer in customers:
            source = customer.get("source")
            if not isinstance(source, int) or not 0 <= source < len(answers):
                continue
            self._seen += 1
            now, was = self._scorer.prepare(customer["values"]), self._scorer.prepare(answers[source])
            for key, new, old in zip(self._scorer.form.keys, now, was, strict=True):
                self._changed[key] += new != old

    def of(self, key: str) -> float:
        """Probability that a reviewer changes this field."""
        return (self._changed[key] + _CHANGED) / (self._seen + _SEEN)

    @property
    def version(self) -> int:
        """Version number that grows each time the number of records doubles: accurate enough for an order."""
        return (self._seen + 1).bit_length()


def assess_priority(
    scorer: Scorer,
    text: str,
    answers: Sequence[FormValues] | None,
    others: Mapping[str, Sequence[FormValues]],
    rates: ChangeRates,
) -> ReviewPriority:
    """Compute the review priority of one chat.

    Args:
        scorer: of the form; matches customers as scores do.
        text: the stored chat.
        answers: what the run says; ``None`` where it failed.
        others: ``{name of another run: what it says}``; labels do not belong here.
        rates: how often reviewers changed this run's fields.
    """
    form = scorer.form
    if answers is None:
        points = _FAILED * form.max_points
        return ReviewPriority(
            points, 0, 0, ({"customer": 0, "key": "", "points": points, "why": "抽取失败，要从头填写"},)
        )
    forms = [form.coerce(values).values for values in answers] or [form.empty()]
    chat_analysis = analyse_chat(text)
    marks = [locate(form, chat_analysis.index, values, form.name_of(values)) for values in forms]
    missing = [{key for key, mark in each.items() if mark.status is EvidenceStatus.MISSING} for each in marks]
    remarks = check(form, chat_analysis.parsed, chat_analysis.roles, forms, missing)
    otherwise, apart = _otherwise(scorer, forms, others)
    reasons: list[dict[str, Any]] = []
    for number, values in enumerate(forms):
        for position, field in enumerate(form.fields):
            field_remarks = [remark for remark in remarks if (remark.customer, remark.key) == (number, field.key)]
            signs = [
                *_of_evidence(field, marks[number][field.key]),
                *_of_remarks(field_remarks),
                *otherwise.get((number, position), ()),
                _of_rate(rates, field, filled=bool(values[field.key])),
            ]
            right = 1.0
            for chance, _ in signs:
                right *= 1.0 - chance
            why = max(signs)[1]
            points = field.points * (1.0 - right) / len(forms)
            reasons.append({"customer": number, "key": field.key, "points": points, "why": why})
    reasons += [
        {"customer": 0, "key": "", "points": _CUSTOMER * form.max_points / len(forms) / 2, "why": why} for why in apart
    ]
    reasons.sort(key=lambda reason: -reason["points"])
    return ReviewPriority(
        points=min(form.max_points, sum(reason["points"] for reason in reasons)),
        differing=len(otherwise) + len(apart),
        warnings=sum(remark.level is Level.WARNING for remark in remarks),
        reasons=tuple(
            reason | {"points": round(reason["points"], 2)} for reason in reasons[:_REASONS] if reason["why"]
        ),
    )


_Sign = tuple[float, str]


def _of_evidence(field: Field, mark: FieldEvidence) -> list[_Sign]:
    if mark.status is EvidenceStatus.MISSING:
        return [(_MISSING, "群聊里找不到依据")]
    if mark.status is EvidenceStatus.INFERRED and field.nature is Nature.JUDGEMENT:
        return [(_INFERRED, "")]
    return []


def _of_remarks(remarks: Sequence[FormWarning]) -> list[_Sign]:
    return [(_REMARK[remark.level], remark.text) for remark in remarks]


def _of_rate(rates: ChangeRates, field: Field, *, filled: bool) -> _Sign:
    rate = rates.of(field.key)
    # An empty cell is right more often than a filled one: it is halved where nothing else speaks against it.
    chance = rate if filled else rate / 2
    return chance, f"审阅时常改（{rate:.0%}）" if rate >= _OFTEN else ""


def _otherwise(
    scorer: Scorer, forms: Sequence[FormValues], others: Mapping[str, Sequence[FormValues]]
) -> tuple[dict[tuple[int, int], list[_Sign]], list[str]]:
    """Signs by ``(customer, position of the field)``, and a sentence for each run with other customers."""
    mine = [scorer.prepare(values) for values in forms]
    credits: dict[tuple[int, int], dict[str, float]] = {}
    apart: list[str] = []
    for name, theirs in others.items():
        prepared = [scorer.prepare(values) for values in theirs]
        if len(prepared) != len(mine):
            apart.append(f"「{name}」有 {len(prepared)} 位客户")
        for pair in scorer.chat(mine, prepared).pairs if prepared else ():
            for position, credit in enumerate(pair.credits):
                if credit < 1.0:
                    credits.setdefault((pair.pred, position), {})[name] = 1.0 - credit
    count = max(1, len(others))
    return {
        place: [(_OTHERWISE * sum(apart_by.values()) / count, f"与「{'」「'.join(apart_by)}」不同")]
        for place, apart_by in credits.items()
    }, apart


def stored_priorities(session: Session, run_id: int, chat_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """``{chat id: {points, differing, warnings, reasons}}`` as last stored; chats without one are omitted."""
    statement = select(ChatPriority).where(col(ChatPriority.run_id) == run_id, col(ChatPriority.chat_id).in_(chat_ids))
    return {
        row.chat_id: {
            "points": round(row.points, 1),
            "differing": row.differing,
            "warnings": row.warnings,
            "reasons": row.reasons,
        }
        for row in session.execute(statement).scalars()
    }
