"""Alternatives: other runs' values for each field of the chats in the workbench."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store import queries
from core.adapters.store.models import Run, RunKind
from core.domain.form import Form, FormValues, Value
from core.domain.scoring.chat_score import Scorer
from core.services.review.workbench.contract import Alternative

MOST_RUNS = 4
"""Most runs that are compared, newest first; more would be a wall of text beside a field."""
LABELS = "标注"
"""Name of the labels in the list of alternatives."""


_Heard = dict[str | frozenset[str], tuple[Value, list[str]]]
"""Alternatives for one cell: by comparable value, the value as first written and the runs that give it."""


class Alternatives:
    """Answers of the dataset's other runs for some chats, read in one query.

    Args:
        session: open session.
        form: the dataset's form.
        dataset_id: the dataset.
        chat_ids: the chats, few.
        without: per chat id, the run that its values are compared with already.
        blind: ask nobody.
    """

    def __init__(
        self,
        session: Session,
        form: Form,
        dataset_id: int,
        chat_ids: Sequence[int],
        *,
        without: Mapping[int, int | None],
        blind: bool = False,
    ) -> None:
        self._form = form
        self._scorer = Scorer(form)
        # Names only: counting answers, as the list of runs does, would read every extraction of the dataset.
        statement = (
            select(col(Run.id), col(Run.name), col(Run.kind))
            .where(col(Run.dataset_id) == dataset_id)
            .order_by(col(Run.id).desc())
            .limit(MOST_RUNS + len(set(without.values()) - {None}))
        )
        self._without = without
        self._answers: list[tuple[int, str, dict[int, list[FormValues]]]] = []
        if blind:
            return
        for run_id, name, kind in session.execute(statement):
            answered = {
                extraction.chat_id: [form.coerce(values).values for values in extraction.forms]
                for extraction in queries.extractions(session, int(run_id or 0), chat_ids)
                if extraction.forms is not None
            }
            if answered:
                self._answers.append((int(run_id or 0), LABELS if kind == RunKind.LABELS else name, answered))

    def of(self, chat_id: int, customers: Sequence[FormValues]) -> list[dict[str, list[Alternative]]]:
        """Per customer and key ``[{"value", "who": [run]}]``, only where some run gives another value.

        A run's forms are matched to the customers as the scorer matches them; a form without a partner is left out.
        """
        mine = [self._scorer.prepare(values) for values in customers]
        heard_by_cell: list[list[_Heard]] = [[{} for _ in self._form.keys] for _ in customers]
        own_run = self._without.get(chat_id)
        others = [(name, answered) for run_id, name, answered in self._answers if run_id != own_run]
        for name, answered in others[:MOST_RUNS]:
            forms = answered.get(chat_id, [])
            theirs = [self._scorer.prepare(values) for values in forms]
            for pair in self._scorer.chat(theirs, mine).pairs:
                for heard, key, cell in zip(heard_by_cell[pair.gold], self._form.keys, theirs[pair.pred], strict=True):
                    heard.setdefault(cell, (forms[pair.pred][key], []))[1].append(name)
        return [
            {
                key: [{"value": value, "who": who} for value, who in heard.values()]
                for key, heard, cell in zip(self._form.keys, by_field, own, strict=True)
                if any(other != cell for other in heard)
            }
            for by_field, own in zip(heard_by_cell, mine, strict=True)
        ]
