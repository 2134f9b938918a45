"""What the tests of training sets share: choices with small defaults, rows read back, a long chat of our own."""

import json
from pathlib import Path
from typing import Any

from core.adapters.store import Store
from core.adapters.store.models import RecordEvent, RecordStatus
from core.services.export import AnswerSource
from core.services.training import TrainingFormat, TrainingOptions
from tests.factories.exports import fill
from tests.factories.exports import form as filled

LABELS_ALONE = AnswerSource(labels=True)
CHATTER = "客服小陈1：您好，资料已经整理好了，请您查收，有问题随时找我。\n林晓3：收到，我们内部先看一看，回头再聊。\n"
LONG = "林晓3：你们的会话存档怎么收费？\n" + CHATTER * 40 + "林晓3：我的手机 13800001111，周五前给我报价\n"
"""Its phone number and its moment stand at the very end."""

LONG_LABELS = [
    filled(
        基本信息_姓名="林晓3",
        基本信息_手机号码="13800001111",
        咨询类型=["询价"],
        意向产品=["会话存档、高级版"],
        客户是否有意向="有意向",
    )
]


def options(**changes: Any) -> TrainingOptions:
    return TrainingOptions(**{"datasets": ("四条",), "source": LABELS_ALONE, "min_rows": 0, **changes})


def in_format(data_format: TrainingFormat, **changes: Any) -> TrainingOptions:
    """Options of a format; in preference formats the run of :func:`fill` stands against the labels."""
    against = {"rejected_run": "模型"} if data_format.is_preference else {}
    return options(format=data_format, **against, **changes)


def fill_long(store: Store) -> None:
    """Two chats, the second of them long."""
    fill(store, texts=("马会5：先看看", LONG), labels=([filled(基本信息_姓名="马会5")], LONG_LABELS))


def rows_of(folder: Path, part: str = "train") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()]


def manifest_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return found


def save_again(store: Store, index: int, *, reviewer: str = "小李", **values: Any) -> None:
    """Give a record of :func:`fill` a history, and a new version with other values."""
    from sqlalchemy import select
    from sqlmodel import col

    from core.adapters.store.models import Chat, Record

    with store.write() as session:
        record = session.execute(
            select(Record).join(Chat, col(Chat.id) == col(Record.chat_id)).where(col(Chat.index) == index)
        ).scalar_one()
        old = list(record.customers)
        new = [
            {**one, "values": {**one["values"], **{k.replace("_", "-"): v for k, v in values.items()}}} for one in old
        ]
        for version, customers, who in ((record.version, old, record.reviewer), (record.version + 1, new, reviewer)):
            session.add(
                RecordEvent(
                    record_id=record.id or 0,
                    version=version,
                    who=who,
                    status=RecordStatus.CONFIRMED,
                    change={"customers": customers},
                    save_id=f"save-{record.id}-{version}",
                )
            )
        record.customers = new
        record.version += 1
        record.reviewer = reviewer
