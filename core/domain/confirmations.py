"""What a person did with a cell of a form: the one place where the words stand."""

from enum import StrEnum


class Confirmation(StrEnum):
    """Whether a person looked at a cell. Empty is an answer like any other."""

    UNSEEN = "未看"
    SINGLE = "逐项确认"
    BULK = "批量确认"
