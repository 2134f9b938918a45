"""Chats with time, name and words on one line and no colon, as terminals, LINE, KakaoTalk and subtitles write them."""

import pytest

from core.domain.chat import parse_chat

SAID = [
    ("林小满", "你好，想问下价格"),
    ("客服小王", "您好，一百元一个"),
    ("林小满", "能便宜吗 在哪里看"),
    ("客服小王", "OK"),
    ("林小满", "价格：九十 - 行吗"),
]
FORMS = """\
2024-03-01 09:0{at}:00 {name} {body}
2024-03-01 09:0{at} {name} {body}
2024/3/1 09:0{at} {name}  {body}
[2024-03-01 09:0{at}:00] {name} {body}
(2024-03-01 09:0{at}) {name} {body}
2024年3月1日 09:0{at} {name} {body}
2024-03-01T09:0{at}:00 {name} {body}
2024-03-01 09:0{at}:00.123 {name} {body}
09:0{at} {name} {body}
09:0{at}:11 {name} {body}
[09:0{at}] {name} {body}
上午9:0{at} {name} {body}
3/1 09:0{at} {name} {body}
2024-03-01 09:0{at} [{name}] {body}
2024-03-01 09:0{at} 【{name}】{body}
2024-03-01 09:0{at} 【{name}】：{body}
2024-03-01 09:0{at} <{name}> {body}
2024-03-01T09:0{at}:00 <{name}> {body}
2024-03-01 09:0{at} <{name}>：{body}
2024-03-01 09:0{at} 「{name}」{body}
[2024-03-01 09:0{at}:00][{name}] {body}
[2024-03-01 09:0{at}:00][{name}]{body}
[09:0{at}] <{name}> {body}
[09:0{at}][{name}]: {body}
[{name}][2024-03-01 09:0{at}:00] {body}
[{name}] [09:0{at}] {body}
[{name}] [오전 9:0{at}] {body}
【{name}】[2024-03-01 09:0{at}] {body}
2024-03-01 09:0{at} - {name} - {body}
2024-03-01 09:0{at} -- {name} -- {body}
09:0{at} - {name} - {body}
2024-03-01 09:0{at}:00,{name},{body}
2024-03-01 09:0{at};{name};{body}
09:0{at}\t{name}\t{body}
09:0{at} | {name} | {body}
| 2024-03-01 09:0{at} | {name} | {body}
| {name} | 2024-03-01 09:0{at} | {body}
2024-03-01 09:0{at} [INFO] {name}: {body}
2024-03-01 09:0{at} INFO {name}: {body}
{name} 2024-03-01 09:0{at}:00 {body}
{name} [2024-03-01 09:0{at}:00] {body}
{name}(00:00:0{at}): {body}
2024년 3월 1일 오전 9:0{at}, {name} : {body}""".split("\n")


def written(form: str, said: list[tuple[str, str]]) -> str:
    return "\n".join(form.format(name=name, body=body, at=at) for at, (name, body) in enumerate(said))


def read(text: str) -> list[tuple[str, str]]:
    chat = parse_chat(text)
    assert "".join(span.of(text) for span in chat.all_spans) == text
    return [(one.speaker, one.body.of(text)) for one in chat.messages if one.speaker]


def test_each_line_is_a_message_of_its_own() -> None:
    names = [SAID, [({"客服小王": "Lily Wang"}.get(name, "Tom"), body) for name, body in SAID]]
    wrong = [
        (form, got)
        for form in FORMS
        for said in names
        for text in (written(form, said), written(form + "\n", said), "聊天记录\n" + written(form, said) + "\n")
        if (got := read(text)) != said
    ]
    assert [form for form, _ in wrong] == []
    assert len(FORMS) >= 40


def test_the_times_of_one_line_messages_are_kept() -> None:
    text = "2024.03.01 星期五\n09:00 林小满 你好\n09:01 客服小王 您好\n2024.03.02 星期六\n13:02 林小满 在吗\n"
    assert [one.time for one in parse_chat(text).messages if one.speaker] == [
        "2024-03-01T09:00",
        "2024-03-01T09:01",
        "2024-03-02T13:02",
    ]


def test_what_line_and_kakaotalk_write_around_messages_is_nobodys() -> None:
    line = (
        "[LINE] 與林小滿的聊天\n儲存日期：2024/03/01 10:00\n\n2024/03/01（五）\n"
        "09:00\t林小滿\t你好\n09:01\t客服小王\t在的\n"
        "09:05\t林小滿收回訊息\n\n2024/03/02（六）\n09:01\t林小滿\t再見\n"
    )
    assert read(line) == [("林小滿", "你好"), ("客服小王", "在的"), ("林小滿", "再見")]
    kakao = (
        "林小满 님과 카카오톡 대화\n저장한 날짜 : 2024-03-01 10:00:00\n\n"
        "--------------- 2024년 3월 1일 금요일 ---------------\n"
        "[林小满] [오전 9:00] 你好\n[客服小王] [오전 12:01] 在的\n第二行\n[林小满] [오후 1:02] 好\n"
    )
    assert read(kakao) == [("林小满", "你好"), ("客服小王", "在的\n第二行"), ("林小满", "好")]
    assert [one.time[-5:] for one in parse_chat(kakao).messages if one.speaker] == ["09:00", "00:01", "13:02"]


def test_subtitles_name_their_speakers() -> None:
    text = (
        "WEBVTT\n\n1\n00:00:01.000 --> 00:00:03.000\n<v 林小满>你好</v>\n\n2\n00:00:04.000 --> 00:00:06.000\n"
        "<v.loud 小王>在的\n您说</v>\n\n00:01:05.000 --> 00:01:06.000\n<v 林小满>好</v>\n"
    )
    assert read(text) == [("林小满", "你好</v>"), ("小王", "在的\n您说</v>"), ("林小满", "好</v>")]
    assert [one.time for one in parse_chat(text).messages if one.speaker] == ["00:00:01", "00:00:04", "00:01:05"]


@pytest.mark.parametrize(
    ("text", "speakers"),
    [
        # Words stand below: the whole of the line behind the time is a name.
        (
            "2024-03-01 09:00 Lily Wang\n你好\n2024-03-01 09:01 Tom Li\n好\n2024-03-01 09:02 Lily Wang\n嗯",
            ("Lily Wang", "Tom Li"),
        ),
        (
            "2024-03-01 09:00 Lily Wang\n\n2024-03-01 09:01 Tom Li\n\n2024-03-01 09:02 Lily Wang\n",
            ("Lily Wang", "Tom Li"),
        ),
        ("09:00 Lily Wang: hi there\n09:01 Tom Li: hello you\n09:02 Lily Wang: ok", ("Lily Wang", "Tom Li")),
        ("[2024-03-01 09:00] [店长]王：你好\n[2024-03-01 09:01] 小满：好\n[2024-03-01 09:02] [店长]王：嗯", None),
        # Programmes, lists and logs are no chats.
        ("09:00 签到 大厅\n09:30 开幕 主会场\n10:00 茶歇 走廊", ()),
        ("2024-03-01 09:00 会议 三楼\n2024-03-01 10:00 会议 四楼\n2024-03-01 11:00 茶歇 走廊", ()),
    ],
)
def test_other_lines_with_times_are_read_as_before(text: str, speakers: tuple[str, ...] | None) -> None:
    if speakers is not None:
        assert [name for name in parse_chat(text).speakers if name in ("Lily", "Tom", "签到", "会议", "开幕")] == []
    if speakers:
        assert parse_chat(text).speakers == speakers


@pytest.mark.parametrize("mark", ["，", ",", "。"])
@pytest.mark.parametrize(
    "form", ["2024-03-01 09:0{at} {name}{mark}\n{body}", "{name}{mark} 2024-03-01 09:0{at}\n{body}"]
)
def test_a_mark_behind_every_name_hides_nobody(form: str, mark: str) -> None:
    said = [(name, body.replace("，", "")) for name, body in SAID]
    text = "\n".join(form.format(name=name, body=body, at=at, mark=mark) for at, (name, body) in enumerate(said))
    assert [(name.rstrip(mark), body) for name, body in read(text)] == said


def test_a_comma_parts_name_and_words_behind_a_time() -> None:
    assert read(written("2024-03-01 09:0{at} {name}, {body}", SAID)) == SAID
