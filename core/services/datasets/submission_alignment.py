"""Whether the forms of a submission belong to the chats of their numbers, or to other ones: told by the values.

A file that counts from 0, or that dropped a chat and counted on, puts every form one chat off, and nothing in it is
wrong by itself. What was filled in mostly stands in the chat word for word; so the chats tell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store.models import Chat
from core.domain.form import Form, FormValues, items_of
from core.errors import InputError
from core.services.datasets.form_notes import listed_rows

_MOST_ROWS = 2_000
_BATCH = 100
_SHORTEST, _LONGEST = 2, 60
_SURE_CHARACTERS = 5
_MOST_STRAYS, _WORDS_OF_A_STRAY = 40, 4
"""Rows whose words are looked for in all chats, and how many words of each."""
_FEW_CHATS = 3
"""Chats that a word may stand in and still tell whose it is."""
_ENOUGH_STRAYS = 3


@dataclass
class _Votes:
    """What the chats say about one offset: rows that fit the neighbour and not their own chat, and the others."""

    shifted: list[int] = field(default_factory=list)
    sure: list[int] = field(default_factory=list)
    kept: int = 0


def require_aligned(
    session: Session, dataset_id: int, forms: Mapping[int, Sequence[FormValues]], form: Form, file_name: str
) -> tuple[str, ...]:
    """Notes on forms that fit a neighbouring chat better than that of their number, or no chat at all.

    Args:
        session: reads the chats.
        dataset_id: whose chats.
        forms: of the chats, by index.
        form: tells which values are words of the chat: those of choices are not.
        file_name: for messages.

    Raises:
        InputError: most of them do: the whole file counts otherwise; or most stand in other chats, in any order.
    """
    values = {index: words for index, customers in forms.items() if (words := _words(customers, form))}
    rows = sorted(values)
    rows = rows[:: -(-len(rows) // _MOST_ROWS) or 1]
    votes = {-1: _Votes(), 1: _Votes()}
    own_rows: set[int] = set()
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        texts = _texts(session, dataset_id, {index + offset for index in batch for offset in (-1, 0, 1)})
        for index in batch:
            if any(value in texts.get(index, "") for value in values[index]):
                own_rows.add(index)
            for offset, vote in votes.items():
                _count(vote, index, values[index], texts.get(index, ""), texts.get(index + offset, ""))
    homeless: tuple[str, ...] = ()
    strays = [index for index in rows if index not in own_rows]
    if len(strays) > len(own_rows):
        homeless = _homeless(session, dataset_id, {index: values[index] for index in strays}, file_name)
    for offset, vote in votes.items():
        if len(vote.shifted) > vote.kept and (len(vote.shifted) > 1 or vote.sure):
            raise _misaligned(file_name, offset, vote)
    notes = tuple(
        f"有 {len(vote.sure):,} 条的内容在自己的群聊里找不到，却在{'后' if offset > 0 else '前'}一条里，"
        f"可能错开了一位，请核对：{listed_rows(vote.sure)}"
        for offset, vote in votes.items()
        if vote.sure
    )
    decided = any(vote.kept or vote.shifted for vote in votes.values())
    return (*homeless, *notes) if decided or not rows else (*homeless, *_undecided(session, dataset_id, sorted(forms)))


def _misaligned(name: str, offset: int, vote: _Votes) -> InputError:
    example = vote.shifted[0]
    fits = f"如 index {example} 的内容在第 {example + offset} 条群聊里，不在第 {example} 条里"
    if offset > 0:
        return InputError(
            f"文件 {name} 的 index 像是从 0 数起的（{fits}）；这里从 1 数起，照收会让每条都错开一位",
            "请把每个 index 加 1 后重试",
        )
    return InputError(
        f"文件 {name} 的 index 像是多数了一位（{fits}），照收会让每条都错开一位",
        "请把每个 index 减 1 后重试",
    )


def _homeless(session: Session, dataset_id: int, strays: Mapping[int, set[str]], name: str) -> tuple[str, ...]:
    """A note on forms of which nothing stands in their own chats, nor anywhere else: they may be another dataset's.

    Args:
        session: reads the chats.
        dataset_id: whose chats.
        strays: what was filled in, by index, of rows whose own chat has none of it.
        name: of the file.

    Raises:
        InputError: what most of them say stands in other chats, not all in the next one: the numbers are mixed up.
    """
    sampled = list(strays)[:: -(-len(strays) // _MOST_STRAYS)]
    words = {index: sorted(strays[index], key=len, reverse=True)[:_WORDS_OF_A_STRAY] for index in sampled}
    chats_with: dict[str, list[int]] = {word: [] for of_row in words.values() for word in of_row}
    statement = select(col(Chat.index), col(Chat.text)).where(col(Chat.dataset_id) == dataset_id)
    for index, text in session.execute(statement.order_by(col(Chat.index)).execution_options(yield_per=_BATCH)):
        for word, chats in chats_with.items():
            if len(chats) <= _FEW_CHATS and word in text:
                chats.append(index)
    # What many chats say (the name of the shop) tells nothing.
    homes = {
        index: home
        for index, of_row in words.items()
        if (home := {chat for word in of_row if len(chats_with[word]) <= _FEW_CHATS for chat in chats_with[word]})
    }
    beside = max(sum(index + offset in home for index, home in homes.items()) for offset in (-1, 1))
    if len(homes) > 1 and 2 * len(homes) > len(sampled) and 2 * beside <= len(homes):
        raise _mixed_up(name, homes)
    if len(strays) < _ENOUGH_STRAYS or any(chats_with.values()):
        return ()
    return (
        f"有 {len(strays):,} 条填的内容在自己的群聊里一处也找不到，查过的在别的群聊里也没有，"
        f"可能是另一个数据集的结果，请抽查几条：{listed_rows(list(strays))}",
    )


def _mixed_up(name: str, homes: Mapping[int, set[int]]) -> InputError:
    common = set.intersection(*({home - index for home in chats} for index, chats in homes.items()))
    how = f"，都错开 {abs(common.pop()):,} 位" if len(common) == 1 else ""
    index, chats = next(iter(homes.items()))
    return InputError(
        f"文件 {name} 的 index 对不上{how}：多数不是自己群聊的（如 index {index} 的内容在第 {min(chats)} 条群聊里）",
        "请检查 index 是否按这个数据集的编号填写，改正后重试",
    )


def _undecided(session: Session, dataset_id: int, rows: list[int]) -> tuple[str, ...]:
    """A note where nothing tells whether the first or the last chat is missing."""
    last = session.execute(
        select(col(Chat.index)).where(col(Chat.dataset_id) == dataset_id).order_by(col(Chat.index).desc()).limit(1)
    ).scalar_one_or_none()
    if rows != list(range(1, len(rows) + 1)) or last is None or rows[-1] >= last:
        return ()
    return (
        f"文件的 index 是 1 到 {rows[-1]:,}，数据集到 {last:,}；"
        "填的内容在群聊里找不到，没法核对是否从 0 数起，请抽查几条",
    )


def _words(customers: Sequence[FormValues], form: Form) -> set[str]:
    """What was filled in that may stand in the chat; nothing of choices."""
    return {
        item.strip()
        for values in customers
        for part in form.fields
        if not part.values
        for item in items_of(values[part.key])
        if _SHORTEST <= len(item.strip()) <= _LONGEST
    }


def _texts(session: Session, dataset_id: int, indices: set[int]) -> dict[int, str]:
    statement = select(col(Chat.index), col(Chat.text)).where(
        col(Chat.dataset_id) == dataset_id, col(Chat.index).in_(indices)
    )
    rows: list[tuple[int, str]] = [(index, text) for index, text in session.execute(statement)]
    return dict(rows)


def _count(vote: _Votes, index: int, values: set[str], own: str, neighbour: str) -> None:
    """Count one row: values that only one of both chats has decide."""
    here = [value for value in values if value in own]
    there = [value for value in values if value in neighbour and value not in here]
    if there and not here:
        vote.shifted.append(index)
        if len(there) > 1 or len(there[0]) >= _SURE_CHARACTERS:
            vote.sure.append(index)
    elif any(value not in neighbour for value in here):
        vote.kept += 1
