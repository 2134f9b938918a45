"""JSON in the forms in which models, programs and hands leave chats: wrapped, keyed, as messages, as plain strings."""

import json
from typing import Any

import pytest

from core.domain.chat import Role
from core.domain.form import load_named_form
from core.errors import InputError
from core.services.datasets.import_types import FileFormat
from tests.services.datasets.test_messages_as_people_have_them import Reading, csv_of, json_of

FORM = load_named_form("role_elements")
NAME = FORM.name_field
CUSTOMER, STAFF, UNKNOWN = ("客户", Role.CUSTOMER), ("客服", Role.STAFF), ("系统", Role.UNKNOWN)
CHATS = [{"chat_text": "甲：一\n乙：好"}, {"chat_text": "丙：二\n乙：在"}]
TEXTS = [chat["chat_text"] for chat in CHATS]


def turns(*words: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[at % 2], "content": one} for at, one in enumerate(words)]


def shares(*words: str) -> list[dict[str, str]]:
    return [{"from": ("human", "gpt")[at % 2], "value": one} for at, one in enumerate(words)]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({"messages": turns("问", "答")}, "a.json"),
        (turns("问", "答"), "a.json"),
        ({"conversations": shares("问", "答")}, "a.json"),
        (shares("问", "答"), "a.json"),
        ([{"id": "7", "conversations": shares("问", "答")}], "a.json"),
        ({"messages": turns("问", "答")}, "a.jsonl"),
        ({"data": {"list": [{"messages": turns("问", "答")}]}}, "a.json"),
        ([turns("问", "答")], "a.json"),
        ({"装修群": turns("问", "答")}, "a.json"),
        ([{"chat_text": turns("问", "答")}], "a.json"),
    ],
)
def test_a_conversation_with_roles_is_one_chat(value: Any, name: str) -> None:
    reading = Reading(json_of(value), name)
    assert reading.sides == [[CUSTOMER, STAFF]]
    assert reading.bodies == [["问", "答"]]


def test_roles_are_said_and_can_be_changed_about() -> None:
    value = {"messages": [{"role": "system", "content": "你是客服"}, *turns("问", "答")]}
    reading = Reading(json_of(value), "a.json")
    assert reading.sides == [[UNKNOWN, CUSTOMER, STAFF]]
    assert "按「role」分发言人：user 这一方当作客户，assistant 这一方当作客服；反了可以对调" in reading.notes
    other = Reading(json_of(value), "a.json", swap_sides=True)
    assert other.sides == [[UNKNOWN, STAFF, CUSTOMER]]
    assert "assistant 这一方当作客户" in other.notes


def test_sides_of_a_table_can_be_changed_about() -> None:
    table = "会话ID,发送人,是否本人,内容\n1,甲,1,问\n1,乙,0,答\n".encode()
    assert Reading(table, "a.csv", swap_sides=True).sides == [[("甲", Role.CUSTOMER), ("乙", Role.STAFF)]]


def test_lines_of_fine_tuning_are_a_chat_each_and_parts_of_a_message_are_read() -> None:
    parts = [{"type": "text", "text": "看图"}, {"type": "image_url", "image_url": {"url": "x"}}]
    rows = [{"messages": turns("一", "二")}, {"messages": [{"role": "user", "content": parts}, *turns("x", "好")[1:]]}]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
    reading = Reading(lines, "a.jsonl")
    assert reading.bodies == [["一", "二"], ["看图[图片]", "好"]]


@pytest.mark.parametrize(
    "value",
    [
        {"code": 0, "data": CHATS},
        {"data": {"total": 2, "chats": CHATS}},
        {"任意的名字": CHATS},
        {"1": CHATS[0], "2": CHATS[1]},
        {"1": TEXTS[0], "2": TEXTS[1]},
        {"装修群": TEXTS[0], "售后群": TEXTS[1]},
        {"code": 0, "data": TEXTS},
        {"甲群": TEXTS[0].split("\n"), "乙群": TEXTS[1].split("\n")},
        TEXTS,
        [text.split("\n") for text in TEXTS],
        [{"id": at, "dialog": text.split("\n")} for at, text in enumerate(TEXTS)],
        [{"text": text} for text in TEXTS],
        [{"编号": at, "聊天记录": text} for at, text in enumerate(TEXTS, start=1)],
    ],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_chats_in_whatever_is_around_them_are_read_as_json(value: Any, indent: int | None) -> None:
    reading = Reading(json.dumps(value, ensure_ascii=False, indent=indent).encode(), "a.json")
    assert (reading.texts, reading.format, reading.rejected) == (TEXTS, FileFormat.JSON, [])
    assert reading.notes
    for name in ("a.jsonl",) if indent and isinstance(value, dict) else ():
        assert Reading(json.dumps(value, ensure_ascii=False, indent=indent).encode(), name).texts == TEXTS


@pytest.mark.parametrize("between", ["", "\n", "\n\n", ",\n", "\r\n"])
def test_values_put_one_behind_the_other_are_all_read(between: str) -> None:
    first, second = (json.dumps(chat, ensure_ascii=False, indent=1) for chat in CHATS)
    assert Reading(f"{first}{between}{second}".encode(), "a.json").texts == TEXTS
    reading = Reading(f"[{first}]{between}[{second}]".encode(), "a.json")
    assert reading.texts == TEXTS
    assert "有 2 个数组或对象前后相接，依次都读了" in reading.notes
    with pytest.raises(InputError, match="后面还有多余的内容"):
        Reading(f"[{first}]{between}]".encode(), "a.json")


def test_what_a_list_of_strings_is_is_told_by_who_speaks_and_can_be_chosen() -> None:
    lines = ["甲：一", "乙：好", "甲：二"]
    reading = Reading(json_of(lines), "a.json")
    assert reading.texts == ["\n".join(lines)]
    assert "文件是一串文字（3 段），每段是一个人的一句话，合成一条群聊" in reading.notes
    assert len(Reading(json_of(lines), "a.json", join="row").texts) == 3
    assert len(Reading(json_of(TEXTS), "a.json", join="none").texts) == 1
    nobody = Reading(json_of(["一", "二"]), "a.json")
    assert (nobody.texts, "看不出每段是一条群聊还是一句话" in nobody.notes) == (["一", "二"], True)
    odd = Reading(json_of([*TEXTS, 7]), "a.json")
    assert len(odd.texts) + len(odd.rejected) == 3


@pytest.mark.parametrize(
    "value",
    [
        {"data": [{"index": 4, "infos": [{NAME: "甲"}]}]},
        {"submission": {"team": "x", "answers": [{"index": 4, "infos": [{NAME: "甲"}]}]}},
        {"4": {"infos": [{NAME: "甲"}]}},
        {"4": [{NAME: "甲"}]},
        {"4": {NAME: "甲"}},
    ],
)
@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_forms_in_whatever_is_around_them_keep_their_numbers(value: Any, name: str) -> None:
    (row,) = Reading(json_of(value), name).rows
    assert (row.index, (row.forms or [{}])[0][NAME]) == (4, "甲")


@pytest.mark.parametrize("value", [{"a": 1}, {"tags": ["a", "b"]}, {"姓名": "甲", "电话": "1"}, {"data": []}])
def test_an_object_with_nothing_inside_is_refused(value: Any) -> None:
    with pytest.raises(InputError, match="最外层是对象，应为数组"):
        Reading(json_of(value), "a.json")


def test_what_stands_around_messages_and_chats_is_named() -> None:
    reading = Reading(json_of([{"id": "7", "客户名": "林", "messages": turns("问", "答")}]), "a.json")
    assert "消息列表外面没有用到的字段，内容不导入：id、客户名" in reading.notes
    wrapped = Reading(json_of({"version": 2, "甲": CHATS[0]}), "a.json")
    assert (wrapped.texts, "外层没有用到的字段，内容不导入：version" in wrapped.notes) == (TEXTS[:1], True)


def test_labels_beside_messages_are_kept_and_a_name_goes_before_a_role() -> None:
    named = {"role": "user", "name": "林小满", "content": "问"}
    (row,) = Reading(json_of([{"messages": [named, *turns("x", "答")[1:]], "infos": [{NAME: "甲"}]}]), "a.json").rows
    assert (row.forms or [{}])[0][NAME] == "甲"
    reading = Reading(json_of({"messages": [named, *turns("x", "答")[1:]]}), "a.json")
    assert reading.sides == [[("林小满", Role.CUSTOMER), STAFF]]


@pytest.mark.parametrize("name", ["a.json", "a.csv"])
def test_a_list_that_stands_as_text_is_a_list_in_each_format(name: str) -> None:
    key, text = "咨询类型", '["询价、答疑", "售后"]'
    row = {"chat_text": "甲：一\n乙：二", "infos": [{key: text}]}
    data = json.dumps([row]).encode() if name == "a.json" else csv_of(["chat_text", key], [row["chat_text"], text])
    (read,) = Reading(data, name).rows
    assert read.forms[0][key] == ["询价、答疑", "售后"]


ROWS = [
    {"发送人": "林小满", "时间": "2024-01-02 10:00:00", "内容": "你好"},
    {"发送人": "阿青", "时间": "2024-01-02 10:01:00", "内容": "您好"},
]


def frames(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The rows in every orient of pandas and as exports of databases have them."""
    names = list(rows[0])
    cells = [list(row.values()) for row in rows]
    return {
        "records": rows,
        "split": {"columns": names, "index": list(range(len(rows))), "data": cells},
        "index": {str(number): row for number, row in enumerate(rows)},
        "columns": {name: {str(number): row[name] for number, row in enumerate(rows)} for name in names},
        "list": {name: [row[name] for row in rows] for name in names},
        "table": {
            "schema": {"fields": [], "primaryKey": ["index"], "pandas_version": "1.4.0"},
            "data": [{"index": number, **row} for number, row in enumerate(rows)],
        },
        "values below names": [names, *cells],
        "elasticsearch": {"took": 1, "hits": {"hits": [{"_id": "1", "_source": row} for row in rows]}},
        "mongodb": [{"_id": {"$oid": "65"}, **row} for row in rows],
    }


@pytest.mark.parametrize("orient", [*frames(ROWS)])
@pytest.mark.parametrize("rows", [ROWS, CHATS])
def test_a_table_reads_alike_in_every_orient(rows: list[dict[str, str]], orient: str) -> None:
    if orient == "list" and rows is CHATS:
        pytest.skip("one column as one list is a list of chats")
    reading = Reading(json_of(frames(rows)[orient]), "a.json")
    assert reading.texts == Reading(json_of(rows), "a.json").texts
    assert [row.index for row in reading.rows] == list(range(1, len(reading.rows) + 1))
    assert not reading.rejected


def test_numbers_and_dates_of_a_database_are_plain() -> None:
    rows = [
        {
            "sender": "林小满",
            "content": "你好",
            "time": {"$date": "2024-01-02T10:00:00Z"},
            "session": {"$numberLong": "77"},
        },
        {
            "sender": "阿青",
            "content": "您好",
            "time": {"$date": {"$numberLong": "1704160860000"}},
            "session": {"$numberLong": "78"},
        },
    ]
    reading = Reading("\n".join(map(json.dumps, rows)).encode(), "a.jsonl")
    assert len(reading.rows) == 2
    assert all("2024-01-02" in text for text in reading.texts)


def test_cells_without_names_say_what_to_do() -> None:
    with pytest.raises(InputError, match="没有列名"):
        Reading(json_of([list(row.values()) for row in ROWS]), "a.json")


def test_forms_by_number_keep_their_numbers() -> None:
    with pytest.raises(InputError, match="从 0 数起"):
        Reading(json_of({str(number): {"infos": [{NAME: "林小满"}]} for number in range(2)}), "a.json")


@pytest.mark.parametrize("write", [json.dumps, str])
@pytest.mark.parametrize("alone", [True, False])
def test_forms_that_are_written_otherwise_are_read(write: Any, alone: bool) -> None:
    infos = {NAME: "林小满"}
    texts = [{"chat_text": TEXTS[0], "infos": write(infos if alone else [infos])}]
    objects = [{"chat_text": TEXTS[0], "infos": infos}]
    for rows in (texts, objects):
        [row] = Reading(json_of(rows), "a.json").rows
        assert row.forms is not None
        assert [form[NAME] for form in row.forms] == ["林小满"]


def test_a_field_in_its_group_is_read() -> None:
    group, _, name = NAME.partition("-")
    [row] = Reading(json_of([{"chat_text": TEXTS[0], "infos": [{group: {name: "林小满"}}]}]), "a.json").rows
    assert row.forms is not None
    assert row.forms[0][NAME] == "林小满"


def test_what_is_no_form_is_refused() -> None:
    for infos in ("无", "[1]", 7):
        [refused] = Reading(json_of([{"chat_text": TEXTS[0], "infos": infos}]), "a.json").rejected
        assert "infos" in refused.reason
