"""Names with words around them: 说, arrows to whom somebody speaks; a shop before its staff's names."""

import pytest

from core.domain.chat import parse_chat

A, B = "林小满", "小王"
SAID = [(A, B, "你好：在吗"), (B, A, "T002"), (A, B, "好的"), (B, A, "不客气")]
FORMS = """\
{name}说：{body}
{name} 说：{body}
{name} 说: {body}
{name}说道：{body}
{name}对{other}说：{body}
{name} 对 {other} 说：{body}
{name} 对{other}：{body}
{name} -> {other}：{body}
{name}->{other}: {body}
{name} → {other}：{body}
{name} => {other}：{body}
{name} 回复 {other}：{body}
{name}回复{other}：{body}
{name} @ {other}：{body}
2024-03-01 09:0{at} {name} 说：{body}
2024-03-01 09:0{at}:00 {name} 说：\\n{body}
[2024-03-01 09:0{at}] {name} -> {other}：{body}
2024-03-01 09:0{at} {name} 对 {other} 说：{body}
[09:0{at}] {name} says: {body}""".split("\n")
SHOPS = """\
{name}  (2024-3-1 9:0{at}:00):\\n{body}
{name}(2024-03-01 09:0{at}:00)：\\n{body}
{name}  2024-3-1 9:0{at}:00\\n{body}
{name} 2024-03-01 09:0{at}:00\\n{body}
2024-03-01 09:0{at}:00 {name}\\n{body}""".split("\n")


def read(text: str) -> list[tuple[str, str]]:
    return [(one.speaker, one.body.of(text)) for one in parse_chat(text).messages]


def test_words_around_names_are_no_part_of_them() -> None:
    wanted = [(name, body) for name, _, body in SAID]
    wrong = []
    for form in FORMS:
        lines = [
            form.replace("\\n", "\n").format(name=name, other=other, body=body, at=at)
            for at, (name, other, body) in enumerate(SAID)
        ]
        if (got := read("\n".join(lines))) != wanted:
            wrong.append((form, got))
    assert wrong == []


@pytest.mark.parametrize(
    "staff", [("旗舰店:小王", "旗舰店:小李"), ("满满家居专营店:阿青", "满满家居专营店:阿红"), ("店:小王", "店:小王")]
)
def test_staff_of_a_shop_are_told_apart(staff: tuple[str, str]) -> None:
    said = [(A, "你好"), (staff[0], "在的"), (A, "多少钱"), (staff[1], "十元"), (A, "好")]
    for order in (said, said[1:]):
        wrong = []
        for form in SHOPS:
            lines = [
                form.replace("\\n", "\n").format(name=name, body=body, at=at) for at, (name, body) in enumerate(order)
            ]
            if (got := read("\n".join(lines))) != order:
                wrong.append((form, got))
        assert wrong == []


def test_a_label_with_its_value_before_a_time_is_no_member_of_staff() -> None:
    text = "林小满 2024-03-01 09:00:00\n你好\n联系人:小王 2024-03-01 09:00:30\n小王 2024-03-01 09:01:00\n好"
    assert parse_chat(text).speakers == ("林小满", "小王")


@pytest.mark.parametrize("text", ["林小满：你好\n听说：好\n林小满：嗯", "小王：好\n客户说：太贵了\n小王：嗯"])
def test_one_name_with_such_words_among_others_stays(text: str) -> None:
    assert parse_chat(text).speakers[0] in ("林小满", "小王")
    assert "听" not in parse_chat(text).speakers


@pytest.mark.parametrize("head", [">", "> ", "）", "@", "[", "<", "> 对", "1."])
def test_marks_alone_before_a_colon_break_nothing(head: str) -> None:
    for text in (f"{head}：你好\n小王：在", f"{head}:\n{head}:好", f"{head}：甲对乙 说\n{head}：好"):
        chat = parse_chat(text)
        assert "".join(span.of(text) for span in chat.all_spans) == text
