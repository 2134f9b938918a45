"""What a run answered and people corrected: the rejected half of preference pairs (DPO, KTO).

The run is the one that the record was started from, as the desk keeps it. Labels that a record was started from are
nobody's answer: to reject them would teach a model to avoid what it never said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from core.adapters.store import DatasetView, RecordView, RunView, queries
from core.adapters.store.models import RunKind
from core.domain.form import Form, FormValues
from core.domain.scoring import Scorer
from core.domain.scoring.agreement import matched
from core.errors import ExportError
from core.services.export.answer_sources import OrderedStream
from core.services.export.atomic_file import fingerprint

NO_RUN, FROM_LABELS, NO_ANSWER, SAME = "no_run", "from_labels", "no_answer", "same"
UNPAIRED = {
    NO_RUN: "没有从哪个抽取任务改起",
    FROM_LABELS: "从标注改起，标注不是模型的回答",
    NO_ANSWER: "抽取任务没有它的结果",
    SAME: "和抽取的结果一样",
}
"""Why an answer has no rejected one beside it, Chinese clauses."""

REJECTED_KEYS = ("rejected_run", "rejected_run_id", "rejected")
"""What a row's provenance says about its rejected answer: name and id of the run, digest of its forms."""


@dataclass(frozen=True, slots=True)
class RejectedAnswer:
    """A run's answer about a chat, and where it comes from (:data:`REJECTED_KEYS`)."""

    forms: list[FormValues]
    provenance: dict[str, Any]


class RejectedAnswers:
    """Gives the rejected answers of one dataset; asked in order of the chats' index, for they are streamed."""

    def __init__(self, session: Session, dataset: DatasetView, form: Form, usual_run: str = "") -> None:
        """Find the run that stands in where an answer was started from none.

        Args:
            session: open session.
            dataset: whose.
            form: of the dataset.
            usual_run: name of that run; ``""`` for none.

        Raises:
            NotFoundError: the dataset has no such run.
            ExportError: it holds labels, which are no model's answer.
        """
        self._session = session
        self._form = form
        self._runs = {run.id: run for run in queries.runs(session, dataset.id)}
        self._usual = queries.run(session, usual_run, dataset.id) if usual_run else None
        if self._usual is not None and self._usual.kind == RunKind.LABELS:
            raise ExportError(f"「{usual_run}」是标注，不是模型的回答，不能拿来作对照", "请选一个抽取任务")
        self._streams: dict[int, OrderedStream[list[dict[str, Any]]]] = {}

    def of(self, index: int, record: RecordView | None) -> RejectedAnswer | str:
        """The rejected answer about a chat, or why there is none (a key of :data:`UNPAIRED`).

        Args:
            index: of the chat.
            record: the answer that stands against it; ``None`` for labels.
        """
        base = self._runs.get(record.base_run_id) if record is not None and record.base_run_id else None
        run = base if base is not None and base.kind != RunKind.LABELS else self._usual
        if run is None:
            return FROM_LABELS if base is not None else NO_RUN
        raw = self._stream(run).take(index)
        if raw is None:
            return NO_ANSWER
        forms = [self._form.coerce(values).values for values in raw]
        values = (run.name, run.id, fingerprint(forms).hex())
        return RejectedAnswer(forms, dict(zip(REJECTED_KEYS, values, strict=True)))

    def _stream(self, run: RunView) -> OrderedStream[list[dict[str, Any]]]:
        if run.id not in self._streams:
            self._streams[run.id] = OrderedStream(queries.stream_forms(self._session, run.id))
        return self._streams[run.id]


def differing_fields(
    scorer: Scorer, keys: Sequence[str], approved: Sequence[FormValues], rejected: Sequence[FormValues]
) -> tuple[str, ...]:
    """Keys of the fields in which two answers differ, customers matched as scoring does; order alone is no difference.

    Args:
        scorer: of the whole form.
        keys: that are asked about, in the form's order.
        approved: one answer.
        rejected: the other.
    """
    pairs = matched(scorer, approved, rejected)
    empty = scorer.prepare({})
    differing = {
        key
        for one, other in pairs
        for key, a, b in zip(scorer.form.keys, one or empty, other or empty, strict=True)
        if a != b or (one is None) != (other is None) and key == scorer.form.name_field
    }
    return tuple(key for key in keys if key in differing)
