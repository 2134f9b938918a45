"""A run against a fake model service that remembers each call, watched from outside the server."""

import time
from collections import defaultdict
from datetime import UTC, datetime

from sqlalchemy import select
from sqlmodel import col

from bench.chaos.ground import Ground, variables
from bench.chaos.paid_calls import LATENCY, compare_calls
from bench.chaos.tally import Tally
from bench.chaos.websocket_client import Disconnected, WorkbenchClient
from core.adapters.store import DatasetView, RunView, Store, queries
from core.adapters.store.models import Chat, Extraction, ExtractionStatus, RunStatus
from core.services.extraction import runs as run_service
from tests.factories.datasets import make_dataset
from tests.fakes.behaviour import Answer
from tests.fakes.openai_server import FakeOpenAI

_FINISH_SECONDS = 300.0


class CountingService(FakeOpenAI):
    """A model service that notes when each chat was asked about."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.moments: dict[int, list[datetime]] = defaultdict(list)

    def __enter__(self) -> "CountingService":
        super().__enter__()
        if self._server is not None:
            self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # callers are killed on purpose
        return self

    def calls(self) -> int:
        """Number of calls so far."""
        return sum(len(moments) for moments in list(self.moments.values()))

    def _answer(self, request: dict[str, object], _number: int) -> Answer:
        question = request["messages"][-1]["content"]  # type: ignore[index]
        mark = question.rpartition("【")[2].partition("】")[0]
        self.moments[int(mark)].append(datetime.now(UTC))
        return Answer(latency=LATENCY)


class RunWatch:
    """A run that goes on while things happen to the server.

    Attributes:
        kills: when the server was ended.
    """

    def __init__(self, place: Ground, service: CountingService, chats: int, *, concurrency: int = 2) -> None:
        self._place, self._service, self._chats = place, service, chats
        self.kills: list[datetime] = []
        texts = [f"林木{one}：【{one}】书架怎么卖？\n客服小陈：一万起。" for one in range(1, chats + 1)]
        self.dataset = make_dataset(place.store, texts, "抽取")
        with variables(service.environment()):
            self.run_id = start_run(place.store, self.dataset, concurrency=concurrency)

    def wake(self, tally: Tally) -> None:
        """Open 抽取任务 once: from then on the server executes what is running."""
        open_page(self._place, self.dataset, "runs", tally)

    def killed(self) -> None:
        """Note that the server was just ended: what it asked a moment ago, nobody could store."""
        self.kills.append(datetime.now(UTC))

    def count(self, tally: Tally, *, clocks_agree: bool = True) -> None:
        """Wait for the run's end; count chats without an answer, with two, and paid for twice."""
        view, seconds = wait_for(self._place.store, self.run_id)
        with self._place.store.read() as session:
            stored = {one.index: one.status for one in queries.extractions(session, self.run_id)}
            rows = session.execute(
                select(col(Chat.index), col(Extraction.created_at))
                .join(Extraction, col(Extraction.chat_id) == col(Chat.id))
                .where(col(Extraction.run_id) == self.run_id)
            ).all()
        for index in range(1, self._chats + 1):
            if stored.get(index, ExtractionStatus.FAILED) == ExtractionStatus.FAILED:
                tally.count("lost", f"chat {index} of the run has no answer after {seconds:.0f} s ({view.status})")
        if len(rows) > self._chats:
            tally.count("doubled", f"{len(rows)} extractions of {self._chats} chats")
        moments = {int(index): moment for index, moment in rows}
        again = compare_calls(self._service.moments, moments, self.kills, tally, clocks_agree=clocks_agree)
        tally.figures["run"] = f"{self._chats} chats, {self._service.calls()} calls"
        if self.kills:
            tally.figures["calls under way when killed, asked again"] = str(again)


def start_run(store: Store, dataset: DatasetView, *, concurrency: int) -> int:
    """Start a run over a dataset's chats; whoever executes runs takes it up. Returns its id."""
    created = run_service.create_run(
        store, dataset=dataset.id, name="混沌", provider="openai", model="fake-model", concurrency=concurrency
    )
    return run_service.start(store, created.id).id


def wait_for(store: Store, run_id: int, patience: float = _FINISH_SECONDS) -> tuple[RunView, float]:
    """Wait until a run has ended; its progress then, and the seconds that it took."""
    started = time.monotonic()
    while (view := run_service.progress(store, run_id)).status != RunStatus.FINISHED:
        if time.monotonic() - started > patience:
            break
        time.sleep(0.5)
    return view, time.monotonic() - started


def open_page(place: Ground, dataset: DatasetView, page: str, tally: Tally) -> None:
    """Open a page once, and count what it shows of crashes."""
    client = WorkbenchClient(place.server.port, "看客", dataset.id, page=page)
    try:
        client.open()
    except Disconnected as error:
        tally.count("crashed", f"{page}: a server that had started did not answer: {error}")
    client.close()
    for crash in client.crashes:
        tally.count("crashed", f"{page} showed: {crash}")
