"""A small store for the tests of exports: four invented chats, labels, one model run, records in every state."""

from core.adapters.store import Store
from core.adapters.store.models import RecordStatus, RunKind
from core.domain.form import FormValues
from tests.factories.datasets import make_dataset, make_record, make_run
from tests.factories.datasets import make_form as form

FIRST = '林晓3：你们的会话存档怎么收费？\n客服小陈1：按坐席算，"高级版"每年 680 元\\坐席\n林晓3：好，周五前给我报价\n'
COPY = '"  data-online-sheet-link=\'["何静5：你们的会话存档怎么收费？\\客服小陈1：按坐席算",5,2]\''
TEXTS = (
    FIRST + COPY,
    "马会5：我们两家一起买\n丁一8：对，预算八千，别超过\n客服小陈1：[图片]\n客服小陈1：收到😀????",
    "周到6：先看看\n客服小陈1：[文件]\n",
    "客服小陈1：早上好\n客服小吴2：早",
)


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
    dataset = make_dataset(store, texts, name, expected=expected)
    answers: dict[int, list[FormValues] | None] = dict(enumerate(RUN[: len(texts)], start=1))
    make_run(store, dataset, "模型", answers, total=len(texts))
    if labels:
        labelled = dict(enumerate(labels[: len(texts)], start=1))
        make_run(store, dataset, "标注", labelled, RunKind.LABELS, total=len(texts))
    for index, status in (statuses or {}).items():
        customers = [{**values, "客户购买阶段": "报价"} for values in LABELS[index - 1]]
        make_record(store, dataset, index, customers, status, version=3)
    return dataset.id
