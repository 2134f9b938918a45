"""Assigns messages to exchanges: from which speaker and to which one, to choose between several places. Pure."""

from collections.abc import Mapping, Sequence

from core.domain.chat.parsed_chat import Message, ParsedChat, Role, RoleGuess

_REMEMBERED = 12
"""Messages after which a silent speaker no longer counts as being answered unless named."""


def same_person(name: str, other: str) -> bool:
    """Whether two names mean one person: equal, or one contained in the other (``林舟`` and ``林舟3``)."""
    return name == other or (len(name) > 1 and name in other) or (len(other) > 1 and other in name)


def exchanges(parsed: ParsedChat, roles: Mapping[str, RoleGuess] | None = None) -> tuple[tuple[str, ...], ...]:
    """For each message, the speakers it is from or to: first its author, then those it answers.

    A message is to those that it mentions or quotes. Staff who name nobody answer the customer who spoke last; a
    mention of a name that nobody has (an ``@真名``) names nobody. Without roles nobody counts as staff.
    """
    speakers = parsed.speakers
    parties: list[tuple[str, ...]] = []
    partner, since = "", 0
    for message in parsed.messages:
        named = _named(message, speakers)
        if _is_staff(message.speaker, roles):
            customers = [name for name in named if not _is_staff(name, roles)]
            if customers:
                partner, since = customers[0], message.index
            elif not named and partner and message.index - since <= _REMEMBERED:
                named = [partner]
        elif message.speaker:
            partner, since = message.speaker, message.index
        parties.append(tuple(dict.fromkeys([message.speaker, *named])))
    return tuple(parties)


def _named(message: Message, speakers: Sequence[str]) -> list[str]:
    """Speakers that a message mentions or quotes."""
    names = [name for name in message.mentions if name]
    if message.quote and message.quote.speaker:
        names.append(message.quote.speaker)
    return [one for one in speakers if any(same_person(one, name) for name in names)]


def _is_staff(name: str, roles: Mapping[str, RoleGuess] | None) -> bool:
    guess = roles.get(name) if roles else None
    return guess is not None and guess.role is Role.STAFF
