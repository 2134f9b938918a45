"""What an import did with chats that its dataset holds in part already, in words."""

from collections.abc import Sequence

from core.services.datasets.form_notes import listed_rows
from core.services.datasets.grown_chats import GrownChat
from core.services.datasets.import_types import Growth

_SHOWN = 5
_NUMBERED = 20
"""So many changed messages are named by their number."""


def growth_of(index: int, grown: GrownChat, *, grow: bool) -> Growth:
    """What an import does with a chat that goes on from a stored one.

    Args:
        index: of the file's chat in the dataset.
        grown: the stored chat.
        grow: whether the longer chat was to take its place.
    """
    overlap = grown.overlap
    return Growth(
        index,
        grown.index,
        overlap.messages,
        max(0, overlap.more),
        reviewed=grown.reviewed,
        replaced=grow and index == grown.index and not overlap.is_held,
        earlier=overlap.earlier,
        since=overlap.since,
        being_read=grown.being_read,
        held=overlap.is_held,
        changed=len(overlap.changed),
        gone=len(overlap.gone),
        between=overlap.between,
        changed_at=overlap.changed[:_NUMBERED],
        gone_at=overlap.gone[:_NUMBERED],
    )


def growth_sentences(growths: Sequence[Growth], contained: int, *, grow: bool) -> tuple[str, ...]:
    """What was done with chats that go on from stored ones, in Chinese.

    Args:
        growths: these chats, and those of which a stored one holds more than the file.
        contained: further chats of the file that a stored one holds already, though their texts differ.
        grow: whether longer chats were to take the place of stored ones.
    """
    replaced = [one for one in growths if one.replaced]
    apart = [one for one in growths if not one.replaced and not one.held]
    changed = [one for one in apart if one.differs]
    wider = [one for one in apart if one.earlier and not one.differs]
    later = [one for one in apart if not one.earlier and not one.differs]
    reviewed = any(one.reviewed for one in later)
    being_read = any(one.being_read for one in later)
    why = "有人审阅过的不能续写，" if grow and reviewed else ""
    why += "正在抽取时不能续写（等抽取完再导入），" if grow and being_read else ""
    offer = "" if grow else "；没人审阅过的可以改为续写原来那条（命令行用 --grown replace）"
    recalled = [one for one in (*replaced, *(one for one in growths if one.held)) if one.gone]
    sentences = []
    if replaced:
        of = listed_rows([one.of for one in replaced])
        sentences.append(f"有 {len(replaced):,} 条群聊变长了，已续写原来那条，编号不变：{of}")
    if later:
        sentences.append(f"有 {len(later):,} 条像是已有群聊后来的导出，{why}另存为新的一条：{_pairs(later)}{offer}")
    if wider:
        sentences.append(
            f"有 {len(wider):,} 条包含已有的群聊，前面还有更早的消息，不能续写，另存为新的一条：{_pairs(wider)}"
        )
    if changed:
        sentences.append(
            f"有 {len(changed):,} 条是已有群聊再次导出的，但有消息改过，不能续写，另存为新的一条：{_pairs(changed)}"
        )
    if recalled:
        sentences.append(
            f"有 {len(recalled):,} 条群聊的消息文件里少了一些（可能是撤回了），数据集里原来的没有删："
            + _listed([f"第 {one.of} 条（{gone_from(one)}）" for one in recalled])
        )
    if contained:
        sentences.append(f"有 {contained:,} 条的消息数据集里已经都有（导出时间等不同），算作已有")
    return tuple(sentences)


def difference_in_words(growth: Growth) -> str:
    """What a file has otherwise than the stored chat, in Chinese: before, between, changed, gone, behind."""
    parts = [f"从它的第 {growth.since:,} 条消息起"] if growth.since > 1 else []
    if growth.earlier:
        parts.append(f"前面多 {growth.earlier:,} 条消息")
    if growth.changed:
        parts.append(f"{_numbered(growth.changed_at, growth.changed)}改过")
    if growth.gone:
        parts.append(gone_from(growth))
    if growth.between:
        parts.append(f"中间多 {growth.between:,} 条消息")
    if growth.more:
        behind = "后面" if growth.earlier or growth.differs or growth.gone else ""
        parts.append(f"{behind}多 {growth.more:,} 条消息")
    return "，".join(parts)


def alike_in_words(index: int, grown: GrownChat) -> str:
    """How many messages a refused chat shares with the stored one of its number, and what it has otherwise."""
    growth = growth_of(index, grown, grow=False)
    others = f"，{difference_in_words(growth)}" if growth.differs or growth.gone else ""
    return f"有 {growth.messages:,} 条消息相同{others}"


def gone_from(growth: Growth) -> str:
    """Which messages of the stored chat the file lacks, in Chinese."""
    return f"少了{_numbered(growth.gone_at, growth.gone)}"


def _numbered(places: Sequence[int], count: int) -> str:
    numbers = "、".join(f"{place:,}" for place in places)
    return f"原来的第 {numbers} 条消息" if count == len(places) else f"原来的第 {numbers} 条等 {count:,} 条消息"


def _pairs(growths: Sequence[Growth]) -> str:
    return _listed([_pair(one) for one in growths])


def _pair(growth: Growth) -> str:
    words = difference_in_words(growth)
    if growth.differs:
        return f"第 {growth.index} 条与第 {growth.of} 条（{words}）"
    if growth.earlier:
        return f"第 {growth.index} 条比第 {growth.of} 条{words}"
    return f"第 {growth.index} 条接着第 {growth.of} 条（{words}）"


def _listed(parts: Sequence[str]) -> str:
    return "；".join(parts[:_SHOWN]) + ("……" if len(parts) > _SHOWN else "")
