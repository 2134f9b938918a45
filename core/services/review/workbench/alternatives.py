"""Alternatives: other runs' values for each field of the chats in the workbench."""

from collections.abc import Mapping, Sequence
from itertools import islice

from core.adapters.store.models import RunKind
from core.domain.form import Form, FormValues, Value
from core.domain.scoring.chat_score import Scorer
from core.services.review.workbench.contract import Alternative
from core.services.review.workbench.run_answers import RunAnswers

MOST_RUNS = 4
"""Most runs that are compared, newest first; more would be a wall of text beside a field."""
LABELS = "标注"
"""Name of the labels in the list of alternatives."""


_Heard = dict[str | frozenset[str], tuple[Value, list[str]]]
"""Alternatives for one cell: by comparable value, the value as first written and the runs that give it."""


class Alternatives:
    """What the dataset's other runs say about the chats in the workbench.

    Args:
        form: the dataset's form.
        answers: of the runs about these chats.
        without: per chat id, the run that its values are compared with already.
    """

    def __init__(self, form: Form, answers: RunAnswers, *, without: Mapping[int, int | None]) -> None:
        self._form = form
        self._scorer = Scorer(form)
        self._answers = answers
        self._without = without

    def of(self, chat_id: int, customers: Sequence[FormValues]) -> list[dict[str, list[Alternative]]]:
        """Per customer and key ``[{"value", "who": [run]}]``, only where some run gives another value.

        A run's forms are matched to the customers as the scorer matches them; a form without a partner is left out.
        """
        mine = [self._scorer.prepare(values) for values in customers]
        heard_by_cell: list[list[_Heard]] = [[{} for _ in self._form.keys] for _ in customers]
        own_run = self._without.get(chat_id)
        others = (answer for answer in self._answers.of_chat(chat_id) if answer[0].id != own_run)
        for run, raw_forms in islice(others, MOST_RUNS):
            name = LABELS if run.kind == RunKind.LABELS else run.name
            forms = [self._form.coerce(values).values for values in raw_forms]
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
