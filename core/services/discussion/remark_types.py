"""What somebody says or does in a discussion, as it comes from a browser, and its answer."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from core.domain.form import storable
from core.errors import InputError
from core.services.team.seen import OF_SAVES

MOST_COMMENT = 20_000
"""Characters of one comment."""
MOST_OF_NAME = 200
"""Characters of a customer's name that a discussion keeps."""
MOST_EVENTS = 4_000
"""Comments, edits and the like of one discussion, after which no comment is taken but with 解决 or 重开."""
MOST_CHANGES = 2 * MOST_EVENTS
"""Likewise, after which no comment is edited or brought back either: each such step reads all of them."""
MOST_REMARKS = 200
"""Remarks that are taken at once; the browser keeps the others and sends them again."""
_LARGEST = 2**31 - 1
_Text = Annotated[str, BeforeValidator(storable)]
_Whole = Annotated[int, Field(strict=True, ge=0, le=_LARGEST)]


class Remark(BaseModel):
    """One step in a discussion (docs/workbench.md, ``remarks``).

    Attributes:
        id: made by whoever sends it: each is applied once.
        chat: index of the chat.
        discussion: id of the discussion; 0 for that of the place, which is opened where there is none.
        customer: position of the customer; ``None`` for the whole chat.
        customer_name: the customer's name.
        field: key of the field; ``""`` for the whole chat or customer.
        kind: what is done; with 解决 and 重开 a comment may come along.
        text: of the comment.
        target: id of the comment that is edited, deleted or restored.
        reviewer: who does it; empty where the session says who.
        seen_open: whether the discussion was open when it was looked at.
        of_several: whether the chat has several customers of this name: then the position says which.
    """

    model_config = ConfigDict(extra="ignore")

    id: str = Field(pattern=r"^[\x21-\x7e]{8,64}$")
    chat: Annotated[int, Field(strict=True, ge=1, le=_LARGEST)]
    discussion: _Whole = 0
    customer: _Whole | None = None
    customer_name: Annotated[_Text, Field(max_length=MOST_COMMENT)] = ""
    field: Annotated[_Text, Field(max_length=200)] = ""
    kind: Literal["评论", "修改", "删除", "恢复", "解决", "重开"] = "评论"
    text: Annotated[_Text, Field(max_length=MOST_COMMENT)] = ""
    target: _Whole = 0
    reviewer: Annotated[_Text, Field(max_length=60)] = ""
    seen_open: bool = True
    of_several: bool = False

    @field_validator("id")
    @classmethod
    def _is_no_saves(cls, value: str) -> str:
        if value.startswith(OF_SAVES):
            raise ValueError("reserved for saves of records")
        return value


@dataclass(frozen=True, slots=True)
class RemarkAck:
    """The answer to one remark.

    Attributes:
        id: the remark's.
        result: saved; refused: it can never be stored as it is; set_aside: it is somebody else's and stays in the
            browser.
        why: a sentence for who made it; where it was saved, what else there is to know, mostly empty.
        discussion: id of the discussion; 0 where it was not stored.
    """

    id: str
    result: Literal["saved", "refused", "set_aside"]
    why: str = ""
    discussion: int = 0


def read_remark(raw: Any) -> Remark:
    """A remark as it came from a browser.

    Raises:
        InputError: it is too long, or none.
    """
    try:
        return Remark.model_validate(raw)
    except ValidationError as error:
        details = error.errors(include_input=False)
        if any(detail["loc"] and detail["loc"][0] == "text" and "too_long" in detail["type"] for detail in details):
            raise InputError(f"一条评论最多 {MOST_COMMENT:,} 个字", "请分成几条写") from error
        raise InputError("这条评论不完整", "请刷新页面后再试") from error
