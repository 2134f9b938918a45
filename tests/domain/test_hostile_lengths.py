"""Finders take linear time: 20,000 hostile characters cost a fraction of a second, not minutes."""

import time
from collections.abc import Callable

import pytest

from core.domain import entities
from core.domain.diff import diff_lists
from core.domain.form import Kind, load_named_form
from core.domain.form.loading import parse_form
from core.domain.masking import Masked, parse_mask
from core.domain.personal_data import KnownNames, personal_mentions
from core.domain.prompts import read_summary
from core.domain.replies import parse_reply
from core.errors import FormError, PromptError, RunError
from core.services.extraction.pipeline.definition import parse_pipeline
from core.services.extraction.runs.run_options import parse_indices
from core.ui.markdown import escape_markdown

UNITS = [
    "1",
    "a",
    "1.",
    "a.",
    "1-",
    "a@",
    "a@a.",
    "1,",
    "1 ",
    "一",
    "十",
    "万",
    "省",
    "北京市",
    "路",
    "在",
    " ",
    "13900001111",
]
FINDERS: dict[str, Callable[[str], object]] = {
    "emails": entities.emails,
    "phones": entities.phones,
    "amounts": entities.amounts,
    "addresses": lambda text: list(entities.addresses_in(text)),
    "place": entities.place_and_address,
    "is_email": entities.is_email,
    "is_mobile": entities.is_mobile,
    "personal data": personal_mentions,
}
LENGTH, MOST_SECONDS = 20_000, 1.0
"""Linear ones take under 0.15 s; the quadratic ones took 2.5 s and more."""


@pytest.mark.parametrize("name", FINDERS)
def test_a_finder_takes_linear_time(name: str) -> None:
    finder = FINDERS[name]
    finder("北京市朝阳区建国路88号，电话13900001111，a@b.com，三千元")  # the libraries are imported on first use
    for unit in UNITS:
        text = (unit * LENGTH)[:LENGTH] + "!"
        began = time.thread_time()
        finder(text)
        assert time.thread_time() - began < MOST_SECONDS, repr(unit)


@pytest.mark.parametrize("unit", ["明天", "后天3点，"])
def test_times_take_a_bounded_time(unit: str) -> None:
    """The library took two minutes for 「明天」 1,500 times over."""
    began = time.thread_time()
    assert entities.times(unit * 20_000)[:1] == entities.times(unit)[:1]
    assert time.thread_time() - began < 8.0


def test_a_time_behind_much_else_is_found() -> None:
    assert entities.times("你好，在吗？" * 5_000 + "明天下午两点方便吗") == ["明天下午两点"]


@pytest.mark.parametrize("line", ["市", "我在北京市", "区号"])
def test_many_lines_that_may_name_a_place(line: str) -> None:
    began = time.thread_time()
    entities.place_and_address(f"{line}\n" * 20_000)
    assert time.thread_time() - began < 4.0


FORM = load_named_form()
PHONE = next(field.key for field in FORM.fields if field.kind is Kind.PHONE)


OTHERS: dict[str, tuple[Callable[[str], object], str]] = {
    "a masked value": (lambda text: parse_mask(Masked).values(FORM, {PHONE: text}), "1"),
    "a masked value of words": (lambda text: parse_mask(Masked).values(FORM, {PHONE: text}), "好1"),
    "differences of lists": (lambda text: diff_lists(text.split(","), text[1:].split(",")), "甲,乙丙,"),
    "a summary": (lambda text: read_summary(f"```{text}", FORM), "\n"),
    "a pipeline": (lambda text: pytest.raises(PromptError, parse_pipeline, text), ",["),
    "fields of a form": (lambda text: pytest.raises(FormError, parse_form, f"[[field]]\na=1\n{text}=", "x.toml"), " "),
    "Markdown": (lambda text: escape_markdown(f"a{text}b"), " "),
    "Markdown in lines": (lambda text: escape_markdown(f"a{text}b"), " \n"),
    "indices": (lambda text: pytest.raises(RunError, parse_indices, f"1{text}x"), " "),
    "people": (lambda text: list(KnownNames(map(str, text.split())).mentions(text)), "客户甲乙 "),
    "a name": (lambda text: list(KnownNames([text, text[1:]]).mentions(text)), "甲"),
    "a reply": (lambda text: parse_reply(FORM, f'[{{"基本信息-姓名": "{text}'), '"  '),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_functions_take_linear_time(name: str) -> None:
    function, unit = OTHERS[name]
    text = (unit * LENGTH)[:LENGTH]
    function(text[:100])
    began = time.thread_time()
    function(text)
    assert time.thread_time() - began < MOST_SECONDS
