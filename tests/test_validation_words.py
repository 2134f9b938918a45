"""What pydantic says of a value is said in Chinese, and the value is not repeated."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, TypeAdapter, ValidationError
from pydantic.types import AwareDatetime

from core.validation_words import why_refused


class Kind(StrEnum):
    FILES = "files"
    ADDRESS = "address"


CASES: list[tuple[Any, Any, str]] = [
    (int, "abc-secret", "应为整数"),
    (int, 1.5, "应为整数"),
    (int, "9" * 5000, "数字太大"),
    (float, "secret", "应为数字"),
    (Annotated[float, Field(allow_inf_nan=False)], float("nan"), "应为有限的数字"),
    (bool, "perhaps", "应为 true 或 false"),
    (str, 3, "应为文本"),
    (Annotated[str, Field(max_length=200)], "x" * 201, "最多 200 个字"),
    (Annotated[str, Field(min_length=1)], "", "至少要有 1 个字"),
    (Annotated[str, Field(pattern="^a$")], "b", "写法不对"),
    (Annotated[list[int], Field(max_length=1_000)], [1] * 1_001, "最多 1,000 项"),
    (list[int], "x", "应为列表"),
    (dict[str, int], [], "应为对象"),
    (Annotated[int, Field(ge=1)], 0, "不能小于 1"),
    (Annotated[int, Field(le=256)], 257, "不能大于 256"),
    (Annotated[float, Field(gt=0)], 0, "应大于 0"),
    (Annotated[float, Field(lt=1)], 1, "应小于 1"),
    (Literal["batch", "live"], "x", "不是允许的值，可以是 batch、live"),
    (Kind, "x", "不是允许的值，可以是 files、address"),
    (datetime, "x", "不是日期或时间"),
    (AwareDatetime, datetime(2026, 1, 1), "不是日期或时间"),  # noqa: DTZ001
    (bytes, 3, "不是可用的值"),
]


@pytest.mark.parametrize(("kind", "value", "clause"), CASES)
def test_a_refusal_is_a_chinese_clause(kind: Any, value: Any, clause: str) -> None:
    with pytest.raises(ValidationError) as told:
        TypeAdapter(kind).validate_python(value)
    said = why_refused(told.value.errors()[0])
    assert said == clause
    assert "secret" not in said and not re.search(r"[A-Za-z]{3,} [A-Za-z]{2,}", said), "no words of the library"


def test_what_a_validator_of_ours_says_stands_as_it_is() -> None:
    assert (
        why_refused({"type": "value_error", "msg": "Value error, 太长", "ctx": {"error": ValueError("太长")}}) == "太长"
    )
