"""Finds phones, cards, accounts, e-mails, places, addresses, times and amounts in text without a model. Pure."""

from typing import TYPE_CHECKING

from core.lazy_packages import import_when_used

if TYPE_CHECKING:
    from core.domain.entities.accounts import qq_numbers_in, wechat_ids_in
    from core.domain.entities.finders import (
        addresses_in,
        amount_mentions,
        amounts,
        bank_cards_in,
        emails,
        emails_in,
        id_cards_in,
        is_email,
        is_mobile,
        personal_phones_in,
        phones,
    )
    from core.domain.entities.mention import Mention
    from core.domain.entities.places import place_and_address
    from core.domain.entities.time_expressions import times

__all__ = [
    "Mention",
    "addresses_in",
    "amounts",
    "amount_mentions",
    "bank_cards_in",
    "emails",
    "emails_in",
    "id_cards_in",
    "is_email",
    "is_mobile",
    "personal_phones_in",
    "phones",
    "place_and_address",
    "qq_numbers_in",
    "times",
    "wechat_ids_in",
]

import_when_used(__name__)
