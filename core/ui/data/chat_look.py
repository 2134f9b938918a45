"""The first chats of a file as they will look, with their speakers and sides."""

from collections import Counter
from html import escape

import streamlit as st

from core.domain.chat import Role
from core.services.datasets import ImportPreview
from core.services.datasets.chat_outlook import ChatOutlook, MessageOutlook
from core.ui.markdown import Html, escape_markdown

_MOST_NAMES, _HEIGHT = 4, 340
_STYLE = """
<style>
.sy-look { font-size: .9rem; line-height: 1.5; overflow-wrap: anywhere; }
.sy-look p { margin: 0 0 .5rem !important; white-space: pre-wrap; }
.sy-look .who { font-weight: 600; margin-right: .4em; }
.sy-look .side { font-size: .76rem; border: 1px solid currentColor; border-radius: 4px; padding: 0 .3em;
  margin-right: .45em; }
.sy-look .staff .side { color: #24594b; }
.sy-look .customer .side { color: #1d4ed8; }
.sy-look .time { font-size: .76rem; opacity: .6; font-variant-numeric: tabular-nums; }
.sy-look .nobody { opacity: .65; font-size: .82rem; }
.sy-look .none { color: #b42318; font-weight: 600; }
@media (prefers-color-scheme: dark) {
  .sy-look .staff .side { color: #8ccbb6; }
  .sy-look .customer .side { color: #8fb4ff; }
  .sy-look .none { color: #f0857a; }
}
</style>
"""
_CLASSES = {Role.STAFF: "staff", Role.CUSTOMER: "customer", Role.UNKNOWN: "unknown"}


def people_of(chat: ChatOutlook) -> str:
    """The speakers of a chat in one line: name, side and messages."""
    named = "、".join(f"{one.name}（{one.side}，{one.messages:,} 条）" for one in chat.speakers[:_MOST_NAMES])
    more = f" 等 {len(chat.speakers):,} 人" if len(chat.speakers) > _MOST_NAMES else ""
    return f"{named}{more}" if named else "认不出发言人"


def draw_chat_look(chat: ChatOutlook) -> None:
    """Draw a chat as it will look: its speakers, then its first messages."""
    partial = "（很长，只看了开头）" if chat.partial else ""
    residue = f"，另有 {chat.residue:,d} 字表格残留，审阅和抽取时不用" if chat.residue else ""
    st.markdown(f"**第 {chat.index:d} 条** &nbsp; {chat.messages:,d} 条消息，{chat.characters:,d} 字{partial}{residue}")
    people = (
        f'<p class="none">{escape(people_of(chat))}</p>' if not chat.speakers else f"<p>{escape(people_of(chat))}</p>"
    )
    shown = "".join(_message_html(message) for message in chat.opening)
    left = chat.messages - len(chat.opening)
    more = f'<p class="nobody">后面还有 {left:,} 条消息</p>' if left > 0 else ""
    st.html(_STYLE + f'<div class="sy-look" data-testid="import-look">{people}</div>')
    with st.container(height=_HEIGHT, key=f"import-look-{chat.index}"):
        st.html(f'<div class="sy-look">{shown}{more}</div>')


def _message_html(message: MessageOutlook) -> Html:
    if not message.speaker:
        return f'<p class="nobody">{escape(message.text)}</p>'
    time = f'<span class="time">{escape(message.time.replace("T", " "))}</span>' if message.time else ""
    return (
        f'<p class="{_CLASSES[message.side]}"><span class="who">{escape(message.speaker)}</span>'
        f'<span class="side">{escape(message.side)}</span>{time}<br>{escape(message.text)}</p>'
    )


def draw_speakers(previewed: ImportPreview) -> None:
    """Draw who speaks in the first chats: sides, messages, in how many chats."""
    counts: dict[tuple[str, Role], list[int]] = {}
    for chat in previewed.outlooks:
        for one in chat.speakers:
            entry = counts.setdefault((one.name, one.side), [0, 0])
            entry[0] += one.messages
            entry[1] += 1
    if not counts:
        return
    first = f"前 {len(previewed.outlooks):,} 条群聊的" if previewed.good > len(previewed.outlooks) else ""
    people = len({name for name, _ in counts})
    sides = {side: len({name for name, own in counts if own is side}) for side in Role}
    by_side = "，".join(f"{side} {count:,}" for side, count in sides.items() if count)
    # A person can be a customer in one chat and unknown in another: then the sides add up to more than the people.
    several = sum(sides > 1 for sides in Counter(name for name, _ in counts).values())
    if several:
        by_side += f"（{several:,} 位在不同群聊里分属几方，每方各算一次）"
    with st.expander(escape_markdown(f"{first}发言人 {people:,} 位：{by_side}"), icon=":material/group:"):
        st.dataframe(
            [
                {"发言人": name, "在哪一方": str(side), "消息": messages, "群聊": chats}
                for (name, side), (messages, chats) in sorted(counts.items(), key=lambda item: -item[1][0])
            ],
            hide_index=True,
            height="auto" if len(counts) < 8 else 280,
            column_config={"发言人": st.column_config.TextColumn(width=300)},
        )
        st.caption("在哪一方：文件里写明的照文件，没写的按说话的内容推断；审阅时可以再改。")


def draw_without_speakers(previewed: ImportPreview) -> None:
    """Say in red in which chats nobody is recognised as speaking."""
    indices = previewed.without_speakers
    if not indices:
        return
    shown = "、".join(str(index) for index in indices[:20]) + ("……" if len(indices) > 20 else "")
    looked = f"（只看了前 {previewed.looked_at:,} 条）" if previewed.looked_at < previewed.good else ""
    st.markdown(
        f":red[**{len(indices):,d} 条认不出发言人**{looked}：第 {escape_markdown(shown)} 条。"
        "照样能导入，但抽取和审阅分不清谁说了什么；先看看格式、列或原文对不对。]"
    )
