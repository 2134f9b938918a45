"""Encoding detection: every encoding is read right or refused, never read as another one."""

from io import BytesIO

import pytest

from core.errors import InputError
from core.services.datasets.encoding import Utf8Check
from core.services.datasets.source_file import open_source

CHAT = "王小明：您好，请问会话存档怎么收费？\n陈晓：您好，按人数计费，我发您一份报价单。\n"


def detected(data: bytes, name: str = "a.txt") -> str:
    with open_source(BytesIO(data), name) as source:
        return source.encoding


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_the_text_comes_back_as_it_was_written(encoding: str) -> None:
    data = CHAT.encode(encoding)
    assert data.decode(detected(data)) == CHAT


@pytest.mark.parametrize("encoding", ["gb18030", "big5"])
def test_traditional_characters_are_read_in_either_encoding(encoding: str) -> None:
    data = "陳大文6：您好，請問會話存檔怎麼收費？\n客服阿青：兩萬，買有贈品".encode(encoding)
    assert detected(data) == encoding


def test_one_nul_does_not_make_utf_16_of_a_text() -> None:
    data = "南小北4：你好\na\0b\n客服阿青：您好，2999元".encode()
    assert detected(data) == "utf-8"
    assert detected("price: 12\nok: 13\n".encode("utf-16-le")) == "utf-16-le"


@pytest.mark.parametrize("encoding", ["shift_jis"])
def test_other_encodings_are_refused(encoding: str) -> None:
    text = {
        "shift_jis": "こんにちは、料金を教えて",
        "euc_kr": "안녕하세요 가격",
    }
    with pytest.raises(InputError, match="编码|GBK"):
        detected(text[encoding].encode(encoding))


def test_the_line_of_the_first_bad_byte_is_known_across_chunks() -> None:
    check = Utf8Check()
    for chunk in (b"a\nb\n", "好".encode()[:2], "好".encode()[2:] + b"\n\xff\n", b"c"):
        check.feed(chunk)
    check.finish()
    assert check.bad_line == 4


def test_a_last_character_that_is_cut_off_is_not_utf_8() -> None:
    check = Utf8Check()
    check.feed(b"a\n" + "好".encode()[:2])
    check.finish()
    assert check.bad_line == 2
