"""Finds what tells who a person is, in any spelling, and puts made-up values in its place. Pure.

Wider than :mod:`core.domain.entities`, which fills forms: here a number too many is better than a person too many.
"""

from typing import TYPE_CHECKING

from core.lazy_packages import import_when_used

if TYPE_CHECKING:
    from core.domain.personal_data.finders import personal_mentions
    from core.domain.personal_data.kinds import PersonalKind
    from core.domain.personal_data.names import KnownNames, address_forms, names_of_chat
    from core.domain.personal_data.person_spellings import PersonSpellings
    from core.domain.personal_data.pseudonyms import Pseudonyms
    from core.domain.personal_data.reading import plain_letters

__all__ = [
    "KnownNames",
    "PersonSpellings",
    "PersonalKind",
    "Pseudonyms",
    "address_forms",
    "names_of_chat",
    "personal_mentions",
    "plain_letters",
]

import_when_used(__name__)
