"""The files after reports of people who do this job, one by one: what is read, and what is said of the rest."""

import os
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pytest

from core.adapters.store import Store
from core.domain.chat import parse_chat
from core.domain.form import load_named_form
from core.errors import InputError
from core.services.datasets import import_chats, import_run
from core.services.datasets.import_types import FileKind, TableColumns
from core.services.datasets.row_validation_pass import RowValidationPass
from core.services.datasets.source_file import open_source

FORM = load_named_form("role_elements")
FOLDER = Path(os.environ.get("SHIYAO_FIELD_CASES") or "field_cases-not-here")
PHONE = next(field.key for field in FORM.fields if field.kind == "phone")
A, B, C = "林小满3", "客服阿青", "何田田5"


class Case(NamedTuple):
    """What one file must come to: speakers by chat, a note, a reason why a row or the file is refused, values."""

    speakers: tuple[set[str], ...] = ()
    note: str = ""
    refused: str = ""
    values: tuple[str, ...] = ()


TWO = ({A, B},)
CASES = {
    "01_pywxdump_one_row_per_message_content.csv": Case(TWO, "4 条消息按群聊或聊天对象合成 1 条群聊"),
    "02_qq_txt_time_name_header.txt": Case(TWO),
    "02b_wechat_txt_time_name_header.txt": Case(TWO),
    "02c_wechat_mail_forward.txt": Case(TWO),
    "02e_wechat_pc_copy_name_colon_newline.txt": Case(TWO),
    "03_utf8_txt_one_NUL_even_length.txt": Case(({"南小北4", B},), "第 2 行有 1 个 NUL 字符，已去掉"),
    "03c_utf8_json_raw_NUL.json": Case(({C, B},), "有 1 个 NUL 字符，已去掉"),
    "04_json_20digit_extra_id.json": Case(({A, B}, {C, B}), "没有用到的字段，内容不导入：MsgSvrID"),
    "04c_submission_phone_float_pandas.json": Case((), "收到数字，已转成文本", values=("13800001111",)),
    "05_submission_NaN.json": Case((), "有 NaN 或 Infinity（没有这样的值），按空处理", values=("",)),
    "05b_submission_NaN.jsonl": Case((), "有 NaN 或 Infinity（没有这样的值），按空处理", values=("",)),
    "06_json_lone_surrogate_in_chat.json": Case(({A, B}, {C, B}), "有半个表情符号"),
    "06b_jsonl_lone_surrogate_in_chat.jsonl": Case(({A, B}, {C, B}), "有半个表情符号"),
    "07_submission_duplicate_keys.json": Case((), "同一个字段写了两次", values=("13800001111",)),
    "08_csv_unquoted_commas_one_column.csv": Case(refused="（第 2 行）：格数比表头多"),
    "08c_csv_unclosed_quote.csv": Case(refused="第 3 行有一格的双引号没有成对"),
    "08d_csv_sep_line.csv": Case(TWO),
    "09_csv_labels_phone_scientific.csv": Case(TWO, "在 Excel 里丢了位数", values=("1.38E+10",)),
    "09b_csv_labels_one_column_missing.csv": Case(TWO, "缺少 1 个标注列，按空处理：竞品信息", values=("13800001111",)),
    "10_xlsx_two_data_sheets.xlsx": Case(TWO, "没有导入工作表「二月」（3 行）"),
    "10f_docx_really.docx": Case(refused="它是 Word 文档"),
    "11_submission_zero_based.json": Case(refused="从 0"),
    "12_traditional_gbk.txt": Case(({"陳大文6", B},)),
    "12f_concatenated_bom.jsonl": Case(({A, B}, {C, B})),
    "13_txt_zero_width_and_bidi.txt": Case(TWO),
    "13b_txt_phone_spellings.txt": Case(
        ({"甲一1", "乙二2", "丙三3", "丁四4", "戊五5", "己六6", "庚七7", "辛八8", "壬九9", B},)
    ),
    "14_half_colon_chat_with_one_full_colon.txt": Case(({A, B, C},)),
    "15_json_line_separators.json": Case(TWO),
    "16_labels_formula.json": Case(
        ({A, B}, {C, B}), "写的是“null”，按空处理", values=("+86-138-0000-1111", "075500001111")
    ),
    "21b_csv_title_row_above_header.csv": Case(TWO, "表头在第 2 行；上面的 1 行不是数据"),
}


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the files are not here (SHIYAO_FIELD_CASES)")
@pytest.mark.parametrize("name", CASES)
def test_a_file_as_people_have_it(name: str, store: Store) -> None:
    case = CASES[name]
    data = (FOLDER / name).read_bytes()
    try:
        with open_source(BytesIO(data), name) as source:
            reading = RowValidationPass(source, FORM, TableColumns())
            is_chats = reading.kind is FileKind.CHATS
            rows = list(reading.chats() if is_chats else reading.submissions())
    except InputError as error:
        assert case.refused and case.refused in str(error)
        return
    if not is_chats:
        chats = [f'{{"chat_text": "{A}：第 {n} 条\\\\n{B}：好"}}' for n in range(1, 5)]
        import_chats(store, BytesIO("\n".join(chats).encode()), filename="a.jsonl", dataset="数据")
        if case.refused:
            with pytest.raises(InputError, match=case.refused):
                import_run(store, BytesIO(data), filename=name, dataset="数据", run="甲")
            return
    if case.refused:
        assert rows == [] and all(case.refused in str(row) for row in reading.rejected[:1])
        return
    if is_chats:
        speakers = [set(parse_chat(row.text).speakers) for row in rows]
        assert speakers == list(case.speakers)
    assert case.note in "\n".join(reading.notes)
    phones = tuple(form[PHONE] for row in rows for form in row.forms or ())
    assert phones == case.values or not case.values


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the files are not here (SHIYAO_FIELD_CASES)")
def test_every_file_has_its_case() -> None:
    assert sorted(CASES) == sorted(path.name for path in FOLDER.iterdir() if path.name != "README.md")
