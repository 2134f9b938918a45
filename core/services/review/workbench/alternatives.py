"""Alternatives: other runs' values for each field of the chats in the workbench."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from core.adapters.store.models import RunKind
from core.domain.form import Form, FormValues, Value
from core.domain.scoring.chat_score import Scorer
from core.services.quality.stored_votes import Votes
from core.services.review.workbench.contract import Alternative, Dissent
from core.services.review.workbench.run_answers import RunAnswers, RunInfo

MOST_RUNS = 4
"""Most runs that are compared, newest first; more would be a wall of text beside a field."""
LABELS = "标注"
"""Name of the labels in the list of alternatives."""


_WEAK, _EMPTY, _TELLING = 0.5, 0.5, 0.5
"""What the dissent of a run that scores less counts, what that of an empty cell, and the share that is worth a mark.

A mark on one field of 21 is a signal, on eleven it is noise.
"""
_Heard = dict[str | frozenset[str], tuple[Value, list[str]]]
"""Alternatives for one cell: by comparable value, the value as first written and the runs that give it."""


@dataclass(slots=True)
class _Votes:
    """Other runs about one cell.

    Attributes:
        of: runs that speak of the customer.
        differ: of these, those that give another value.
        weight: of those that differ; labels count in full whatever the others say.
    """

    of: int = 0
    differ: int = 0
    weight: float = 0.0
    has_label: bool = False

    def add(self, *, differs: bool, is_empty: bool, is_weak: bool, is_label: bool) -> None:
        """Count one run."""
        self.of += 1
        if differs:
            self.differ += 1
            self.has_label = self.has_label or is_label
            self.weight += (_WEAK if is_weak else 1.0) * (_EMPTY if is_empty else 1.0)

    @property
    def is_telling(self) -> bool:
        """Whether so much differs that somebody should look."""
        return self.has_label or (self.differ > 0 and self.weight >= _TELLING * self.of)


class Heard(NamedTuple):
    """What other runs say about one customer; see :class:`~core.services.review.workbench.contract.CustomerPayload`."""

    others: dict[str, list[Alternative]]
    dissent: dict[str, Dissent]
    compared: list[str]


class Alternatives:
    """What the dataset's other runs say about the chats in the workbench.

    Args:
        form: the dataset's form.
        answers: of the runs about these chats.
        without: per chat id, the run that its values are compared with already.
        scores: of the runs that were measured, by id.
        votes: what the votes of a run about a chat did not take, by run and chat id.
    """

    def __init__(
        self,
        form: Form,
        answers: RunAnswers,
        *,
        without: Mapping[int, int | None],
        scores: Mapping[int, float],
        votes: Mapping[tuple[int, int], Votes] | None = None,
    ) -> None:
        self._form = form
        self._scores = scores
        self._scorer = Scorer(form)
        self._answers = answers
        self._without = without
        self._votes = votes or {}

    def of(self, chat_id: int, customers: Sequence[FormValues], sources: Sequence[int | None] = ()) -> list[Heard]:
        """Per customer the values of other runs, where their dissent means something, and which runs speak of them.

        The values are ``[{"value", "who": [run]}]``, only where some run gives another one. A run's forms are matched
        to the customers as the scorer matches them; a form without a partner is left out. What the own run's vote did
        not take comes behind.

        Args:
            chat_id: the chat.
            customers: their values.
            sources: per customer, the position of the own run's form that it came from.
        """
        mine = [self._scorer.prepare(values) for values in customers]
        heard_by_cell: list[list[_Heard]] = [[{} for _ in self._form.keys] for _ in customers]
        votes = [[_Votes() for _ in self._form.keys] for _ in customers]
        compared: list[list[str]] = [[] for _ in customers]
        own_run = self._without.get(chat_id)
        others = (answer for answer in self._answers.of_chat(chat_id) if answer[0].id != own_run)
        for run, raw_forms in islice(others, MOST_RUNS):
            name = LABELS if run.kind == RunKind.LABELS else run.name
            forms = [self._form.coerce(values).values for values in raw_forms]
            theirs = [self._scorer.prepare(values) for values in forms]
            for pair in self._scorer.chat(theirs, mine).pairs:
                heard_here, votes_here = heard_by_cell[pair.gold], votes[pair.gold]
                compared[pair.gold].append(name)
                for number, (key, cell) in enumerate(zip(self._form.keys, theirs[pair.pred], strict=True)):
                    heard_here[number].setdefault(cell, (forms[pair.pred][key], []))[1].append(name)
                    votes_here[number].add(
                        differs=cell != mine[pair.gold][number],
                        is_empty=not forms[pair.pred][key],
                        is_weak=self._is_weaker(run, own_run),
                        is_label=run.kind == RunKind.LABELS,
                    )
        self._hear_votes(heard_by_cell, self._votes.get((own_run or 0, chat_id), {}), sources)
        values: list[dict[str, list[Alternative]]] = [
            {
                key: [{"value": value, "who": who} for value, who in heard.values()]
                for key, heard, cell in zip(self._form.keys, by_field, own, strict=True)
                if any(other != cell for other in heard)
            }
            for by_field, own in zip(heard_by_cell, mine, strict=True)
        ]
        dissents: list[dict[str, Dissent]] = [
            {
                key: {"differ": vote.differ, "of": vote.of}
                for key, vote in zip(self._form.keys, votes_of_customer, strict=True)
                if vote.is_telling
            }
            for votes_of_customer in votes
        ]
        return [Heard(*heard) for heard in zip(values, dissents, compared, strict=True)]

    def _hear_votes(self, heard_by_cell: list[list[_Heard]], votes: Votes, sources: Sequence[int | None]) -> None:
        """Add values that lost the own run's vote, with how many of its answers gave them."""
        for heard_of_fields, source in zip(heard_by_cell, sources, strict=False):
            for number, field in enumerate(self._form.fields):
                vote = votes.get((source, field.key)) if source is not None else None
                for lost, who in vote.lost if vote is not None else ():
                    value = self._form.coerce({field.key: lost}).values[field.key]
                    cell = self._scorer.prepare({field.key: value})[number]
                    heard_of_fields[number].setdefault(cell, (value, []))[1].extend(who)

    def _is_weaker(self, run: RunInfo, own_run: int | None) -> bool:
        """Whether a run was measured, and scores less than the run that the values come from."""
        own = self._scores.get(own_run) if own_run is not None else None
        return own is not None and run.id in self._scores and self._scores[run.id] < own
