"""Malformed replies: parsed one by one, and received by a run of the real server from a model service."""

from typing import Any

from bench.chaos.garbage import broken
from bench.chaos.ground import ground, variables
from bench.chaos.options import Options
from bench.chaos.oracle import Oracle
from bench.chaos.run_watch import open_page, start_run, wait_for
from bench.chaos.tally import Tally
from core.adapters.store.models import RunStatus
from core.domain.form import load_named_form
from core.domain.replies import parse_reply
from tests.factories.datasets import make_dataset
from tests.fakes.behaviour import Answer
from tests.fakes.openai_server import FakeOpenAI

_GOOD = '[{"基本信息-姓名": "林木", "咨询类型": ["答疑"], "客户购买阶段": "报价"}]'


def run(options: Options) -> Tally:
    """No reply may raise, and each chat has an outcome: an answer or a failure with a reason."""
    tally, chance = Tally(), options.random("replies")
    replies = [broken(_GOOD.encode(), chance).decode("utf-8", "surrogateescape") for _ in range(options.replies)]
    form = load_named_form()
    for reply in replies:
        try:
            parse_reply(form, reply)
        except Exception as error:
            tally.count("crashed", f"{reply[:60]!r}: {type(error).__name__}: {error}")
    # A service can only send what is Unicode.
    sent = [reply.encode("utf-8", "replace").decode() for reply in replies]

    def answer(_request: dict[str, Any], number: int) -> Answer:
        return Answer(text=sent[number % len(sent)])

    with FakeOpenAI(answer) as service, ground(2, env=service.environment()) as place:
        texts = [f"林木{one}：书架 {one} 怎么卖？\n客服小陈：一万起。" for one in range(1, options.replies + 1)]
        dataset = make_dataset(place.store, texts, "乱答")
        with variables(service.environment()):
            run_id = start_run(place.store, dataset, concurrency=16)
        open_page(place, dataset, "runs", tally)
        oracle = Oracle()
        place.measure(tally, oracle)
        view, seconds = wait_for(place.store, run_id)
        for page in ("runs", "workbench", "start"):
            open_page(place, dataset, page, tally)
        if view.status != RunStatus.FINISHED or view.done + view.failed != view.total:
            tally.count("lost", f"{view.pending} of {view.total} chats have no outcome after {seconds:.0f} s")
        place.finish(tally, oracle)
    del tally.figures["saves"]
    tally.figures["replies"] = f"{len(replies)} parsed; a run of {view.total}: {view.done} read, {view.failed} failed"
    return tally
