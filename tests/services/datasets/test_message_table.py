"""Tables with one message a row: columns by their usual names, joined by session, room or pause."""

from datetime import datetime

import pytest

from core.domain.chat import Role
from core.domain.chat.chat_writing import SentMessage
from core.services.datasets.message_columns import MessageColumns, recognise
from core.services.datasets.message_table import join, message_of
from core.services.datasets.message_times import time_of
from core.services.datasets.reading_report import Joined

PYWXDUMP = ["id", "MsgSvrID", "type_name", "is_sender", "talker", "room_name", "content", "CreateTime"]


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        (PYWXDUMP, MessageColumns("talker", "content", "CreateTime", "room_name", "", "is_sender", "", "type_name")),
        (["会话ID", "发送人", "时间", "内容"], MessageColumns("发送人", "内容", "时间", "", "会话ID")),
        (["时间", "昵称", "角色", "消息内容"], MessageColumns("昵称", "消息内容", "时间", side="角色")),
        (["roomid", "from", "msgtime", "content"], MessageColumns("from", "content", "msgtime", "roomid")),
    ],
)
def test_columns_are_found_by_their_usual_names(names: list[str], columns: MessageColumns) -> None:
    assert recognise(names) == columns


@pytest.mark.parametrize("names", [["index", "chat_text"], ["序号", "群聊内容"], ["编号", "内容", "基本信息-姓名"], []])
def test_a_table_of_whole_chats_is_none(names: list[str]) -> None:
    assert recognise(names) is None


def test_columns_can_be_pointed_at() -> None:
    chosen = MessageColumns(sender="谁", text="说了什么")
    assert recognise(["谁", "说了什么"], chosen) == chosen
    assert recognise(["谁", "说了什么"]) is None


@pytest.mark.parametrize(
    ("value", "time"),
    [
        ("2024-01-02 10:21:00", "2024-01-02T10:21:00"),
        ("2024/1/2 9:05", "2024-01-02T09:05:00"),
        ("2024年1月2日 10时21分", "2024-01-02T10:21:00"),
        (1704162060, "2024-01-02T10:21:00"),
        ("1704162060000", "2024-01-02T10:21:00"),
        (datetime.fromisoformat("2024-01-02T10:21"), "2024-01-02T10:21:00"),
        ("2024-02-31 10:00", ""),
        ("昨天", ""),
        (None, ""),
    ],
)
def test_times_in_usual_forms(value: object, time: str) -> None:
    assert time_of(value) == time


def test_rows_become_messages() -> None:
    columns = recognise(PYWXDUMP)
    assert columns
    row = dict(
        zip(PYWXDUMP, ["1", "7", "图片", "1", "阿青", "9@chatroom", "<?xml …", "2024-01-02 10:21:00"], strict=True)
    )
    assert message_of(row, columns, 4) == SentMessage(
        "阿青", "[图片]", "2024-01-02T10:21:00", "", Role.STAFF, "9@chatroom", "", 4
    )


def sent(row: int, minute: int, *, room: str = "", session: str = "") -> SentMessage:
    time = f"2024-01-02T10:{minute:02}:00" if minute >= 0 else ""
    return SentMessage("甲", "好", time, room=room, session=session, row=row)


def rows_of(chats: tuple[tuple[SentMessage, ...], ...]) -> list[list[int]]:
    return [[message.row for message in chat] for chat in chats]


def test_sessions_go_before_rooms_and_rooms_before_pauses() -> None:
    mixed = [sent(1, 1, room="A", session="x"), sent(2, 2, room="A", session="y"), sent(3, 3, room="A", session="x")]
    joined = join(mixed, pause_minutes=1)
    assert (joined.by, rows_of(joined.chats)) == (Joined.SESSION, [[1, 3], [2]])
    rooms = [sent(1, 1, room="A"), sent(2, 2, room="B"), sent(3, 50, room="A")]
    assert rows_of(join(rooms).chats) == [[1, 3], [2]]
    parted = join(rooms, pause_minutes=30)
    assert (parted.by, rows_of(parted.chats)) == (Joined.PAUSE, [[1], [2], [3]])


def test_without_any_of_them_all_rows_are_one_chat() -> None:
    joined = join([sent(1, -1), sent(2, -1)], pause_minutes=30)
    assert (joined.by, rows_of(joined.chats)) == (Joined.NONE, [[1, 2]])


def test_messages_are_put_in_the_order_of_their_times() -> None:
    joined = join([sent(1, 5), sent(2, 3), sent(3, 5)])
    assert (rows_of(joined.chats), joined.out_of_order) == ([[2, 1, 3]], 1)


@pytest.mark.parametrize(
    ("minutes", "order"),
    [
        ([1, 1, 0, 0], [4, 3, 2, 1]),
        ([2, 1, 1, 1, 0], [5, 4, 3, 2, 1]),
        ([0, 0, 1, 1], [1, 2, 3, 4]),
        ([0, 0, 2, 1], [1, 2, 4, 3]),
        ([3, 3, 1, 2, 0, 0], [6, 5, 3, 4, 2, 1]),
        ([2, 2, -1, 0, 0], [5, 4, 3, 2, 1]),
        ([0, 0], [1, 2]),
    ],
)
def test_messages_of_one_minute_are_turned_round_where_the_newest_stands_first(
    minutes: list[int], order: list[int]
) -> None:
    assert rows_of(join([sent(row, minute) for row, minute in enumerate(minutes, start=1)]).chats) == [order]


def test_a_room_of_one_minute_follows_the_order_of_its_file() -> None:
    rows = [sent(1, 1, room="甲"), sent(2, 0, room="甲"), sent(3, 0, room="乙"), sent(4, 0, room="乙")]
    assert rows_of(join(rows).chats) == [[2, 1], [4, 3]]
