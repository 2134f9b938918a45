r"""Training formats: one row as each trainer wants it, and what describes the file to it.

The same question goes into all of them, exactly as extraction sends it. Formats without a place for a system message
put it before the user message, with an empty line between. LLaMA-Factory joins an Alpaca row as
``instruction + "\n" + input`` (its data README); the prompt is therefore split at a line break before the chat, and a
prompt that has none there goes into ``instruction`` as a whole.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, TypeAdapter

from core.services.training.questions import Question


class TrainingFormat(StrEnum):
    """Formats of training rows, by trainer."""

    SPARK = "spark"
    SPARK_PAIR = "spark-pair"
    ALPACA = "alpaca"
    SHAREGPT = "sharegpt"
    OPENAI = "openai"
    DPO_ALPACA = "dpo-alpaca"
    DPO_SHAREGPT = "dpo-sharegpt"
    DPO_OPENAI = "dpo-openai"
    DPO_BAILIAN = "dpo-bailian"
    DPO_QIANFAN = "dpo-qianfan"
    KTO = "kto"

    @property
    def is_preference(self) -> bool:
        """Whether rows hold an answer that was rejected beside the one that was approved."""
        return self in _PREFERENCES

    @property
    def is_paired(self) -> bool:
        """Whether both answers stand in one row; in KTO each has a row of its own."""
        return self.is_preference and self is not TrainingFormat.KTO


_PREFERENCES = frozenset(
    {
        TrainingFormat.DPO_ALPACA,
        TrainingFormat.DPO_SHAREGPT,
        TrainingFormat.DPO_OPENAI,
        TrainingFormat.DPO_BAILIAN,
        TrainingFormat.DPO_QIANFAN,
        TrainingFormat.KTO,
    }
)

Row = dict[str, Any] | list[dict[str, Any]]
"""A row as JSON; Qianfan's is a list of one object."""

_INFO: dict[TrainingFormat, dict[str, Any]] = {
    TrainingFormat.ALPACA: {
        "formatting": "alpaca",
        "columns": {"prompt": "instruction", "query": "input", "response": "output", "system": "system"},
    },
    TrainingFormat.SHAREGPT: {
        "formatting": "sharegpt",
        "columns": {"messages": "conversations", "system": "system"},
    },
    TrainingFormat.OPENAI: {
        "formatting": "sharegpt",
        "columns": {"messages": "messages"},
        "tags": {
            "role_tag": "role",
            "content_tag": "content",
            "user_tag": "user",
            "assistant_tag": "assistant",
            "system_tag": "system",
        },
    },
    TrainingFormat.DPO_ALPACA: {
        "formatting": "alpaca",
        "ranking": True,
        "columns": {
            "prompt": "instruction",
            "query": "input",
            "chosen": "chosen",
            "rejected": "rejected",
            "system": "system",
        },
    },
    TrainingFormat.DPO_SHAREGPT: {
        "formatting": "sharegpt",
        "ranking": True,
        "columns": {
            "messages": "conversations",
            "chosen": "chosen",
            "rejected": "rejected",
            "system": "system",
        },
    },
    TrainingFormat.KTO: {
        "formatting": "alpaca",
        "columns": {
            "prompt": "instruction",
            "query": "input",
            "response": "output",
            "kto_tag": "kto_tag",
            "system": "system",
        },
    },
}

_Text = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SparkRow(_Strict):
    """A row of the Spark platform's instruction format."""

    instruction: _Text
    input: str
    output: _Text


class SparkPairRow(_Strict):
    """A row of the Spark platform's pair format."""

    input: _Text
    target: _Text


class AlpacaRow(_Strict):
    """A row of Alpaca, with LLaMA-Factory's column for the system message."""

    instruction: _Text
    input: str
    output: _Text
    system: str


class _Turn(_Strict):
    from_: Literal["human", "gpt"] = Field(alias="from")
    value: _Text


class ShareGPTRow(_Strict):
    """A row of ShareGPT: question and answer as turns."""

    conversations: Annotated[list[_Turn], Field(min_length=2, max_length=2)]
    system: str


class _Message(_Strict):
    role: Literal["system", "user", "assistant"]
    content: _Text


class OpenAIRow(_Strict):
    """A row of OpenAI's chat format."""

    messages: Annotated[list[_Message], Field(min_length=2, max_length=3)]


class KTORow(AlpacaRow):
    """A row of KTO in LLaMA-Factory: one answer, and whether it is the approved one."""

    kto_tag: bool


class DPOAlpacaRow(_Strict):
    """A pair of answers in LLaMA-Factory's Alpaca."""

    instruction: _Text
    input: str
    chosen: _Text
    rejected: _Text
    system: str


class DPOShareGPTRow(_Strict):
    """A pair of answers in LLaMA-Factory's ShareGPT: the turns before them, and each as a turn."""

    conversations: Annotated[list[_Turn], Field(min_length=1, max_length=1)]
    chosen: _Turn
    rejected: _Turn
    system: str


class _Asked(_Strict):
    messages: Annotated[list[_Message], Field(min_length=1, max_length=2)]


_Answer = Annotated[list[_Message], Field(min_length=1, max_length=1)]


class DPOOpenAIRow(_Strict):
    """A pair of answers as OpenAI wants it."""

    input: _Asked
    preferred_output: _Answer
    non_preferred_output: _Answer


class DPOBailianRow(_Asked):
    """A pair of answers as Bailian wants it: ChatML, and each answer as a message."""

    chosen: _Message
    rejected: _Message


class _QianfanTurn(_Strict):
    system: _Text | None = None
    user: _Text
    chosen: _Text
    rejected: _Text


class DPOQianfanRow(RootModel[Annotated[list[_QianfanTurn], Field(min_length=1, max_length=1)]]):
    """A pair of answers as Qianfan wants it: a list of turns, of which we write one."""


SCHEMAS: dict[TrainingFormat, type[BaseModel]] = {
    TrainingFormat.SPARK: SparkRow,
    TrainingFormat.SPARK_PAIR: SparkPairRow,
    TrainingFormat.ALPACA: AlpacaRow,
    TrainingFormat.SHAREGPT: ShareGPTRow,
    TrainingFormat.OPENAI: OpenAIRow,
    TrainingFormat.DPO_ALPACA: DPOAlpacaRow,
    TrainingFormat.DPO_SHAREGPT: DPOShareGPTRow,
    TrainingFormat.DPO_OPENAI: DPOOpenAIRow,
    TrainingFormat.DPO_BAILIAN: DPOBailianRow,
    TrainingFormat.DPO_QIANFAN: DPOQianfanRow,
    TrainingFormat.KTO: KTORow,
}
"""What a row of each format must look like; every row is held against it when its file is read back."""


class _Info(_Strict):
    file_name: _Text
    formatting: Literal["alpaca", "sharegpt"]
    ranking: bool = False
    columns: dict[_Text, _Text]
    tags: dict[_Text, _Text] = Field(default_factory=dict)


_INFO_FILE = TypeAdapter(dict[str, _Info])


def row_of(
    data_format: TrainingFormat, question: Question, target: str, rejected: str = "", *, approved: bool = True
) -> Row:
    """Write one row in a format.

    Args:
        data_format: for whom.
        question: what the model is asked.
        target: what it answers: what it should, or in KTO what it should not.
        rejected: in formats of pairs what it should not answer.
        approved: in KTO whether ``target`` is what it should answer.
    """
    question_turns = [{"role": "system", "content": question.system}] if question.system else []
    question_turns += [{"role": "user", "content": question.user}]
    match data_format:
        case TrainingFormat.SPARK:
            instruction, body = _split(question)
            system = f"{question.system}\n\n" if question.system else ""
            return {"instruction": system + instruction, "input": body, "output": target}
        case TrainingFormat.SPARK_PAIR:
            return {"input": question.whole, "target": target}
        case TrainingFormat.ALPACA:
            instruction, body = _split(question)
            return {"instruction": instruction, "input": body, "output": target, "system": question.system}
        case TrainingFormat.SHAREGPT:
            turns = [{"from": "human", "value": question.user}, {"from": "gpt", "value": target}]
            return {"conversations": turns, "system": question.system}
        case TrainingFormat.OPENAI:
            return {"messages": [*question_turns, _message(target)]}
        case TrainingFormat.DPO_ALPACA:
            instruction, body = _split(question)
            pair = {"chosen": target, "rejected": rejected}
            return {"instruction": instruction, "input": body, **pair, "system": question.system}
        case TrainingFormat.DPO_SHAREGPT:
            turn, *answers = (
                {"from": who, "value": text}
                for who, text in (("human", question.user), ("gpt", target), ("gpt", rejected))
            )
            return {"conversations": [turn], "chosen": answers[0], "rejected": answers[1], "system": question.system}
        case TrainingFormat.DPO_OPENAI:
            preferred, other = [_message(target)], [_message(rejected)]
            return {"input": {"messages": question_turns}, "preferred_output": preferred, "non_preferred_output": other}
        case TrainingFormat.DPO_BAILIAN:
            return {"messages": question_turns, "chosen": _message(target), "rejected": _message(rejected)}
        case TrainingFormat.DPO_QIANFAN:
            first = {"system": question.system} if question.system else {}
            return [{**first, "user": question.user, "chosen": target, "rejected": rejected}]
        case TrainingFormat.KTO:
            instruction, body = _split(question)
            answer = {"output": target, "system": question.system, "kto_tag": approved}
            return {"instruction": instruction, "input": body, **answer}


def _message(answer: str) -> dict[str, str]:
    return {"role": "assistant", "content": answer}


def target_of(data_format: TrainingFormat, row: Any) -> str:
    """The answer in a row that was read back; of a pair, the approved one.

    Raises:
        KeyError, IndexError, TypeError: it is not a row of this format.
    """
    match data_format:
        case TrainingFormat.SPARK | TrainingFormat.ALPACA | TrainingFormat.KTO:
            return str(row["output"])
        case TrainingFormat.SPARK_PAIR:
            return str(row["target"])
        case TrainingFormat.SHAREGPT:
            return str(row["conversations"][-1]["value"])
        case TrainingFormat.OPENAI:
            return str(row["messages"][-1]["content"])
        case TrainingFormat.DPO_ALPACA:
            return str(row["chosen"])
        case TrainingFormat.DPO_SHAREGPT:
            return str(row["chosen"]["value"])
        case TrainingFormat.DPO_OPENAI:
            return str(row["preferred_output"][0]["content"])
        case TrainingFormat.DPO_BAILIAN:
            return str(row["chosen"]["content"])
        case TrainingFormat.DPO_QIANFAN:
            return str(row[-1]["chosen"])


def rejected_of(data_format: TrainingFormat, row: Any) -> str:
    """The rejected answer of a pair that was read back.

    Raises:
        KeyError, IndexError, TypeError, ValueError: it is not a row of this format, or the format has no pairs.
    """
    match data_format:
        case TrainingFormat.DPO_ALPACA:
            return str(row["rejected"])
        case TrainingFormat.DPO_SHAREGPT:
            return str(row["rejected"]["value"])
        case TrainingFormat.DPO_OPENAI:
            return str(row["non_preferred_output"][0]["content"])
        case TrainingFormat.DPO_BAILIAN:
            return str(row["rejected"]["content"])
        case TrainingFormat.DPO_QIANFAN:
            return str(row[-1]["rejected"])
    raise ValueError(data_format)


def check_row(data_format: TrainingFormat, row: Any) -> None:
    """Check a row against its format's schema.

    Raises:
        pydantic.ValidationError: it is not a row of this format.
    """
    SCHEMAS[data_format].model_validate(row)


def check_info(info: Any) -> None:
    """Check a ``dataset_info.json`` against its schema.

    Raises:
        pydantic.ValidationError: it is none.
    """
    _INFO_FILE.validate_python(info)


def characters(value: Any) -> int:
    """Number of characters of all texts of a row, without keys; compared with a trainer's limit."""
    return sum(map(len, row_texts(value)))


def row_texts(value: Any) -> Iterator[str]:
    """All texts in a value in order, without keys and the names of speakers; it may be nested however deep."""
    ahead = [value]
    while ahead:
        part = ahead.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, Mapping):
            ahead += reversed([inner for key, inner in part.items() if key not in ("role", "from")])
        elif isinstance(part, list | tuple):
            ahead += reversed(part)


def dataset_info(data_format: TrainingFormat, files: dict[str, str]) -> dict[str, Any] | None:
    """LLaMA-Factory's description of files, or ``None`` for formats that it does not read.

    Args:
        data_format: of the rows.
        files: name of the dataset there → name of the file.
    """
    info = _INFO.get(data_format)
    if info is None:
        return None
    return {name: {"file_name": file, **info} for name, file in files.items()}


def _split(question: Question) -> tuple[str, str]:
    if question.head.endswith("\n"):
        return question.head[:-1], question.body
    return question.user, ""
