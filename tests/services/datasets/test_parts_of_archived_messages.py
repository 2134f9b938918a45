"""What messages of archives hold beside their text: votes, cards, contacts, captions."""

import json
from typing import Any

import pytest

from core.domain.chat.chat_writing import SentMessage
from core.services.datasets.message_archives import archive_message


def text_of(value: dict[str, Any]) -> str:
    message = archive_message(value, 1)
    assert isinstance(message, SentMessage)
    return message.text


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [
        ("vote", {"vote": {"votetitle": "去哪", "voteitem": ["公园", "商场"]}}, "[投票消息] 去哪 公园 商场"),
        (
            "news",
            {"info": {"item": [{"title": "上新", "description": "八折", "url": "http://x", "picurl": "y"}]}},
            "[图文消息] 上新 八折 http://x",
        ),
        (
            "collect",
            {"collect": {"title": "报名", "details": [{"ques": "电话？", "type": "Text"}, {"ques": "地址？"}]}},
            "[填表消息] 报名 电话？ 地址？",
        ),
        (
            "meeting",
            {"meeting": {"topic": "周会", "address": "三楼", "remarks": "带电脑"}},
            "[会议消息] 周会 三楼 带电脑",
        ),
        (
            "weapp",
            {"weapp": {"title": "订单", "description": "点开看", "displayname": "商城", "username": "x"}},
            "[小程序] 商城 订单 点开看",
        ),
    ],
)
def test_parts_of_wecom_messages_are_read(kind: str, content: dict[str, Any], words: str) -> None:
    assert text_of({"from": "a1", "tolist": ["wmAAA"], "msgtype": kind, "msgtime": 1709254800000, **content}) == words


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [
        (
            "interactive",
            {"title": "工单", "elements": [[{"tag": "text", "text": "空调坏了"}]]},
            "[interactive] 工单 空调坏了",
        ),
        (
            "interactive",
            {
                "header": {"title": {"tag": "plain_text", "content": "工单"}},
                "elements": [
                    {"tag": "div", "text": {"tag": "lark_md", "content": "空调"}},
                    {"tag": "hr", "keys": ["img_v2"]},
                ],
            },
            "[interactive] 工单 空调",
        ),
        ("location", {"name": "天山路8号", "longitude": "1"}, "[位置] 天山路8号"),
        ("file", {"file_key": "k", "file_name": "报价.pdf"}, "[文件] 报价.pdf"),
        ("image", {"image_key": "k"}, "[图片]"),
        ("vote", {"topic": "去哪", "options": ["公园", "商场"]}, "[vote] 去哪 公园 商场"),
        ("calendar", {"summary": "周会", "start_time": "1"}, "[calendar] 周会"),
        (
            "post",
            {"title": "", "content": [[{"tag": "a", "text": "报价", "href": "http://x.cn/1"}]]},
            "报价 http://x.cn/1",
        ),
        (
            "system",
            {"template": "{from_user} 邀请 {to_chatters}", "from_user": ["阿青"], "to_chatters": ["小满"]},
            "阿青 邀请 小满",
        ),
    ],
)
def test_parts_of_feishu_messages_are_read(kind: str, content: dict[str, Any], words: str) -> None:
    body = {"content": json.dumps(content)}
    assert text_of({"msg_type": kind, "sender": {"id": "ou1"}, "body": body, "create_time": "1709254800000"}) == words


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"photo": "p.jpg", "text": "这里漏水"}, "[图片] 这里漏水"),
        ({"photo": "p.jpg", "text": ""}, "[图片]"),
        ({"file": "a.pdf", "file_name": "报价.pdf", "text": "请看"}, "[文件] 报价.pdf 请看"),
        ({"media_type": "voice_message", "file": "v.ogg", "text": "听听"}, "[语音] 听听"),
        (
            {"contact_information": {"first_name": "王", "last_name": "五", "phone_number": "13900001111"}, "text": ""},
            "[名片] 王 五 13900001111",
        ),
        (
            {"poll": {"question": "几点", "answers": [{"text": "九点"}, {"text": "十点"}]}, "text": ""},
            "[投票消息] 几点 九点 十点",
        ),
        (
            {"location_information": {"latitude": 1.0}, "place_name": "公园", "address": "天山路", "text": ""},
            "[位置] 公园 天山路",
        ),
        ({"text": ["电话 ", {"type": "phone", "text": "138"}]}, "电话 138"),
    ],
)
def test_parts_of_telegram_messages_are_read(parts: dict[str, Any], words: str) -> None:
    message = {"id": 1, "type": "message", "date": "2024-03-01T09:00:00", "from": "张三", "from_id": "u1"}
    assert text_of(message | parts) == words
