"""A small store for the tests of exports: four invented chats, labels, one model run, records in every state."""

import hashlib
from collections.abc import Sequence
from typing import Any

from core.adapters.store import Store
from core.adapters.store.models import (
    Chat,
    Dataset,
    Extraction,
    ExtractionStatus,
    Record,
    RecordStatus,
    Run,
    RunKind,
    RunStatus,
)
from core.domain.form import FormValues, load_named_form

FORM = load_named_form()

FIRST = '林晓3：你们的会话存档怎么收费？\n客服小陈1：按坐席算，"高级版"每年 680 元\\坐席\n林晓3：好，周五前给我报价\n'
COPY = '"  data-online-sheet-link=\'["何静5：你们的会话存档怎么收费？\\客服小陈1：按坐席算",5,2]\''
TEXTS = (
    FIRST + COPY,
    "马会5：我们两家一起买\n丁一8：对，预算八千，别超过\n客服小陈1：[图片]\n客服小陈1：收到😀????",
    "周到6：先看看\n客服小陈1：[文件]\n",
    "客服小陈1：早上好\n客服小吴2：早",
)


def form(**values: Any) -> FormValues:
    """A form with a few values; keys as in the form file, ``-`` written as ``_``."""
    return {**FORM.empty(), **{key.replace("_", "-"): value for key, value in values.items()}}


LABELS: tuple[list[FormValues], ...] = (
    [
        form(
            基本信息_姓名="林晓3",
            咨询类型=["询价"],
            意向产品=["会话存档", "高级版"],
            竞品信息='他说"不行"\\再看\n第二行',
        )
    ],
    [form(基本信息_姓名="马会5"), form(基本信息_姓名="丁一8", 客户预算_总体预算金额="八千")],
    [form(基本信息_姓名="周到6", 客户购买阶段="需求调研")],
    [],
)
RUN: tuple[list[FormValues] | None, ...] = (
    [form(基本信息_姓名="林晓3", 咨询类型=["答疑"])],
    [form(基本信息_姓名="马会5")],
    None,
    [],
)


def fill(
    store: Store,
    name: str = "四条",
    *,
    texts: tuple[str, ...] = TEXTS,
    expected: int | None = None,
    labels: tuple[list[FormValues], ...] | None = LABELS,
    statuses: dict[int, RecordStatus] | None = None,
) -> int:
    """Put the chats in; returns the dataset's id.

    Args:
        store: an open store.
        name: of the dataset.
        texts: the chats.
        expected: how many the source held, if more were in it.
        labels: of the chats; ``None`` for none.
        statuses: records by index; each holds the labels with the buying stage 报价 filled in.
    """
    with store.write() as session:
        dataset = Dataset(name=name, form=FORM.name, sha256="0" * 64, expected=expected or len(texts))
        session.add(dataset)
        session.flush()
        chats = [
            Chat(
                dataset_id=dataset.id,
                index=number,
                text=text,
                sha256=hashlib.sha256(text.encode()).hexdigest(),
                characters=len(text),
                messages=2,
                residue_characters=0,
            )
            for number, text in enumerate(texts, start=1)
        ]
        session.add_all(chats)
        runs: dict[str, Sequence[list[FormValues] | None]] = {"模型": RUN, **({"标注": labels} if labels else {})}
        for run_name, answers in runs.items():
            kind = RunKind.LABELS if run_name == "标注" else RunKind.MODEL
            run = Run(dataset_id=dataset.id, name=run_name, kind=kind, status=RunStatus.FINISHED, total=len(texts))
            session.add(run)
            session.flush()
            for chat, forms in zip(chats, answers, strict=False):
                status = ExtractionStatus.OK if forms is not None else ExtractionStatus.FAILED
                session.add(Extraction(run_id=run.id, chat_id=chat.id, status=status, forms=forms))
        for index, status in (statuses or {}).items():
            customers = [
                {"values": {**values, "客户购买阶段": "报价"}, "origin": {}, "confirmed": {}, "pinned": {}}
                for values in LABELS[index - 1]
            ]
            session.add(
                Record(
                    dataset_id=dataset.id,
                    chat_id=chats[index - 1].id,
                    customers=customers,
                    status=status,
                    reviewer="小王",
                    version=3,
                )
            )
        session.flush()
        return int(dataset.id or 0)
