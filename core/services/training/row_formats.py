r"""Training formats: one row as each trainer wants it, and what describes the file to it.

The same question goes into all of them, exactly as extraction sends it. Formats without a place for a system message
put it before the user message, with an empty line between. LLaMA-Factory joins an Alpaca row as
``instruction + "\n" + input`` (its data README); the prompt is therefore split at a line break before the chat, and a
prompt that has none there goes into ``instruction`` as a whole.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from core.services.training.questions import Question


class TrainingFormat(StrEnum):
    """Formats of training rows, by trainer."""

    SPARK = "spark"
    SPARK_PAIR = "spark-pair"
    ALPACA = "alpaca"
    SHAREGPT = "sharegpt"
    OPENAI = "openai"


Row = dict[str, Any]

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


SCHEMAS: dict[TrainingFormat, type[BaseModel]] = {
    TrainingFormat.SPARK: SparkRow,
    TrainingFormat.SPARK_PAIR: SparkPairRow,
    TrainingFormat.ALPACA: AlpacaRow,
    TrainingFormat.SHAREGPT: ShareGPTRow,
    TrainingFormat.OPENAI: OpenAIRow,
}
"""What a row of each format must look like; every row is held against it when its file is read back."""


class _Info(_Strict):
    file_name: _Text
    formatting: Literal["alpaca", "sharegpt"]
    columns: dict[_Text, _Text]
    tags: dict[_Text, _Text] = Field(default_factory=dict)


_INFO_FILE = TypeAdapter(dict[str, _Info])


def row_of(data_format: TrainingFormat, question: Question, target: str) -> Row:
    """Write one row in a format.

    Args:
        data_format: for whom.
        question: what the model is asked.
        target: what it should answer.
    """
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
            first = [{"role": "system", "content": question.system}] if question.system else []
            rest = [{"role": "user", "content": question.user}, {"role": "assistant", "content": target}]
            return {"messages": first + rest}


def target_of(data_format: TrainingFormat, row: Row) -> str:
    """The answer in a row that was read back.

    Raises:
        KeyError, IndexError, TypeError: it is not a row of this format.
    """
    match data_format:
        case TrainingFormat.SPARK | TrainingFormat.ALPACA:
            return str(row["output"])
        case TrainingFormat.SPARK_PAIR:
            return str(row["target"])
        case TrainingFormat.SHAREGPT:
            return str(row["conversations"][-1]["value"])
        case TrainingFormat.OPENAI:
            return str(row["messages"][-1]["content"])


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
    """All texts in a value, without keys and the names of speakers."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            if key not in ("role", "from"):
                yield from row_texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from row_texts(part)


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
