"""Files as people send them: every format, every encoding, every way of being broken."""

import csv
import json
from io import BytesIO, StringIO
from pathlib import Path

import openpyxl
import pytest

from core.domain.form import Form
from core.errors import InputError
from core.services.datasets import BY_POSITION, ColumnError, FileKind, TableColumns, preview_import
from core.services.datasets.import_types import FileFormat

CHATS = [
    {"chat_text": "陈晓3：你好，想了解会话存档的价格\n客服小林：您好，请问贵公司有多少员工？", "infos": []},
    {"chat_text": "王磊5：我们预算三万左右\n客服小林：好的，今天下午给您报价", "infos": []},
    {"chat_text": "周敏1：合同什么时候可以签？😀\n客服小林：明天上午安排", "infos": []},
]
TEXTS = [chat["chat_text"] for chat in CHATS]


def texts(data: bytes, name: str, form: Form, **options: object) -> list[str]:
    return [chat.text for chat in preview_import(BytesIO(data), name, form, **options).chats]  # type: ignore[arg-type]


def as_json(**options: object) -> str:
    return json.dumps(CHATS, ensure_ascii=False, **options)  # type: ignore[arg-type]


def as_csv(rows: list[list[object]], delimiter: str = ",") -> str:
    buffer = StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    return buffer.getvalue()


def as_xlsx(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("encoding", "label"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8（带 BOM）"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16-LE"),
        ("utf-16-be", "UTF-16-BE"),
        ("utf-32", "UTF-32"),
        ("gb18030", "GBK / GB18030"),
    ],
)
@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.csv", "a.txt"])
def test_every_encoding_in_every_text_format(encoding: str, label: str, name: str, form: Form) -> None:
    source = {
        "a.json": as_json(indent=1),
        "a.jsonl": "\n".join(json.dumps(chat, ensure_ascii=False) for chat in CHATS),
        "a.csv": as_csv([["chat_text"], *[[text] for text in TEXTS]]),
        "a.txt": TEXTS[0],
    }[name]
    found = preview_import(BytesIO(source.encode(encoding)), name, form)
    assert [chat.text for chat in found.chats] == (TEXTS[:1] if name == "a.txt" else TEXTS)
    assert found.encoding == label
    assert found.rejected == ()


def test_gbk_from_an_old_excel(form: Form) -> None:
    data = as_csv([["群聊"], *[[text.replace("😀", "")] for text in TEXTS]]).encode("gbk")
    assert texts(data, "a.csv", form) == [text.replace("😀", "") for text in TEXTS]


def test_characters_cut_at_the_border_of_a_read(form: Form) -> None:
    # 1 MB per read: three-byte characters after one byte stand across every border.
    text = "a" + "聊" * 500_000
    data = json.dumps([{"chat_text": text}], ensure_ascii=False)
    for encoding in ("utf-8", "gb18030", "utf-16"):
        assert texts(data.encode(encoding), "a.json", form) == [text]


def test_other_encodings_are_refused_and_not_garbled(form: Form) -> None:
    japanese = "こんにちは、料金を教えてください".encode("shift_jis")
    with pytest.raises(InputError, match="认不出文件 a.txt 的文字编码"):
        preview_import(BytesIO(japanese), "a.txt", form)
    with pytest.raises(InputError, match="第 2 行有不是 UTF-8 的字节"):
        preview_import(BytesIO("陈晓3：你好\n".encode() + b"\xff\xff\xff"), "a.txt", form)
    with pytest.raises(InputError, match="标明是 UTF-16"):
        preview_import(BytesIO(b"\xff\xfe\x00\xd8\x00"), "a.txt", form)
    with pytest.raises(InputError, match="第 3 行有不是 UTF-8 的字节"):
        preview_import(BytesIO(b"\xef\xbb\xbfa\nb\n\xc4\xe3"), "a.txt", form)


@pytest.mark.parametrize("data", [b"", b" \n\t\r\n", b"\xef\xbb\xbf", b"\xff\xfe"])
@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.csv", "a.txt"])
def test_empty_files(data: bytes, name: str, form: Form) -> None:
    with pytest.raises(InputError, match=f"文件 {name} 是空的"):
        preview_import(BytesIO(data), name, form)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("hello", "文件 a.json 不是 JSON"),
        ("[]", "文件 a.json 里没有数据"),
        ('{"data": [\n]}', "最外层是对象，应为数组"),
        ('[{"chat_text": "甲：一"},\n {"chat_text": "乙：二" "x": 1}]', "第 2 行第 22 列不是合法的 JSON"),
        ('[{"chat_text": "甲：一"},\n {"chat_te', "在第 2 行中断，没有写完|第 2 行第 3 列不是合法的 JSON"),
        ('[{"chat_text": "甲：一"}', "在第 1 行中断，没有写完"),
        ('[{"chat_text": "甲：一"}] x', "第 1 行第 24 列不是合法的 JSON"),
        ("[" * 100_000, "嵌套太深"),
    ],
)
def test_broken_json_says_where(data: str, sentence: str, form: Form) -> None:
    with pytest.raises(InputError, match=sentence):
        preview_import(BytesIO(data.encode()), "a.json", form)


def test_json_of_one_object_per_line_whatever_its_name(form: Form) -> None:
    lines = "\n\n".join(json.dumps(chat, ensure_ascii=False) for chat in CHATS)
    found = preview_import(BytesIO(lines.encode()), "a.json", form)
    assert found.format is FileFormat.JSONL
    assert [chat.text for chat in found.chats] == TEXTS


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{oops}", "这里应是双引号里的字段名，或者上一项多了逗号"),
        ('{"a": }', "这里缺少一个值，或者值没有加双引号"),
        ('{"a": "他说"好""}', "这里应是逗号或结束的括号，也可能是前面的文字里有没转义的双引号"),
        ('{"a"；1}', "字段名后面应是英文冒号"),
        ('{"a": "甲', "从这里开始的文字没有用双引号结束"),
        ('{"a": "甲\t乙"}', "文字里有没转义的换行或制表符"),
        (r'{"a": "\q"}', "反斜杠后面的写法不对"),
        (r'{"a": "\u12"}', "反斜杠后面的写法不对"),
        ("{} {}", "数据到这里已经结束，后面还有多余的内容"),
    ],
)
def test_what_is_wrong_with_a_line_is_said_in_chinese(line: str, said: str, form: Form) -> None:
    found = preview_import(BytesIO(f'{{"chat_text": "甲：一"}}\n{line}'.encode()), "a.jsonl", form)
    assert [row.reason.partition("：")[2] for row in found.rejected] == [said]


def test_broken_lines_cost_only_themselves(form: Form) -> None:
    lines = [
        '{"chat_text": "甲：一"}',
        "",
        "{oops}",
        '{"chat_text": "乙：\u2028二"}',
        "[1]",
        '{"n": ' + "9" * 5000 + "}",
    ]
    found = preview_import(BytesIO("\n".join(lines).encode()), "a.jsonl", form)
    assert [(chat.index, chat.line) for chat in found.chats] == [(1, 1), (3, 4)]
    assert [(row.index, row.line) for row in found.rejected] == [(2, 3), (4, 5), (5, 6)]
    assert "第 2 列不是合法的 JSON" in found.rejected[0].reason
    assert found.rejected[1].reason == "应为对象，收到列表"


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_delimiters_and_line_ends(delimiter: str, form: Form) -> None:
    rows = [["备注", "聊天记录"], *[["x", text.replace("\n", "\r\n")] for text in TEXTS]]
    assert texts(as_csv(rows, delimiter).encode(), "a.csv", form) == TEXTS


def test_tables_find_text_index_and_labels_by_their_names(form: Form) -> None:
    keys = list(form.keys)
    cells = ["陈晓3" if key == form.name_field else "询价、答疑" if key == "咨询类型" else "" for key in keys]
    rows: list[list[object]] = [
        ["序号", "Chat_Text", *keys],
        [7, TEXTS[0], *cells],
        [],
        [9, TEXTS[1], *[""] * len(keys)],
    ]
    for data, name in ((as_csv(rows).encode(), "a.csv"), (as_xlsx(rows), "a.xlsx")):
        found = preview_import(BytesIO(data), name, form)
        assert [chat.index for chat in found.chats] == [7, 9]
        assert found.chats[0].forms == [{**form.empty(), form.name_field: "陈晓3", "咨询类型": ["询价、答疑"]}]
        assert found.chats[0].notes == ()
        assert (found.labels, found.rows, found.rejected) == (1, 2, ())
        assert found.columns[:2] == ("序号", "Chat_Text")
        counted = preview_import(BytesIO(data), name, form, columns=TableColumns(index=BY_POSITION))
        assert [chat.index for chat in counted.chats] == [1, 2]


def test_tables_with_an_infos_column(form: Form) -> None:
    infos = json.dumps([{**form.empty(), form.name_field: "陈晓3"}], ensure_ascii=False)
    found = preview_import(
        BytesIO(as_csv([["text", "infos"], [TEXTS[0], infos], [TEXTS[1], "{"]]).encode()), "a.csv", form
    )
    assert found.chats[0].forms == [{**form.empty(), form.name_field: "陈晓3"}]
    assert [(row.index, row.reason) for row in found.rejected] == [(2, "infos 列不是合法的 JSON")]


def test_a_text_column_can_be_chosen(form: Form) -> None:
    data = as_csv([["标题", "正文"], ["a", TEXTS[0]]]).encode()
    with pytest.raises(ColumnError) as caught:
        preview_import(BytesIO(data), "a.csv", form)
    assert caught.value.columns == ("标题", "正文")
    assert texts(data, "a.csv", form, columns=TableColumns(text="正文")) == TEXTS[:1]
    with pytest.raises(ColumnError, match="没有「正」列"):
        preview_import(BytesIO(data), "a.csv", form, columns=TableColumns(text="正"))


def test_bad_rows_of_tables(form: Form) -> None:
    rows: list[list[object]] = [
        ["index", "text"],
        [1, TEXTS[0]],
        [1, TEXTS[1]],
        [0, TEXTS[1]],
        ["x", TEXTS[1]],
        [5, ""],
        [2**31, TEXTS[1]],
        ["9" * 23, TEXTS[1]],
    ]
    found = preview_import(BytesIO(as_xlsx(rows)), "a.xlsx", form)
    assert [row.index for row in found.chats] == [1]
    assert [(row.index, row.line, row.reason) for row in found.rejected] == [
        (1, 3, "index 与前面的行重复"),
        (3, 4, "编号（index）从 1 开始计数，收到 0"),
        (4, 5, "编号（index）应为整数，收到 'x'"),
        (5, 6, "chat_text 为空"),
        (6, 7, "编号（index）最大是 2147483647，收到 2147483648"),
        (7, 8, f"编号（index）最大是 2147483647，收到 {'9' * 20}…（23 位）"),
    ]
    (way_out,) = [note for note in found.notes if "--index-column -" in note]
    assert way_out.startswith("有 1 行的编号不是整数，不能导入") and "没有，按行编号" in way_out


def test_codes_of_another_program_are_no_numbers(form: Form) -> None:
    rows: list[list[object]] = [["编号", "聊天内容"], ["A1", TEXTS[0]], ["", TEXTS[1]], ["B-7", TEXTS[2]]]
    for data, name in ((as_csv(rows).encode(), "a.csv"), (as_xlsx(rows), "a.xlsx")):
        found = preview_import(BytesIO(data), name, form)
        assert ([chat.index for chat in found.chats], found.rejected) == ([1, 2, 3], ())
        assert "「编号」列里不是数字（如 A1），群聊按在文件里的位置编号，从 1 开始" in found.notes
        assert any("没有用到" in note and "编号（2 行有内容）" in note for note in found.notes)
    chosen = preview_import(BytesIO(as_csv(rows).encode()), "a.csv", form, columns=TableColumns(index="编号"))
    assert len(chosen.rejected) == 3


@pytest.mark.parametrize(
    "codes",
    [
        ("A1", "B-7", "007"),
        ("2024-01-01", "2024-01-02", "3"),
        ("138-0000", "1,2", ""),
        ("１", "２", "３"),
        ("", "", ""),
    ],
)
def test_more_codes_than_numbers_number_no_chats(form: Form, codes: tuple[str, ...]) -> None:
    rows: list[list[object]] = [["编号", "聊天内容"], *([code, text] for code, text in zip(codes, TEXTS, strict=False))]
    found = preview_import(BytesIO(as_csv(rows).encode()), "a.csv", form)
    assert ([chat.index for chat in found.chats], found.rejected) == ([1, 2, 3], ())


def test_a_cell_that_excel_has_cut_is_refused(form: Form) -> None:
    found = preview_import(BytesIO(as_xlsx([["text"], ["聊" * 32_767], [TEXTS[0]]])), "a.xlsx", form)
    assert found.rejected[0].reason.startswith("文字满了 Excel 单元格的上限")
    assert [chat.text for chat in found.chats] == TEXTS[:1]


def test_a_long_cell_of_a_csv(form: Form) -> None:
    text = "长：" + "聊" * 200_000
    assert texts(as_csv([["text"], [text]]).encode(), "a.csv", form) == [text]


def test_things_that_are_not_what_they_say(form: Form, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="不是 Excel 文件"):
        preview_import(BytesIO(b"a,b"), "a.xlsx", form)
    with pytest.raises(InputError, match="不是可读的 Excel 文件"):
        preview_import(BytesIO(b"PK\x03\x04 no archive"), "a.xlsx", form)
    with pytest.raises(InputError, match="不认识文件 a.pdf 的格式"):
        preview_import(BytesIO(b"%PDF"), "a.pdf", form)
    with pytest.raises(InputError, match="找不到文件 none.json"):
        preview_import(tmp_path / "none.json", "none.json", form)
    with pytest.raises(InputError, match="是文件夹"):
        preview_import(tmp_path, "folder", form)
    # Excel files are recognised by their content.
    assert texts(as_xlsx([["text"], [TEXTS[0]]]), "a.csv", form) == TEXTS[:1]


def test_submissions_are_told_from_chats(form: Form) -> None:
    data = json.dumps([{"infos": [form.empty()], "index": 2}, {"infos": []}]).encode()
    found = preview_import(BytesIO(data), "a.json", form)
    assert found.kind is FileKind.SUBMISSION
    assert [row.index for row in found.forms] == [2]
    assert [(row.index, row.reason) for row in found.rejected] == [(2, "缺少编号（index）")]


def test_only_the_first_rows_are_kept_and_all_are_counted(form: Form) -> None:
    data = json.dumps([{"chat_text": f"甲：{number}"} for number in range(300)]).encode()
    seen: list[float] = []
    found = preview_import(
        BytesIO(data), "a.json", form, limit=5, on_progress=lambda progress: seen.append(progress.share)
    )
    assert (found.rows, found.good, len(found.chats)) == (300, 300, 5)
    assert len(seen) == 3
    assert all(0 < share <= 1 for share in seen)
