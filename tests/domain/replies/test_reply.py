"""Whatever a model writes becomes clean forms, or a failure with its reason; each repair is noted."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.form import MODEL_WORDS, FormValues, load_named_form
from core.domain.replies import parse_reply

FORM = load_named_form()
CALM = settings(derandomize=True, deadline=None, max_examples=80)
NAME, PHONE, AGE = "基本信息-姓名", "基本信息-手机号码", "基本信息-年龄"
KINDS, STAFF, TODO = "咨询类型", "下一步跟进计划-参与人", "下一步跟进计划-具体事项"


def form(**changes: Any) -> FormValues:
    return {**FORM.empty(), **changes}


ONE = form(**{NAME: "林舟3", KINDS: ["询价", "答疑"], TODO: "发送报价单"})
TWO = form(**{NAME: "周遥1", PHONE: "13800000000"})


def dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


TEXT_1, TEXT_2, BOTH = dump([ONE]), dump([TWO]), dump([ONE, TWO])
NESTED = {
    "基本信息": {"姓名": "林舟3"},
    "咨询与产品": {"咨询类型": ["询价", "答疑"]},
    "下一步跟进计划": [{"具体事项": "发送报价单"}],
}


@pytest.mark.parametrize("text", [TEXT_1, pretty([ONE]), f"\ufeff\n{TEXT_1}\n"])
def test_clean_json_is_ok(text: str) -> None:
    reply = parse_reply(FORM, text)
    assert (reply.forms, reply.notes, reply.status, reply.reason) == ([ONE], (), "ok", "")


REPAIRED: dict[str, tuple[str, list[FormValues], str]] = {
    # what: (reply, forms, words of a note)
    "fence": (f"```json\n{pretty([ONE])}\n```", [ONE], "代码块"),
    "fence without a language": (f"```\n{TEXT_1}\n```", [ONE], "代码块"),
    "prose around": (f"好的，结果如下：\n{TEXT_1}\n以上 [图片] 供参考。", [ONE], "前后的文字"),
    "tags around": (f"<answer>{TEXT_1}</answer>", [ONE], "前后的文字"),
    "thoughts": (f"<think>先看一遍。\n{TEXT_2}</think>\n{TEXT_1}", [ONE], "思考过程"),
    "thoughts in capitals": (f"<THINKING>{TEXT_2}</THINKING>{TEXT_1}", [ONE], "思考过程"),
    "thoughts, opening tag swallowed": (f"{TEXT_2} 不对</think>{TEXT_1}", [ONE], "思考过程"),
    "thoughts, never closed": (f"<think>嗯，应该是：{TEXT_1}", [ONE], "没有结束标记"),
    "object after object": (f"{dump(ONE)}\n{dump(TWO)}", [ONE, TWO], "没有放进列表"),
    "objects with commas": (f"{dump(ONE)},\n{dump(TWO)},", [ONE, TWO], "没有放进列表"),
    "objects with titles": (f"客户1：{pretty(ONE)}\n\n客户2：{pretty(TWO)}", [ONE, TWO], "没有放进列表"),
    "single object": (dump(ONE), [ONE], "单个对象"),
    "infos": (dump({"infos": [ONE, TWO]}), [ONE, TWO], "别的结构"),
    "result in data": (dump({"code": 0, "data": {"result": [ONE]}}), [ONE], "别的结构"),
    "submission": (dump([{"infos": [ONE, TWO], "index": 1}]), [ONE, TWO], "别的结构"),
    "customers by title": (dump({"客户1": ONE, "客户2": TWO}), [ONE, TWO], "别的结构"),
    "list in a list": (dump([[ONE, TWO]]), [ONE, TWO], ""),
    "nested groups": (dump([NESTED]), [ONE], "层级不同"),
    "nested groups, one customer": (dump(NESTED), [ONE], "层级不同"),
    "short names": (dump([{"姓名": "林舟3", "咨询类型": ["询价", "答疑"], "具体事项": "发送报价单"}]), [ONE], "写法"),
    "other separators": (TEXT_1.replace("基本信息-", "基本信息_").replace("计划-", "计划 – "), [ONE], "写法"),
    "Python literals": (str([{**ONE, PHONE: None}]), [ONE], "语法错误"),
    "single quotes": (TEXT_1.replace('"', "'"), [ONE], "语法错误"),
    "trailing commas": (TEXT_1.replace("}]", ",},]"), [ONE], "语法错误"),
    "line comments": (pretty([ONE]).replace('"林舟3",', '"林舟3", // 发言人'), [ONE], "语法错误"),
    "block comments": (TEXT_1.replace("[{", "[/* 客户 */{"), [ONE], "语法错误"),
    "missing commas": (pretty([ONE]).replace(",\n", "\n"), [ONE], "语法错误"),
    "missing brace": (TEXT_1.replace("}]", "]"), [ONE], "语法错误"),
    "missing bracket at the end": (f"{TEXT_1[:-1]}", [ONE], "中途断开"),
    "a bracket too many": (f"{TEXT_1}]", [ONE], "前后的文字"),
    "no opening bracket": (TEXT_1[2:], [ONE], "缺少开头"),
    "dots for the rest": (f'[{{"{NAME}": "林舟3", ...}}]', [form(**{NAME: "林舟3"})], "缺少字段"),
    "full-width structure": (
        f"［｛“{NAME}”：“林舟3”，“{KINDS}”：［“询价”、“答疑”］，“{TODO}”：“发送报价单”｝］",
        [ONE],
        "中文标点",
    ),
    "full-width colons": (TEXT_1.replace('": ', '"：'), [ONE], "中文标点"),
    "full-width commas": (TEXT_1.replace('", "', '"，"'), [ONE], "中文标点"),
    "mixed quotes": (TEXT_1.replace(f'"{NAME}"', f'"{NAME}”'), [ONE], "中文标点"),
    "escaped once too often": (TEXT_1.replace('"', '\\"'), [ONE], "多转义"),
    "JSON in a string": (dump(TEXT_1), [ONE], "字符串里"),
    "JSON strings in a list": (dump([dump(ONE), dump(TWO)]), [ONE, TWO], "字符串里"),
    "JSON string in a wrapper": (dump({"result": TEXT_1}), [ONE], "字符串里"),
    "wrong types": (
        dump([{**ONE, PHONE: 13800000000, AGE: 30.50, KINDS: "询价", STAFF: None}]),
        [form(**{NAME: "林舟3", PHONE: "13800000000", AGE: "30.5", KINDS: ["询价"], TODO: "发送报价单"})],
        "收到数字",
    ),
    "list for a text": (
        dump([{**ONE, TODO: ["发送报价单", "回访"]}]),
        [{**ONE, TODO: "发送报价单、回访"}],
        "收到列表",
    ),
    "missing keys": (dump([{NAME: "林舟3"}]), [form(**{NAME: "林舟3"})], "缺少字段"),
    "extra keys": (dump([{**ONE, "公司": "某公司"}]), [ONE], "公司"),
    "not a number": (dump([ONE]).replace(f'"{AGE}": ""', f'"{AGE}": NaN, "x": 1'), [ONE], "忽略"),
    "line break in a text": (TEXT_1.replace("发送", "发送\n"), [{**ONE, TODO: "发送\n报价单"}], "换行"),
    "quotes in a text": (TEXT_1.replace("发送", '按"旧版"发送'), [{**ONE, TODO: '按"旧版"发送报价单'}], "引号"),
    "remarks in the list": (dump([ONE, "完毕", 3]), [ONE], "不是表单的内容"),
    "draft, then final": (f"初稿：\n{BOTH}\n检查：只有一位。\n最终答案：\n{TEXT_1}", [ONE], "采用最后一个"),
    "draft and final in fences": (f"```json\n{TEXT_2}\n```\n反思……\n```json\n{TEXT_1}\n```", [ONE], "采用最后一个"),
    "draft and final as bare objects": (f"{dump(TWO)}\n修正后：\n{dump(ONE)}", [ONE], "采用最后一个"),
    "the same customer again": (f"{dump({**ONE, TODO: '回访'})}\n\n{dump(ONE)}", [ONE], "采用最后一个"),
    "draft and final in one object": (dump({"draft": [TWO], "final": [ONE]}), [ONE], "采用最后一个"),
    "final cut off": (f"{TEXT_1}\n修正：\n{TEXT_2[:90]}", [ONE], "最后一个不完整"),
    "draft cut off in its fence": (f"```json\n{TEXT_2[:90]}\n```\n重来：\n```json\n{TEXT_1}\n```", [ONE], "最后一个"),
    "example before the answer": (f'格式是 [{{"{NAME}": "…"}}]。\n{TEXT_1}', [ONE], "采用最后一个"),
    "fragment behind the answer": (f'{TEXT_1}\n其中 {{"{NAME}": "林舟3"}} 是发言人', [ONE], "零散"),
    "empty list in a fence": ("```json\n[]\n```", [], "代码块"),
    "empty list in prose": ("群里没有客户，因此输出 []。", [], "前后的文字"),
    "empty list at last": (f"{TEXT_1}\n他其实是客服。最终答案：[]", [], "采用最后一个"),
    "empty list only mentioned": (f"{TEXT_1}\n说明：意向产品填 [] 因为没有提到", [ONE], "前后的文字"),
    "empty wrapper": (dump({"infos": []}), [], "别的结构"),
    "half an emoji": (TEXT_1.replace("林舟3", "林舟3\\ud83d") + "。", [ONE], ""),
}


@pytest.mark.parametrize("what", REPAIRED)
def test_repaired(what: str) -> None:
    text, forms, note = REPAIRED[what]
    reply = parse_reply(FORM, text)
    assert reply.forms == forms
    assert reply.status == "repaired"
    assert reply.reason == ""
    assert any(note in said for said in reply.notes)
    assert len(set(reply.notes)) == len(reply.notes)


@pytest.mark.parametrize("length", range(60, len(pretty([ONE, TWO])), 37))
def test_cut_off_keeps_what_had_come(length: int) -> None:
    reply = parse_reply(FORM, pretty([ONE, TWO])[:length])
    assert reply.status == "repaired"
    assert reply.forms
    assert reply.forms[0][NAME] == "林舟3"
    assert any("中途断开" in note for note in reply.notes)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "空的"),
        (" \n\t", "空的"),
        ("抱歉，我无法完成。[图片]", "没有 JSON"),
        ("基本信息-姓名：林舟3\n咨询类型：询价", "没有 JSON"),
        ("<think>想了很久，没有结果</think>", "只有思考"),
        ("<think>想了很久", "只有思考"),
        ('{"error": {"code": 1, "details": []}}', "没有表单的字段"),
        ('错误：{"error": "x"}', "没有表单的字段"),
        ("{}", "没有表单的字段"),
        ("[{}]", "没有表单的字段"),
        ("3", "没有表单的字段"),
        ("null", "没有"),
        ('"抱歉"', "没有表单的字段"),
        ("[" * 100_000, "没有"),
        ('{"a":' * 50_000, "没有"),
    ],
)
def test_failed_says_why(text: str, reason: str) -> None:
    reply = parse_reply(FORM, text)
    assert (reply.forms, reply.status) == (None, "failed")
    assert reason in reply.reason


def test_no_customers_is_an_answer() -> None:
    assert parse_reply(FORM, "[]").forms == []
    assert parse_reply(FORM, "[]").status == "ok"


def test_notes_name_the_customer_where_there_are_several() -> None:
    notes = parse_reply(FORM, dump([ONE, {**TWO, AGE: 30}])).notes
    assert notes == ("第 2 位客户：「基本信息-年龄」应为文本，收到数字，已转成文本",)


def test_digits_stay_as_they_were_written() -> None:
    text = f'[{{"{PHONE}": 13800000000, "{AGE}": 1.50, "{NAME}": {"1" * 5000}}}]'
    reply = parse_reply(FORM, text)
    assert reply.forms
    assert reply.forms[0][PHONE] == "13800000000"
    assert reply.forms[0][AGE] == "1.50"
    assert reply.forms[0][NAME] == "1" * 5000


# Without what no value keeps: characters that nobody sees, and words that stand for nothing.
VALUES = (
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf"]), max_size=8)
    .map(str.strip)
    .filter(lambda text: text.casefold() not in MODEL_WORDS)
)
FORMS = st.lists(
    st.fixed_dictionaries({NAME: VALUES, TODO: VALUES, KINDS: st.lists(VALUES.filter(bool), max_size=2)}).map(
        lambda cells: form(**cells)
    ),
    max_size=3,
)


@given(FORMS)
@CALM
def test_any_valid_answer_comes_back_as_it_is(forms: list[FormValues]) -> None:
    assert parse_reply(FORM, dump(forms)).forms == forms
    assert parse_reply(FORM, pretty(forms)).status == "ok"


EDITS = st.lists(
    st.tuples(
        st.floats(0, 1), st.integers(0, 4), st.sampled_from(["", *"{}[]\"'“”：，\\\n<,", "</think>", "```", "最终"])
    ),
    min_size=1,
    max_size=8,
)


@given(st.sampled_from([text for text, _, _ in REPAIRED.values()]), EDITS)
@CALM
def test_damaged_replies_never_raise(text: str, edits: list[tuple[float, int, str]]) -> None:
    for place, drop, insert in edits:
        at = int(place * len(text))
        text = text[:at] + insert + text[at + drop :]
    reply = parse_reply(FORM, text)
    assert (reply.forms is None) is (reply.status == "failed") is bool(reply.reason)
    assert all(tuple(values) == FORM.keys for values in reply.forms or ())


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "[{" * 50_000,
        "[]" * 100_000,
        "<think>" * 50_000,
        '[{"a": "' + 'x"y' * 50_000,
        "{'a': 'b'}\n" * 20_000,
        '[{"a": "b"' + " " * 100_000,
        '[{\\"' + "\\" * 100_000,
        "\n".join(dump([form(**{NAME: f"客户{number}"})]) for number in range(1500)),
    ],
    ids=["brackets", "empty lists", "tags", "quotes", "objects", "blanks", "backslashes", "lists of one"],
)
def test_long_nonsense_is_soon_given_up(text: str) -> None:
    assert parse_reply(FORM, text).status in ("failed", "ok", "repaired")


REMARKS = {NAME: 0.9}


@pytest.mark.parametrize("aside", ["confidence", "evidence", "依据", "说明", "changes"])
@pytest.mark.parametrize("remark", [REMARKS, [REMARKS], {"姓名": "林舟3：你好", PHONE: "无"}])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("forms", [[ONE, TWO], [ONE], []])
def test_what_is_said_about_an_answer_is_not_the_answer(aside: str, remark: Any, first: bool, forms: Any) -> None:
    pairs = [("infos", forms), (aside, remark)]
    assert parse_reply(FORM, dump(dict(reversed(pairs) if first else pairs))).forms == forms


@pytest.mark.parametrize(
    "text",
    [
        f"{TEXT_1}\n依据：{dump([REMARKS])}",
        f"{TEXT_1}\n依据：{dump(REMARKS)}",
        f"{dump(ONE)}\n依据：{dump({NAME: '林舟3：你好'})}",
        f"{dump(REMARKS)}\n{dump(ONE)}",
        dump([{**ONE, "confidence": REMARKS}]),
        dump([{"confidence": REMARKS, **ONE}]),
        dump({"customers": [ONE], NAME: "小结"}),
    ],
)
def test_a_remark_beside_the_answer_is_left_out(text: str) -> None:
    assert parse_reply(FORM, text).forms == [ONE]


def test_values_with_evidence_lists_in_strings_and_truth_values() -> None:
    wish, sex = "客户是否有意向", "基本信息-性别"
    with_evidence = {key: {"value": value, "evidence": "原文"} for key, value in ONE.items()}
    assert parse_reply(FORM, dump([with_evidence])).forms == [ONE]
    assert parse_reply(FORM, dump([{**ONE, KINDS: dump(ONE[KINDS])}])).forms == [ONE]
    for truth, value in ((True, "有意向"), (False, "无意向"), ("true", "有意向")):
        assert parse_reply(FORM, dump([{**ONE, wish: truth}])).forms == [{**ONE, wish: value}]
    refused = parse_reply(FORM, dump([{**ONE, sex: True}]))
    assert refused.forms == [ONE]
    assert any("留空" in note for note in refused.notes)


NAMELESS = {key: value for key, value in TWO.items() if key != NAME}
LIGHT = {NAME: "周遥1"}
BY_KEY: dict[str, tuple[str, list[FormValues]]] = {
    "numbers": (dump({"1": ONE, "2": TWO}), [ONE, TWO]),
    "numbers in a wrapper with remarks": (
        dump({"依据": {"1": REMARKS}, "infos": {"1": ONE, "2": TWO}, "code": 0}),
        [ONE, TWO],
    ),
    "names": (dump({"林舟3": ONE, "周遥1": TWO}), [ONE, TWO]),
    "names that stand nowhere else": (dump({"林舟3": ONE, "周遥1": NAMELESS}), [ONE, TWO]),
    "one customer by number": (dump({"infos": {"1": ONE}}), [ONE]),
    "hardly anything known of the second": (dump({"林舟3": ONE, "周遥1": LIGHT}), [ONE, form(**LIGHT)]),
    "versions, not customers": (dump({"draft": TWO, "final": ONE}), [ONE]),
    "a second object, of whom only the name is known": (f"{dump(ONE)}\n{dump(LIGHT)}", [ONE, form(**LIGHT)]),
    "the one of whom only the name is known first": (
        f"客户1：{dump(LIGHT)}\n客户2：{dump({**ONE, AGE: '30'})}",
        [form(**LIGHT), {**ONE, AGE: "30"}],
    ),
    "a remark under an unknown key": (dump({"客户名单": [ONE], "可信程度": REMARKS}), [ONE]),
    "a remark in the list": (dump([ONE, {"confidence": {NAME: "林舟3"}}]), [ONE]),
    "an empty list left over": (f"{TEXT_1}\n[]", [ONE]),
    "an empty list announced": (f"{TEXT_1}\n最终答案：\n[]", []),
    "the name once more": (f"{TEXT_1}\n{dump([{NAME: '林舟3'}])}", [ONE]),
}


@pytest.mark.parametrize("what", BY_KEY)
def test_who_is_a_customer_is_said_by_the_structure(what: str) -> None:
    text, forms = BY_KEY[what]
    assert parse_reply(FORM, text).forms == forms


SHORT = form(**{NAME: "林舟3", KINDS: ["询价"]})
FILLED = form(**{key: ["询价"] if FORM.field(key).is_list else "待定" for key in FORM.keys} | {NAME: "示例人"})
ORIGINS = dict.fromkeys(FORM.keys, "第1条")
RATINGS = dict.fromkeys(FORM.keys, "0.9")
BESIDE: dict[str, tuple[str, list[FormValues]]] = {
    "evidence with the same keys": (f"{BOTH}\n\n依据：\n{dump([ORIGINS])}", [ONE, TWO]),
    "evidence in a fence": (f"```json\n{BOTH}\n```\n### 依据\n```json\n{dump([ORIGINS] * 2)}\n```", [ONE, TWO]),
    "ratings": (f"{BOTH}\n以下是各字段的置信度：\n{dump([RATINGS] * 2)}", [ONE, TWO]),
    "ratings that nothing announces": (f"{BOTH}\n\n{dump([RATINGS])}", [ONE, TWO]),
    "evidence of bare objects": (f"{dump(ONE)}\n{dump(TWO)}\n依据：{dump(ORIGINS)}\n{dump(ORIGINS)}", [ONE, TWO]),
    "quotes as evidence": (f"{BOTH}\n原文依据：\n{dump([dict.fromkeys(FORM.keys, '林舟3：你好')])}", [ONE, TWO]),
    "evidence of the result": (f"{TEXT_1}\n结果的依据：{dump([ORIGINS])}", [ONE]),
    "evidence first": (f"依据：{dump(ORIGINS)}\n{dump(ONE)}", [ONE]),
    "an explanation in a sentence, then the answer": (f"{TEXT_2}\n说明：周遥1是客服，已删去。\n{TEXT_1}", [ONE]),
    "extracted from the text": (f"{TEXT_2}\n依据原文重新整理：\n{TEXT_1}", [ONE]),
    "an example behind the answer": (f"{BOTH}\n例如格式：\n{dump([ORIGINS])}", [ONE, TWO]),
    "an example of bare objects behind it": (f"{TEXT_1}\n示例：{dump(TWO)}\n{dump(FILLED)}", [ONE]),
    "an example and a short answer": (f"示例：{dump([FILLED])}\n答案：{dump([SHORT])}", [SHORT]),
    "an example with a bare answer": (f"示例：{dump(FILLED)}\n答案：{dump(ONE)}\n{dump(TWO)}", [ONE, TWO]),
    "an example of the output": (f"输出示例：\n{dump([FILLED])}\n{TEXT_1}", [ONE]),
    "nothing but an example": (f"例如：{TEXT_1}", [ONE]),
    "the answer in the format": (f"{TEXT_2}\n按要求的格式：\n{TEXT_1}", [ONE]),
    "a short announced answer": (f"{dump([FILLED])}\n答案：\n{dump([{NAME: '林舟3'}])}", [form(**{NAME: "林舟3"})]),
    "lists of one": (f"{TEXT_1}\n{TEXT_2}", [ONE, TWO]),
    "lists of one in fences": (f"客户一：\n```json\n{TEXT_1}\n```\n客户二：\n```{TEXT_2}```", [ONE, TWO]),
    "a list of one and an object": (f"客户一：{TEXT_1}\n客户二：{dump(TWO)}", [ONE, TWO]),
    "lists of one by key": (dump({"客户1": [ONE], "客户2": [TWO]}), [ONE, TWO]),
    "lists of the same one": (f"{TEXT_1}\n{dump([{**ONE, AGE: '30'}])}", [{**ONE, AGE: "30"}]),
    "names as keys, fields apart": (
        dump({"王强": {"手机号码": "1"}, "林舟": {"地区": "北京"}}),
        [form(**{NAME: "王强", PHONE: "1"}), form(**{NAME: "林舟", "基本信息-地区": "北京"})],
    ),
    "names as keys, little of one": (
        dump({"林舟3": {**FILLED, NAME: "林舟3"}, "王新": {"地区": "北京"}, "code": 0}),
        [{**FILLED, NAME: "林舟3"}, form(**{NAME: "王新", "基本信息-地区": "北京"})],
    ),
    "names as keys, each in an object of its own": (
        dump([{"王强": {"手机号码": "1"}}, {"林舟": {"手机号码": "2"}}]),
        [form(**{NAME: "王强", PHONE: "1"}), form(**{NAME: "林舟", PHONE: "2"})],
    ),
    "groups of one customer, each in an object of its own": (
        dump([{"基本信息": {"姓名": "林舟3"}}, {"客户预算": {"预算明细": "3 万"}}]),
        [form(**{NAME: "林舟3", "客户预算-预算明细": "3 万"})],
    ),
    "numbers as keys, fields apart": (
        dump({"客户1": {PHONE: "1"}, "客户2": {"基本信息-地区": "北京"}}),
        [form(**{PHONE: "1"}), form(**{"基本信息-地区": "北京"})],
    ),
    "groups that the model made up": (
        dump({"个人": {"姓名": "林舟3"}, "联系方式": {"手机号码": "1"}}),
        [form(**{NAME: "林舟3", PHONE: "1"})],
    ),
    "a name with 新 as a key": (dump({"王新": {**ONE, NAME: "王新"}, "周遥1": TWO}), [{**ONE, NAME: "王新"}, TWO]),
}


@pytest.mark.parametrize("what", BESIDE)
def test_remarks_examples_and_customers_side_by_side(what: str) -> None:
    text, forms = BESIDE[what]
    assert parse_reply(FORM, text).forms == forms


@pytest.mark.parametrize(("number", "value"), [(1, "有意向"), (0, "无意向"), (1.0, "有意向")])
def test_a_number_for_a_field_of_two_opposite_values_says_which(number: float, value: str) -> None:
    wish = "客户是否有意向"
    assert parse_reply(FORM, dump([{wish: number}])).forms == [form(**{wish: value})]
    assert parse_reply(FORM, dump([{**ONE, wish: number}])).forms == [{**ONE, wish: value}]
    assert parse_reply(FORM, dump([ONE, {"confidence": {wish: number}}])).forms == [ONE]
