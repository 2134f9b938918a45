"""A form from a sample, from a JSON Schema, from changed tables: what comes in decides, mistakes are sentences."""

import json
from dataclasses import replace
from typing import Any

import pytest

from core.adapters.llm.local.rules import rules_of
from core.adapters.store import Store
from core.domain.form import Kind, load_named_form
from core.domain.form.loading import FormTexts, parse_form, read_form_texts
from core.domain.form.toml_file import parse_tables
from core.domain.permissions import AccountRole
from core.errors import ConflictError, InputError, PermissionDeniedError
from core.services.forms import from_sample
from core.services.forms.checking import check_form_texts
from core.services.forms.drafts import discard_draft, draft_named, drafts_of, keep_draft
from core.services.forms.form_text import FROM, form_text, with_tables
from core.services.forms.from_sample import form_from_sample
from core.services.forms.from_schema import form_from_schema
from core.services.forms.renames import follow_groups, follow_keys, follow_keys_beside, guidelines_text
from core.services.review.workbench.preview import preview_payload
from core.services.team import Actor, acting_as
from tests.domain.form.test_loading import COMPANION, CONTRADICTION, GOOD, SECTIONS

ANSWERS = [
    {
        "报修-报修人": "张三",
        "报修-电话": "13900001111",
        "设备": ["空调"],
        "紧急": "急",
        "费用": 300,
        "备注": "请明天上午派师傅来修，门牌号见地址",
    },
    {
        "报修-报修人": "李四",
        "报修-电话": "13900002222",
        "设备": ["洗衣机", "空调"],
        "紧急": "急",
        "费用": None,
        "备注": "楼下没有门禁，直接上来就可以了，谢谢",
    },
]


def made_form(data: Any) -> Any:
    raw = data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()
    text = form_text(form_from_sample(raw, name="repair", title="报修"))
    assert check_form_texts(FormTexts(text)) == []
    return parse_form(text, "a")


@pytest.mark.parametrize(
    "data",
    [
        ANSWERS,
        [{"chat_text": "张三：在吗", "infos": ANSWERS}],
        [{"infos": [one]} for one in ANSWERS],
        "\n".join(json.dumps(one) for one in ANSWERS).encode(),
    ],
    ids=["answers", "dataset", "submission", "lines"],
)
def test_a_sample_of_any_shape_gives_the_same_form(data: Any) -> None:
    form = made_form(data)
    assert form.keys == tuple(ANSWERS[0])
    assert form.groups == ("报修", "内容")
    assert form.name_field == "报修-报修人"
    assert [field.label for field in form.fields][:2] == ["报修人", "电话"]
    assert [field.kind for field in form.fields][:2] == [Kind.PERSON, Kind.PHONE]
    assert form.field("设备").is_list and set(form.field("设备").values) == {"空调", "洗衣机"}
    assert form.field("紧急").values == ("急",)
    assert not form.field("备注").one_right_answer and form.field("费用").kind is Kind.AMOUNT


def test_what_is_nested_hundreds_deep_is_no_value() -> None:
    (field,) = form_from_sample(b'{"a": ' * 900 + b"1" + b"}" * 900, name="a", title="甲")["field"]
    assert (field["key"], field["type"], field["values"]) == ("a-a-a-a-a", "str", [])


def test_objects_inside_become_groups() -> None:
    form = made_form({"客户": {"称呼": "张三", "联系": {"电话": "13900001111"}}, "标签": []})
    assert form.keys == ("客户-称呼", "客户-联系-电话", "标签")
    assert form.groups == ("客户", "内容") and form.field("标签").is_list


def test_all_answers_count_or_it_is_said_that_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    data = json.dumps([*[{"称呼": "张三", "标签": "a"}] * 20_000, {"标签": ["b"]}]).encode()
    assert form_from_sample(data, name="a", title="甲")["field"][1]["type"] == "list[str]"
    monkeypatch.setattr(from_sample, "_MOST_ANSWERS", 20_000)
    with pytest.raises(InputError, match="超过 20,000 个"):
        form_from_sample(data, name="a", title="甲")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "不是合法的 JSON"),
        (b"{\n oops", "样例第 2 行第 2 列不是合法的 JSON：这里应是双引号里的字段名"),
        (b"\xff", "不是 UTF-8"),
        (b"[]", "没有可以做成字段"),
        (b'[{"chat_text": "x"}]', "没有可以做成字段"),
        (b'{"a": ["x"]}', "全是列表"),
        (b"[" * 100_000, "嵌套太深"),
        (json.dumps({str(number): "x" for number in range(300)}).encode(), "200 个"),
    ],
)
def test_a_sample_that_cannot_be_used_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        form_from_sample(data, name="a", title="甲")


SCHEMA = {
    "title": "招聘",
    "type": "object",
    "required": ["称呼"],
    "$defs": {"stage": {"enum": ["初试", "复试"]}},
    "properties": {
        "称呼": {"type": "string", "description": "照群里的写"},
        "阶段": {"$ref": "#/$defs/stage", "title": "到了哪一步"},
        "技能": {"type": "array", "items": {"type": "string", "enum": ["财务", "法务"]}},
        "面试": {
            "type": "object",
            "properties": {"哪天": {"type": ["string", "null"], "format": "date"}, "到场": {"type": "boolean"}},
        },
        "来源": {"oneOf": [{"const": "内推"}, {"const": "网投"}]},
        "薪资": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
}


def test_a_schema_gives_types_values_and_descriptions() -> None:
    for schema in (SCHEMA, {"type": "array", "items": SCHEMA, "$defs": SCHEMA["$defs"]}):
        tables = form_from_schema(json.dumps(schema).encode(), name="hiring", title="招聘")
        text = form_text(tables)
        assert check_form_texts(FormTexts(text)) == []
        form = parse_form(text, "a")
        assert (form.title, form.keys) == ("招聘", ("称呼", "阶段", "技能", "面试-哪天", "面试-到场", "来源", "薪资"))
        assert form.field("称呼").description == "照群里的写；必填"
        assert (form.field("阶段").label, form.field("阶段").values) == ("到了哪一步", ("初试", "复试"))
        assert form.field("技能").is_list and form.field("技能").values == ("财务", "法务")
        assert form.field("面试-哪天").kind is Kind.DATE and form.field("面试-到场").values == ("是", "否")
        assert form.field("来源").values == ("内推", "网投") and form.field("薪资").kind is Kind.AMOUNT


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/anyOf/0", "anyOf": [{"properties": {"名": {}}}]},
        {"$ref": "#/$defs/%E5%90%8D%20%E5%AD%97", "$defs": {"名 字": {"properties": {"名": {}}}}},
        {"$ref": "#stage", "$defs": {"x": {"$anchor": "stage", "properties": {"名": {}}}}},
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "allOf": [{"$ref": "#stage"}],
            "definitions": {"x": {"$id": "#stage", "properties": {"名": {}}}},
        },
        {"$ref": "#/x", "x": {"properties": {"名": {"anyOf": 5, "oneOf": True}}, "required": 5}},
    ],
    ids=["a list", "escapes", "an anchor", "an anchor of draft 7", "a place that is no schema"],
)
def test_references_lead_anywhere_in_the_file(schema: Any) -> None:
    tables = form_from_schema(json.dumps(schema).encode(), name="a", title="甲")
    assert [(field["key"], field["description"]) for field in tables["field"]] == [("名", "")]


def test_a_schema_of_draft_3_says_at_the_property_what_is_required() -> None:
    draft = {"$schema": "http://json-schema.org/draft-03/schema#", "required": True}
    schema = draft | {"properties": {"名": {"required": True}, "事": {}}}
    tables = form_from_schema(json.dumps(schema).encode(), name="a")
    assert [field["description"] for field in tables["field"]] == ["必填", ""]


MANY_REFERENCES = {
    "$ref": "#/$defs/0",
    "$defs": {
        **{str(n): {"properties": {f"p{k}": {"$ref": f"#/$defs/{n + 1}"} for k in range(20)}} for n in range(7)},
        "7": {"properties": {}},
    },
}


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (json.dumps(MANY_REFERENCES).encode(), "引用展开以后有 2,000 个以上的属性"),
        *((json.dumps({"$schema": one, "properties": {"a": {}}}).encode(), "应为文本") for one in ([], {}, 5)),
        (b'{"$ref": "#/anyOf/1", "anyOf": [{}]}', "没有 #/anyOf/1"),
        (b"[]", "应是一个对象"),
        (b"{", "JSON Schema 第 1 行第 2 列不是合法的 JSON：这里应是双引号里的字段名"),
        (b'{"a": ' + b"9" * 5000 + b"}", "有一个数字太长"),
        (b'{"$ref": "#stage"}', "没有叫 stage 的 \\$anchor"),
        (b"{}", "没有 properties"),
        (b'{"properties": {"a": {"type": 3}}}', "/properties/a/type"),
        (b'{"properties": {"a": {"$ref": "https://example.com/a"}}}', "引用了别的文件"),
        (b'{"properties": {"a": {"$ref": "#/$defs/none"}}}', "没有 #/\\$defs/none"),
        (b'{"properties": {"a": {"type": "array"}}}', "全是数组"),
        (b'{"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}', "没有 properties"),
        (b'{"properties": [1]}', "/properties 应为 object"),
        (b'{"properties": {"a": {"pattern": "("}}}', "不是合法的 regex"),
        (
            b'{"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}]}}, "properties": {"x": {"$ref": "#/$defs/a"}}}',
            "绕成了圈",
        ),
        (b'{"properties": {"n": {"type": "string"}, " n": {"type": "string"}}}', "两个属性都叫「n」"),
        # Eight levels of sixty properties each would never end.
        (json.dumps({"properties": {"-" * n: {"$ref": "#"} for n in range(1, 60)}}).encode(), "没有名字"),
        (json.dumps({"properties": {" " * n + "a": {"$ref": "#"} for n in range(60)}}).encode(), "两个属性都叫"),
        (json.dumps({"properties": {f"a{n}": {"$ref": "#"} for n in range(60)}}).encode(), "200 个以上的属性"),
    ],
)
def test_a_schema_that_cannot_be_used_says_why(schema: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        form_from_schema(schema, name="a")


def test_what_does_not_change_stays_as_it_is_written() -> None:
    source = "# 头\n" + GOOD.replace("points = 1", "points = 1  # 一分", 1) + CONTRADICTION
    tables = parse_tables(source, "a")
    placed = {
        name: [{**row, FROM: at} for at, row in enumerate(rows)] if name in ("field", "contradiction") else rows
        for name, rows in tables.items()
    }
    assert with_tables(source, placed) == source
    first, second = placed["field"]
    changed = with_tables(
        source, {**placed, "title": "新", "field": [second, {**first, "label": "称呼"}, {**second, "key": "第三"}]}
    )
    assert changed.startswith("# 头\n") and "# 一分" in changed
    back = parse_tables(changed, "a")
    assert [field["key"] for field in back["field"]] == ["标签", "姓名", "第三"]
    assert (back["title"], back["field"][1]["label"], back["contradiction"]) == ("新", "称呼", tables["contradiction"])
    gone = parse_tables(
        with_tables(source, {name: rows for name, rows in placed.items() if name != "contradiction"}), "a"
    )
    assert "contradiction" not in gone


def test_what_speaks_of_a_field_or_group_follows_its_name() -> None:
    tables = follow_keys(parse_tables(GOOD + CONTRADICTION + COMPANION + SECTIONS, "a"), {"姓名": "称呼"})
    assert (tables["name_field"], tables["contradiction"][0]["other"], tables["companion"][0]["needs"]) == ("称呼",) * 3
    tables = follow_groups(tables, {"基本": "主要"})
    assert {field["group"] for field in tables["field"]} == {"主要"}
    assert tables["summary_section"][0]["groups"] == ["主要"]
    rules = '# 规则\n[[choice]]\nkey = "标签"\nvalue = "甲"\nwords = ["甲"]\n'
    texts = follow_keys_beside(
        FormTexts(GOOD, guidelines_text({"标签": "只选说过的", "姓名": ""}), rules), {"标签": "类别"}
    )
    assert parse_tables(texts.guidelines, "a") == {"类别": "只选说过的"}
    assert texts.rules.startswith("# 规则\n") and 'key = "类别"' in texts.rules


@pytest.mark.both_databases
def test_a_draft_is_kept_with_mistakes_and_never_overwritten_unseen(store: Store) -> None:
    texts = FormTexts(GOOD.replace("points = 1", "points = 0", 1))
    first = keep_draft(store, "small", texts, who="王芳", base="", revision=0)
    second = keep_draft(store, "small", replace(texts, rules="x"), who="王芳", base="", revision=first.revision)
    with pytest.raises(ConflictError, match="另一个窗口里改过"):
        keep_draft(store, "small", texts, who="王芳", base="", revision=first.revision)
    keep_draft(store, "small", texts, who="李雷", base="", revision=0)
    with store.read() as session:
        assert [draft.revision for draft in drafts_of(session, "王芳")] == [second.revision]
        assert draft_named(session, "small", "李雷") is not None
    assert discard_draft(store, "small", who="王芳") == second
    assert discard_draft(store, "small", who="王芳") is None
    with pytest.raises(InputError, match="不知道是谁"):
        keep_draft(store, "small", texts, who=" ", base="", revision=0)
    with acting_as(Actor("小李", AccountRole.REVIEWER, 1)), pytest.raises(PermissionDeniedError):
        keep_draft(store, "small", texts, who="小李", base="", revision=0)


def test_the_desk_is_shown_with_a_form_that_lies_nowhere() -> None:
    form = parse_form(read_form_texts("role_elements").form.replace('name = "role_elements"', 'name = "nowhere"'), "a")
    text = "周岚3：你好，电话 13900001234\n客服小何：好的\n"
    payload = preview_payload(form, text, rules=rules_of(read_form_texts("role_elements").rules, form), guidelines={})
    (chat,) = payload["chats"]
    values = chat["customers"][0]["values"]
    assert (values[form.name_field], "13900001234" in values.values()) == ("周岚3", True)
    assert payload["form"]["version"] == load_named_form().version
