"""Finds phones, e-mails, places, addresses, times and amounts in text without a model. Pure."""

from core.domain.entities.finders import (
    Mention,
    addresses_in,
    amount_mentions,
    amounts,
    emails,
    emails_in,
    is_email,
    is_mobile,
    phones,
    phones_in,
    place_and_address,
)
from core.domain.entities.time_expressions import times

__all__ = [
    "Mention",
    "addresses_in",
    "amounts",
    "amount_mentions",
    "emails",
    "emails_in",
    "is_email",
    "is_mobile",
    "phones",
    "phones_in",
    "place_and_address",
    "times",
]
