"""The flow of review with 100 and 100,000 chats: a sync of the workbench, filters, the record table, bulk changes."""

from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from sqlalchemy import insert

from core.adapters.store import Store, open_store, queries
from core.adapters.store.models import Chat, Dataset, Extraction, Record, Run, now
from core.domain.form import Form, load_named_form
from core.services.review import Filter, open_session, record_table
from core.services.review.queue import background_update, order
from core.services.review.records import bulk

PRODUCT, NAME, STAGE = "意向产品", "基本信息-姓名", "客户购买阶段"
WORDS = "价格 合同 功能 开放接口 会话存档 标准版 高级版 续费 开票 对接 量尺 上门".split()
BATCH = 5000


def run() -> None:
    """Measure both sizes; half of the chats have a record."""
    for size in (100, 100_000):
        with TemporaryDirectory() as folder:
            store = open_store(f"sqlite:///{Path(folder) / 'flow.db'}")
            try:
                measure(store, load_named_form(), size)
            finally:
                store.close()


def _queue(store: Store, form: Form, queue_spec: order.QueueSpec) -> order.ReviewQueue:
    with store.read() as session:
        return order.review_queue(session, form, queue_spec, fresh=True)


def measure(store: Store, form: Form, size: int) -> None:
    dataset_id, run_id = fill(store, form, size)
    with store.read() as session:
        dataset = queries.dataset(session, dataset_id)
    print(f"  {size:,} chats")
    start, background_update.update_in_background = background_update.update_in_background, lambda *_: None
    try:
        review_session = open_session(store, dataset, form, reviewer="林晓")
    finally:
        background_update.update_in_background = start
    at = review_session.sync(store)["open"]
    show("sync of the workbench", lambda: review_session.sync(store, at=at), 9)
    queue_spec = review_session.queue_spec
    show("walk computed anew", lambda: _queue(store, form, queue_spec))
    for name, more in (
        ("text filter, anew", {"text": "价格 合同"}),
        ("field filter, anew", {"field": PRODUCT, "filled": "为空"}),
    ):
        narrow = order.QueueSpec(dataset_id, Filter.of({"queue": "全部"} | more), order.INDEX, run_id, "林晓")
        show(name, lambda narrow=narrow: _queue(store, form, narrow), 3)
    scope: dict[str, Any] = {"wanted": Filter(queue="全部"), "base_run": run_id}
    show("record table, first page", lambda: record_table.page(store, form, dataset_id, **scope))
    last = max(1, size // record_table.PAGE)
    show("record table, last page", lambda: record_table.page(store, form, dataset_id, **scope, number=last))
    show("record table, by a field", lambda: record_table.page(store, form, dataset_id, **scope, sort=NAME), 3)
    began = perf_counter()
    plan = bulk.plan_replace(store, form, dataset_id, find="CRM", replacement="AI", chats=range(1, 5001))
    planned = perf_counter()
    done = bulk.apply(store, form, plan, who="林晓", reason="测量")
    print(
        f"    bulk change of {len(done.saved):,} records: planned in {planned - began:.2f} s, "
        f"applied in {perf_counter() - planned:.2f} s"
    )


def show(name: str, work: Callable[[], object], times: int = 5) -> None:
    took = []
    for _ in range(times):
        began = perf_counter()
        work()
        took.append(perf_counter() - began)
    print(f"    {name}: median {1000 * median(took):.0f} ms, first {1000 * took[0]:.0f} ms")


def fill(store: Store, form: Form, size: int) -> tuple[int, int]:
    with store.write() as session:
        dataset = Dataset(name="测量", form=form.name, sha256="x", expected=size)
        session.add(dataset)
        session.flush()
        run = Run(dataset_id=dataset.id or 0, name="甲", kind="model", total=size)
        session.add(run)
        session.flush()
        dataset_id, run_id = dataset.id or 0, run.id or 0
        for start in range(1, size + 1, BATCH):
            numbers = range(start, min(start + BATCH, size + 1))
            texts = {i: text_of(i) for i in numbers}
            chat = {"dataset_id": dataset_id, "residue_characters": 0}
            session.execute(
                insert(Chat),
                [
                    chat | {"id": i, "index": i, "text": text, "sha256": str(i), "characters": len(text)}
                    for i, text in texts.items()
                ],
            )
            answers = {
                i: form.empty() | {NAME: f"林木{i}", PRODUCT: ["CRM"] if i % 3 else [], STAGE: "报价"} for i in numbers
            }
            one = {"run_id": run_id, "status": "ok", "replies": [], "notes": [], "created_at": now()}
            session.execute(insert(Extraction), [one | {"chat_id": i, "forms": [answers[i]]} for i in numbers])
            reviewed = [i for i in numbers if i % 2]
            record = {
                "dataset_id": dataset_id,
                "status": "已确认",
                "base_run_id": run_id,
                "reviewer": "阿青",
                "version": 1,
                "created_at": now(),
                "updated_at": now(),
            }
            session.execute(
                insert(Record),
                [record | {"chat_id": i, "customers": customers(form, answers[i], run_id)} for i in reviewed],
            )
    return dataset_id, run_id


def text_of(number: int) -> str:
    """A short chat; four words of the twelve, so that a search finds some of the chats."""
    said = "".join(WORDS[(number * step) % len(WORDS)] for step in (1, 5, 7, 11))
    return f"林木{number}：你好，想问一下{said}\n客服小何：好的，我看一下再回复您\n" * 6


def customers(form: Form, values: dict[str, Any], run_id: int) -> list[dict[str, Any]]:
    return [
        {
            "values": values,
            "origin": dict.fromkeys(form.keys, f"run:{run_id}"),
            "confirmed": dict.fromkeys(form.keys, "批量确认"),
            "pinned": {},
            "source": 0,
        }
    ]
