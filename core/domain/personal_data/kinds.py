"""What tells who a person is; a module of its own, for who only names a kind needs none of what finds it."""

from enum import StrEnum


class PersonalKind(StrEnum):
    """Kinds of values that tell who a person is."""

    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    ID_CARD = "id_card"
    BANK_CARD = "bank_card"
    WECHAT = "wechat"
    QQ = "qq"
