"""Templates of users: what would take too long, too much memory or leave the language is refused with a sentence."""

import re
import time
import tracemalloc

import pytest

from core.domain.form import load_named_form
from core.domain.prompts import parse_prompt, render
from core.errors import PromptError

FORM = load_named_form()
CHAT = "客户1：你好，想问问价格\n客服2：您好，请问怎么称呼？\n" * 1_000
HEAD = "---\nname: try\nversion: 1\ntitle: 试\npurpose: 试验\nstage: extract\n---\n"
MOST_SECONDS = 8.0
MOST_BYTES = 150_000_000

HOSTILE = {
    "range": "{% for i in range(10**9) %}x{% endfor %}",
    "range number": "{% for i in range(1000000000) %}x{% endfor %}",
    "range step": "{% for i in range(0, -1000000000, -1) %}x{% endfor %}",
    "range in range": "{% for i in range(999) %}{% for j in range(999) %}{% for k in range(999) %}x"
    + "{% endfor %}" * 3,
    "silent loops": "{% for a in chat %}{% for b in chat %}{% if a == 'none' %}x{% endif %}{% endfor %}{% endfor %}",
    "empty loops": "{% for a in chat %}{% for b in chat %}{% endfor %}{% endfor %}",
    "fields ten deep": "{% for f in form.fields %}" * 10 + "x" + "{% endfor %}" * 10,
    "thirty loops": "{% for f in form.fields %}" * 30 + "x" + "{% endfor %}" * 30,
    "loop filtered": "{% for a in chat if a in chat %}{% endfor %}",
    "searching": "{% for i in range(1000) %}{% for j in range(1000) %}{% if 'zzz' in chat %}x{% endif %}"
    + "{% endfor %}" * 2,
    "comparing": "{% for i in range(1000) %}{% for j in range(1000) %}{% if chat ~ '1' == chat ~ '2' %}x{% endif %}"
    + "{% endfor %}" * 2,
    "testing": "{% for a in chat %}{% if chat is in chat %}{% endif %}{% endfor %}",
    "upper": "{% for a in chat %}{% set b = chat | upper %}{% endfor %}",
    "method": "{% for a in chat %}{% set b = chat.upper() %}{% endfor %}",
    "times text": "{{ 'x' * 10**9 }}",
    "times number": "{{ 'x' * 1000000000 }}",
    "times list": "{{ [chat] * 1000000000 }}",
    "times chat": "{{ chat * 100000 }}",
    "power": "{{ 9**9**9 }}",
    "power of one": "{{ 9**999999999 }}",
    "huge number": "{{ " + "9" * 10_000 + " }}",
    "ljust": "{{ 'a'.ljust(10**9) }}",
    "ljust number": "{{ 'a'.ljust(1000000000) }}",
    "zfill": "{{ 'a'.zfill(1000000000) }}",
    "center": "{{ chat | center(1000000000) }}",
    "percent": "{{ '%1000000000d' % 1 }}",
    "format": "{{ '%1000000000d' | format(1) }}",
    "format method": "{{ '{:1000000000}'.format(1) }}",
    "indent": "{{ chat | indent(1000000) }}",
    "indent text": "{{ chat | indent(chat) }}",
    "JSON indented": "{{ [[[1]]] | tojson(indent=99999999) }}",
    "JSON indented without end": "{{ [1] | tojson(400000000) }}",
    "JSON indented by text": "{{ [1, [2]] | tojson(indent=chat) }}",
    "JSON indented by map": "{{ [[[[1]]]] | map('tojson', 99999999) | join }}",
    "JSON nested and indented": "{% set a = chat.split('客') %}" + "{% set a = [a] %}" * 30 + "{{ a | tojson(100) }}",
    "indent of all line ends": r"{{ chat.split('') }}{{ chat | replace('客', '\x0c') | indent(1000) }}",
    "stripped": "{% set a = chat | replace('客', 'x') %}{{ a.strip(chat) }}",
    "trimmed": "{{ chat | trim(chat) }}",
    "join": "{{ chat | join(chat) }}",
    "join chain": "{{ chat | join('0123456789') | join('0123456789') | join('0123456789') | join('0123456789') }}",
    "join by map": "{{ [chat] | map('join', chat) | list }}",
    "replace": "{{ chat | replace('', chat) }}",
    "replace by map": "{{ [chat, chat] | map('replace', '', chat) | join }}",
    "replace method": "{{ chat.replace('', chat) }}",
    "doubling": "{% set a = chat ~ chat %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}",
    "adding": "{% set a = chat + chat %}" + "{% set a = a + a %}" * 40 + "{{ a }}",
    "adding lists": "{% set a = [chat] %}" + "{% set a = a + a %}" * 40 + "{{ a }}",
    "laughs": "{% set a = [chat, chat] %}" + "{% set a = [a, a] %}" * 40 + "{{ a }}",
    "laughs as JSON": "{% set a = [chat, chat] %}" + "{% set a = {'x': a, 'y': a} %}" * 30 + "{{ a | tojson }}",
    "laughs compared": "{% set a = [chat] %}{% set b = [chat] %}"
    + "{% set a = [a, a] %}{% set b = [b, b] %}" * 30
    + "{{ a == b }}",
    "set block": "{% set a %}{{ chat }}{{ chat }}{% endset %}" + "{% set a %}{{ a }}{{ a }}{% endset %}" * 40,
    "macro": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "macros": "{% macro a() %}{{ chat }}{% endmacro %}{% macro b() %}{{ a() }}{{ a() }}{% endmacro %}{{ b() }}",
    "call": "{% call m() %}{% endcall %}",
    "filter block": "{% filter upper %}{{ chat }}{% endfilter %}",
    "include": "{% include 'baseline.v1.md' %}",
    "import": "{% import 'baseline.v1.md' as b %}",
    "recursive": "{% for f in form.fields recursive %}{{ loop(form.fields) }}{% endfor %}",
    "loop called": "{% for f in form.fields %}{{ loop(form.fields) }}{% endfor %}",
    "itself": "{{ self.user() }}",
    "lipsum": "{{ lipsum(n=100000) }}",
    "cycler": "{{ cycler(*chat) }}",
    "namespace": "{% set n = namespace(x='') %}{% for c in chat %}{% set n.x = n.x ~ n.x ~ 'a' %}{% endfor %}",
    "batch": "{{ [1] | batch(1000000000, 'x') | list }}",
    "slice": "{{ [1] | slice(1000000000) | list }}",
    "round": "{{ 1.5 | round(1000000000) }}",
    "wordwrap": "{{ chat | wordwrap(1, true, chat) }}",
    "urlize": "{{ chat | urlize }}",
    "a private filter": "{{ chat | charge }}",
    "brackets": "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}",
    "few brackets": "{{ " + "[" * 150 + "]" * 150 + " }}",
    "nots": "{{ " + "not " * 5_000 + "1 }}",
    "minuses": "{{ " + "-" * 5_000 + "1 }}",
    "ifs": "{% if chat %}" * 2_000 + "{% endif %}" * 2_000,
    "ifs that compile": "{% if chat %}" * 90 + "{% endif %}" * 90,
    "many outputs": "{{ chat }}" * 9_000,
    "many nodes": "{{ 1+1+1 }}" * 2_000,
    "concat chain": "{{ chat" + " ~ chat" * 3_000 + " }}",
    "long": "x" * 200_000,
    "divide": "{{ 1 / 0 }}",
    "large": "{{ 1e308 | int * 1e308 }}",
    "types": "{{ chat - 1 }}",
    "unhashable": "{{ {chat: 1}[[chat]] }}",
    "key": "{{ form.field('没有这个字段') }}",
    "split": "{{ chat.split('') }}",
    "private": "{{ form._by_key }}",
    "python": "{{ chat.__class__.__mro__ }}",
    "attr": "{{ chat | attr('__class__') }}",
    "by map": "{{ [chat] | map(attribute='__class__') | join }}",
    "model": "{{ form.model_copy() }}",
    "not closed": "{% for f in form.fields %}{{ f.key }}",
    "unknown tag": "{% do chat %}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_template_ends_soon_with_a_sentence(name: str) -> None:
    tracemalloc.start()
    began = time.thread_time()
    try:
        with pytest.raises(PromptError) as caught:
            render(
                parse_prompt(f"{HEAD}{{% block user %}}\n{HOSTILE[name]}\n{{% endblock %}}", "try.v1.md"),
                FORM,
                chat=CHAT,
            )
        seconds, peak = time.thread_time() - began, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert seconds < MOST_SECONDS and peak < MOST_BYTES
    sentence = str(caught.value)
    assert "try.v1" in sentence and 10 < len(sentence) < 400
    assert name == "long" or re.search(r"正文第 [23] 行", sentence)
    assert "你好，想问问价格" not in sentence


@pytest.mark.parametrize("name", ["silent loops", "divide", "types", "ljust", "macro", "private", "power"])
def test_sentence_names_the_line(name: str) -> None:
    with pytest.raises(PromptError, match="正文第 4 行"):
        body = f"{{% block user %}}\n{{# 说明 #}}\n\n{HOSTILE[name]}\n{{% endblock %}}"
        render(parse_prompt(HEAD + body, "try.v1.md"), FORM, chat=CHAT)


REASONABLE = {
    "a field table": "{% for f in form.fields if f.one_right_answer %}{{ loop.index }}. {{ f.key }}{% endfor %}",
    "groups": "{% for g in form.groups %}{{ g }}{% for f in form.in_group(g) %}{{ f.label }}{% endfor %}{% endfor %}",
    "joined": "{{ form.keys | join('、') }}{{ form.fields | map(attribute='label') | join('、') }}",
    "set": "{% set n = form.fields | length %}共 {{ n }} 项{% if n > 3 and n % 2 == 0 %}，偶数{% endif %}",
    "concat": "{{ '【' ~ form.title ~ '】' }}{{ '（' + form.title + '）' }}",
    "selected": "{{ form.fields | selectattr('is_list') | map(attribute='key') | join('；') }}",
    "lines": "{% for line in chat.splitlines() %}{{ loop.index }} {{ line | trim }}\n{% endfor %}",
    "cut": "{{ chat[:2000] }}{{ chat | truncate(100) }}",
    "choice": "{{ '对象' if json_object else '列表' }}{% if form.title in ['甲', '乙'] %}甲乙{% endif %}",
    "range": "{% for n in range(1, 4) %}{{ n }}{{ '，' if not loop.last }}{% endfor %}",
    "quoted": "{{ chat | replace('客服', '坐席') | indent(4) }}{{ form.keys | tojson }}",
    "JSON": "{{ form.keys | tojson(indent=2) }}{{ {'a': [1, {'b': form.title}]} | tojson(4) }}{{ [] | tojson(none) }}",
    "trimmed": "{{ form.title | trim('表（）') }}{{ form.title.strip() }}{{ form.title.rstrip('。') }}",
    "loops": "{% for f in form.fields %}{% for g in form.fields %}{% if f.key == g.key %}{{ f.key }}{% endif %}"
    + "{% endfor %}" * 2,
    "with": "{% with total = (form.fields | length) * 2 %}{{ total }}{% endwith %}",
    "raw": "{% raw %}{{ 不是变量 }}{% endraw %}{# 说明 #}",
    "cycle": "{% for f in form.fields %}{{ loop.cycle('单', '双') }}{% endfor %}",
}


@pytest.mark.parametrize("body", REASONABLE.values(), ids=REASONABLE)
def test_what_people_write_still_works(body: str) -> None:
    prompt = parse_prompt(f"{HEAD}{{% block user %}}{body}{{% endblock %}}", "try.v1.md")
    assert render(prompt, FORM, chat=CHAT).user


def test_a_long_chat_is_no_reason_to_refuse() -> None:
    body = "{% block user %}{{ chat }}\n{{ chat | trim }}{% for line in chat.splitlines() %}{% endfor %}{% endblock %}"
    chat = "甲：" + "说" * 3_000_000
    assert len(render(parse_prompt(HEAD + body, "try.v1.md"), FORM, chat=chat).user) > 6_000_000


BAD_HEADS = {
    "a wrong date": "title: 2024-99-99",
    "a huge number": "version: " + "9" * 5_000,
    "deep": "title: " + "[" * 5_000,
    "an alias bomb": "a: &a [x, x]\n"
    + "\n".join(f"b{n}: &b{n} [*{'a' if not n else f'b{n - 1}'}, *a]" for n in range(50)),
    "an unhashable key": "? [1]\n: 2\n? {a: 1}\n: 3",
    "a list": "- a\n- b",
    "a word": "word",
    "a tag": "title: !!python/object/apply:os.system ['true']",
    "a null byte": "title: \x00",
}


@pytest.mark.parametrize("head", BAD_HEADS.values(), ids=BAD_HEADS)
def test_broken_front_matter_is_a_sentence(head: str) -> None:
    with pytest.raises(PromptError, match=re.escape("try.v1.md")) as caught:
        parse_prompt(f"---\nname: try\npurpose: 试\n{head}\n---\n{{% block user %}}x{{% endblock %}}", "try.v1.md")
    assert len(str(caught.value)) < 300
