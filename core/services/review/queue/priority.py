"""Review priority of a chat: the points expected to be lost if a run's answer is approved unread.

Per cell, weight × chance that it is wrong. From 20 approved chats on that chance is what was fitted on them
(:mod:`core.services.learning.confidence`). Before, it comes from signs that are taken as independent: another run says
otherwise, a value that should stand in the chat does not, a check remarks on it, and how often reviewers changed this
field of this run before. Their sizes are judgements of ours, not measured probabilities: they put chats in order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store.models import ChatPriority
from core.domain.checks.form_warning import Level
from core.domain.evidence import EvidenceStatus
from core.domain.form import Field, FormValues, Nature
from core.domain.scoring import Scorer
from core.services.learning.cell_signs import CellSigns, read_signs
from core.services.learning.run_confidence import FittedConfidence
from core.services.quality.stored_votes import Votes

_OTHERWISE = 0.6
_MISSING = 0.4
_REMARK = {Level.WARNING: 0.6, Level.HINT: 0.2}
_INFERRED = 0.1
_CUSTOMER = 0.3
_FAILED = 0.5
"""Probability that a cell is wrong, per sign; for a customer, that a whole form is missing or invented."""

_DOUBTED_BELOW = 0.8
"""Confidence below which it is a reason by itself."""
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
        confidence: per form of the run's answer, the probability that each cell is right, by key; ``None`` while too
            little was approved to say.
    """

    points: float
    differing: int
    warnings: int
    reasons: tuple[dict[str, Any], ...]
    confidence: tuple[dict[str, float], ...] | None = None


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
    *,
    votes: Votes | None = None,
    confidence: FittedConfidence | None = None,
) -> ReviewPriority:
    """Compute the review priority of one chat.

    Args:
        scorer: of the form; matches customers as scores do.
        text: the stored chat.
        answers: what the run says; ``None`` where it failed.
        others: ``{name of another run: what it says}``; labels do not belong here.
        rates: how often reviewers changed this run's fields.
        votes: what a vote did not take, by customer and key.
        confidence: of the run, where enough was approved; else the judgements above put cells in order.
    """
    form = scorer.form
    if answers is None:
        points = _FAILED * form.max_points
        return ReviewPriority(
            points, 0, 0, ({"customer": 0, "key": "", "points": points, "why": "抽取失败，要从头填写"},)
        )
    signs = read_signs(scorer, text, answers, others, votes)
    confident = confidence.of(text, signs) if confidence is not None else None
    reasons: list[dict[str, Any]] = []
    for number, row in enumerate(signs.cells):
        for cell in row:
            told = _signs_of(cell, rates)
            right = 1.0
            for chance, _ in told:
                right *= 1.0 - chance
            why = max(told)[1]
            if confident is not None:
                right = confident[number][cell.field.key]
                why = why or (f"这样的值 {right:.0%} 对" if right < _DOUBTED_BELOW else "")
            points = cell.field.points * (1.0 - right) / len(signs.forms)
            reasons.append({"customer": number, "key": cell.field.key, "points": points, "why": why})
    differing = sum(bool(cell.otherwise) for row in signs.cells for cell in row)
    reasons += [
        {"customer": 0, "key": "", "points": _CUSTOMER * form.max_points / len(signs.forms) / 2, "why": why}
        for why in signs.apart
    ]
    reasons.sort(key=lambda reason: -reason["points"])
    return ReviewPriority(
        points=min(form.max_points, sum(reason["points"] for reason in reasons)),
        differing=differing + len(signs.apart),
        warnings=sum(remark.level is Level.WARNING for remark in signs.warnings),
        reasons=tuple(
            reason | {"points": round(reason["points"], 2)} for reason in reasons[:_REASONS] if reason["why"]
        ),
        confidence=tuple(confident) if confident is not None else None,
    )


_Sign = tuple[float, str]


def _signs_of(cell: CellSigns, rates: ChangeRates) -> list[_Sign]:
    """Chances that a cell is wrong, each with a sentence; at least one."""
    told = [(_REMARK[remark.level], remark.text) for remark in cell.remarks]
    if cell.missing:
        told.append((_MISSING, "群聊里找不到依据"))
    elif cell.evidence.status is EvidenceStatus.INFERRED and cell.field.nature is Nature.JUDGEMENT:
        told.append((_INFERRED, ""))
    if cell.agreement < 1.0:
        told.append((_OTHERWISE * (1.0 - cell.agreement), "投票时说法不一"))
    if cell.otherwise:
        share = sum(cell.otherwise.values()) / max(1, cell.others)
        told.append((_OTHERWISE * share, f"与「{'」「'.join(cell.otherwise)}」不同"))
    return [*told, _of_rate(rates, cell.field, filled=cell.filled)]


def _of_rate(rates: ChangeRates, field: Field, *, filled: bool) -> _Sign:
    rate = rates.of(field.key)
    # An empty cell is right more often than a filled one: it is halved where nothing else speaks against it.
    chance = rate if filled else rate / 2
    return chance, f"审阅时常改（{rate:.0%}）" if rate >= _OFTEN else ""


def stored_priorities(session: Session, run_id: int, chat_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """``{chat id: {points, differing, warnings, reasons, confidence}}`` as last stored; chats without are omitted."""
    statement = select(ChatPriority).where(col(ChatPriority.run_id) == run_id, col(ChatPriority.chat_id).in_(chat_ids))
    return {
        row.chat_id: {
            "points": round(row.points, 1),
            "differing": row.differing,
            "warnings": row.warnings,
            "reasons": row.reasons,
            "confidence": row.confidence,
        }
        for row in session.execute(statement).scalars()
    }
