"""The pages 导入 and 数据集, driven from the app's entry."""

import json
import tomllib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from streamlit.testing.v1 import AppTest

from core.adapters.store import Store, queries
from core.domain.form import Form
from core.services.datasets import import_chats, list_datasets
from core.ui.data import import_preview
from tests.factories import hostile_files
from tests.pages.conftest import OpenPage
from tests.pages.finding import by_label, seen

IMPORT, DATASETS = "pages/data/import_.py", "pages/data/datasets.py"


def upload(app: AppTest, data: Any, name: str = "train.json") -> AppTest:
    raw = data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()
    return app.file_uploader[0].upload(name, raw, "application/octet-stream").run()


def chats(form: Form, count: int = 3) -> list[dict[str, Any]]:
    return [
        {"chat_text": f"林木{n}：第 {n} 条\n客服小何：好", "infos": [{**form.empty(), form.name_field: f"林木{n}"}]}
        for n in range(1, count + 1)
    ]


def test_a_file_is_shown_and_then_imported(open_page: OpenPage, store: Store, form: Form) -> None:
    app = upload(open_page(IMPORT), [*chats(form), {"chat_text": ""}])
    assert not app.exception
    assert "3 条群聊，3 条有标注，3 张表单" in seen(app)
    assert by_label(app.expander, "不能导入 1 条").dataframe[0].value.to_dict("records") == [
        {"序号": 4, "原因": "chat_text 为空"}
    ]
    assert list_datasets(store) == []
    by_label(app.button, "导入").click().run()
    assert not app.exception
    assert "数据集「train」：共 4 条，新增 3，已有 0，标注 3" in seen(app)
    (found,) = list_datasets(store)
    assert (found.dataset.name, found.dataset.split, found.dataset.chats, found.labels) == ("train", "train", 3, 3)
    # The uploader is empty again, the report stays.
    assert not any(widget.label == "导入" for widget in app.button)


def test_another_sheet_can_be_chosen(open_page: OpenPage, store: Store) -> None:
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, text in (("一月", "林木1：一\n客服小何：好"), ("二月", "林木2：二\n客服小何：好")):
        sheet = book.create_sheet(title)
        sheet.append(["chat_text"])
        sheet.append([text])
    data = BytesIO()
    book.save(data)
    app = upload(open_page(IMPORT), data.getvalue(), "a.xlsx")
    assert "没有导入工作表「二月」（2 行）" in seen(app)
    by_label(app.selectbox, "工作表（共 2 个，只导入一个）").set_value("二月").run()
    by_label(app.button, "导入").click().run()
    assert not app.exception
    with store.read() as session:
        (dataset,) = queries.datasets(session)
        assert [chat.text for chat in queries.chats(session, dataset.id)] == ["林木2：二\n客服小何：好"]


def test_a_file_whose_columns_are_unknown_offers_its_sheets(open_page: OpenPage) -> None:
    book = Workbook()
    book.worksheets[0].title = "说明"
    book.worksheets[0].append(["导出说明：内部"])
    sheet = book.create_sheet("明细")
    for row in (["谁讲的", "讲了啥"], ["林木1", "在不在"], ["小何", "在的"]):
        sheet.append(row)
    data = BytesIO()
    book.save(data)
    app = upload(open_page(IMPORT), data.getvalue(), "a.xlsx")
    offered = by_label(app.selectbox, "工作表（共 2 个，只导入一个）")
    assert offered.options == ["自动：明细", "说明", "明细"]
    assert "这是工作表「明细」，还有 1 个工作表：说明" in seen(app)
    offered.set_value("说明").run()
    assert "这是工作表「说明」，还有 1 个工作表：明细" in seen(app)
    by_label(app.selectbox, "工作表（共 2 个，只导入一个）").set_value("").run()
    by_label(app.selectbox, "聊天文本列").set_value("讲了啥").run()
    by_label(app.selectbox, "发送人列").set_value("谁讲的").run()
    assert not app.exception and by_label(app.button, "导入")


def test_a_name_on_several_sides_is_said_where_the_sides_are_counted(open_page: OpenPage) -> None:
    texts = ("林木1：请问怎么卖\n客服小何：您好，在的", "客服小何：在吗，请问怎么卖\n阿青客服：您好，亲，在的")
    app = upload(open_page(IMPORT), [{"chat_text": text} for text in texts])
    (title,) = (one.label for one in app.expander if "发言人" in one.label)
    assert title == "发言人 3 位：客户 2，客服 2（1 位在不同群聊里分属几方，每方各算一次）"


def test_the_limit_of_an_upload_is_one_that_streamlit_shows_as_it_is() -> None:
    # More than half of a unit is shown as one of the next; its units are of 1,000, those of the setting of 1,024.
    settings = tomllib.loads((Path(__file__).parents[2] / ".streamlit/config.toml").read_text(encoding="utf-8"))
    assert settings["server"]["maxUploadSize"] << 20 <= 500_000_000


def test_an_encoding_can_be_chosen(open_page: OpenPage) -> None:
    app = upload(open_page(IMPORT), "林木1：你好\n客服小何：好".encode("gbk"), "a.txt")
    by_label(app.selectbox, "文字编码").set_value("big5").run()
    assert not app.exception
    assert "不能按 big5 读" in seen(app) or "Big5" in seen(app)
    by_label(app.selectbox, "文字编码").set_value("").run()
    assert "GBK" in seen(app)


def test_a_submission_becomes_a_run_of_the_dataset(open_page: OpenPage, store: Store, form: Form) -> None:
    submission = [{"infos": [form.empty()], "index": 2}]
    app = upload(open_page(IMPORT), submission, "基线.json")
    assert "请先导入它所属的群聊" in seen(app)
    import_chats(store, BytesIO(json.dumps(chats(form)).encode()), filename="a.json", dataset="数据")
    app = upload(open_page(IMPORT), submission, "基线.json")
    by_label(app.button, "导入").click().run()
    assert not app.exception
    assert "抽取任务「基线」：共 1 条，新增 1" in seen(app)
    with store.read() as session:
        assert queries.run(session, "基线").kind == "import"


def test_labels_alone_attach_to_a_dataset(open_page: OpenPage, store: Store, form: Form) -> None:
    bare = [{"chat_text": row["chat_text"]} for row in chats(form)]
    import_chats(store, BytesIO(json.dumps(bare).encode()), filename="a.json", dataset="数据")
    app = upload(open_page(IMPORT), chats(form), "labels.json")
    group = next(group for group in app.get("button_group") if group.label == "做什么")
    group.set_value("只把标注附到已有的数据集").run()
    by_label(app.button, "导入").click().run()
    assert not app.exception
    (found,) = list_datasets(store)
    assert (found.dataset.name, found.labels, found.runs) == ("数据", 3, 0)


def test_bad_files_are_one_sentence(open_page: OpenPage, store: Store) -> None:
    app = upload(open_page(IMPORT), b'[{"chat_text": "a"', "x.json")
    assert not app.exception
    assert [error.value for error in app.error] == [
        "文件 x.json 在第 1 行中断，没有写完。文件可能下载或复制不完整，请重新取得"
    ]
    assert not any(widget.label == "导入" for widget in app.button)


def test_a_table_asks_for_its_column(open_page: OpenPage, store: Store) -> None:
    app = upload(open_page(IMPORT), "标题,正文\na,林木1：你好\n".encode("gbk"), "x.csv")
    assert "找不到聊天文本列" in app.error[0].value
    by_label(app.selectbox, "聊天文本列").set_value("正文").run()
    assert not app.error
    assert "1 条群聊，没有标注" in seen(app)
    assert "GBK" in seen(app)


def test_a_pasted_chat(open_page: OpenPage, store: Store) -> None:
    app = open_page(IMPORT)
    next(group for group in app.get("button_group") if group.label == "来源").set_value("粘贴聊天").run()
    by_label(app.button, "导入").click().run()
    assert "还没有粘贴聊天内容" in app.error[0].value
    by_label(app.text_area, "聊天内容").set_value("林木1：你好").run()
    assert "1 条消息 · 1 位发言人 · TXT" in seen(app)
    assert not list_datasets(store)
    by_label(app.button, "导入").click().run()
    assert not app.exception
    assert [(found.dataset.name, found.dataset.chats) for found in list_datasets(store)] == [("粘贴的群聊", 1)]


def test_no_datasets_yet(open_page: OpenPage) -> None:
    app = open_page(DATASETS)
    assert not app.exception
    assert "还没有数据集" in seen(app)


def test_the_list_and_its_chats(open_page: OpenPage, store: Store, form: Form) -> None:
    import_chats(store, BytesIO(json.dumps(chats(form, 60)).encode()), filename="a.json", dataset="数据")
    app = open_page(DATASETS)
    assert not app.exception
    assert app.dataframe[0].value.iloc[0].to_dict() | {"导入时间": ""} == {
        "名称": "数据",
        "表单": "客户要素 第 1 版",
        "用途": "其他",
        "群聊": 60,
        "未导入": 0,
        "已确认": 0,
        "标注": 60,
        "抽取任务": 0,
        "导入时间": "",
    }
    assert list(app.dataframe[1].value["序号"]) == list(range(1, 51))
    app.get("pagination")[0].set_value(2).run()
    assert list(app.dataframe[1].value["序号"]) == list(range(51, 61))


def test_deleting_asks_for_the_name(open_page: OpenPage, store: Store, form: Form) -> None:
    import_chats(store, BytesIO(json.dumps(chats(form)).encode()), filename="a.json", dataset="数据")
    app = open_page(DATASETS)
    delete = by_label(app.button, "删除")
    assert delete.disabled
    by_label(app.text_input, "输入数据集名称").set_value("数").run()
    assert by_label(app.button, "删除").disabled
    by_label(app.text_input, "输入数据集名称").set_value("数据").run()
    by_label(app.button, "删除").click().run()
    assert not app.exception
    assert list_datasets(store) == []
    assert "还没有数据集" in seen(app)


def test_a_file_that_asks_for_too_much_is_one_sentence(open_page: OpenPage, store: Store, form: Form) -> None:
    app = upload(open_page(IMPORT), hostile_files.two_corners(), "a.xlsx")
    assert not app.exception
    (error,) = app.error
    assert "超过 5,000,000 格的上限" in error.value
    app = upload(open_page(IMPORT), chats(form))
    assert "3 条群聊，3 条有标注" in seen(app)


def test_a_file_of_bad_rows_shows_the_first_ones(open_page: OpenPage, store: Store) -> None:
    app = upload(open_page(IMPORT), b"{}\n" * 20_000, "a.jsonl")
    assert not app.exception
    rejected = by_label(app.expander, "不能导入 20,000 条")
    assert len(rejected.dataframe[0].value) == 1_000
    assert "这里只显示前 1,000 条" in seen(app)


def test_a_refused_file_is_read_once(open_page: OpenPage, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[str] = []
    real = import_preview.preview_import

    def counted(source: Any, name: str, *more: Any, **options: Any) -> Any:
        reads.append(name)
        return real(source, name, *more, **options)

    monkeypatch.setattr(import_preview, "preview_import", counted)
    app = upload(open_page(IMPORT), b"PK\x03\x04 no workbook", "a.xlsx")
    for _ in range(3):
        (error,) = app.error
        assert "a.xlsx" in error.value
        app = app.run()
    assert reads == ["a.xlsx"]
    app = upload(app, "甲,乙\n1,2\n".encode(), "b.csv")
    for _ in range(2):
        assert "已有的列" in app.error[0].value and by_label(app.selectbox, "聊天文本列")
        app = app.run()
    assert reads == ["a.xlsx", "b.csv"]


def columns_box_is_open(app: AppTest) -> None:
    [box] = [one for one in app.expander if one.label == "列的对应"]
    assert box.proto.expanded


def test_a_table_of_messages_is_previewed_and_its_columns_are_kept(open_page: OpenPage, store: Store) -> None:
    rows = ["谁,说,何时", "甲,你好,2024-01-02 10:21", "乙,您好,2024-01-02 10:22", "甲,在吗,2024-01-03 10:22"]
    app = upload(open_page(IMPORT), "\n".join(rows).encode(), "a.csv")
    columns_box_is_open(app)
    by_label(app.selectbox, "聊天文本列").select("说").run()
    columns_box_is_open(app)
    by_label(app.selectbox, "发送人列").select("谁").run()
    by_label(app.selectbox, "时间列").select("何时").run()
    columns_box_is_open(app)
    assert "1 条群聊" in seen(app)
    assert "3 条消息" in seen(app)
    app.number_input[0].set_value(60).run()
    assert "2 条群聊" in seen(app)
    by_label(app.text_input, "把这次的列的对应存为").input("夜班").run()
    by_label(app.button, "存下").click().run()
    assert not app.exception
    app = upload(open_page(IMPORT), "\n".join([*rows, "乙,在,2024-01-03 10:23"]).encode(), "b.csv")
    by_label(app.button, "采用已存的列的对应「夜班」").click().run()
    assert not app.exception
    assert "2 条群聊" in seen(app)
    assert "4 条消息" in seen(app)


@pytest.mark.parametrize(
    ("name", "raw"),
    [("说明.docx", b"PK\x03\x04" + b"word/document.xml" * 3), ("图.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 32)],
)
def test_any_file_is_taken_and_a_wrong_one_is_called_what_it_is(open_page: OpenPage, name: str, raw: bytes) -> None:
    app = upload(open_page(IMPORT), raw, name)
    assert not app.exception
    assert [error.value for error in app.error if name in error.value.replace("\\", "")]


def test_where_no_row_can_go_in_none_is_promised(open_page: OpenPage) -> None:
    app = upload(open_page(IMPORT), "index,chat_text\n1,甲：你好,乙\n2,乙：在,吗\n".encode(), "t.csv")
    assert [box.label for box in app.expander if "没有可以导入的" in box.label]
    assert not [box.label for box in app.expander if "其余照常导入" in box.label]


MESSAGES = ["谁,说,何时,群", "甲,你好,2024-01-02 10:21,A", "乙,您好,2024-01-02 10:22,A", "甲,在吗,2024-01-03 10:22,B"]


def test_a_choice_reads_the_file_again_and_keeps_the_others(open_page: OpenPage) -> None:
    app = upload(open_page(IMPORT), "\n".join(MESSAGES).encode("gbk"), "a.csv")
    by_label(app.selectbox, "文字编码").set_value("gb18030").run()
    by_label(app.selectbox, "聊天文本列").select("说").run()
    by_label(app.selectbox, "发送人列").select("谁").run()
    by_label(app.selectbox, "时间列").select("何时").run()
    by_label(app.selectbox, "群聊或会话列").select("群").run()
    assert "2 条群聊" in seen(app) and "3 条消息 · 2 位发言人" in seen(app).replace("\\", "")
    by_label(app.selectbox, "消息怎样合成群聊").select("none").run()
    assert "1 条群聊" in seen(app)
    by_label(app.selectbox, "文字编码").set_value("big5").run()
    by_label(app.selectbox, "文字编码").set_value("gb18030").run()
    assert not app.error and "1 条群聊" in seen(app)
    assert by_label(app.selectbox, "消息怎样合成群聊").value == "none"
    assert by_label(app.selectbox, "群聊或会话列").value == "群"
    by_label(app.button, "都改回自动识别").click().run()
    assert "找不到聊天文本列" in app.error[0].value


def test_what_an_import_would_do_is_said_before_the_click(open_page: OpenPage, store: Store, form: Form) -> None:
    app = upload(open_page(IMPORT), [*chats(form), {"chat_text": ""}])
    assert "新建数据集「**train**」：**新增 3** · 已有 0（不变） · 不能导入 1" in seen(app)
    import_chats(store, BytesIO(json.dumps(chats(form, 2)).encode()), filename="a.json", dataset="数据")
    rows = [*chats(form, 3), {"chat_text": ""}]
    rows[0] = {"chat_text": "另一条：你好\n客服小何：好"}
    app = upload(open_page(IMPORT), rows)
    by_label(app.selectbox, "数据集（选已有的").set_value("数据").run()
    assert "加到已有的数据集「**数据**」（现有 2 条群聊）：**新增 1** · 已有 1（不变） · 不能导入 2" in seen(app)
    assert "之后共 3 条" in seen(app)
    refused = by_label(app.expander, "不能导入 2 条").dataframe[0].value.to_dict("records")
    assert [row["序号"] for row in refused] == [1, 4]


def test_what_the_dataset_makes_of_a_file_is_said_as_the_command_line_says_it(
    open_page: OpenPage, store: Store, form: Form
) -> None:
    import_chats(store, BytesIO(json.dumps(chats(form)).encode()), filename="a.json", dataset="train")
    other = [{"chat_text": f"王五{n}：在吗\n客服小何：在的"} for n in range(2)]
    app = upload(open_page(IMPORT), other)
    report = import_chats(
        store, BytesIO(json.dumps(other).encode()), filename="train.json", dataset="train", dry_run=True
    )
    existing, *notes = report.notes
    assert any("没有编号" in note for note in notes)
    assert all(note in seen(app) for note in notes)
    assert existing not in seen(app) and "加到已有的数据集「**train**」（现有 3 条群聊）" in seen(app)
    # Forms that fit no chat of the dataset.
    values = {**form.empty(), form.name_field: "周遥远", form.keys[1]: "13911112222"}
    app = upload(open_page(IMPORT), [{"infos": [values], "index": 2}], "结果.json")
    assert "其中 2 条在这个文件里没有结果" in seen(app)


def test_a_room_that_was_changed_is_named_before_the_click(open_page: OpenPage, store: Store) -> None:
    said = ["你好", "您好", "多少钱", "十元"]

    def room(words: list[str]) -> bytes:
        rows = [f"群,2024-01-02 10:{at:02},{'林小满' if at % 2 else '阿青'},{one}" for at, one in enumerate(words)]
        return "\n".join(["群聊,时间,发送人,内容", *rows]).encode()

    import_chats(store, BytesIO(room(said)), filename="a.csv", dataset="a")
    app = upload(open_page(IMPORT), room([*said[:3], "二十元", "好"]), "a.csv")
    shown = seen(app)
    assert (
        "有 1 条是已有群聊再次导出的：第 1 条：原来的第 4 条消息改过，后面多 1 条消息（不能续写，另存为第 2 条）"
        in shown
    )
    by_label(app.button, "导入").click().run()
    assert "数据集现在共 2 条群聊" in seen(app)


def test_chats_without_speakers_are_named_in_red(open_page: OpenPage) -> None:
    app = upload(
        open_page(IMPORT), [{"chat_text": "今天天气不错\n我们去散步"}, {"chat_text": "林木1：你好\n客服小何：好"}]
    )
    assert ":red[**1 条认不出发言人**：第 1 条" in seen(app)
    assert app.dataframe[0].value["发言人"].to_list() == ["认不出发言人", "林木1（客户，1 条）、客服小何（客服，1 条）"]


def test_an_import_is_taken_back_on_the_page(open_page: OpenPage, store: Store, form: Form) -> None:
    import_chats(store, BytesIO(json.dumps(chats(form)).encode()), filename="一月.json", dataset="数据")
    app = upload(open_page(IMPORT), "林木9：你好\n客服小何：好".encode(), "补.txt")
    by_label(app.selectbox, "数据集（选已有的").set_value("数据").run()
    by_label(app.button, "导入").click().run()
    assert "撤销后删去：1 条群聊" in seen(app)
    by_label(app.button, "确认撤销").click().run()
    assert not app.exception and "这次导入已撤销" in seen(app)
    assert list_datasets(store)[0].dataset.chats == 3
    app = open_page(DATASETS)
    history = by_label(app.expander, "导入记录（2 次）").dataframe[0].value
    assert history["文件"].to_list() == ["补.txt", "一月.json"]
    assert history["状态"].to_list() == ["已撤销（林晓）", ""]


def test_our_own_table_is_led_to_where_it_comes_back(open_page: OpenPage, form: Form) -> None:
    header = ",".join(["群聊", "客户", "来源", "审阅人", *form.keys])
    app = upload(open_page(IMPORT), f"{header}\n1,1{',' * (len(form.keys) + 2)}\n".encode(), "表.csv")
    assert "带回改过的表格" in app.error[0].value
    assert any("带回改过的表格" in link.proto.label for link in app.get("page_link"))
