"""A form in use on many records, its next version, and the mapping between them."""

import json
from io import BytesIO
from typing import Any

import tomlkit
from sqlalchemy import select
from sqlmodel import col

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.models import Extraction, Record, RecordEvent, Run
from core.domain.form import Form, FormValues, load_named_form
from core.domain.form.loading import FormTexts, read_form_texts
from core.services.datasets import import_chats
from core.services.forms import save_form_version
from core.services.review import apply_saves

OLD = "repair_ticket"
MAPPING = {
    "steps": [
        {"step": "move", "key": "联系电话", "to": "回访电话"},
        {"step": "drop", "key": "品牌型号"},
        {
            "step": "split_values",
            "key": "故障现象",
            "parts": {"水路故障": ["漏水"], "其他故障": ["不启动", "异响", "不制冷"]},
            "rest": "其他故障",
        },
        {
            "step": "move",
            "key": "处理结果",
            "to": "处理结果",
            "values": {"待上门": ["未完成"], "待配件": ["未完成"]},
        },
    ]
}
"""A rename, a dropped field, a split and merged values."""


def next_version(store: Store, who: str = "组长") -> str:
    """Save the next version of the form, which the mapping leads to; its reference."""
    form = tomlkit.parse(read_form_texts(OLD).form).unwrap()
    fields: list[dict[str, Any]] = []
    for field in form["field"]:
        if field["key"] == "故障现象":
            fields.append(field | {"key": "水路故障", "label": "水路故障", "values": ["漏水"]})
            fields.append(field | {"key": "其他故障", "label": "其他故障", "values": ["不启动", "异响", "不制冷"]})
        elif field["key"] == "联系电话":
            fields.append(field | {"key": "回访电话", "label": "回访电话"})
        elif field["key"] == "处理结果":
            fields.append(field | {"values": ["未完成", "已修好", "建议换新", "已取消"]})
        elif field["key"] != "品牌型号":
            fields.append(field)
    return save_form_version(store, FormTexts(tomlkit.dumps(form | {"field": fields})), who=who, note="改版")


def ticket(number: int, **more: Any) -> FormValues:
    """A filled repair order; every tenth has a free word, every third a value that merges."""
    values: FormValues = {
        "报修人": f"住户{number}",
        "联系电话": f"138{number:08d}",
        "品牌型号": "云岭" if number % 2 else "",
        "故障现象": ["漏水、异响"] if number % 4 else ["没反应"],
        "处理结果": ("待上门", "待配件", "已修好")[number % 3],
        "备注": f"第 {number} 户",
    }
    return {**load_named_form(OLD).empty(), **values, **more}


def tickets(store: Store, count: int = 200, name: str = "工单", *, rows: int = 0) -> DatasetView:
    """A dataset with labels, and a record of each chat; every fifth was saved twice.

    Args:
        store: the open store.
        count: chats with a record.
        name: of the dataset.
        rows: all chats, where there are more of them.
    """
    chats = [
        {"chat_text": f"住户{n}：报修，电话 138{n:08d}\n师傅：好的", "infos": [ticket(n)]}
        for n in range(1, max(rows, count) + 1)
    ]
    source = BytesIO(json.dumps(chats, ensure_ascii=False).encode())
    import_chats(store, source, filename="chats.json", dataset=name, form_name=OLD)
    with store.read() as session:
        dataset = queries.dataset(session, name)
        run = queries.run(session, "标注", dataset.id)
    form = load_named_form(OLD)
    for number in range(1, count + 1):
        approve(store, dataset, form, number, ticket(number), run=run.id)
        if number % 5 == 0:
            approve(store, dataset, form, number, ticket(number, 费用="80"), run=run.id, version=1)
    return dataset


def approve(
    store: Store,
    dataset: DatasetView,
    of: Form,
    number: int,
    values: FormValues,
    *,
    run: int | None = None,
    version: int = 0,
    **more: Any,
) -> Any:
    """Save a record as the desk does."""
    save = {
        "save_id": f"ticket-{dataset.id}-{number}-{version}",
        "chat": number,
        "reviewer": "阿青",
        "base_version": version,
        "customers": [{"values": values, "origin": 0, "confirmed": dict.fromkeys(of.keys, "逐项确认")}],
        "status": "已确认",
        "seconds": 9,
        "field_seconds": {of.keys[1]: 4},
    }
    [ack] = apply_saves(store, of, dataset.id, [save | more], base_run_id=run)
    return ack


def everything(store: Store, dataset: DatasetView) -> dict[str, dict[int, Any]]:
    """All that a dataset's records, versions and answers hold, as they are stored, by id."""
    statements = {
        "records": select(col(Record.id), col(Record.customers)).where(col(Record.dataset_id) == dataset.id),
        "events": select(col(RecordEvent.id), col(RecordEvent.change))
        .join(Record)
        .where(col(Record.dataset_id) == dataset.id),
        "answers": select(col(Extraction.id), col(Extraction.forms)).join(Run).where(col(Run.dataset_id) == dataset.id),
    }
    with store.read() as session:
        return {name: {row[0]: row[1] for row in session.execute(rows)} for name, rows in statements.items()}
