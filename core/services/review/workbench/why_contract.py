"""The answer to why a value is what it is; part of :mod:`core.services.review.workbench.contract`."""

from typing import TypedDict


class AlikeChat(TypedDict):
    """An approved chat that is like the one on screen, with what people approved in the field asked about."""

    chat: int
    percent: int
    value: str


class WhyPayload(TypedDict):
    """Why a value is what it is.

    Attributes:
        cues: what speaks for and against it, in words, the strongest first.
        alike: the most alike approved chats.
    """

    chat: int
    customer: int
    key: str
    cues: list[str]
    alike: list[AlikeChat]
