"""One round over the chats of a run that goes as a batch: results are stored, open questions become new batches."""

import math
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.llm.batch_files import OpenAIBatches
from core.adapters.store import Store
from core.adapters.store.models import (
    CallBatch,
    CallBatchState,
    CallLine,
    CallLineState,
    Dataset,
    Extraction,
    Place,
    Run,
    RunStatus,
    now,
)
from core.domain.form import load_named_form
from core.errors import ShiyaoError
from core.services.extraction.pipeline import estimate_tokens
from core.services.extraction.runs import batch_store
from core.services.extraction.runs.batch_play import Played, play
from core.services.extraction.runs.batch_store import OpenQuestion
from core.services.extraction.runs.budget import run_yuan
from core.services.extraction.runs.estimate import longest_answer, mean_answer
from core.services.extraction.runs.lane_jobs import offer_lanes
from core.services.extraction.runs.pipeline_loading import pipeline_of
from core.services.extraction.runs.places import PlacedChat
from core.services.extraction.runs.result_store import ChatResult, ResultStore
from core.services.extraction.runs.run_model import model_key, spec_of
from core.services.extraction.runs.scope import BatchWay, missing, parameters_of

if TYPE_CHECKING:
    from core.services.extraction.runs.batch_driver import BatchPace


_LONGEST_CALLS = timedelta(minutes=15)
"""After so long a chat that was being asked live goes into a batch all the same."""
_PROBED = 5
"""Most questions under way for a budget while nobody knows how long the model's answers are."""


class BatchRound:
    """One round over a run's chats."""

    def __init__(
        self, store: Store, run_id: int, batches: OpenAIBatches, pace: "BatchPace", stopping: Callable[[], bool]
    ) -> None:
        """Read what the round is about.

        Args:
            store: open store.
            run_id: the run.
            batches: of its model.
            pace: how large a batch is.
            stopping: whether the process ends.
        """
        self._store, self._run_id, self._batches = store, run_id, batches
        self._pace, self._stopping = pace, stopping
        self._part: list[tuple[OpenQuestion, str, str, int]] = []
        self._bytes = 0
        self._made = False
        self._chats: list[int] = []
        with store.read() as session:
            if (run := session.get(Run, run_id)) is not None:
                self._read(session, run)

    def play(self) -> None:
        """Go on with every chat that has neither a result nor a question under way; then ask live what is to be."""
        for chat_id in self._chats:
            if self._stopping():
                break
            # Nobody looks through all chats again and again while nothing may be asked.
            if chat_id not in self._lines_of and self._is_spent:
                continue
            played = play(self._store, self._run_id, chat_id, self._batches, self._is_asked)
            if played is None:
                continue
            if played.outcome is not None:
                self._keep(chat_id, played)
            elif self._may_ask:
                for question in played.questions:
                    self._add(question)
        self._flush()
        self._finish()

    def _read(self, session: Session, run: Run) -> None:
        """Read which chats to go on with: while the run stands still only those for which something was asked."""
        parameters = parameters_of(run)
        states = select(col(CallLine.chat_id), col(CallLine.state), col(CallLine.key), col(CallLine.tokens))
        lines = list(session.execute(states.where(col(CallLine.run_id) == self._run_id)))
        under_way = [line for line in lines if line.state == CallLineState.SENT]
        self._lines_of = Counter(line.chat_id for line in lines)
        self._asked = set() if parameters.fresh else {line.key for line in under_way}
        open_chats = missing(session, run)
        # The answer stands for all who ask the same once the chat that it was for has its result.
        answered = [line for line in lines if line.state == CallLineState.ANSWERED and line.chat_id in set(open_chats)]
        self._answered = {} if parameters.fresh else {line.key: line.chat_id for line in answered}
        self._spec = spec_of(run)
        self._answer = 0
        self._left: float | None = None
        self._most: int | None = None
        if parameters.budget is not None:
            with suppress(ShiyaoError):  # what is wrong with prompt or form fails the chats, which say so
                self._reserve(session, run, parameters.budget, [line.tokens for line in under_way])
        self._may_ask = run.status == RunStatus.RUNNING and parameters.batch == BatchWay.FILES
        # Live calls under way; not those of a process that is gone, whose places nobody may clear.
        since = now() - _LONGEST_CALLS
        placed = select(col(Place.chat_id)).where(col(Place.run_id) == self._run_id, col(Place.started_at) > since)
        left_out = {line.chat_id for line in under_way} | set(parameters.live) | set(session.execute(placed).scalars())
        self._chats = [
            chat_id
            for chat_id in open_chats
            if chat_id not in left_out and (self._may_ask or chat_id in self._lines_of)
        ]

    def _reserve(self, session: Session, run: Run, budget: float, under_way: list[int]) -> None:
        """Work out what is left of a budget, with the questions under way (tokens of each) paid for."""
        form = load_named_form(session.get_one(Dataset, run.dataset_id).form)
        answer = mean_answer(session, run, self._spec)
        # Until it is known how long answers are, a few are asked for: estimates of them may be far off.
        self._most = None if answer is not None else max(0, _PROBED - len(under_way))
        self._answer = longest_answer(pipeline_of(run), form) if answer is None else math.ceil(answer)
        self._left = budget - (run_yuan(session, run) or 0.0) - sum(map(self._cost, under_way))

    @property
    def _is_spent(self) -> bool:
        return self._most == 0 or (self._left is not None and self._left <= 0)

    def _is_asked(self, key: str, chat_id: int) -> bool:
        return key in self._asked or self._answered.get(key, chat_id) != chat_id

    def _cost(self, tokens: int) -> float:
        answer = self._answer
        return self._spec.cost(tokens, answer, batch_in=tokens, batch_out=answer) or 0.0

    def _add(self, question: OpenQuestion) -> None:
        if self._is_spent:
            return
        self._lines_of[question.chat_id] += 1
        number = self._lines_of[question.chat_id]
        custom_id = f"r{self._run_id}-c{question.chat_id}-{question.attempts}-{number}-{question.key[:12]}"
        body = self._batches.line(custom_id, question.request, question.variant)
        size = len(body.encode()) + 1
        if self._part and (len(self._part) >= self._pace.most_lines or self._bytes + size > self._pace.most_bytes):
            self._flush()
        tokens = estimate_tokens(question.request.system) + estimate_tokens(question.request.prompt)
        self._part.append((question, custom_id, body, tokens))
        self._bytes += size
        self._asked.add(question.key)
        if self._left is not None:
            self._left -= self._cost(tokens)
        if self._most is not None:
            self._most -= 1

    def _flush(self) -> None:
        """Write down a batch of the questions so far."""
        if self._part:
            batch_store.add_batch(self._store, self._run_id, self._part)
            self._part, self._bytes, self._made = [], 0, True

    def _keep(self, chat_id: int, played: Played) -> None:
        with self._store.read() as session:
            run = session.get(Run, self._run_id)
            if run is None:
                return
            placed = PlacedChat(self._run_id, chat_id, model_key(run), 0, run.created_at)
        assert played.outcome is not None
        later = (lambda session: _ask_live(session, self._run_id, chat_id)) if played.live else (lambda _: None)
        ResultStore(self._store).keep_alone(ChatResult(placed, played.outcome, played.calls), later)

    def _finish(self) -> None:
        """Ask live about what is left for that, once no batch is under way any more."""
        with self._store.write() as session:
            run = session.get(Run, self._run_id)
            if run is None:
                return
            pending = missing(session, run)
            batch_store.forget_settled(session, self._run_id, pending)
            if run.status != RunStatus.RUNNING or self._made or self._stopping():
                return
            parameters = parameters_of(run)
            under_way = select(col(CallBatch.id)).where(
                col(CallBatch.run_id) == self._run_id,
                col(CallBatch.state).in_(batch_store.OPEN),
                col(CallBatch.state) != CallBatchState.FETCHED,
            )
            if not parameters.live or session.execute(under_way.limit(1)).first():
                return
            if set(pending) <= set(parameters.live):
                # Their failures are stored with all that was answered: it is not asked again.
                batch_store.forget_settled(session, self._run_id, [])
                parameters.batch, parameters.live = "", []
                run.parameters = parameters.model_dump(mode="json")
                session.flush()
                offer_lanes(session, model_key(run), parameters.concurrency)


def _ask_live(session: Session, run_id: int, chat_id: int) -> None:
    """Have a chat that failed in a batch asked about live, in the transaction that stores the failure."""
    run = session.get_one(Run, run_id)
    attempts = session.execute(
        select(col(Extraction.attempts)).where(col(Extraction.run_id) == run_id, col(Extraction.chat_id) == chat_id)
    ).scalar_one_or_none()
    if attempts is None:
        return
    parameters = parameters_of(run)
    parameters.retry[chat_id] = attempts
    parameters.live = sorted({*parameters.live, chat_id})
    run.parameters = parameters.model_dump(mode="json")
    session.flush()
