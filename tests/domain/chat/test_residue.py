"""Spreadsheet residue: found whatever the copy looks like, and not mistaken for people who talk about HTML."""

import pytest

from core.domain.chat import parse_chat, residue_copies

TALK = "小李：您好，请问要哪款\n王女士：想问下会员价\n小李：会员价是九折哦"
OTHER = "赵六：您好，请问要哪款\n钱七：想问下会员价\n赵六：会员价是九折哦"
ESCAPED = OTHER.replace("\n", "\\")
HYPERLINK = 'data-sheets-hyperlink=\'{"linkIconStatus":1,"hyperlinkType":7}\''
STYLE = 'title="" style="cursor: default;color: blue;pointer-events: auto" >'
FULL = f"{TALK}\" data-online-sheet-link='[\"{ESCAPED}\",5,2]' data-sheet-href='{OTHER}' {HYPERLINK} {STYLE}{OTHER}"


@pytest.mark.parametrize(
    ("text", "copies"),
    [
        (FULL, 3),
        (FULL.replace(f"data-online-sheet-link='[\"{ESCAPED}\",5,2]' ", ""), 2),
        (f"{TALK}\" data-sheet-href='{OTHER}", 1),
        (f'{TALK}" data-sheets-hyperlink=\'{{"linkIconStatus":1}}\' {STYLE}{OTHER}', 1),
        (f'{TALK}" {STYLE}{OTHER}', 1),
        (f'{TALK}" style="color: blue" >{OTHER}', 1),
        ('"' + FULL.replace('"', '""'), 3),
        (FULL[: len(TALK) + 80], 1),
    ],
)
def test_residue_is_marked_and_the_first_copy_stays(text: str, copies: int) -> None:
    parsed = parse_chat(text)
    assert len(parsed.residue) == 1
    assert parsed.residue[0].end == len(text)
    assert parsed.conversation.lstrip('"') == TALK
    assert parsed.speakers == ("小李", "王女士")
    assert residue_copies(parsed) == copies
    assert "".join(span.of(text) for span in parsed.all_spans) == text


@pytest.mark.parametrize(
    "message",
    [
        '网页里要写 style="color:red" 才会变红',
        '<a href="https://example.com" style="color: red">点这里</a>',
        '<a href="x" data-sheet-href=\'y\' title="">点这里</a>，导出后是这样',
        "导出的时候多了 data-sheet-href='…' 这种东西，怎么去掉？",
        "导出后后面跟着\" data-sheet-href='{' 怎么去掉？",
        '他说"好的" style="随意" 就行',
        '这段 <span class="a" style="b"> 是什么意思',
        '<div class="x">\n<p class="y" style="z" >价格</p>',
    ],
)
def test_people_who_talk_about_html_leave_no_residue(message: str) -> None:
    parsed = parse_chat(f"小李：您好\n王女士：{message}\n小李：我看看\n王女士：好的")
    assert parsed.residue == ()
    assert residue_copies(parsed) == 0
    assert [m.speaker for m in parsed.messages] == ["小李", "王女士", "小李", "王女士"]
