"""What the API answers, as types: the description (OpenAPI) is made from them.

They are of their own, apart from what services return, so that a change inside does not change what programs read.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

ChatIndex = Annotated[int, Field(description="群聊编号：在来源文件里的位置，从 1 开始，永不改变", examples=[1])]
FormJson = dict[str, str | list[str]]


class ApiModel(BaseModel):
    """Base class of what the API answers; made of any object with the same attributes."""

    model_config = ConfigDict(from_attributes=True)


class ApiRequest(BaseModel):
    """Base class of what programs send: nothing unknown, and no NUL, which no database takes."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _no_nul(cls, sent: Any) -> Any:
        if any("\0" in text for text in _texts(sent)):
            raise ValueError("有空字符（NUL），数据库存不下")
        return sent


def _texts(sent: Any) -> Iterator[str]:
    """All texts in a JSON value."""
    if isinstance(sent, str):
        yield sent
    elif isinstance(sent, dict):
        yield from (text for pair in sent.items() for part in pair for text in _texts(part))
    elif isinstance(sent, list):
        yield from (text for part in sent for text in _texts(part))


class TokenInfo(ApiModel):
    """Who calls, with which token."""

    name: str = Field(description="写在记录和操作记录上的名字")
    role: str = Field(description="审阅员、组长或管理员")
    token: str = Field(description="令牌的名称")
    ends_at: datetime = Field(description="令牌何时到期")


class DatasetInfo(ApiModel):
    """A dataset with its counts."""

    id: int = Field(description="编号，永不重复")
    name: str
    split: str = Field(description="用途：train、test 或 other")
    form: str = Field(description="表单，数据库里的带版本（name@version）")
    created_at: datetime
    chats: int = Field(description="群聊条数")
    expected: int = Field(description="来源文件的条数，含没有导入的")
    confirmed: int = Field(description="已确认的群聊")
    records: int = Field(description="有记录的群聊")
    runs: int = Field(description="抽取任务个数，不含标注")
    labels: int = Field(description="有标注的群聊")


class DatasetList(ApiModel):
    """All datasets, newest first."""

    items: list[DatasetInfo]


class FormFieldInfo(ApiModel):
    """One field of a form."""

    key: str
    label: str
    group: str
    type: str = Field(description="str 或 list[str]")
    kind: str
    nature: str = Field(description="verbatim 应在原文里找到，judgement 是判断")
    points: float = Field(description="满分")
    one_right_answer: bool
    values: list[str] = Field(description="建议的取值；别的也可以")
    description: str


class FormInfo(ApiModel):
    """The form of a dataset."""

    reference: str = Field(description="表单，数据库里的带版本")
    title: str
    version: int
    max_points: float
    fields: list[FormFieldInfo]


class ChatInfo(ApiModel):
    """A chat with its text."""

    index: ChatIndex
    characters: int
    text: str = Field(description="入库时的原文；依据的位置以它为准")


class ChatPageInfo(ApiModel):
    """Some chats in order of their index."""

    items: list[ChatInfo]
    next_after: int | None = Field(description="下一页的 after；没有更多时为 null")


class EvidenceInfo(ApiModel):
    """How the chat supports a field's value."""

    status: str = Field(description="原文、归一化、推断、无依据；空值为空")
    spans: list[tuple[int, int]] = Field(description="在群聊原文里的 [开始, 结束)，按字符（码点）计")
    messages: list[int] = Field(description="第几条消息，从 0 开始")
    quotes: list[str] = Field(description="这些位置上的原话")


class CustomerInfo(ApiModel):
    """One customer's form with its states."""

    values: FormJson = Field(description="表单的每个字段；没有内容是空字符串或空列表")
    origin: dict[str, str] = Field(description="每个字段的值从哪来：run:编号，或 reviewer；不知道时为空")
    confirmed: dict[str, str] = Field(description="每个字段：未看、逐项确认或批量确认")
    evidence: dict[str, EvidenceInfo] = Field(description="每个字段的依据；evidence=false 时为空")


class RecordInfo(ApiModel):
    """A chat's record, or what a review would start from."""

    chat: ChatIndex
    status: str = Field(description="未审阅、草稿、已确认、待讨论或已跳过")
    version: int = Field(description="每次保存加一；0 是还没有记录，值来自抽取任务")
    reviewer: str = Field(description="谁的记录")
    updated_at: datetime | None = Field(description="上次保存的时间")
    note: str = Field(description="审阅人的备注")
    base_run_id: int | None = Field(description="值改自哪个抽取任务")
    customers: list[CustomerInfo]


class RecordPageInfo(ApiModel):
    """Some records in order of the chats."""

    items: list[RecordInfo]
    next_after: int | None = Field(description="下一页的 after；没有更多时为 null")


class RefusedRow(ApiModel):
    """A row of a file that does not go in."""

    index: int = Field(description="第几条，从 1 开始")
    why: str = Field(description="为什么")


class ImportOutcome(ApiModel):
    """What an import did, or would do."""

    dry_run: bool = Field(description="是否只是预览，什么也没有写")
    import_id: int = Field(description="导入记录的编号，可以据此撤销；预览为 0")
    dataset_id: int = Field(description="数据集编号；新数据集的预览为 0")
    dataset: str
    run_id: int | None = Field(description="标注或导入的任务所在的抽取任务")
    run: str
    total: int = Field(description="文件里的条数")
    added: int
    skipped: int = Field(description="已经在的，一模一样")
    labels: int = Field(description="带来标注的群聊")
    rejected: list[RefusedRow]
    notes: list[str] = Field(description="值得知道的事，每条一句")


class RunProgress(ApiModel):
    """A run and how far it is."""

    id: int
    dataset_id: int
    name: str
    kind: str = Field(description="model 由模型抽取，其余是导入、标注或合并")
    status: str = Field(description="waiting、running、paused、finished 或 cancelled")
    provider: str
    model: str
    total: int
    done: int
    failed: int
    pending: int
    tokens_in: int
    tokens_out: int
    outdated: int = Field(description="群聊续写前得出的结果条数")
    budget: float | None = Field(default=None, description="预算（元），花到就暂停；空：没有")
    batch: str | None = Field(default=None, description="files、address：作为批量；空：逐条即时调用")
    created_at: datetime


class RunList(ApiModel):
    """The runs of a dataset, newest first."""

    items: list[RunProgress]
    default: int | None = Field(description="默认任务的编号")


class FailureInfo(ApiModel):
    """Chats of a run that failed for one reason."""

    cause: str
    title: str = Field(description="原因，和网页上同样的说法")
    chats: list[int]


class RunDetail(RunProgress):
    """A run, how far it is, and what failed."""

    failures: list[FailureInfo]


class FilledInfo(ApiModel):
    """Over cells that are filled."""

    precision: float
    recall: float
    f1: float


class FieldScoreInfo(FilledInfo):
    """The score of one field."""

    points: float = Field(description="每条群聊平均得分")
    max: float
    support: int = Field(description="对照里填了的格子数")


class ScoreJobInfo(ApiModel):
    """A score that is being computed in the background, once for everybody who asks for the same."""

    job_id: int
    stage: str = Field(description="在做什么；空：还没有开始")
    done: int = Field(description="这一步完成了多少")
    total: int = Field(description="这一步一共多少；0：不知道")


class ScoreInfo(ApiModel):
    """The score of a run, beside what scores without reading a chat."""

    run_id: int
    run: str
    against: str = Field(description="对照：labels、records、blind 或 run:任务名")
    measure: str = Field(description="自由文本用的相似度；主办方的没有公开")
    score: float
    max: float
    floors: dict[str, float] = Field(description="不读群聊也能得的分：empty 全空，constants 每个字段最好的常数")
    filled: FilledInfo = Field(description="只看填了的格子")
    fields: dict[str, FieldScoreInfo]
    chats: dict[int, float] = Field(description="每条群聊的得分，按编号")
    missing: list[int] = Field(description="任务里没有的群聊，各得 0 分")
    left_out: int = Field(description="因有争议没有计分的格子")
    notes: list[str] = Field(description="值得知道的事，每条一句")
