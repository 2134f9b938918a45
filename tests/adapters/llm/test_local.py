"""The provider without a model: entities, rules and whole chats."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.adapters.llm import ModelRequest, find_preset, provider_entry
from core.adapters.llm.local.provider import LocalProvider, fill_forms
from core.adapters.llm.local.rules import load_rules, parse_rules
from core.domain import entities
from core.domain.chat import parse_chat
from core.domain.form import load_named_form
from core.domain.form.loading import parse_form
from core.domain.scoring import score_run
from core.errors import Cause, FormError, ProviderError

FORM = load_named_form()
ROOT = Path(__file__).resolve().parents[3]

CHAT = """客服小林：您好，欢迎光临，请问有什么可以帮您
张敏3：你好，我想了解一下你们的高级版多少钱？
客服小林：高级版一年 12800 元，我发您报价单
张敏3：有点贵，我们预算 1万元左右，预算有限
客服小林：可以给您优惠，您方便留个联系方式吗
张敏3：13812345678，邮箱 zhang.min@example.com
张敏3：我在浙江省杭州市文三路100号3楼
客服小林：好的，明天下午两点我们开个线上会议给您演示
张敏3：好的"""


def test_fills_what_stands_in_the_chat() -> None:
    (form,) = fill_forms(FORM, CHAT)
    assert form["基本信息-姓名"] == "张敏3"
    assert form["基本信息-手机号码"] == "13812345678"
    assert form["基本信息-邮箱"] == "zhang.min@example.com"
    assert form["基本信息-地区"] == "浙江省杭州市"
    assert form["基本信息-详细地址"] == "浙江省杭州市文三路100号3楼"
    assert form["咨询类型"] == ["询价", "答疑"]
    assert form["意向产品"] == ["高级版"]
    assert form["购买异议点"] == ["价格"]
    assert form["客户预算-预算是否充足"] == "不充足"
    assert form["客户预算-总体预算金额"] == "1万元"
    assert form["下一步跟进计划-参与人"] == []
    assert form["下一步跟进计划-时间点"] == form["下一步跟进计划-具体事项"] == ""
    assert form["竞品信息"] == ""
    assert tuple(form) == FORM.keys


def test_writes_one_form_though_two_look_like_customers() -> None:
    chat = """客服小林：您好，请问两位有什么可以帮您
张敏3：你好，我想问一下多少钱？怎么收费？
李雷1：你好，我想问一下多少钱？怎么收费？
客服小林：您稍等，我这边给您发报价单
张敏3：好的，谢谢
李雷1：好的，谢谢"""
    assert [form["基本信息-姓名"] for form in fill_forms(FORM, chat)] in (["张敏3"], ["李雷1"])


def test_answers_like_a_model_and_always_the_same() -> None:
    request = ModelRequest("unused", conversation=CHAT, form=FORM)
    replies = [LocalProvider().complete(request) for _ in range(2)]
    assert replies[0].text == replies[1].text
    assert json.loads(replies[0].text) == fill_forms(FORM, CHAT)
    assert (replies[0].tokens_in, replies[0].model) == (None, "rules.v1")
    assert find_preset("local", "rules.v1")


def test_needs_a_form() -> None:
    with pytest.raises(ProviderError) as caught:
        provider_entry("local").connect(None).complete(ModelRequest("x", conversation=CHAT))
    assert caught.value.cause is Cause.BAD_REQUEST


@pytest.mark.parametrize("chat", ["", "\n\n", "没有发言人的一段话", "甲：", "甲：[图片]", "：：：\n。：\x00"])
def test_odd_chats_give_valid_forms(chat: str) -> None:
    forms = fill_forms(FORM, chat)
    assert forms
    for form in forms:
        assert FORM.coerce(form).notes == ()


def test_another_form_gets_what_its_kinds_allow() -> None:
    form = parse_form(
        """
name = "tickets"
title = "工单"
version = 1
name_field = "报修人"
groups = ["全部"]
[[field]]
key = "报修人"
label = "报修人"
group = "全部"
type = "str"
kind = "person"
nature = "verbatim"
points = 1
one_right_answer = true
description = "谁"
[[field]]
key = "电话"
label = "电话"
group = "全部"
type = "list[str]"
kind = "phone"
nature = "verbatim"
points = 1
one_right_answer = true
description = "电话"
""",
        "tickets.toml",
    )
    assert fill_forms(form, CHAT) == [{"报修人": "张敏3", "电话": ["13812345678"]}]


def test_every_rule_names_a_field_and_a_value_of_the_shipped_form() -> None:
    for key, rules in load_rules(FORM.name).choices.items():
        for rule in rules:
            assert rule.value in FORM.field(key).values, (key, rule.value)


RULE = """
[[choice]]
key = "咨询类型"
value = "询价"
words = ["多少钱"]
"""


@pytest.mark.parametrize(
    ("broken", "line", "reason"),
    [
        (RULE.replace("咨询类型", "没有"), 3, "没有字段「没有」"),
        (RULE.replace("询价", "问路"), 4, "没有值「问路」"),
        (RULE.replace("多少钱", "(多少钱"), 5, "不是正则表达式"),
        (RULE.replace("words", "word"), 2, "words 缺少"),
        (RULE + 'by = "nobody"', 6, "不是允许的值"),
        (RULE.replace("choice", "choices"), 2, "不认识 choices"),
    ],
)
def test_a_broken_rule_names_its_line(broken: str, line: int, reason: str) -> None:
    assert parse_rules(RULE, "r.toml", FORM)["咨询类型"][0].value == "询价"
    with pytest.raises(FormError, match=f"r.toml 第 {line} 行") as caught:
        parse_rules(broken, "r.toml", FORM)
    assert reason in str(caught.value)


def test_a_form_without_rules_has_the_general_patterns() -> None:
    assert load_rules("no_such_form").choices == {}
    assert load_rules("no_such_form").patterns


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我电话138 1234 5678", ["13812345678"]),
        ("+86 13812345678 或 14121650240", ["13812345678", "14121650240"]),
        ("座机 0571-88888888", ["057188888888"]),
        ("订单号 20231121000123456，会议号 123 456 789", []),
        ("2023/11/21 14:00-15:00", []),
    ],
)
def test_phones(text: str, expected: list[str]) -> None:
    assert entities.phones(text) == expected


@pytest.mark.parametrize(
    ("text", "place", "address"),
    [
        ("我们在湖南省合肥市", "湖南省合肥市", ""),  # scrambled by an anonymiser: never corrected
        ("地址：浙江省河南省合肥市繁华大道118号", "浙江省河南省合肥市", "浙江省河南省合肥市繁华大道118号"),
        ("上海浦东新区张江路5号，下午送", "上海浦东新区", "上海浦东新区张江路5号"),
        ("发到北京吧", "北京", ""),
        ("市场部的同事", "", ""),
    ],
)
def test_places(text: str, place: str, address: str) -> None:
    assert entities.place_and_address(text) == (place, address)


def test_times_keep_the_words_of_the_chat() -> None:
    assert entities.times("那就周五前给您，或者明天下午两点") == ["周五前", "明天下午两点"]
    assert entities.times("你好") == []
    assert entities.times("：：/-：日月年\x00点") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("预算3.6万元", ["3.6万元"]),
        ("大概五万左右吧", ["五万左右"]),
        ("一共135,000.00", ["135,000.00"]),
        ("36w 含税，¥300", ["36w", "¥300"]),
        ("大概 30 个人，2023 年", []),
    ],
)
def test_amounts(text: str, expected: list[str]) -> None:
    assert entities.amounts(text) == expected


def test_libraries_are_silent_offline_and_lazy() -> None:
    program = (
        "import sys\n"
        "import core.adapters.llm\n"
        "assert not {'jionlp', 'phonenumbers', 'sparkai', 'openai', 'websocket'} & set(sys.modules)\n"
        "import socket\n"
        "def refuse(*_): raise AssertionError('network')\n"
        "socket.socket.connect = refuse\n"
        "from core.adapters.llm.local.provider import fill_forms\n"
        "from core.domain.form import load_named_form\n"
        f"fill_forms(load_named_form(), {CHAT!r})\n"
        "assert 'jionlp' in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.competition
def test_beats_the_empty_floor_on_the_real_chats(competition: Path) -> None:
    rows = json.loads((competition / "train.json").read_text(encoding="utf-8"))
    labels = {index: row["infos"] for index, row in enumerate(rows, 1)}
    filled = {index: fill_forms(FORM, parse_chat(row["chat_text"]).conversation) for index, row in enumerate(rows, 1)}
    result = score_run(FORM, filled, labels)
    assert result.score > result.floor + 2.5
