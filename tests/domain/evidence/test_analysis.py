"""A chat taken apart once: the index knows the roles that are shown, and a cached analysis is the same one."""

from core.domain.chat import Role
from core.domain.evidence import analyse_chat, cached_analysis

TEXT = """\
林舟3：你好，想了解会话存档的价格
何晴2：您好，我是客服何晴2，一年两万
"""


def test_the_index_knows_the_roles_that_are_shown() -> None:
    chat = analyse_chat(TEXT)
    assert chat.index.roles is chat.roles and chat.index.parsed is chat.parsed
    assert chat.roles["何晴2"].role is Role.STAFF
    assert [set(people) for people in chat.index.exchanges] == [{"林舟3"}, {"何晴2", "林舟3"}]


def test_the_same_text_is_taken_apart_once() -> None:
    assert cached_analysis(TEXT) is cached_analysis(str(TEXT))
    assert analyse_chat(TEXT) is not analyse_chat(TEXT)
