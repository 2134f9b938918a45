"""Headers as clients vary them: 昨天, 已读, zones, brackets, lists, mails; and lines that are named, not swallowed."""

import pytest

from core.domain.chat import MessageKind, ParsedChat, parse_chat
from core.domain.chat.chat_parts import split_chats
from core.domain.chat.unread_headers import names_like_times, unread_headers

A, B = "林小满", "客服阿青"
FULL = "2024-01-02T10:21"


def spoken(chat: ParsedChat) -> list[tuple[str, str]]:
    return [(m.speaker, m.body.of(chat.text)) for m in chat.messages if m.kind is not MessageKind.SYSTEM]


VARIANTS = {
    "read": ("{a} 2024-01-02 10:21 已读\n{q}\n{b} 2024-01-02 10:22 未读\n{p}\n{a} 2024-01-02 10:23 3人已读\n{r}", FULL),
    "edited": (
        "{a} 2024-01-02 10:21\n{q}\n{b} 2024-01-02 10:22 (已编辑)\n{p}\n{a} 2024-01-02 10:23（已编辑）\n{r}",
        FULL,
    ),
    "edited, time first": (
        "2024-01-02 10:21 {a}\n{q}\n2024-01-02 10:22 {b} (已编辑)\n{p}\n2024-01-02 10:23 {a}\n{r}",
        FULL,
    ),
    "a mark nobody knows": (
        "{a} 2024-01-02 10:21\n{q}\n{b} 2024-01-02 10:22\n{p}\n{a} 2024-01-02 10:23 来自手机\n{r}",
        FULL,
    ),
    "yesterday behind dates": ("{a} 2024-01-02 10:21\n{q}\n{b} 昨天 18:20\n{p}\n{a} 星期三 9:00\n{r}", FULL),
    "today behind dates": ("{a} 2024-01-02 10:21\n{q}\n{b} 2024-01-02 上午10:22\n{p}\n{a} 10:23\n{r}", FULL),
    "dates behind yesterday": ("{a} 昨天 10:21\n{q}\n{b} 昨天 10:22\n{p}\n{a} 2024-01-02 10:23\n{r}", "10:21"),
    "yesterday, time first": ("2024-01-02 10:21 {a}\n{q}\n2024-01-02 10:22 {b}\n{p}\n昨天 10:23 {a}\n{r}", FULL),
    "clock first": ("10:21 {a}\n{q}\n10:22 {b}\n{p}\n10:23 {a}\n{r}", "10:21"),
    "zone": (
        "2024-01-02T10:21:00+08:00 {a}: {q}\n2024-01-02T10:22:00+0800 {b}: {p}\n2024-01-02T10:23:00+08:00 {a}: {r}",
        FULL + ":00",
    ),
    "Z": (
        "2024-01-02T02:21:00Z {a}\n{q}\n2024-01-02T02:22:00.123Z {b}\n{p}\n2024-01-02T02:23:00Z {a}\n{r}",
        FULL + ":00",
    ),
    "Chinese clock": (
        "2024年1月2日 10时21分 {a}\n{q}\n2024年1月2日 10点22分05秒 {b}\n{p}\n2024年1月2日上午10:23 {a}\n{r}",
        FULL,
    ),
    "names in brackets": (
        "【{a}】2024-01-02 10:21\n{q}\n[{b}] 2024-01-02 10:22\n{p}\n【{a}】2024-01-02 10:23\n{r}",
        FULL,
    ),
    "times in brackets": (
        "{a} [2024-01-02 10:21]\n{q}\n{b} [2024-01-02 10:22]\n{p}\n{a} [2024-01-02 10:23]\n{r}",
        FULL,
    ),
    "brackets, words below": (
        "[2024-01-02 10:21] {a}\n{q}\n[2024-01-02 10:22] {b}\n{p}\n[2024-01-02 10:23] {a}\n{r}",
        FULL,
    ),
    "dash": ("{a} - 2024-01-02 10:21\n{q}\n{b} - 2024-01-02 10:22\n{p}\n{a} - 2024-01-02 10:23\n{r}", FULL),
    "entity": ("{a}&nbsp;2024-01-02 10:21\n{q}\n{b}&nbsp;2024-01-02 10:22\n{p}\n{a}&nbsp;2024-01-02 10:23\n{r}", FULL),
    "name clock colon": ("{a} 10:21：{q}\n{b} 10:22：{p}\n{a} 10:23：{r}", "10:21"),
    "name date colon": ("{a} 2024-01-02 10:21: {q}\n{b} 2024-01-02 10:22: {p}\n{a} 2024-01-02 10:23: {r}", FULL),
    "yesterday colon": ("昨天 10:21 {a}：{q}\n昨天 10:22 {b}：{p}\n昨天 10:23 {a}：{r}", "10:21"),
    "cells, name first": ("{a}\t2024-01-02 10:21\t{q}\n{b}\t2024-01-02 10:22\t{p}\n{a}\t2024-01-02 10:23\t{r}", FULL),
    "time above name": ("2024-01-02 10:21\n{a}\n{q}\n\n2024-01-02 10:22\n{b}\n{p}\n\n2024-01-02 10:23\n{a}\n{r}", FULL),
    "clock above name": ("昨天 10:21\n{a}\n{q}\n昨天 10:22\n{b}\n{p}\n10:23\n{a}\n{r}", "10:21"),
    "name above clock": ("{a}\n昨天 10:21\n{q}\n{b}\n昨天 10:22\n{p}\n{a}\n10:23\n{r}", "10:21"),
    "name above time, read": (
        "{a}\n2024-01-02 10:21 已读\n{q}\n{b}\n2024-01-02 10:22\n{p}\n{a}\n2024-01-02 10:23 已读\n{r}",
        FULL,
    ),
    "IRC": (
        "2024-01-02T10:21:00 <{a}> {q}\n2024-01-02T10:22:00 <{b}> {p}\n2024-01-02T10:23:00 <{a}> {r}",
        FULL + ":00",
    ),
    "IRC, clock": ("[10:21] <{a}> {q}\n[10:22] <{b}> {p}\n[10:23] <{a}> {r}", "10:21"),
    "a meeting's transcript": ("{a}(00:00:01):\n{q}\n\n{b}(00:00:05):\n{p}\n\n{a}(00:01:05):\n{r}", "00:00:01"),
    "LINE": (
        "[LINE] 與小滿的聊天\n儲存日期：2024/01/05 10:00\n\n2024/01/02（二）\n10:21\t{a}\t{q}\n10:22\t{b}\t{p}\n"
        "10:23\t{a}\t{r}",
        FULL,
    ),
    "QQ, private": ("日期: 2024-01-02\n\n{a} 10:21\n{q}\n\n{b} 10:22\n{p}\n\n日期: 2024-01-03\n\n{a} 10:23\n{r}", FULL),
    "says": ("2024-01-02 10:21 {a} 说：\n{q}\n2024-01-02 10:22 {b} 说：\n{p}\n2024-01-02 10:23 {a} 说：\n{r}", FULL),
    "says, no time": ("{a}说：{q}\n{b}说：{p}\n{a}说：{r}", ""),
    "to somebody": ("{a} -> {b}：{q}\n{b} -> {a}：{p}\n{a} -> {b}：{r}", ""),
    "seconds since 1970": ("1704161999 {a}\n{q}\n1704162059 {b}\n{p}\n1704162119 {a}\n{r}", FULL[:-2] + "19:59"),
    "milliseconds, colon": (
        "[1704162060000] {a}: {q}\n[1704162120000] {b}: {p}\n[1704162180000] {a}: {r}",
        FULL + ":00",
    ),
    "seconds behind the name": ("{a} 1704162060\n{q}\n{b} 1704162120\n{p}\n{a} 1704162180\n{r}", FULL + ":00"),
    "Excel's days": ("45293.43125 {a}: {q}\n45293.43195 {b}: {p}\n45293.43264 {a}: {r}", FULL + ":00"),
    "numbered": ("1. {a}：{q}\n2. {b}：{p}\n3. {a}：{r}", ""),
    "numbered, bracket": ("（1）{a}：{q}\n（2）{b}：{p}\n（3）{a}：{r}", ""),
    "dashes": ("- {a}：{q}\n- {b}：{p}\n- {a}：{r}", ""),
    "bold": ("**{a}**：{q}\n**{b}**：{p}\n**{a}：** {r}", ""),
    "quoted": ("“{a}”：{q}\n“{b}”：{p}\n“{a}”：{r}", ""),
    "mail": (
        "发件人: wang@example.com\n收件人: li@example.com\n发送时间: 2024年1月5日 10:21\n主题: 聊天记录\n\n"
        "—————  2024-01-02  —————\n\n{a}  10:21\n\n{q}\n\n{b}  10:22\n\n{p}\n\n{a}  10:23\n\n{r}\n",
        FULL,
    ),
    "edited, before a colon": (
        "[2024-01-02 10:21] {a}：{q}\n[2024-01-02 10:22 已编辑] {b}：{p}\n[昨天 10:23] {a}：{r}",
        FULL,
    ),
    "edited, behind the name": (
        "{a} 2024-01-02 10:21：{q}\n{b} 2024-01-02 10:22（已编辑）：{p}\n{a} 2024-01-02 10:23：{r}",
        FULL,
    ),
    "named zones": (
        "2024-01-02 02:21 (UTC+0) {a}: {q}\n2024-01-02 10:22 CST {b}: {p}\n2024-01-02 10:23 (UTC+8) {a}: {r}",
        FULL,
    ),
    "ticks": ("{a} 2024-01-02 10:21 ✓✓\n{q}\n{b} 2024-01-02 10:22 ✓\n{p}\n{a} 2024-01-02 10:23\n{r}", FULL),
    "at": ("{a} — 2024/01/02 10:21\n{q}\n{b} — Yesterday at 10:22\n{p}\n{a} — Today at 10:23\n{r}", FULL),
    "numbers and spaces": ("1 {a}：{q}\n2 {b}：{p}\n3 {a}：{r}", ""),
    "numbers in circles": ("①{a}：{q}\n②{b}：{p}\n③{a}：{r}", ""),
    "mail above stacked headers": (
        "发件人：a@example.com\n主题：聊天\n\n{a}\n2024-01-02 10:21\n{q}\n\n{b}\n2024-01-02 10:22\n{p}\n\n"
        "{a}\n2024-01-02 10:23\n{r}\n",
        FULL,
    ),
    "mail above WhatsApp": (
        "From: a@example.com\nSubject: chat\n\n1/2/24, 10:21 AM - {a}: {q}\n1/2/24, 10:22 AM - {b}: {p}\n"
        "1/13/24, 10:23 AM - {a}: {r}\n",
        FULL,
    ),
    "English mail": (
        "From: wang@example.com\nTo: li@example.com\nSubject: the chat\n\n{a} 2024-01-02 10:21\n{q}\n"
        "{b} 2024-01-02 10:22\n{p}\n{a} 2024-01-02 10:23\n{r}\n",
        FULL,
    ),
}


@pytest.mark.parametrize(("text", "time"), VARIANTS.values(), ids=VARIANTS)
def test_a_variant_is_read_and_nothing_of_it_swallowed(text: str, time: str) -> None:
    said = ["你好，怎么卖", "您好，1299元\n包邮" if "\n{p}" in text else "您好，1299元", "好的谢谢"]
    text = text.format(a=A, b=B, q=said[0], p=said[1], r=said[2])
    chat = parse_chat(text)
    assert spoken(chat) == [(A, said[0]), (B, said[1]), (A, said[2])]
    first = next(message for message in chat.messages if message.speaker)
    assert first.time == time
    assert "".join(span.of(text) for span in chat.all_spans) == text
    assert all(message.speaker_span.of(text) == message.speaker for message in chat.messages)
    assert not unread_headers(chat)
    assert not names_like_times(chat)


@pytest.mark.parametrize("mark", [",", ";", "、", " |", " /", " -", "~"])
@pytest.mark.parametrize(
    "form",
    [
        "{n}{m} [2024-01-02 10:2{at}]\n{w}\n\n",
        "{n}{m} 2024-01-02 10:2{at}\n{w}\n",
        "{n}{m} [02.01.2024 10:2{at}]\n{w}\n",
    ],
)
def test_a_mark_between_all_names_and_times_is_no_part_of_them(mark: str, form: str) -> None:
    said = [(A, "你好"), (B, "您好"), (A, "谢谢")]
    text = "".join(form.format(n=name, m=mark, at=at, w=words) for at, (name, words) in enumerate(said))
    chat = parse_chat(text)
    assert spoken(chat) == said
    assert all(message.speaker_span.of(text) == message.speaker for message in chat.messages)


@pytest.mark.parametrize("parted", ["{}\t", "{} | ", "{}|", "{}｜", "[{}] ", "【{}】", "[{}]"])
@pytest.mark.parametrize("names", [("张三", "李四"), ("小满", "阿青"), ("客户", "客服"), ("Tom", "Amy"), ("A", "B")])
def test_two_columns_of_names_and_words_are_a_chat(parted: str, names: tuple[str, str]) -> None:
    said = [(names[0], "你好"), (names[1], "您好：请说"), (names[0], "12:30 到 3栋"), (names[1], "好的")]
    text = "\n".join(parted.format(name) + words for name, words in said)
    assert spoken(parse_chat(text)) == said


def test_titles_in_brackets_before_names_are_no_names() -> None:
    said = [("[店长]王", "你好"), ("[客服]小满", "您好"), ("[店长]王", "多少"), ("[客服]小满", "好的")]
    text = "\n".join(f"{name}：{words}" for name, words in said)
    assert spoken(parse_chat(text)) == said


@pytest.mark.parametrize(
    "text",
    [
        "型号\t价格\nA1\t100\nA2\t200\nA1\t300",
        "姓名\t张三\n电话\t138\n姓名\t李四\n电话\t139",
        "张三\t138\n李四\t139\n王五\t137",
        "客户\t张三\n客服\t李四\n客户\t王五\n客服\t赵六",
        "[图片] 你好\n[表情] 您好\n[图片] 好的",
        "【注意】您好\n【说明】您看\n【注意】好的",
        "张三\t男\t18\n李四\t女\t19\n张三\t男\t20",
    ],
)
def test_other_tables_have_no_speakers(text: str) -> None:
    assert parse_chat(text).speakers == ()


@pytest.mark.parametrize("colon", [": ", "："])
def test_quoted_lines_above_a_chat_are_not_its_beginning(colon: str) -> None:
    said = [("张三", "在吗"), ("李四", "在"), ("张三", "好")]
    text = f"> 张三{colon}你好\n> 李四{colon}您好\n" + "\n".join(f"{name}{colon}{words}" for name, words in said)
    assert [one for one in spoken(parse_chat(text)) if one[0]] == said


@pytest.mark.parametrize("name", ["A:阿青", "12:30阿青", "A：阿青", "店:阿青"])
@pytest.mark.parametrize("ids", [("(10001)", "(10002)"), ("<a@qq.com>", "<b@qq.com>"), ("", "")])
@pytest.mark.parametrize(
    "form", ["2024-01-02 9:2{at}:00 {n}\n{w}\n\n", "{n} 2024-01-02 09:2{at}:00\n{w}\n\n", "{n}  09:2{at}\n\n{w}\n\n"]
)
@pytest.mark.parametrize(
    "before", ["", "消息记录（此消息记录为文本格式，不支持重新导入）\n\n================\n消息对象:装修群\n\n"]
)
def test_names_with_a_colon_speak_where_most_headers_have_one(
    name: str, ids: tuple[str, str], form: str, before: str
) -> None:
    said = [
        ("小满", ids[0], "你好"),
        (name, ids[1], "价格:3\n12:30到"),
        (name, ids[1], "好"),
        ("小满", ids[0], "好的：谢谢"),
    ]
    said = said[: 3 if form.startswith("2") else 4]
    text = before + "".join(form.format(n=who + one, at=at, w=words) for at, (who, one, words) in enumerate(said))
    assert [one for one in spoken(parse_chat(text)) if one[0]] == [(who, words) for who, _, words in said]


@pytest.mark.parametrize("day", ["3/1", "03-01", "3月1日"])
@pytest.mark.parametrize(
    "form", ["{n} {d} 09:00:1{at}\n{w}\n\n", "{d} 09:00:1{at} {n}\n{w}\n\n", "{n} {d} 09:00:1{at}：{w}\n"]
)
def test_days_without_a_year_are_headers_where_each_speaks_once(day: str, form: str) -> None:
    said = [("张三@微信", "你好"), ("李四（ABC公司）", "您好"), ("客服小王", "好"), ("合同部", "收到")]
    text = "".join(form.format(n=name, d=day, at=at, w=words) for at, (name, words) in enumerate(said))
    assert spoken(parse_chat(text)) == said


def test_a_wide_comma_before_brackets_is_no_part_of_names() -> None:
    text = "张三，[2024-01-02 10:21]\n你好\n\n李四，[2024-01-02 10:22]\n您好\n\n张三，[2024-01-02 10:23]\n谢谢\n"
    assert parse_chat(text).speakers == ("张三", "李四")


def test_a_mark_of_one_nickname_stays() -> None:
    text = "小满~ 2024-01-02 10:21\n你好\n阿青 2024-01-02 10:22\n您好\n小满~ 2024-01-02 10:23\n好\n"
    assert parse_chat(text).speakers == ("小满~", "阿青")
    assert parse_chat(text.replace("阿青", "小满~")).speakers == ("小满~",)


@pytest.mark.parametrize(
    "ids", [("(10001)", "(10002)"), ("<a@qq.com>", "<b@qq.com>"), (" (wxid_abc1)", " (wxid_zzz9)")]
)
def test_two_people_of_one_name_are_two_speakers_though_each_speaks_once(ids: tuple[str, str]) -> None:
    names = f"李四{ids[0]}", "王五(10009)", f"李四{ids[1]}"
    text = "".join(f"2024-01-02 8:2{n}:00 {name}\n第{n}句\n\n" for n, name in enumerate(names))
    chat = parse_chat(text)
    assert chat.speakers == (f"李四{ids[0]}", "王五", f"李四{ids[1]}")
    assert all(message.speaker_span.of(text) == message.speaker for message in chat.messages)


@pytest.mark.parametrize(
    "text",
    [
        "1. 预算：10万\n2. 面积：100\n3. 预算：12万\n",
        "- 地址：杭州\n- 电话：138\n- 地址：上海\n",
        "2024-01-02 10:21\n你好\n2024-01-02 10:22\n在吗\n2024-01-02 10:23\n还在吗\n",
        "会议时间 10:20：大家记得来\n集合地点 10:30：东门\n",
        "张三 1699999999\n李四 1588888888\n王五 1377777777\n",
        "1699999999 已发货\n1599999999 已签收\n1699999999 已发货\n",
    ],
)
def test_lists_and_times_without_people_stay_without_people(text: str) -> None:
    assert not any(message.time for message in parse_chat(text).messages)
    assert not set(parse_chat(text).speakers) & {"你好", "预算", "地址", "会议时间"}


def test_a_date_that_somebody_writes_parts_no_message() -> None:
    text = f"2024-01-02 10:21:00 {A}\n会议改到\n2024-01-05 10:00\n可以吗\n\n2024-01-02 10:22:00 {B}\n好的\n"
    assert spoken(parse_chat(text)) == [(A, "会议改到\n2024-01-05 10:00\n可以吗"), (B, "好的")]


@pytest.mark.parametrize(
    "line",
    [
        "2024-01-02 10:22 王五",
        "王五 / 2024-01-02 10:22 / 外部",
        "客服阿青 ~ 10:22",
        "客服阿青@公司 昨天 10:22 转发",
        "李雷 昨天 10:22 回复",
        "林小满 刚刚",
        "Jan 2, 2024 10:22 AM 林小满",
        "02/01/2024 10:22 客服阿青",
        "昨天 10:22 | 林小满 | 好",
        "客服阿青  5分钟前",
    ],
)
def test_a_line_that_looks_like_a_header_is_named(line: str) -> None:
    text = f"{A} 2024-01-02 10:20\n你好\n{B} 2024-01-02 10:21\n您好\n{line}\n好的\n"
    chat = parse_chat(text)
    assert unread_headers(chat) == [5] or len(spoken(chat)) == 3


@pytest.mark.parametrize("line", ["林小满 已读：好", "【群主】客服阿青：好", "客服阿青@微信：好", "[林小满]：好"])
def test_a_speaker_with_something_around_the_name_is_named(line: str) -> None:
    text = f"{A}：你好\n{B}：您好\n{line}\n{A}：在吗\n{B}：在的\n"
    assert unread_headers(parse_chat(text)) == [3] or parse_chat(text).messages[2].speaker


def test_a_time_in_a_form_nobody_knows_below_a_name_is_named() -> None:
    text = f"{A}\n2024-01-02 10:21\n你好\n{B}\n2024-01-02 10:22\n您好\n{A}\nJan 2 10:24\n好\n"
    assert unread_headers(parse_chat(text)) == [8]


@pytest.mark.parametrize(
    "line", ["回复 林小满：好", "@客服阿青：好", "明天 10:30 见", "会议改到 2024-01-05 10:00，可以吗？"]
)
def test_what_people_say_is_not_named(line: str) -> None:
    text = f"{A} 2024-01-02 10:20\n你好\n{B} 2024-01-02 10:21\n您好\n{line}\n好的\n"
    assert unread_headers(parse_chat(text)) == []


def test_names_that_hold_a_time_are_named() -> None:
    chat = parse_chat("阿青〔10:21〕：你好\n小满〔10:22〕：您好\n阿青〔10:21〕：好的\n小满〔10:22〕：谢谢\n")
    assert names_like_times(chat) == list(chat.speakers) != []
    told = parse_chat("林小满 于 2024-01-02 10:21 说：你好\n客服阿青 于 2024-01-02 10:22 说：您好\n")
    assert names_like_times(told) or not told.speakers
    assert not names_like_times(parse_chat("小陈 8:00-22:00在线：您好\n林小满3：你好\n小陈 8:00-22:00在线：好的\n"))


def test_two_partners_of_qq_are_two_chats() -> None:
    rule = "================\n"
    first = f"消息记录\n\n{rule}消息分组:我的好友\n{rule}消息对象:张三\n{rule}\n2024-01-02 8:21:00 张三(10001)\n一\n\n"
    second = f"{rule}消息分组:我的好友\n{rule}消息对象:王五\n{rule}\n2024-01-02 8:23:00 王五(10003)\n三\n"
    assert split_chats(first + second) == [first, second]
    assert split_chats(first) == [first]
    cut = f"消息对象:张三\n{rule}\n2024-01-02 8:21:00 张三(10001)\n一\n\n"
    assert split_chats(cut + second) == [cut, second]
    said = first + "消息对象:谁\n"
    assert split_chats(said) == [said]


@pytest.mark.parametrize(
    "names",
    [
        ("A:小满", "A:阿青"),
        ("12:30阿青", "林小满3"),
        ("A:小满", "阿青"),
        ("12:30阿青", "12:30小满"),
        ("旗舰店:小王", "林小满3"),
    ],
    ids=":".join,
)
@pytest.mark.parametrize(
    "header",
    [
        "2024-01-02 10:2{n}:00 {name}",
        "2024-01-02 10:2{n}:00 {name}(1234{id})",
        "[2024-01-02 10:2{n}] {name}",
        "10:2{n} {name}",
        "{name} 2024-01-02 10:2{n}",
        "{name}  10:2{n}",
        "{name}(1234{id}) 10:2{n}:00",
        "{name}  (2024-1-2 10:2{n}:00):",
    ],
)
def test_names_with_colons_are_whole_though_no_header_is_without(header: str, names: tuple[str, str]) -> None:
    words = ("你好", "在的：1299元", "多少钱", "合计: 12元")
    lines = [f"{header.format(n=n, name=names[n % 2], id=n % 2)}\n{said}\n" for n, said in enumerate(words)]
    chat = parse_chat("\n".join(lines))
    assert [(name.partition("(")[0], body) for name, body in spoken(chat)] == [
        (names[n % 2], said) for n, said in enumerate(words)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "A:明天 10:30\nB:好\nA:地址在哪\nB:幸福路8号",
        "[2024-01-02 10:21] A:好的\n明天见\n[2024-01-02 10:22] B:收到\n谢谢\n[2024-01-02 10:23] A:好的\n再见",
        "2024-01-02 10:21:00 A:好的\n明天见\n2024-01-02 10:22:00 B:收到\n谢谢\n2024-01-02 10:23:00 B:收到\n再见",
    ],
)
def test_words_behind_a_colon_are_no_part_of_the_name(text: str) -> None:
    assert parse_chat(text).speakers == ("A", "B")


MEETING = (
    "09:00:01\t From {a} to Everyone : 一\n09:00:11\t From {b} to Everyone : 二\n09:00:15\t From  {a}  To  {b} : 三\n"
)
SUBTITLES = "".join(
    f"{number}\n00:00:0{number},000 --> 00:00:0{number},900\n{{{who}}}：{word}\n\n"
    for number, (who, word) in enumerate(zip("aba", "一二三", strict=True), start=1)
)


@pytest.mark.parametrize(("text", "time"), [(MEETING, "09:00"), (SUBTITLES, "00:00")])
def test_meetings_and_subtitles(text: str, time: str) -> None:
    chat = parse_chat(text.format(a=A, b=B))
    assert [one for one in spoken(chat) if one[0]] == [(A, "一"), (B, "二"), (A, "三")]
    assert all(message.time.startswith(time) for message in chat.messages if message.speaker)


def test_whom_a_message_answers_is_no_speaker() -> None:
    text = f"{A} 3月1日 09:00\n一\n\n{B} 3月1日 09:01\n回复 {A}：一\n二\n\n王五 3月1日 09:02\n三\n"
    assert [who for who, _ in spoken(parse_chat(text))] == [A, B, "王五"]


BLOCKS = f"{A}\n你好\n在吗\n\n{B}\n在的，您说\n\n{A}\n多少钱\n\n{B}\n十元一个\n"


def test_names_alone_above_their_messages_speak() -> None:
    assert spoken(parse_chat(BLOCKS)) == [(A, "你好\n在吗"), (B, "在的，您说"), (A, "多少钱"), (B, "十元一个")]


@pytest.mark.parametrize(
    "text",
    [
        "第一段\n这是说明\n\n第二段\n这也是\n\n第三段\n还有\n\n第四段\n完\n",
        "地址\n天山路 8 号\n\n电话\n13800001111\n\n地址\n人民路 1 号\n\n电话\n13900001111\n",
        f"{A}\n你好\n\n{B}\n在的\n",
    ],
)
def test_blocks_that_nobody_speaks_are_no_chat(text: str) -> None:
    assert not parse_chat(text).speakers


def test_a_name_that_the_phone_does_not_know_has_no_mark() -> None:
    chat = parse_chat("[01/03/2024, 09:00:01] Zhang San: hi\n[13/03/2024, 09:01:22] ~\u202fLi Si: hello\n")
    assert [who for who, _ in spoken(chat)] == ["Zhang San", "Li Si"]
