"""Answers of a dataset's runs about the chats in the workbench, read in two queries however many runs there are."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import or_, select
from sqlmodel import Session, col

from core.adapters.store.models import Extraction, Run, RunKind

OUTDATED: Final = "（续写前）"
"""Stands behind the name of a run whose answer was made on the chat before an import went on with it."""


@dataclass(frozen=True, slots=True)
class RunAnswer:
    """What one run says about one chat.

    Attributes:
        forms: one form per customer; ``None`` where the extraction failed.
        error: why it failed, or ``""``.
        is_outdated: it was made on the chat before an import went on with it.
    """

    forms: list[dict[str, Any]] | None
    error: str
    is_outdated: bool = False


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A run as the workbench names it."""

    id: int
    name: str
    kind: RunKind
    model: str


class RunAnswers:
    """Answers of some runs about a few chats.

    Args:
        session: open session.
        dataset_id: the dataset.
        chat_ids: the chats, few.
        run_ids: runs that are needed.
        newest: so many of the dataset's newest runs as well.
    """

    def __init__(
        self, session: Session, dataset_id: int, chat_ids: Sequence[int], *, run_ids: Collection[int], newest: int
    ) -> None:
        # Names only: counting answers, as the list of runs does, would read every extraction of the dataset.
        of_dataset = select(col(Run.id)).where(col(Run.dataset_id) == dataset_id)
        newest_ids = of_dataset.order_by(col(Run.id).desc()).limit(newest)
        columns = select(col(Run.id), col(Run.name), col(Run.kind), col(Run.model), col(Run.provider))
        statement = columns.where(or_(col(Run.id).in_(run_ids), col(Run.id).in_(newest_ids)))
        self.runs = [
            RunInfo(int(run_id or 0), name, kind, model or provider)
            for run_id, name, kind, model, provider in session.execute(statement.order_by(col(Run.id).desc()))
        ]
        """Newest first."""
        self._answers: dict[tuple[int, int], RunAnswer] = {}
        if not self.runs or not chat_ids:
            return
        answers = select(
            col(Extraction.run_id),
            col(Extraction.chat_id),
            col(Extraction.forms),
            col(Extraction.error),
            col(Extraction.made_on),
        ).where(col(Extraction.run_id).in_([run.id for run in self.runs]), col(Extraction.chat_id).in_(chat_ids))
        for run_id, chat_id, forms, error, made_on in session.execute(answers):
            self._answers[run_id, chat_id] = RunAnswer(forms, error, made_on is not None)

    def answer(self, run_id: int | None, chat_id: int) -> RunAnswer | None:
        """What a run says about a chat; ``None`` where it has not answered."""
        return self._answers.get((run_id, chat_id)) if run_id is not None else None

    def of_chat(self, chat_id: int) -> Iterator[tuple[RunInfo, list[dict[str, Any]]]]:
        """The runs that read a chat, newest first, each with its forms."""
        for run in self.runs:
            answer = self.answer(run.id, chat_id)
            if answer is not None and answer.forms is not None:
                yield replace(run, name=f"{run.name}{OUTDATED}") if answer.is_outdated else run, answer.forms
