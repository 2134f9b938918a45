"""Types of the discussions that the workbench shows, and of what is said in them."""

from typing import Literal, TypedDict


class DiscussionTurn(TypedDict):
    """One line of a discussion: a comment, or that it was resolved or opened again.

    Attributes:
        id: of the comment, for changing it.
        at: when, ISO 8601.
        edited: whether the comment was changed.
        deleted_by: who deleted the comment; empty if nobody.
    """

    id: int
    step: Literal["评论", "解决", "重开"]
    who: str
    at: str
    text: str
    edited: bool
    deleted_by: str


class DiscussionPayload(TypedDict):
    """A discussion of the chat or of one of its fields.

    Attributes:
        customer: position of the customer when it was opened; null for the whole chat.
        customer_name: the customer's name then.
        field: key of the field; empty for the whole.
        resolved_by: who resolved it; empty while it is open.
        awaits_me: whether the reviewer was mentioned and has not answered.
        is_mine: whether the reviewer opened it.
        is_own: whether only the reviewer spoke in it and nobody is awaited: approving the chat resolves it.
        earlier: how many lines before these are left out.
    """

    id: int
    customer: int | None
    customer_name: str
    field: str
    opened_by: str
    resolved_by: str
    awaits_me: bool
    is_mine: bool
    is_own: bool
    earlier: int
    turns: list[DiscussionTurn]


class RemarkAnswer(TypedDict):
    """The server's answer to one remark.

    Attributes:
        result: saved; refused: it can never be saved as it is; set_aside: it is somebody else's and stays.
        why: a sentence for the reviewer, mostly empty.
        discussion: id of the discussion; 0 where it was not saved.
    """

    id: str
    result: Literal["saved", "refused", "set_aside"]
    why: str
    discussion: int


class DiscussionsPayload(TypedDict):
    """The discussions of the chats that are sent.

    Attributes:
        chats: by chat index; a chat without any has an empty list.
        people: names that a comment can mention.
        answers: to the remarks that came.
        open: id of the discussion that the page's address asks for; null for none.
        may_delete: whether the reviewer may delete other people's comments.
    """

    chats: dict[str, list[DiscussionPayload]]
    people: list[str]
    answers: list[RemarkAnswer]
    open: int | None
    may_delete: bool


class SentRemark(TypedDict):
    """One step in a discussion; Python reads it as :class:`core.services.discussion.remark_types.Remark`.

    Attributes:
        id: a UUID made in the browser: each is applied once.
        discussion: its id; 0 for that of the place.
        customer: position of the customer; null for the whole chat.
        target: id of the comment that is edited, deleted or restored; 0 for none.
        seen_open: whether the discussion was open when it was looked at.
        of_several: whether several customers of the chat have this name.
    """

    id: str
    chat: int
    discussion: int
    customer: int | None
    customer_name: str
    field: str
    kind: Literal["评论", "修改", "删除", "恢复", "解决", "重开"]
    text: str
    target: int
    reviewer: str
    seen_open: bool
    of_several: bool
