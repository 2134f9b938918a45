"""The shipped prompts: what each asks for, and that a published version never changes."""

import hashlib
import re
from dataclasses import replace

import pytest

from core.domain.form import load_named_form
from core.domain.form.guidelines import first_guidelines
from core.domain.form.loading import form_names, read_form_texts
from core.domain.prompts import (
    PROMPTS_DIR,
    STAGE_TITLES,
    STAGE_VARIABLES,
    Example,
    Prompt,
    Rendered,
    Stage,
    asks_the_same,
    cache_order,
    list_prompts,
    load_prompt,
    parse_prompt,
    read_summary,
    render,
)

FORM = load_named_form()
GIVEN = {
    Stage.EXTRACT: {"chat": "林木1：在"},
    Stage.SUMMARY: {"chat": "林木1：在"},
    Stage.FROM_SUMMARY: {"summary": "## 客户基本信息\n林木1"},
    Stage.VERIFY: {"chat": "林木1：在", "forms": '[{"基本信息-姓名": "林木1"}]'},
    Stage.FIELDS: {"chat": "林木1：在"},
    Stage.CUSTOMERS: {"chat": "林木1：在"},
    Stage.ONE_CUSTOMER: {"chat": "林木1：在", "customer": "林木1"},
    Stage.FEWSHOT: {
        "chat": "林木1：在",
        "examples": [Example("周山2：多少钱", "[例一]"), Example("吴海3：好", "[例二]")],
    },
}
PUBLISHED = {
    "baseline.v1": "5c2458e167b5c7ac7d9b727e1773ec671c159f991c2545f03034baf30cc847da",
    "baseline.v2": "58c737d47d9e6fd68dc1d2cf779a92091e49600df501af7f13d4b137ed0cd044",
    "customers.v1": "e615e0402e1d375cdb347db220a5b27e859e8f84cf198720f1ce1f25a3987727",
    "fewshot.v1": "2d9922263b5abdd468d62382af3e0bec024bc604eae827a59608b28b1986fcc4",
    "fewshot.v2": "b8378d1933f99d454b74743c2dc3bc632bdc5ed352174ff4e8286dd1f8085d3e",
    "fewshot.v3": "3130ed959cda484a5916d49218fdc6d48db25878acdf758119a9eae80a0c3c88",
    "fields.v1": "835a79ba545f39e3fc295712da60188f46751aa978cf5c62711f43a5f6c41d8b",
    "from_summary.v1": "7d1a1a3b90e936188a81a8b71164ceb9634bde0f7aeb45eae38080b90d614458",
    "one_customer.v1": "050b0936e31c4faf5738401aa51b0b55901533d3c64a9e045762ebcfdc77808a",
    "one_customer.v2": "731fd110280a6da64e02fe01ce43ee69b09aa382cbf353ba8c71567845bee563",
    "reflect.v1": "29a48374f6ffba4833b97a6df007150b711535f358dd5ea17055d09a93584382",
    "reflect.v2": "c0642a8189b1ad25d79761c8d7926f3854ceb520fb2e027d3e4535f85237256a",
    "summary.v1": "7136cb1d855cc4739f02c9f515162eb21b8f72d7b6603d8809784b4a26b24c08",
    "verify.v1": "dd1a090e79181c6c95b8be0f43f54af0eaed8d27733471e5398cea42fc60d691",
    "baseline.v3": "991b791af3bb3f4b8452da7b011aaf6796214d6192ea42c850f864b1d380fcb6",
    "customers.v2": "8a3e168b6ce08f5173206d5f1624ca269ee2729bde18f1e93468f441f2149290",
    "fewshot.v4": "dc7ad55dfb379228704fded8f5c8ded4fd5c8f46094bbc5a8ebe475199574d23",
    "fields.v2": "48643a8f116381f47bf9e0627cef885085f1edb3cd4db792ddfacab6731c2f9e",
    "from_summary.v2": "6de49a8360d9a84c61c3ffce5c369688ad7472c78a6f6c2990a8dcc54216dd08",
    "one_customer.v3": "7e6857b79b693395a168334fc745e2c15cf66e2dead03cb41e114ac3c5e5426e",
    "reflect.v3": "832e2d3f35e7ac2170b69a29689371a7a90da591924b7407da42a578bb824552",
    "summary.v2": "96052b88e607e29a2be3c21976aba17154919525fbec9916ab647e632b9780fa",
    "verify.v2": "3a3260923ba6bbb55194b646a3965e01c821dd1d18341b7d434d6b4244b8ec9d",
}
"""sha256 of every published file. Never edit a line here: a changed prompt is a new version, in a new file."""


def rendered(prompt: Prompt, *, json_object: bool = False) -> Rendered:
    return render(prompt, FORM, json_object=json_object, **GIVEN[prompt.stage])


def test_published_versions_never_change() -> None:
    found = {path.name[:-3]: hashlib.sha256(path.read_bytes()).hexdigest() for path in PROMPTS_DIR.glob("*.md")}
    assert found == PUBLISHED
    assert {prompt.id: prompt.sha256 for prompt in list_prompts()} == PUBLISHED


ANY_FORM = {name: load_prompt(name) for name in PUBLISHED if list(PUBLISHED).index(name) > 13}
"""Versions whose words come from the form."""
SALES = ("销售", "客户", "客服", "购买", "预算", "竞品", "跟进", "意向", "产品", "成交")


@pytest.mark.parametrize("prompt", ANY_FORM.values(), ids=ANY_FORM)
def test_the_shipped_form_is_asked_for_byte_for_byte_as_before(prompt: Prompt) -> None:
    before = load_prompt(f"{prompt.name}.v{prompt.version - 1}")
    for form in (FORM, FORM.subset([FORM.name_field]), FORM.subset(["咨询类型", "客户购买阶段"])):
        assert asks_the_same(prompt, before, form)
        for json_object in (False, True):
            given = {"json_object": json_object, **GIVEN[prompt.stage]}
            assert render(prompt, form, **given) == render(before, form, **given)


@pytest.mark.parametrize("name", [name for name in form_names() if name != FORM.name])
@pytest.mark.parametrize("prompt", ANY_FORM.values(), ids=ANY_FORM)
def test_other_forms_are_asked_for_in_their_own_words(prompt: Prompt, name: str) -> None:
    form, texts = load_named_form(name), read_form_texts(name)
    given = GIVEN[prompt.stage] | ({"summary": "林木1"} if prompt.stage is Stage.FROM_SUMMARY else {})
    asked = render(prompt, form, **given)
    for own in sorted(
        {*form.groups, *re.split(r"[^\u4e00-\u9fff]+", texts.form + texts.guidelines)}, key=len, reverse=True
    ):
        asked = replace(asked, user=asked.user.replace(own, "") if own else asked.user)
    assert [word for word in SALES if word in asked.system + asked.user] == []
    whole = render(prompt, form, **given).user
    assert form.subject in whole
    assert not asks_the_same(prompt, load_prompt(f"{prompt.name}.v{prompt.version - 1}"), form)


def test_guidelines_of_the_form_say_how_much_is_filled() -> None:
    form = load_named_form("repair_ticket")
    told = first_guidelines(form)["紧急程度"]
    assert f"- 「紧急程度」：{told}" in render(load_prompt("baseline"), form, chat="林木1：在").user
    own = render(load_prompt("baseline"), form, guidelines={"备注": "一句话。\n不写价钱。"}, chat="林木1：在").user
    assert told not in own and "- 「备注」：一句话。不写价钱。\n" in own
    assert "填到什么程度" not in render(load_prompt("baseline"), form, guidelines={}, chat="林木1：在").user


def test_a_summary_has_the_sections_of_its_form() -> None:
    form = load_named_form("repair_ticket")
    asked = render(load_prompt("summary"), form, chat="林木1：在").user
    assert [line for line in asked.splitlines() if line.startswith("## ")][1:5] == [
        f"## {s.title}" for s in form.sections
    ]
    assert not read_summary("\n".join(f"## {s.title}\n无" for s in form.sections), form)[1]


@pytest.mark.parametrize("name", ["baseline.v2", "reflect.v2", "fewshot.v3", "one_customer.v2"])
def test_habits_are_told_with_the_whole_form_and_no_field_that_is_not_asked_for(name: str) -> None:
    prompt = load_prompt(name)
    assert "「咨询类型」和「客户是否有卡点」每张表都填" in rendered(prompt).user
    part = render(prompt, FORM.subset(("咨询类型",)), **GIVEN[prompt.stage])
    assert "填到什么程度\n" not in part.user
    assert "跟进计划-" not in part.user


def test_every_stage_has_a_prompt_and_a_title() -> None:
    assert {prompt.stage for prompt in list_prompts()} == set(Stage)
    assert set(STAGE_TITLES) == set(STAGE_VARIABLES) == set(GIVEN) == set(Stage)


@pytest.mark.parametrize("prompt", list_prompts(), ids=lambda prompt: prompt.id)
def test_each_is_rendered_with_what_it_is_given(prompt: Prompt) -> None:
    whole = rendered(prompt)
    assert whole.system and whole.user
    for value in GIVEN[prompt.stage].values():
        for text in [value] if isinstance(value, str) else [part for one in value for part in (one.chat, one.answer)]:
            assert text in whole.user
    assert "{{" not in whole.user and "{%" not in whole.user
    if prompt.stage is Stage.SUMMARY:
        assert "JSON 对象" not in whole.user
        return
    assert all(f"- {field.key}（" in whole.user and f'"{field.key}": ' in whole.user for field in FORM.fields)
    assert '"infos"' not in whole.user
    assert '{"infos": [' in rendered(prompt, json_object=True).user


@pytest.mark.parametrize("prompt", list_prompts(), ids=lambda prompt: prompt.id)
def test_what_changes_stands_behind_what_does_not(prompt: Prompt) -> None:
    """Services keep the beginning of questions; of each prompt the newest version makes use of that."""
    order = cache_order(prompt, FORM)
    assert order.is_early == (prompt.id in ("fewshot.v1", "fewshot.v2", "one_customer.v1"))
    if prompt.stage is Stage.EXTRACT:
        assert order.first == "chat"
    if not order.is_early:
        assert order.before > 5 * order.behind


def test_an_early_variable_is_measured() -> None:
    source = load_prompt("baseline.v2").source
    rules = "规" * 300
    head, _, rest = source.partition("## 要填的字段")
    early = parse_prompt(f"{head}{{{{ chat }}}}\n{rules}\n## 要填的字段{rest}", "baseline.v2.md")
    order = cache_order(early, FORM)
    assert (order.first, order.is_early) == ("chat", True)
    assert order.behind > 300 + 500
    nothing = parse_prompt(f"{head}没有变量\n{{% endblock %}}\n", "baseline.v2.md")
    assert cache_order(nothing, FORM).first == ""


def test_summary_asks_for_the_four_sections_in_order() -> None:
    asked = rendered(load_prompt("summary")).user
    places = [
        asked.index(f"\n## {section}\n")
        for section in ("客户基本信息", "客户意向与预算信息", "客户购买准备情况", "跟进计划信息")
    ]
    assert places == sorted(places)
    assert "只输出 Markdown" in asked


def test_reflect_has_three_numbered_steps() -> None:
    asked = rendered(load_prompt("reflect")).user
    steps = [asked.index(f"\n{number}. {verb}") for number, verb in ((1, "提取"), (2, "核对"), (3, "输出"))]
    assert steps == sorted(steps)


def test_only_chosen_fields_are_asked_for() -> None:
    part = FORM.subset(["客户购买阶段", "咨询类型"])
    asked = render(load_prompt("fields"), part, chat="林木1：在").user
    assert part.keys == ("基本信息-姓名", "咨询类型", "客户购买阶段")
    assert "竞品信息" not in asked
    assert all(f"- {key}（" in asked for key in part.keys)


def test_examples_carry_their_answers_in_the_shape_that_is_asked_for() -> None:
    assert '{"infos": [例二]}' in rendered(load_prompt("fewshot"), json_object=True).user
