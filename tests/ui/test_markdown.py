"""Escaping: a text comes out of Markdown as it went in."""

import re

import pytest

from core.ui.markdown import code_span, escape_markdown
from tests.factories.hostile import hostile_texts

JOINER = "\u2060"


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("![x](http://a.b/c)", r"\!\[x\](http⁠\://a.b/c)"),
        ("<img src=x>", r"\<img src=x\>"),
        ("[图片] :) $5$ *a* `b` ~c~", r"\[图片\] \:) \$5\$ \*a\* \`b\` \~c\~"),
        ("snake_case v1.2 10:30 a-b 50% (x)", "snake_case v1.2 10:30 a-b 50% (x)"),
        ("_a_ a__", r"\_a\_ a\_\_"),
        (":material/home:", r"\:⁠material/home\:"),
        ("- a", r"\- a"),
        ("1. a", r"1\. a"),
        ("1.5", "1.5"),
        ("# a", r"\# a"),
        ("a\n\n# b", r"a \# b"),
        ("\t    a", " a"),
        ("a@b.com www.a.b", "a⁠@b.com www⁠.a.b"),
        ("", ""),
    ],
)
def test_a_text_is_written_so_that_it_is_read_as_typed(typed: str, written: str) -> None:
    assert escape_markdown(typed) == written


def test_line_breaks_stay_where_they_are_wanted() -> None:
    assert escape_markdown("a\n- b\r\n    c", keep_breaks=True) == "a  \n\\- b  \n c"


@pytest.mark.parametrize("text", hostile_texts())
def test_no_hostile_text_leaves_anything_to_markdown(text: str) -> None:
    written = escape_markdown(text)
    bare = re.sub(r"\\[\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]", "", written)  # without what a backslash disarms
    assert not re.search(r"[\[\]<>`*$|~{}&!\\\n]", bare)
    assert not re.search(r"https?:|www\.|\w@\w|:material/|:[\w+-]+:", written.replace("\\:", ":").replace("10:30", ""))
    unescaped = re.sub(r"\\([\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e])", r"\1", written).replace(JOINER, "")
    assert unescaped.split() == text.split()


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("a", "`a`"),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("``a```", "```` ``a``` ````"),
        ("a\nb", "`a b`"),
        ("![x](y)", "`![x](y)`"),
        ("", "` `"),
    ],
)
def test_code_cannot_be_closed_from_inside(text: str, span: str) -> None:
    assert code_span(text) == span
