"""Assigns messages to exchanges: from which speaker and to which one, to choose between several places. Pure."""

from collections.abc import Mapping, Sequence

from core.domain.chat.parsed_chat import Message, ParsedChat, Role, RoleGuess
from core.domain.person_names import match_people
from core.domain.person_names import same_person as same_person  # where it was before it had a module of its own

_REMEMBERED = 12
"""Messages after which a silent speaker no longer counts as being answered unless named."""


def exchanges(parsed: ParsedChat, roles: Mapping[str, RoleGuess] | None = None) -> tuple[tuple[str, ...], ...]:
    """For each message, the speakers it is from or to: first its author, then those it answers.

    A message is to those that it mentions or quotes. Staff who name nobody answer the customer who spoke last; a
    mention of a name that nobody has (an ``@真名``), or that several may have, names nobody. Without roles nobody
    counts as staff.
    """
    people = _People(parsed.speakers)
    parties: list[tuple[str, ...]] = []
    partner, since = "", 0
    for message in parsed.messages:
        named = _named(message, people)
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


class _People(dict[str, tuple[int, ...]]):
    """Positions of the speaker whom a name means, each name looked up once."""

    def __init__(self, speakers: Sequence[str]) -> None:
        super().__init__()
        self.speakers = speakers

    def __missing__(self, name: str) -> tuple[int, ...]:
        self[name] = match_people([name], self.speakers)[0]
        return self[name]


def _named(message: Message, people: _People) -> list[str]:
    """Speakers that a message mentions or quotes, in the order in which they first spoke."""
    names = [name for name in message.mentions if name]
    if message.quote and message.quote.speaker:
        names.append(message.quote.speaker)
    return [people.speakers[place] for place in sorted({place for name in names for place in people[name]})]


def _is_staff(name: str, roles: Mapping[str, RoleGuess] | None) -> bool:
    guess = roles.get(name) if roles else None
    return guess is not None and guess.role is Role.STAFF
