r"""Training formats: one row as each trainer wants it, and what describes the file to it.

The same question goes into all of them, exactly as extraction sends it. Formats without a place for a system message
put it before the user message, with an empty line between. LLaMA-Factory joins an Alpaca row as
``instruction + "\n" + input`` (its data README); the prompt is therefore split at a line break before the chat, and a
prompt that has none there goes into ``instruction`` as a whole.
"""

from enum import StrEnum
from typing import Any

from core.export.questions import Question


class TrainingFormat(StrEnum):
    """For whom the rows are written."""

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
}


def row_of(data_format: TrainingFormat, question: Question, target: str) -> Row:
    """One row.

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


def characters(value: Any) -> int:
    """Characters of all texts of a row, without keys: what a trainer's limit is held against."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(characters(part) for key, part in value.items() if key not in ("role", "from"))
    return sum(characters(part) for part in value)


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
