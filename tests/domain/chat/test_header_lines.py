"""Lines with a colon or a time in them, by hand: headers with odd names, and words that only look like headers."""

from pathlib import Path

from core.domain.chat import parse_chat

A, B = "林小满", "客服阿青"
CASES = [
    line.split("\t")
    for line in Path(__file__).with_name("header_lines.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
MESSAGES = {
    "dated": "2024-01-02 10:{at} {name}\n{words}\n\n",
    "named": "{name} 2024-01-02 10:{at}\n{words}\n\n",
    "clock": "{name}  10:{at}\n{words}\n\n",
    "bracket": "[2024-01-02 10:{at}] {name}: {words}\n",
    "inline": "2024-01-02 10:{at} {name}: {words}\n",
    "colon": "{name}：{words}\n",
    "half": "{name}: {words}\n",
}
BELOW = ("dated", "named", "clock")
"""Words stand below the header."""


def chat_with(kind: str, line: str, *, comes_back: bool) -> tuple[str, int]:
    """A chat of some kind with the line in the middle; where the line stands in it."""
    message = MESSAGES[kind]
    said = ["你好，怎么卖", "您好，十元", "好的，谢谢", "不客气", "再见"]
    parts = [message.format(name=(A, B)[at % 2], at=21 + at, words=words) for at, words in enumerate(said)]
    start = "—————  2024-01-02  —————\n\n" if kind == "clock" else ""
    head = start + parts[0] + parts[1].rstrip("\n") + "\n"
    own = line + "\n" + ("嗯嗯\n\n" if kind in BELOW else "")
    return head + own + parts[2] + (own if comes_back else "") + parts[3] + parts[4], len(head)


def speaker_at(kind: str, line: str, *, comes_back: bool) -> str:
    """Who speaks on the line; ``-`` for nobody new."""
    text, at = chat_with(kind, line, comes_back=comes_back)
    message = next(one for one in parse_chat(text).messages if one.span.start <= at < one.span.end)
    return message.speaker if message.span.start == at else "-"


def test_headers_with_odd_names_are_read_and_words_are_not() -> None:
    wrong = [
        f"{kind}: {line!r} is said by {who}, read as {speaker}"
        for kind, who, line in CASES
        if (speaker := speaker_at(kind, line, comes_back=who != "-")) != who
    ]
    assert wrong == []
    headers = [who for _, who, _ in CASES if who != "-"]
    assert (len(CASES) >= 200, len(headers) >= 90, len(CASES) - len(headers) >= 100) == (True, True, True)


def test_what_people_say_twice_is_still_no_header() -> None:
    """A template that is sent again and again looks like a name that comes back; few lines may be taken for one."""
    words = [(kind, line) for kind, who, line in CASES if who == "-"]
    wrong = [line for kind, line in words if speaker_at(kind, line, comes_back=True) != "-"]
    assert len(wrong) <= 3, wrong


def test_speakers_with_a_letter_before_their_names_are_told_apart() -> None:
    text = "".join(f"[2024-01-02 10:{at}] A:{name}: 第{at}句\n" for at, name in enumerate(["小满", "阿青"] * 3, 10))
    chat = parse_chat(text)
    assert chat.speakers == ("A:小满", "A:阿青")
    assert all(one.speaker_span.of(text) == one.speaker for one in chat.messages)
    assert chat.messages[0].body.of(text) == "第10句"


def test_a_letter_before_one_of_many_words_is_a_speaker() -> None:
    text = "[2024-01-02 10:10] A: 好\n[2024-01-02 10:11] A:价格:3\n[2024-01-02 10:12] B:小满: 好\n"
    assert parse_chat(text).speakers == ("A", "B:小满")
