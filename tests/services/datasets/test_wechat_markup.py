"""Messages of WeChat that are kept as markup: what they say is in attributes and elements of their own."""

import pytest

from core.services.datasets.message_columns import MessageColumns
from core.services.datasets.message_table import message_of

COLUMNS = MessageColumns(sender="sender", text="text", kind="type")


@pytest.mark.parametrize(
    ("kind", "markup", "words"),
    [
        ("48", '<msg><location x="1" label="天山路8号" poiname="天山花园"/></msg>', "[位置] 天山花园 天山路8号"),
        ("42", '<msg nickname="王经理" username="wxid_1" alias="wx5"/>', "[名片] 王经理 wx5"),
        (
            "34",
            '<msg><voicemsg voicelength="3"/><voicetrans transtext="空调&quot;不冷&quot;"/></msg>',
            '[语音] 空调"不冷"',
        ),
        ("34", '<msg><voicemsg voicelength="3"/></msg>', "[语音]"),
        (
            "49",
            "<msg><appmsg><title>群聊的聊天记录</title><des><![CDATA[张三: 13800001111\n李四: 好]]></des>"
            "<type>19</type></appmsg></msg>",
            "[聊天记录] 群聊的聊天记录\n张三: 13800001111\n李四: 好",
        ),
        (
            "49",
            "<msg><appmsg><title>聊天记录</title><des>张三: 一…</des><type>19</type><recorditem>&lt;recordinfo&gt;"
            "&lt;dataitem&gt;&lt;sourcename&gt;张三&lt;/sourcename&gt;&lt;datadesc&gt;一二三&lt;/datadesc&gt;"
            "&lt;/dataitem&gt;&lt;/recordinfo&gt;</recorditem></appmsg></msg>",
            "[聊天记录] 聊天记录\n张三: 一二三",
        ),
        ("49", "<msg><appmsg><title>标题</title><des>描述</des><type>5</type></appmsg></msg>", "[链接] 标题\n描述"),
        ("49", "<msg><appmsg><title>报价.pdf</title><des/><type>6</type></appmsg></msg>", "[文件] 报价.pdf"),
        (
            "49",
            "<msg><appmsg><title>微信转账</title><type>2000</type><wcpayinfo><feedesc><![CDATA[￥300]]></feedesc>"
            "<pay_memo>定金</pay_memo></wcpayinfo></appmsg></msg>",
            "[转账] 微信转账 ￥300 定金",
        ),
        (
            "10000",
            '<sysmsg><revokemsg><content>"李四" 撤回了一条消息</content></revokemsg></sysmsg>',
            '"李四" 撤回了一条消息',
        ),
        ("47", '<msg><emoji fromusername="x" cdnurl="y"/></msg>', "[表情]"),
    ],
)
def test_what_is_said_in_markup_is_read(kind: str, markup: str, words: str) -> None:
    for text in (markup, f'<?xml version="1.0"?>\n{markup}'):
        assert message_of({"sender": "李四", "text": text, "type": kind}, COLUMNS, 1).text == words


def test_a_notice_in_markup_is_said_by_nobody() -> None:
    markup = '<sysmsg><revokemsg><content>"李四" 撤回了一条消息</content></revokemsg></sysmsg>'
    assert message_of({"sender": "李四", "text": markup, "type": "10000"}, COLUMNS, 1).sender == ""
