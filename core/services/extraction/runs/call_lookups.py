"""What calls look up right before they are made, read for all threads that ask at the same moment.

Whoever asks alone has one statement; threads that come together share a few, so that a lookup costs next to nothing
just when many calls begin.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import and_, bindparam, exists, select
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import Place, Reply, Run
from core.services.extraction.runs.combining import Combiner
from core.services.extraction.runs.places import THE_PLACE, THE_RUN, PlacedChat, padded

_ANSWERED = exists().where(col(Reply.key) == bindparam("key"))
_STATUS = select(col(Run.status), col(Place.chat_id), _ANSWERED).outerjoin(Place, and_(*THE_PLACE)).where(*THE_RUN)
_PLACES = (
    col(Place.run_id) == bindparam("run_id"),
    col(Place.holder) == bindparam("holder"),
    col(Place.chat_id).in_(bindparam("chats", expanding=True)),
)
_STATUSES = select(col(Run.status), col(Place.chat_id)).outerjoin(Place, and_(*_PLACES)).where(*THE_RUN)
_KEYS = select(col(Reply.key)).where(col(Reply.key).in_(bindparam("keys", expanding=True))).distinct()


@dataclass(frozen=True, slots=True)
class ChatStatus:
    """How a chat stands whose call is about to be made.

    Attributes:
        run: status of its run; ``None`` where that is gone.
        held: whether the chat's place is still held by whoever took it.
        answered: whether there is an answer to the request that is about to be sent.
    """

    run: str | None
    held: bool
    answered: bool


_GONE = ChatStatus(None, False, False)


class CallLookups:
    """Lookups in one store; any number of threads may ask."""

    def __init__(self, store: Store, *, gather: Callable[[], None] = lambda: None) -> None:
        """Prepare.

        Args:
            store: open store.
            gather: waits for more chats that get ready before some are looked up, where that hurries nobody.
        """
        self._store = store
        self._answered: Combiner[str, bool] = Combiner(self._find_answered, gather=gather)
        self._statuses: Combiner[tuple[PlacedChat, str], ChatStatus] = Combiner(self._find_statuses)

    def is_answered(self, key: str) -> bool:
        """Whether there is a reply to a request.

        Args:
            key: of the request, see :class:`~core.adapters.store.models.Reply`.

        Raises:
            StoreUnavailableError: the database does not answer.
        """
        return self._answered(key)

    def status_of(self, chat: PlacedChat, key: str = "") -> ChatStatus:
        """How a chat stands.

        Args:
            chat: the chat.
            key: of the request that is about to be sent; ``""``: none.

        Raises:
            StoreUnavailableError: the database does not answer.
        """
        return self._statuses((chat, key))

    def _find_answered(self, keys: list[str]) -> list[bool]:
        with self._store.read_alone() as session:
            answered = _answered_keys(session, keys)
        return [key in answered for key in keys]

    def _find_statuses(self, items: list[tuple[PlacedChat, str]]) -> list[ChatStatus]:
        with self._store.read_alone() as session:
            if len(items) == 1:
                chat, key = items[0]
                row = session.execute(_STATUS, chat.parameters() | {"key": key}).one_or_none()
                return [
                    ChatStatus(None, False, False) if row is None else ChatStatus(row[0], row[1] is not None, row[2])
                ]
            answered = _answered_keys(session, [key for _, key in items if key])
            runs: dict[tuple[object, ...], list[PlacedChat]] = {}
            for chat, _ in items:
                runs.setdefault((chat.run_id, chat.run_created_at, chat.holder), []).append(chat)
            statuses: dict[PlacedChat, tuple[str, bool]] = {}
            for chats in runs.values():
                values = chats[0].parameters() | {"chats": padded([chat.chat_id for chat in chats])}
                rows = session.execute(_STATUSES, values).all()
                held = {row[1] for row in rows}
                statuses |= {chat: (rows[0][0], chat.chat_id in held) for chat in chats if rows}
        return [ChatStatus(*statuses[chat], key in answered) if chat in statuses else _GONE for chat, key in items]


def _answered_keys(session: Session, keys: list[str]) -> set[str]:
    return set(session.execute(_KEYS, {"keys": padded(keys)}).scalars()) if keys else set()
