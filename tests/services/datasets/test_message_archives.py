"""Messages as 企业微信, 飞书, DingTalk and exporters of QQ and WeChat keep them in JSON."""

import json
from contextlib import suppress
from io import BytesIO
from random import Random
from typing import Any

import pytest

from core.domain.chat import Role, parse_chat
from core.domain.form import load_named_form
from core.errors import InputError
from core.services.datasets.import_types import TableColumns
from core.services.datasets.row_validation_pass import RowValidationPass
from core.services.datasets.source_file import open_source

FORM = load_named_form("role_elements")
CUSTOMER = "wmErxtDgAA9AW32YyyuYRimKr7D1KWlw"


def read(value: Any, *, lines: bool = False) -> tuple[list[str], tuple[str, ...]]:
    whole = "\n".join(json.dumps(one) for one in value) if lines else json.dumps(value, indent=1)
    with open_source(BytesIO(whole.encode()), "a.jsonl" if lines else "a.json") as source:
        validation_pass = RowValidationPass(source, FORM, TableColumns())
        chats = [chat.text for chat in validation_pass.chats()]
        assert not validation_pass.rejected
        return chats, validation_pass.notes


def wecom(number: int, kind: str, content: Any, *, customer: bool = False, room: str = "wrR1") -> dict[str, Any]:
    sender, receiver = (CUSTOMER, "LiuQing") if customer else ("LiuQing", CUSTOMER)
    base = {"msgid": f"m{number}", "action": "send", "from": sender, "tolist": [receiver], "roomid": room}
    return {**base, "msgtime": 1704162060000 + number * 1000, "msgtype": kind, kind: content}


ARCHIVE = [
    wecom(1, "text", {"content": "你好"}, customer=True),
    wecom(2, "image", {"md5sum": "x"}, customer=True),
    wecom(3, "file", {"filename": "报价.xlsx"}),
    wecom(
        4,
        "mixed",
        {"item": [{"type": "text", "content": '{"content": "看图"}'}, {"type": "image", "content": '{"md5sum": "x"}'}]},
        room="",
    ),
    wecom(5, "revoke", {"pre_msgid": "m1"}, customer=True, room=""),
    wecom(6, "chatrecord", {"title": "群", "item": [{"type": "ChatRecordText", "content": '{"content": "好"}'}]}),
    wecom(7, "unheard_of", {}),
]


@pytest.mark.parametrize("lines", [False, True])
def test_an_archive_of_wecom(lines: bool) -> None:
    chats, notes = read([*ARCHIVE, ARCHIVE[0], {"msgid": "s", "action": "switch", "time": 1, "user": "a"}], lines=lines)
    room, pair = (parse_chat(chat).messages for chat in chats)
    assert [(message.speaker, message.side) for message in room[:3]] == [
        (CUSTOMER, Role.CUSTOMER),
        (CUSTOMER, Role.CUSTOMER),
        ("LiuQing", Role.STAFF),
    ]
    assert [message.body.of(chats[0]) for message in room] == [
        "你好",
        "[图片]",
        "[文件] 报价.xlsx",
        "[聊天记录] 群\n好",
        "[unheard_of]",
    ]
    assert [message.body.of(chats[1]) for message in pair] == ["看图\n[图片]", "[撤回消息]"]
    assert any("切换" in note for note in notes)
    assert any("完全相同" in note for note in notes)


def test_an_answer_of_the_interface_is_unwrapped_and_what_is_encrypted_is_named() -> None:
    wrapped: list[dict[str, Any]] = [{"seq": 1, "publickey_ver": 3, "msg": one} for one in ARCHIVE]
    wrapped.append({"seq": 9, "msgid": "z", "encrypt_chat_msg": "…"})
    chats, notes = read({"errcode": 0, "errmsg": "ok", "chatdata": wrapped})
    assert chats == read(ARCHIVE)[0]
    assert any("加密" in note for note in notes)


def test_messages_of_feishu() -> None:
    def sent(number: int, kind: str, content: Any, **more: Any) -> dict[str, Any]:
        base = {"message_id": f"om{number}", "msg_type": kind, "create_time": str(1704162060000 + number * 1000)}
        sender = {"id": "ou_1", "id_type": "open_id", "sender_type": "user"}
        return {**base, "chat_id": "oc1", "sender": sender, "body": {"content": json.dumps(content)}, **more}

    post = {"title": "报价", "content": [[{"tag": "text", "text": "标准版"}], [{"tag": "img", "image_key": "x"}]]}
    items = [
        sent(1, "text", {"text": "@_user_1 你好"}, mentions=[{"key": "@_user_1", "name": "阿青"}]),
        sent(2, "post", post),
        sent(3, "file", {"file_name": "a.xlsx"}),
        sent(4, "text", {"text": "x"}, deleted=True),
    ]
    (chat,), _ = read({"code": 0, "data": {"items": items}})
    bodies = [message.body.of(chat) for message in parse_chat(chat).messages]
    assert bodies == ["@阿青 你好", "报价\n标准版\n[图片]", "[文件] a.xlsx", "[撤回消息]"]


QQ = {
    "chatInfo": {"name": "群"},
    "messages": [
        {"id": "1", "timestamp": 1704162060000, "sender": {"uin": "1", "name": "林小满3"}, "content": {"text": "你好"}},
        {"id": "2", "timestamp": 1704162090000, "sender": {"uin": "2", "name": "阿青"}, "content": {"text": "您好"}},
    ],
}
DINGTALK = [
    {
        "msgtype": "text",
        "text": {"content": "你好"},
        "createAt": 1704162060000,
        "conversationId": "c",
        "senderNick": "林小满3",
    },
    {
        "msgtype": "text",
        "text": {"content": "您好"},
        "createAt": 1704162090000,
        "conversationId": "c",
        "senderNick": "阿青",
    },
]
CHATLOG = [
    {
        "time": "2024-01-02T10:21:00+08:00",
        "talker": "9@chatroom",
        "senderName": "林小满3",
        "isSelf": False,
        "content": "你好",
    },
    {"time": "2024-01-02T02:21:30Z", "talker": "9@chatroom", "senderName": "阿青", "isSelf": True, "content": "您好"},
]


@pytest.mark.parametrize("value", [QQ, DINGTALK, CHATLOG])
def test_exporters_of_other_programs(value: Any) -> None:
    (chat,), _ = read(value)
    assert [(one.speaker, one.time, one.body.of(chat)) for one in parse_chat(chat).messages] == [
        ("林小满3", "2024-01-02T10:21:00", "你好"),
        ("阿青", "2024-01-02T10:21:30", "您好"),
    ]


def test_lists_of_messages_are_a_chat_each() -> None:
    chats, _ = read([QQ, QQ | {"chatInfo": {"name": "another"}}])
    assert len(chats) == 2


ODD = [None, "", 0, 1e300, True, [], {}, "{", '{"content": 5}', [1, None], {"item": [{"type": None}]}, 99999999999999]


def mutated(value: Any, random: Random) -> Any:
    """A copy in which one value somewhere is an odd one, or is not there."""
    copy = node = json.loads(json.dumps(value))
    while True:
        key = random.choice(list(node) if isinstance(node, dict) else range(len(node)))
        if isinstance(node[key], dict | list) and node[key] and random.random() < 0.7:
            node = node[key]
            continue
        if isinstance(node, dict) and random.random() < 0.2:
            del node[key]
        else:
            node[key] = json.loads(json.dumps(random.choice(ODD)))
        return copy


@pytest.mark.parametrize("value", [ARCHIVE, QQ, DINGTALK, CHATLOG, {"chatdata": [{"msg": one} for one in ARCHIVE]}])
def test_odd_values_never_break_reading(value: Any) -> None:
    random = Random(13)
    for _ in range(120):
        data = json.dumps(mutated(value, random)).encode()
        with suppress(InputError), open_source(BytesIO(data), "a.json") as source:
            validation_pass = RowValidationPass(source, FORM, TableColumns())
            chats = list(validation_pass.chats())
            assert chats or validation_pass.rejected or validation_pass.notes


def telegram(number: int, text: Any, *, who: str | None = "林小满", **more: Any) -> dict[str, Any]:
    base = {"id": number, "type": "message", "date": f"2024-01-02T10:00:{number:02}", "date_unixtime": "1704160800"}
    return base | {"from": who, "from_id": f"user{who}", "text": text} | more


TELEGRAM = [
    {
        "id": 1,
        "type": "service",
        "date": "2024-01-02T10:00:01",
        "actor": "林小满",
        "action": "create_group",
        "text": "",
    },
    telegram(2, ["看 ", {"type": "link", "text": "x.example"}, " 好"]),
    telegram(3, "", photo="a.jpg"),
    telegram(4, "", who="客服阿青", file="b.xlsx", file_name="报价.xlsx"),
    telegram(5, "", who=None, media_type="voice_message", file="c.ogg"),
]


def test_a_chat_of_telegram() -> None:
    [text], notes = read({"name": "群A", "type": "private_group", "id": 9, "messages": TELEGRAM})
    parsed = parse_chat(text)
    assert [(one.speaker, one.body.of(text), one.time) for one in parsed.messages] == [
        ("林小满", "看 x.example 好", "2024-01-02T10:00:02"),
        ("林小满", "[图片]", "2024-01-02T10:00:03"),
        ("客服阿青", "[文件] 报价.xlsx", "2024-01-02T10:00:04"),
        ("userNone", "[语音]", "2024-01-02T10:00:05"),
    ]
    assert any("1 行没有读成消息：群通知" in note for note in notes)


def test_a_whole_export_of_telegram_is_one_chat_for_each() -> None:
    chats = [{"name": name, "id": n, "messages": TELEGRAM[1:3]} for n, name in enumerate("甲乙", start=1)]
    texts, notes = read({"about": "…", "chats": {"about": "…", "list": chats}})
    assert len(texts) == 2 and any("4 条消息按群聊" in note for note in notes)
