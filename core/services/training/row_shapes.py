"""What rows of each training format may look like where somebody else wrote them, and what their texts are.

Looser than ``row_formats.SCHEMAS``, which says how we write them: a platform takes optional columns, several turns and
keys that it does not know. What is wrong is said in Chinese, with the place in the row.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from core.domain.unseen_characters import is_blank
from core.services.extraction.pipeline.token_estimate import estimate_tokens
from core.services.training.length_limits import RowLength
from core.services.training.row_formats import TrainingFormat, characters, row_texts


def _visible(text: str) -> str:
    """A text in which something can be seen: an answer of spaces, or of zero width, teaches to say nothing."""
    if is_blank(text):
        raise PydanticCustomError("blank", "nothing can be seen")
    return text


_Text = Annotated[str, StringConstraints(min_length=1), AfterValidator(_visible)]
_Optional = str | None


class _Shape(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class _SparkShape(_Shape):
    instruction: _Text
    input: _Optional = None
    output: _Text


class _PairShape(_Shape):
    input: _Text
    target: _Text


class _AlpacaShape(_SparkShape):
    system: _Optional = None
    history: list[Annotated[list[str], Field(min_length=2, max_length=2)]] | None = None


class _Turn(_Shape):
    from_: Literal["human", "gpt", "system", "observation", "function_call"] = Field(alias="from")
    value: _Text


class _AnsweringTurn(_Shape):
    from_: Literal["gpt", "function_call"] = Field(alias="from")
    value: _Text


class _ShareGPTShape(_Shape):
    conversations: Annotated[list[_Turn], Field(min_length=2)]
    system: _Optional = None


class _Message(_Shape):
    role: Literal["system", "user", "assistant", "tool"]
    content: _Text


class _AnsweringMessage(_Shape):
    role: Literal["assistant"]
    content: _Text


class _MessagesShape(_Shape):
    messages: Annotated[list[_Message], Field(min_length=2)]


class _KTOShape(_AlpacaShape):
    kto_tag: bool


class _DPOAlpacaShape(_Shape):
    instruction: _Text
    input: _Optional = None
    chosen: _Text
    rejected: _Text
    system: _Optional = None


class _DPOShareGPTShape(_Shape):
    conversations: Annotated[list[_Turn], Field(min_length=1)]
    chosen: _AnsweringTurn
    rejected: _AnsweringTurn
    system: _Optional = None


class _AskedShape(_Shape):
    messages: Annotated[list[_Message], Field(min_length=1)]


class _DPOOpenAIShape(_Shape):
    input: _AskedShape
    preferred_output: Annotated[list[_AnsweringMessage], Field(min_length=1)]
    non_preferred_output: Annotated[list[_AnsweringMessage], Field(min_length=1)]


class _DPOBailianShape(_AskedShape):
    chosen: _AnsweringMessage
    rejected: _AnsweringMessage


class _EarlierTurn(_Shape):
    user: _Text
    system: _Optional = None
    assistant: _Text


class _LastTurn(_Shape):
    user: _Text
    system: _Optional = None
    chosen: _Text
    rejected: _Text


class _DPOQianfanShape(_Shape):
    earlier: list[_EarlierTurn]
    last: _LastTurn


LIST = "列表"
"""Key under which a row is held that is no object but a list."""


@dataclass(frozen=True, slots=True)
class RowShape:
    """The shape of one format.

    Attributes:
        model: what is checked.
        keys: that a row must have; they tell the formats apart.
        turns: keys on the way to the turns, where the format has any; each alternates between asking and answering.
        answers: keys of the answers; of several, a trainer reads each with the question, one at a time.
    """

    model: type[BaseModel]
    keys: tuple[str, ...]
    turns: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()


SHAPES: dict[TrainingFormat, RowShape] = {
    TrainingFormat.SPARK: RowShape(_SparkShape, ("instruction", "input", "output"), answers=("output",)),
    TrainingFormat.SPARK_PAIR: RowShape(_PairShape, ("input", "target"), answers=("target",)),
    TrainingFormat.ALPACA: RowShape(_AlpacaShape, ("instruction", "output"), answers=("output",)),
    TrainingFormat.SHAREGPT: RowShape(_ShareGPTShape, ("conversations",), turns=("conversations",)),
    TrainingFormat.OPENAI: RowShape(_MessagesShape, ("messages",), turns=("messages",)),
    TrainingFormat.DPO_ALPACA: RowShape(
        _DPOAlpacaShape, ("instruction", "chosen", "rejected"), answers=("chosen", "rejected")
    ),
    TrainingFormat.DPO_SHAREGPT: RowShape(
        _DPOShareGPTShape,
        ("conversations", "chosen", "rejected"),
        turns=("conversations",),
        answers=("chosen", "rejected"),
    ),
    TrainingFormat.DPO_OPENAI: RowShape(
        _DPOOpenAIShape,
        ("input", "preferred_output", "non_preferred_output"),
        turns=("input", "messages"),
        answers=("preferred_output", "non_preferred_output"),
    ),
    TrainingFormat.DPO_BAILIAN: RowShape(
        _DPOBailianShape, ("messages", "chosen", "rejected"), turns=("messages",), answers=("chosen", "rejected")
    ),
    TrainingFormat.DPO_QIANFAN: RowShape(_DPOQianfanShape, (LIST,)),
    TrainingFormat.KTO: RowShape(_KTOShape, ("instruction", "output", "kto_tag"), answers=("output",)),
}
"""One shape per format."""

ASKING, ANSWERING = {"user", "human", "observation", "tool"}, {"assistant", "gpt", "function_call"}

_REASONS = {
    "missing": "缺少",
    "string_type": "不是文本",
    "string_too_short": "是空的",
    "blank": "只有空白或看不见的字符",
    "list_type": "不是列表",
    "dict_type": "不是对象",
    "model_type": "不是对象",
    "model_attributes_type": "不是对象",
    "bool_type": "不是 true 或 false",
}


def shape_of(row: Mapping[str, Any], formats: tuple[TrainingFormat, ...]) -> tuple[TrainingFormat, list[str]]:
    """Which of these formats a row is in, or comes nearest to, and the keys that it lacks for that.

    Args:
        row: a row that was read.
        formats: to choose from, at least one; of several that fit, the one that asks for most keys.
    """

    def lacks(data_format: TrainingFormat) -> list[str]:
        return [key for key in SHAPES[data_format].keys if key not in row]

    def rank(data_format: TrainingFormat) -> tuple[bool, int, int]:
        keys = SHAPES[data_format].keys
        return bool(lacks(data_format)), len(lacks(data_format)) - sum(key in row for key in keys), -len(keys)

    best = min(formats, key=rank)
    return best, lacks(best)


def shape_problems(data_format: TrainingFormat, row: Mapping[str, Any]) -> list[str]:
    """What is wrong with the shape of a row, Chinese clauses; empty where nothing is."""
    shape = SHAPES[data_format]
    checked = row
    if data_format is TrainingFormat.DPO_QIANFAN:
        if not row[LIST] or not all(isinstance(turn, dict) for turn in row[LIST]):
            return ["列表里要有一轮或几轮对话，每轮是一个对象"]
        checked = {"earlier": row[LIST][:-1], "last": row[LIST][-1]}
    try:
        shape.model.model_validate(checked)
    except ValidationError as error:
        return list(dict.fromkeys(_clause(one) for one in error.errors()))
    reasons = list(_problems_of_turns(_turns(shape, row), asks_last=bool(shape.answers))) if shape.turns else []
    answers = [list(row_texts(answer)) for answer in _answers(data_format, row)]
    if len(answers) > 1 and answers[0] == answers[1]:
        reasons.append("两个回答一样，没有可比的")
    return reasons


def _turns(shape: RowShape, row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    value: Any = row
    for key in shape.turns:
        value = value[key]
    turns: list[Mapping[str, Any]] = value
    return turns


def _answers(data_format: TrainingFormat, row: Mapping[str, Any]) -> list[Any]:
    if data_format is TrainingFormat.DPO_QIANFAN:
        return [row[LIST][-1]["chosen"], row[LIST][-1]["rejected"]]
    return [row[key] for key in SHAPES[data_format].answers]


def _clause(error: Any) -> str:
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).lstrip(".")
    match error["type"]:
        case "literal_error":
            allowed = error["ctx"]["expected"].replace("'", "").replace(" or ", "、").replace(", ", "、")
            return f"{place} 是「{str(error['input'])[:20]}」，不是允许的值（{allowed}）"
        case "too_short":
            return f"{place} 至少要有 {error['ctx']['min_length']} 项，现在有 {error['ctx']['actual_length']} 项"
        case "too_long":
            return f"{place} 至多只能有 {error['ctx']['max_length']} 项"
        case "missing":
            return f"缺少 {place}"
        case kind:
            return f"{place} {_REASONS.get(kind, '不对')}"


def _problems_of_turns(turns: list[Mapping[str, Any]], *, asks_last: bool) -> Iterator[str]:
    roles = [str(turn.get("role") or turn.get("from")) for turn in turns]
    spoken = roles[1:] if roles[0] == "system" else roles
    if "system" in spoken:
        yield f"第 {len(roles) - len(spoken) + spoken.index('system') + 1} 条消息是 system，它只能在最前面"
    elif not spoken or spoken[0] not in ASKING:
        yield "第一条不是用户说的"
    elif asks_last and spoken[-1] not in ASKING:
        yield "最后一条不是用户说的：两个回答都接在它后面"
    elif not asks_last and spoken[-1] not in ANSWERING:
        yield "最后一条不是模型的回答，这一行没有可学的内容"
    else:
        for number, (before, after) in enumerate(zip(spoken, spoken[1:], strict=False), start=1):
            if (before in ASKING) == (after in ASKING) and "tool" not in (before, after):
                yield f"第 {len(roles) - len(spoken) + number + 1} 条消息和上一条是同一方说的"
                return


def count_turns(data_format: TrainingFormat, row: Mapping[str, Any]) -> int:
    """How many questions and answers a row of this shape has."""
    shape = SHAPES[data_format]
    if shape.turns:
        return sum(str(turn.get("role") or turn.get("from")) in ASKING for turn in _turns(shape, row))
    if data_format is TrainingFormat.DPO_QIANFAN:
        return len(row[LIST])
    return 1 + len(row.get("history") or ())


def length_of(data_format: TrainingFormat, row: Mapping[str, Any]) -> RowLength:
    """How long a row of this shape is: the question with the longest of its answers."""
    answers = _answers(data_format, row)
    return RowLength(*(size(row) - sum(map(size, answers)) + max(map(size, answers), default=0) for size in _SIZES))


def _tokens(value: Any) -> int:
    return sum(map(estimate_tokens, row_texts(value)))


_SIZES = (characters, _tokens)
