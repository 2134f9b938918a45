"""Tables as people have them: quotes, titles, sheets, labels, other files under a table's name; all of it is named."""

import csv
import json
import zipfile
from io import BytesIO, StringIO

import pytest
from openpyxl import Workbook

from core.domain.form import items_of, load_named_form
from core.errors import InputError
from core.services.datasets import row_mending
from core.services.datasets.import_types import BY_NAME, ChatRow, ColumnError, RejectedRow, SubmissionRow, TableColumns
from core.services.datasets.row_validation_pass import RowValidationPass
from core.services.datasets.source_file import open_source

FORM = load_named_form("role_elements")
FIRST, SECOND = "林小满3：你好，怎么卖\n客服阿青：在的", "何田田5：在吗\n客服阿青：您好"
PHONE = next(field.key for field in FORM.fields if field.kind == "phone")
NAME = FORM.name_field


class Reading:
    """What came of a file: good rows, rejected ones, notes."""

    def __init__(self, data: bytes, name: str, columns: TableColumns = BY_NAME) -> None:
        with open_source(BytesIO(data), name, columns.encoding) as source:
            validation_pass = RowValidationPass(source, FORM, columns)
            is_chats = validation_pass.kind == "chats"
            self.rows: list[ChatRow | SubmissionRow] = list(
                validation_pass.chats() if is_chats else validation_pass.submissions()
            )
        self.rejected: list[RejectedRow] = validation_pass.rejected
        self.notes = "\n".join(validation_pass.notes)
        self.report = validation_pass.report

    @property
    def texts(self) -> list[str]:
        return [row.text for row in self.rows]


def csv_of(*rows: list[str], delimiter: str = ",") -> bytes:
    text = StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()


def workbook_of(**sheets: list[list[object]]) -> bytes:
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    data = BytesIO()
    book.save(data)
    return data.getvalue()


DATA: list[list[object]] = [["index", "chat_text"], [1, FIRST], [2, SECOND]]


@pytest.mark.parametrize(
    ("data", "rejected"),
    [
        ("chat_text\n林小满3：你好,想问,怎么卖\n何田田5：在吗", [(1, 2)]),
        ("index;chat_text\n1;甲一1：你好;在吗\n2;乙二2：好", [(1, 2)]),
        ('index,chat_text\n1,甲一1：屏幕5" 怎么卖\n2,乙二2：好', [(1, 2)]),
        ('index,chat_text\n1,"甲一1：你好"他说\n2,乙二2：好', [(1, 2)]),
        ('index,chat_text\n1,甲一1：好\n2,"乙二2：没写完', [(2, 3)]),
    ],
)
def test_a_row_that_is_not_sure_is_named_with_its_line(data: str, rejected: list[tuple[int, int]]) -> None:
    reading = Reading(data.encode(), "a.csv")
    assert [(row.index, row.line) for row in reading.rejected] == rejected
    assert len(reading.rows) == 1


@pytest.mark.parametrize("rest", ["3,江一舟8：发票呢\n4,白露2：问价\n", '3,"江一舟8：发票呢"\n4,白露2：问价\n'])
def test_a_quote_that_swallows_rows_is_refused_with_its_line(rest: str) -> None:
    with pytest.raises(InputError, match="第 3 行有一格的双引号没有成对"):
        Reading(f'index,chat_text\n1,林小满3：你好\n2,"何田田5：在吗\n{rest}'.encode(), "a.csv")


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;", "sep=|", "sep=\t", "sep=,"])
def test_sep_is_obeyed(first: str) -> None:
    delimiter = first.strip('"')[-1]
    data = f"{first}\r\n".encode() + csv_of(["index", "chat_text"], ["7", FIRST], ["9"], delimiter=delimiter)
    reading = Reading(data, "a.csv")
    assert [(row.index, row.text) for row in reading.rows] == [(7, FIRST)]
    assert [row.line for row in reading.rejected] == [5]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("above", [["导出时间：2024-01-02", ""], ["客户,列表；一月"], ["", ""], ["标题"] * 3])
def test_a_header_some_rows_down(delimiter: str, above: list[str]) -> None:
    data = csv_of(above, [], ["index", "chat_text"], ["1", FIRST], ["2", SECOND], delimiter=delimiter)
    reading = Reading(data, "a.csv")
    assert reading.texts == [FIRST, SECOND]
    assert ("表头在第 3 行；上面的 1 行不是数据" in reading.notes) == any(above)
    assert not any(above) or above[0] in reading.notes
    book = workbook_of(一月=[list(above), [], *DATA])
    assert Reading(book, "a.xlsx").texts == [FIRST, SECOND]


def test_a_header_that_is_pointed_at() -> None:
    data = csv_of(["报表", "一月"], ["编码", "正文"], ["a", FIRST])
    assert Reading(data, "a.csv", TableColumns(text="正文")).texts == [FIRST]


def test_label_columns_that_are_missing_or_unknown_are_named_and_the_rest_is_read() -> None:
    keys = [key for key in FORM.keys if key not in ("竞品信息", "咨询类型")]
    row = ["林小满3" if key == FORM.name_field else "" for key in keys]
    data = csv_of(["chat_text", "备注", *keys, "\u200b竞品信息 "], [FIRST, "急", *row, "无印"])
    reading = Reading(data, "a.csv")
    assert reading.rows[0].forms == [{**FORM.empty(), FORM.name_field: "林小满3", "竞品信息": "无印"}]
    assert "缺少 1 个标注列，按空处理：咨询类型" in reading.notes
    assert "没有用到" in reading.notes and "备注（1 行有内容）" in reading.notes
    data = workbook_of(一=[["chat_text", "备注", *keys, "竞品信息"], [FIRST, "急", *row, "无印"]])
    assert Reading(data, "a.xlsx").rows[0].forms == reading.rows[0].forms


def test_digits_that_excel_has_lost_are_named_by_row() -> None:
    data = csv_of(["chat_text", FORM.name_field, PHONE], [FIRST, "林小满3", "13800001111"], [SECOND, "", "1.38E+10"])
    assert "丢了位数" in Reading(data, "a.csv").notes and "：第 2 条" in Reading(data, "a.csv").notes
    book = workbook_of(一=[["chat_text", FORM.name_field, PHONE], [FIRST, "", 440106199001011234]])
    assert "有 1 行有超过 15 位的数字" in Reading(book, "a.xlsx").notes


def test_cells_that_no_column_names_are_counted() -> None:
    book = workbook_of(一=[["chat_text"], [FIRST, None, "旁注"], [SECOND]])
    reading = Reading(book, "a.xlsx")
    assert reading.texts == [FIRST, SECOND]
    assert "有 1 行在没有列名的列里写了内容，没有导入（第 2 行）" in reading.notes


def test_sheets_are_offered_and_what_is_left_out_is_said() -> None:
    book = workbook_of(封面=[["一月至二月的聊天"], ["制表：阿青"]], 一月=DATA, 空=[], 二月=[DATA[0], [3, SECOND]])
    reading = Reading(book, "a.xlsx")
    assert reading.texts == [FIRST, SECOND]
    assert (reading.report.sheet, reading.report.sheets) == ("一月", ("封面", "一月", "二月"))
    assert "没有导入工作表「二月」（2 行）" in reading.notes and "跳过了工作表「封面」（2 行" in reading.notes
    second = Reading(book, "a.xlsx", TableColumns(sheet="二月"))
    assert [(row.index, row.text) for row in second.rows] == [(3, SECOND)]
    assert "没有导入工作表「一月」（3 行）" in second.notes
    with pytest.raises(InputError, match="没有工作表「三月」。已有的工作表：封面、一月、空、二月"):
        Reading(book, "a.xlsx", TableColumns(sheet="三月"))


ODD: list[list[object]] = [["谁讲的", "啥时候", "讲了啥", "哪个群"], ["甲一1", "10月1日", "在不在", "群1"]]


def test_a_sheet_with_a_table_is_read_before_a_cover_though_no_column_is_known() -> None:
    book = workbook_of(说明=[["导出说明：内部"]], 明细=ODD)
    with pytest.raises(ColumnError) as refused:
        Reading(book, "a.xlsx")
    assert (refused.value.sheet, refused.value.sheets) == ("明细", ("说明", "明细"))
    assert refused.value.columns == ("谁讲的", "啥时候", "讲了啥", "哪个群")
    assert "这是工作表「明细」，还有 1 个工作表：说明" in refused.value.remedy and "--sheet" in refused.value.remedy
    named = Reading(book, "a.xlsx", TableColumns(text="讲了啥", sender="谁讲的", room="哪个群"))
    assert len(named.rows) == 1 and "跳过了工作表「说明」" in named.notes
    # Where every sheet is a cover or every one a table, the first is read, and the others are still named.
    for first, other in (([["甲"]], [["乙"]]), (ODD, ODD)):
        with pytest.raises(ColumnError) as refused:
            Reading(workbook_of(一=first, 二=other), "a.xlsx")
        assert refused.value.sheet == "一" and "还有 1 个工作表：二" in refused.value.remedy
    with pytest.raises(ColumnError) as refused:
        Reading(workbook_of(一=ODD), "a.xlsx")
    assert "工作表" not in refused.value.remedy and refused.value.sheets == ()


def archive(**members: str) -> bytes:
    data = BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        for name, text in members.items():
            file.writestr(name.replace("__", "/"), text)
    return data.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv", "a.txt", "a.json"])
@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (archive(word__document="<w/>"), "Word 文档"),
        (archive(ppt__slides="<p/>"), "PowerPoint"),
        (archive(mimetype="application/vnd.oasis.opendocument.text"), "ODT"),
        (archive(a="1"), "压缩包"),
        (OLE + "WordDocument\0".encode("utf-16-le"), "Word 文档（.doc）"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "图片"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "图片"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "图片"),
        (b"{\\rtf1 a}", "RTF"),
        (b"Rar!\x1a\x07", "压缩包"),
        (b"SQLite format 3\0", "SQLite"),
        (b"<!DOCTYPE html><html>", "网页"),
    ],
)
def test_a_file_is_called_what_it_is(name: str, data: bytes, kind: str) -> None:
    with pytest.raises(InputError, match=f"文件 {name} 其实是.*{kind}"):
        Reading(data, name)


@pytest.mark.parametrize("extra", [[], ["（备注）"]])
def test_our_own_table_is_not_taken_for_chats(extra: list[str]) -> None:
    header = ["群聊", "客户", *FORM.keys, "来源", "审阅人", *extra]
    row = ["1", "1", *[""] * (len(header) - 2)]
    for data, name in ((csv_of(header, row), "a.csv"), (workbook_of(客户=[list(header), list(row)]), "a.xlsx")):
        with pytest.raises(InputError, match="导出的记录表"):
            Reading(data, name)


def test_a_column_of_numbers_is_not_taken_for_chats() -> None:
    with pytest.raises(ColumnError, match="「群聊」列里都是数字"):
        Reading(csv_of(["群聊", "备注"], ["1", "a"], ["2", "b"]), "a.csv")


def test_an_answer_needs_no_text_in_a_table_either() -> None:
    reading = Reading(csv_of(["index", FORM.name_field], ["1", "林小满3"], ["2", ""]), "a.csv")
    assert [(row.index, (row.forms or [{}])[0][FORM.name_field]) for row in reading.rows] == [(1, "林小满3"), (2, "")]


@pytest.mark.parametrize("encoding", ["gbk", "GB2312", "big5", "utf-16-le"])
def test_an_encoding_can_be_chosen(encoding: str) -> None:
    data = "林小滿：電話？\n客服：好".encode("gb18030" if encoding.lower().startswith("gb") else encoding)
    if encoding == "GB2312" or encoding == "gbk":
        assert Reading(data, "a.txt", TableColumns(encoding=encoding)).texts == ["林小滿：電話？\n客服：好"]
    with pytest.raises(InputError, match="不认识文字编码「klingon」"):
        Reading(data, "a.txt", TableColumns(encoding="klingon"))
    with pytest.raises(InputError, match="不能按 utf-8 读"):
        Reading("林小满：好".encode("gbk"), "a.txt", TableColumns(encoding="utf-8"))


MESSAGES: list[list[object]] = [
    ["发送人", "时间", "内容"],
    ["林小满", "2024-01-02 10:00", "你好"],
    ["阿青", "2024-01-02 10:01", "您好"],
]


@pytest.mark.parametrize(
    "cover",
    [
        [["群聊", "装修群"], ["时间", "2024-01-03"], ["发送人", "全部"]],
        [["群聊", "装修群"], ["导出人", "张三"]],
        [["发送人", "谁发的"], ["时间", "什么时候"], ["内容", "说了什么"]],
        [["导出时间", "2024-01-03"], ["导出人", "张三"]],
    ],
)
def test_a_cover_of_names_and_values_is_no_table(cover: list[list[object]]) -> None:
    reading = Reading(workbook_of(说明=cover, 明细=MESSAGES), "a.xlsx")
    assert (reading.report.sheet, reading.report.messages) == ("明细", 2)
    assert f"跳过了工作表「说明」（{len(cover)} 行" in reading.notes
    odd = [["谁", "啥"], *([name, text] for name, _, text in MESSAGES[1:]), ["林小满", "多少钱"], ["阿青", "十元"]]
    with pytest.raises(ColumnError) as refused:
        Reading(workbook_of(说明=[["导出时间", "2024-01-03"], ["导出人", "张三"]], 明细=odd), "a.xlsx")
    assert refused.value.sheet == "明细"


@pytest.mark.parametrize(
    ("head", "first", "again"),
    [
        (["index", "chat_text"], [1, FIRST], [1, FIRST]),
        (["index", "chat_text"], [1, FIRST], ["", ""]),
        (["index", "chat_text"], [1, FIRST], [1, ""]),
        (["chat_text"], [FIRST], [FIRST]),
        (["chat_text"], [FIRST], [""]),
        (["index"], [1], [1]),
    ],
)
def test_rows_of_one_customer_each_make_one_chat(head: list[object], first: list[object], again: list[object]) -> None:
    other = [2 if name == "index" else SECOND for name in head]
    rows = [
        [*head, NAME, PHONE],
        [*first, "林小满", "1"],
        [*again, "王五", ""],
        [*again, "赵六", "3"],
        [*other, "何田田", ""],
    ]
    reading = Reading(workbook_of(a=rows), "a.xlsx")
    names = [[form[NAME] for form in row.forms or ()] for row in reading.rows]
    assert (names, reading.rejected) == ([["林小满", "王五", "赵六"], ["何田田"]], [])
    assert "有 1 条群聊的客户分写在几行（每位一行），2 行已并入同一条" in reading.notes


def test_a_row_that_repeats_everything_is_no_customer() -> None:
    row: list[object] = [1, FIRST, "林小满"]
    reading = Reading(workbook_of(a=[["index", "chat_text", NAME], row, row]), "a.xlsx")
    assert [one.reason for one in reading.rejected] == ["index 与前面的行重复"]


@pytest.mark.parametrize("between", ["\\n", "\\r\\n", "<br>", "<br />", " / ", "\x0b", "\u2028", "\x85"])
def test_line_ends_that_a_program_wrote_otherwise_part_messages(between: str) -> None:
    text = f"林小满：你好{between}阿青：您好，请问{between}林小满：多少钱"
    reading = Reading(csv_of(["chat_text"], [text]), "a.csv")
    assert reading.texts == [text.replace(between, "\n")]
    assert "聊天里的换行写成了" in reading.notes


@pytest.mark.parametrize(
    "text", ["林小满：我要 A / B 两种\n阿青：好", "林小满：路径是 C:\\new\n阿青：好", "林小满：写<br>换行\n阿青：好"]
)
def test_what_somebody_says_is_no_line_end(text: str) -> None:
    reading = Reading(csv_of(["chat_text"], [text]), "a.csv")
    assert (reading.texts, "换行" in reading.notes) == ([text], False)


def test_a_long_chat_in_lines_is_not_parsed_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand of them took two minutes instead of ten seconds."""
    monkeypatch.setattr(row_mending, "parse_chat", lambda _: pytest.fail("parsed"))
    text = "\n".join(f"林小满：第 {number} 句\\n阿青：好<br>" for number in range(40))
    assert Reading(csv_of(["chat_text"], [text]), "a.csv").texts == [text]


def test_line_ends_of_a_file_are_the_same_in_json_and_tables() -> None:
    data = json.dumps([{"chat_text": FIRST.replace("\n", "\r\n")}]).encode()
    assert Reading(data, "a.json").texts == [FIRST]


@pytest.mark.parametrize("cell", ["答疑;售前", "答疑；售前", "答疑\n售前", '["答疑","售前"]', "答疑、售前"])
def test_a_list_in_a_cell_is_split_as_people_write_it(cell: str) -> None:
    key = "咨询类型"
    reading = Reading(csv_of(["chat_text", key], [FIRST, cell]), "a.csv")
    [row] = reading.rows
    assert row.forms is not None
    assert items_of(row.forms[0][key]) == ["答疑", "售前"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('[{"chat_text": "林小满：你好\\n阿青：好"}]', "JSON"),
        ('{"role": "user", "content": "你好"}\n{"role": "assistant", "content": "好"}', "JSONL"),
        ("[图片]\n林小满：你好\n阿青：好", "TXT"),
        ("{林小满：你好}", "TXT"),
    ],
)
def test_json_under_the_name_of_a_text_is_read_as_json(text: str, kind: str) -> None:
    with open_source(BytesIO(text.encode()), "a.txt") as source:
        assert source.format == kind


def test_xml_is_called_what_it_is() -> None:
    with pytest.raises(InputError, match="其实是 XML 文件"):
        Reading(b'<?xml version="1.0"?><chat/>', "a.txt")
