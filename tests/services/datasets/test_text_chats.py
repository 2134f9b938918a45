"""Text files of chats: several in one file are told apart, and what may have been read wrongly is named."""

from io import BytesIO

from core.adapters.store import Store
from core.services.datasets import import_chats
from core.services.datasets.import_types import ImportReport


def report_of(store: Store, text: str) -> ImportReport:
    return import_chats(store, BytesIO(text.encode()), filename="a.txt", dataset="群聊", count_all=True, dry_run=True)


def test_every_partner_of_a_qq_file_has_a_chat(store: Store) -> None:
    rule = "================\r\n"
    block = f"{rule}消息对象:{{0}}\r\n{rule}\r\n2024-01-02 8:21:00 {{0}}(10001)\r\n你好\r\n\r\n"
    report = report_of(store, block.format("张三") + block.format("王五") + block.format("赵六"))
    assert (report.added, report.counts and report.counts.names) == (3, {"张三", "王五", "赵六"})
    assert "文字里有 3 个「消息对象」，已拆成 3 条群聊" in report.notes


def test_a_line_that_may_have_been_a_header_is_named_by_its_place(store: Store) -> None:
    report = report_of(
        store, "林小满 2024-01-02 10:20\n你好\n客服阿青 2024-01-02 10:21\n好\n王五 / 2024-01-02 10:22 / 外部\n我也要\n"
    )
    assert any("有 1 行像是消息的开头" in note and "第 1 条的第 5 行" in note for note in report.notes)
    assert not any("像是" in note for note in report_of(store, "林小满3：你好\n客服阿青：明天 10:21 见\n").notes)


def test_a_speaker_who_is_called_as_a_time_is_named(store: Store) -> None:
    report = report_of(store, "阿青〔10:21〕：你好\n小满〔10:22〕：您好\n阿青〔10:21〕：好的\n小满〔10:22〕：谢谢\n")
    assert any("有 2 个发言人的名字里有时间" in note and "小满〔10:22〕" in note for note in report.notes)


def test_a_chat_in_which_nobody_says_a_word_is_named(store: Store) -> None:
    report = report_of(store, "2024-03-01 09:00 「甲」；说了什么\n\n2024-03-01 09:01 「乙」；回了什么\n\n")
    assert any("有 1 条里谁都没有说话" in note and "第 1 条" in note for note in report.notes)
    assert not any("谁都没有说话" in note for note in report_of(store, "林小满3：你好\n客服阿青：好\n").notes)
