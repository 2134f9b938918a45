"""Full-text search of conversations, from two Chinese characters on.

SQLite's own tokenizers do not find 价格: unicode61 takes a whole clause for one word, trigram needs three characters.
So each conversation is stored as its pairs of neighbouring characters, in an FTS5 table (PostgreSQL: an array with a
GIN index). Pairs only narrow the search; what is found contains the words, for the text itself is looked at last. A
chat that is not indexed yet is looked at too, so the index may be behind, or missing, and nothing is overlooked.
Residue behind a conversation is neither indexed nor searched.
"""

from collections.abc import Sequence
from operator import add

from sqlalchemy import ARRAY, ColumnElement, Text, and_, cast, column, exists, func, insert, inspect, or_, select, text
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import Chat, ChatSearch

INDEXED_FROM = 2000
"""Number of chats from which a dataset is indexed; below, scanning every text takes a fraction of a second."""
BATCH = 100
"""Chats per transaction, about 30 ms of writing: a reviewer's save must not wait for long."""

_LOOK, _LOOKS = 48, 3
"""Chats that a quick search looks at together, and how often."""
_TABLE = "chatgram"


def pairs(words: str) -> list[str]:
    """All pairs of neighbouring letters, digits and characters, each once, in lower case."""
    lower = words.lower()
    return [pair for pair in dict.fromkeys(map(add, lower, lower[1:])) if pair.isalnum()]


def containing(session: Session, words: str) -> ColumnElement[bool]:
    """Condition: the conversation contains each of these words (separated by spaces), ignoring case."""
    conversation = _conversation()
    conditions = [conversation.icontains(word, autoescape=True) for word in words.split()]
    grams = _pairs_of_all(words.split())
    if grams and (candidates := _candidates(session, grams)) is not None:
        conditions.insert(0, or_(candidates, ~exists().where(col(ChatSearch.chat_id) == col(Chat.id))))
    return and_(*conditions)


def first_matches(
    session: Session,
    dataset_id: int,
    words: Sequence[str],
    *,
    limit: int,
    conditions: Sequence[ColumnElement[bool]] = (),
) -> list[tuple[int, str]]:
    """A few chats of a dataset that contain each of these words, within some milliseconds whatever its size.

    In a dataset that is large enough to be indexed, only chats that are indexed are found, and only among the first
    that the index names: :func:`containing` overlooks nothing, and takes its time.

    Args:
        session: open session.
        dataset_id: the dataset.
        words: without spaces.
        limit: at most so many.
        conditions: further ones on the chat.

    Returns:
        Index and conversation of each.
    """
    chosen = select(col(Chat.index), _conversation()).where(*conditions)
    of_dataset = select(col(Chat.id)).where(col(Chat.dataset_id) == dataset_id)
    if session.execute(of_dataset.order_by(col(Chat.index)).offset(INDEXED_FROM).limit(1)).first() is None:
        all_words = containing(session, " ".join(words))
        in_dataset = col(Chat.dataset_id) == dataset_id
        rows = session.execute(chosen.where(in_dataset, all_words).order_by(col(Chat.index)).limit(limit))
        return [(index, conversation) for index, conversation in rows]
    # Not by the dataset's index: SQLite would look through all of its chats for a few whose ids are known.
    chosen = chosen.where(col(Chat.dataset_id) + 0 == dataset_id).order_by(col(Chat.id))
    matches: list[tuple[int, str]] = []
    grams = _pairs_of_all(words)
    bounds = select(func.min(col(Chat.id)), func.max(col(Chat.id))).where(col(Chat.dataset_id) == dataset_id)
    first, last = session.execute(bounds).one()
    after = int(first or 0) - 1
    for _ in range(_LOOKS):
        ids = _indexed_after(session, dataset_id, grams, after, int(last or 0))
        for index, conversation in session.execute(chosen.where(col(Chat.id).in_(ids))):
            lower = conversation.lower()
            if all(word.lower() in lower for word in words):
                matches.append((index, conversation))
        if len(matches) >= limit or len(ids) < _LOOK:
            break
        after = ids[-1]
    return matches[:limit]


def _indexed_after(session: Session, dataset_id: int, grams: Sequence[str], after: int, last: int) -> list[int]:
    """Ids of the next chats whose pairs are all in the index, in order; on SQLite other datasets' may be among them."""
    if not grams:
        return []
    if session.get_bind().dialect.name != "sqlite":
        statement = (
            select(col(Chat.id))
            .join(ChatSearch, col(ChatSearch.chat_id) == col(Chat.id))
            .where(
                col(Chat.dataset_id) == dataset_id,
                col(Chat.id) > after,
                col(ChatSearch.grams).op("@>")(cast(list(grams), ARRAY(Text))),
            )
        )
        return [
            int(chat_id or 0) for chat_id in session.execute(statement.order_by(col(Chat.id)).limit(_LOOK)).scalars()
        ]
    if not inspect(session.connection()).has_table(_TABLE):
        return []
    indexed = text(
        f"SELECT rowid FROM {_TABLE} WHERE {_TABLE} MATCH :pairs AND rowid BETWEEN :first AND :last "
        "ORDER BY rowid LIMIT :count"
    ).bindparams(pairs=_match(grams), first=after + 1, last=last, count=_LOOK)
    return [int(chat_id) for chat_id in session.execute(indexed).scalars()]


def _conversation() -> ColumnElement[str]:
    """The stored text without residue."""
    return func.substr(col(Chat.text), 1, col(Chat.characters) - col(Chat.residue_characters))


def _pairs_of_all(words: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(pair for word in words for pair in pairs(word)))


def _match(grams: Sequence[str]) -> str:
    """All of these pairs, as FTS5 asks for them."""
    return " AND ".join(f'"{gram}"' for gram in grams)


def _candidates(session: Session, grams: Sequence[str]) -> ColumnElement[bool] | None:
    if session.get_bind().dialect.name != "sqlite":
        return exists().where(
            col(ChatSearch.chat_id) == col(Chat.id), col(ChatSearch.grams).op("@>")(cast(list(grams), ARRAY(Text)))
        )
    if not inspect(session.connection()).has_table(_TABLE):
        return None
    matches = text(f"SELECT rowid FROM {_TABLE} WHERE {_TABLE} MATCH :pairs").bindparams(pairs=_match(grams))
    return col(Chat.id).in_(matches.columns(column("rowid")))


def index_batch(store: Store, dataset_id: int, *, limit: int = BATCH) -> int:
    """Index some chats of a dataset that are not indexed yet.

    Returns:
        How many; 0 when all are.
    """
    return index_after(store, dataset_id, 0, limit=limit)[0]


def index_after(store: Store, dataset_id: int, after: int, *, limit: int = BATCH) -> tuple[int, int]:
    """Index chats with an id above ``after``, so that a caller can continue without visiting indexed ones.

    Returns:
        How many, 0 when all behind ``after`` are; and the id to go on after.
    """
    with store.read() as session:
        statement = (
            select(col(Chat.id), _conversation())
            .where(
                # Not by the dataset's index: SQLite would sort all of its chats by id for every batch.
                col(Chat.dataset_id) + 0 == dataset_id,
                col(Chat.id) > after,
                ~exists().where(col(ChatSearch.chat_id) == col(Chat.id)),
            )
            .order_by(col(Chat.id))
            .limit(limit)
        )
        rows = [(int(chat_id or 0), pairs(words)) for chat_id, words in session.execute(statement)]
    if not rows:
        return 0, after
    with store.write() as session:
        if store.engine.dialect.name == "sqlite":
            session.execute(
                text(
                    f"CREATE VIRTUAL TABLE IF NOT EXISTS {_TABLE} USING "
                    "fts5(pairs, content='', detail=none, columnsize=0, tokenize='unicode61')"
                )
            )
            session.execute(
                text(f"INSERT INTO {_TABLE} (rowid, pairs) VALUES (:id, :pairs)"),
                [{"id": chat_id, "pairs": " ".join(grams)} for chat_id, grams in rows],
            )
            session.execute(insert(ChatSearch), [{"chat_id": chat_id} for chat_id, _ in rows])
        else:
            session.execute(insert(ChatSearch), [{"chat_id": chat_id, "grams": grams} for chat_id, grams in rows])
    return len(rows), rows[-1][0]
