"""What speaks for and against each value of a run's answer to one chat: checks, evidence, votes, other runs.

The queue's order, the desk's doubts and the calibrated confidence all go by these signs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from core.domain.checks import check
from core.domain.checks.form_warning import FormWarning, Level
from core.domain.evidence import EvidenceStatus, FieldEvidence, analyse_chat, cached_analysis, locate
from core.domain.form import Field, FormValues, Value
from core.domain.scoring import Scorer
from core.services.quality.stored_votes import Votes

_LONG_CHAT = 100_000


class LearnedCell(NamedTuple):
    """What was learned from approvals about one cell of somebody's form.

    Attributes:
        chance: probability that its value would be approved.
        other: the likeliest other value; may be empty.
        other_chance: probability that that one would be approved.
    """

    chance: float
    other: Value
    other_chance: float


@dataclass(frozen=True, slots=True)
class CellSigns:
    """The signs about one cell.

    Attributes:
        field: of the form.
        filled: whether the run gave a value.
        evidence: what the chat says for the value.
        remarks: of the checks.
        others: number of other runs that answered.
        otherwise: by the name of a run that gives another value, how much of the points is at stake, 0 to 1.
        agreement: share of the answers in a vote that gave the value; 1 where none gave another.
        learned: what was learned from approvals about it; ``None`` where nothing was.
    """

    field: Field
    filled: bool
    evidence: FieldEvidence
    remarks: tuple[FormWarning, ...]
    others: int
    otherwise: Mapping[str, float]
    agreement: float = 1.0
    learned: LearnedCell | None = None

    @property
    def missing(self) -> bool:
        """Whether the value should stand in the chat and does not."""
        return self.evidence.status is EvidenceStatus.MISSING

    def level(self, level: Level) -> bool:
        """Whether a check has a remark of this level."""
        return any(remark.level is level for remark in self.remarks)


@dataclass(frozen=True, slots=True)
class ChatSigns:
    """The signs about a run's answer to one chat.

    Attributes:
        forms: the run's forms, clean; one empty form where it has none.
        cells: per form, in the order of the fields.
        apart: a sentence for each other run that has more or fewer customers.
        warnings: all remarks of the checks.
    """

    forms: tuple[FormValues, ...]
    cells: tuple[tuple[CellSigns, ...], ...]
    apart: tuple[str, ...]
    warnings: tuple[FormWarning, ...]

    def with_learned(self, learned: Sequence[Mapping[str, LearnedCell]]) -> "ChatSigns":
        """The same signs, with what was learned about each value.

        Args:
            learned: per form, by key.
        """
        cells = tuple(
            tuple(replace(cell, learned=by_key[cell.field.key]) for cell in row)
            for row, by_key in zip(self.cells, learned, strict=True)
        )
        return replace(self, cells=cells)


def read_signs(
    scorer: Scorer,
    text: str,
    answers: Sequence[FormValues],
    others: Mapping[str, Sequence[FormValues]],
    votes: Votes | None = None,
) -> ChatSigns:
    """Collect the signs about a run's answer to a chat.

    Args:
        scorer: of the form; matches customers as scores do.
        text: the stored chat.
        answers: what the run says.
        others: ``{name of another run: what it says}``; neither labels nor what was learned from people.
        votes: what a vote did not take, by customer and key.
    """
    form = scorer.form
    forms = [form.coerce(values).values for values in answers] or [form.empty()]
    # What takes seconds is kept for whoever opens it.
    analysis = cached_analysis(text) if len(text) > _LONG_CHAT else analyse_chat(text)
    marks = [locate(form, analysis.index, values, form.name_of(values)) for values in forms]
    missing = [{key for key, mark in each.items() if mark.status is EvidenceStatus.MISSING} for each in marks]
    warnings = check(form, analysis.parsed, analysis.roles, forms, missing)
    credits, apart = _compare(scorer, forms, others)
    cells = tuple(
        tuple(
            CellSigns(
                field,
                bool(values[field.key]),
                marks[number][field.key],
                tuple(remark for remark in warnings if (remark.customer, remark.key) == (number, field.key)),
                len(others),
                credits.get((number, position), {}),
                votes[number, field.key].agreement if votes and (number, field.key) in votes else 1.0,
            )
            for position, field in enumerate(form.fields)
        )
        for number, values in enumerate(forms)
    )
    return ChatSigns(tuple(forms), cells, tuple(apart), tuple(warnings))


def _compare(
    scorer: Scorer, forms: Sequence[FormValues], others: Mapping[str, Sequence[FormValues]]
) -> tuple[dict[tuple[int, int], dict[str, float]], list[str]]:
    """Which runs say otherwise by ``(customer, position of the field)``; a sentence for each with other customers."""
    mine = [scorer.prepare(values) for values in forms]
    credits: dict[tuple[int, int], dict[str, float]] = {}
    apart: list[str] = []
    for name, theirs in others.items():
        prepared = [scorer.prepare(values) for values in theirs]
        if len(prepared) != len(mine):
            apart.append(f"「{name}」有 {len(prepared):,} 位客户")
        for pair in scorer.chat(mine, prepared).pairs if prepared else ():
            for position, credit in enumerate(pair.credits):
                if credit < 1.0:
                    credits.setdefault((pair.pred, position), {})[name] = 1.0 - credit
    return credits, apart
