"""The page 表单, driven from the app's entry: listed, made from a sample, tried, saved, gone back."""

from dataclasses import replace
from functools import partial

import pytest

from core.adapters.store import Store, queries
from core.domain.form import form_label, load_named_form
from core.domain.form.loading import FormTexts, read_form_texts
from core.services.forms import save_form_version
from core.services.forms.drafts import draft_named, keep_draft
from core.services.forms.library import form_versions
from core.ui.forms import field_table
from core.ui.forms.open_form import OpenForm
from tests.domain.form.test_loading import GOOD
from tests.factories.runs import add_dataset
from tests.pages.conftest import OpenPage
from tests.pages.finding import button, by_label, seen

PAGE = "pages/data/forms.py"
SAMPLE = '[{"报修-称呼": "张三", "报修-电话": "13900001111", "设备": ["空调"]}]'


@pytest.fixture
def page(open_page: OpenPage) -> OpenPage:
    return partial(open_page, PAGE)


def test_forms_are_listed_with_their_datasets(page: OpenPage, store: Store) -> None:
    add_dataset(store, 1)
    save_form_version(store, FormTexts(GOOD), who="王芳")
    table = page().dataframe[0].value
    assert {"role_elements", "small"} <= set(table["名字"])
    with store.read() as session:
        (dataset,) = queries.datasets(session)
    assert table[table["名字"] == "role_elements"]["数据集"].iloc[0] == dataset.name
    app = page(form="small")
    assert "小表 第 1 版" in seen(app)
    (to_import,) = [one.proto for one in app.get("page_link") if one.proto.label == "用表单导入群聊"]
    assert to_import.query_string == "form=small%401"


def test_a_form_is_made_of_a_sample_tried_and_saved(page: OpenPage, store: Store) -> None:
    app = page()
    button(app, "建立草稿").click().run()
    assert "还没有给内容" in seen(app)
    by_label(app.text_area, "或粘贴在这里").set_value(SAMPLE)
    button(app, "建立草稿").click().run()
    assert "还没有标题" in seen(app)
    by_label(app.text_input, "标题").set_value("报修")
    by_label(app.text_input, "名字").set_value("../报修")
    button(app, "建立草稿").click().run()
    assert "没有名为「../报修」的表单" in seen(app)
    by_label(app.text_input, "名字").set_value("repair")
    button(app, "建立草稿").click().run()
    assert not app.exception and app.query_params["form"] == "repair"
    assert "草稿" in seen(app)
    app.segmented_control(key="view").set_value("预览").run()
    assert not app.exception and "审阅台（只看" in seen(app) and "13900001111" not in seen(app)
    app.segmented_control(key="view").set_value("规范").run()
    by_label(app.text_area, "设备").set_value("照客户说的写").run()
    app.segmented_control(key="view").set_value("TOML 原文").run()
    source = by_label(app.text_area, "表单的 TOML")
    source.set_value(source.value.replace("points = 1", "points = 0", 1)).run()
    assert "必须是大于 0 的数" in seen(app) and "第 1 行字段「称呼」的分值" in seen(app)
    assert app.button(key="form-save").disabled
    app.button(key="form-undo").click().run()
    assert "必须是大于 0 的数" not in seen(app)
    by_label(app.text_input, "这一版改了什么").set_value("第一版").run()
    app.button(key="form-save").click().run()
    assert not app.exception
    form = load_named_form("repair@1")
    assert form.keys == ("报修-称呼", "报修-电话", "设备")
    with store.read() as session:
        assert form_versions(session, "repair")[0].note == "第一版"
        assert draft_named(session, "repair", "林晓") is None
    app.segmented_control(key="view").set_value("版本").run()
    assert "报修 第 1 版" in seen(app) and "还没有数据集用这一版" in seen(app)


def test_an_earlier_version_is_saved_as_the_next_one(page: OpenPage, store: Store) -> None:
    save_form_version(store, FormTexts(GOOD), who="王芳")
    save_form_version(store, FormTexts(GOOD.replace("小表", "大表")), who="王芳", note="改了标题")
    app = page(form="small", view="版本")
    assert "改了标题" in seen(app)
    app.button(key="form-back-small@1").click().run()
    assert not app.exception and load_named_form("small@3").title == "小表"
    assert "回到第 1 版" in seen(app)


def test_a_version_of_somebody_else_is_not_overwritten_unseen(page: OpenPage, store: Store) -> None:
    save_form_version(store, FormTexts(GOOD), who="王芳")
    keep_draft(store, "small", FormTexts(GOOD.replace("小表", "我的表")), who="林晓", base="small@1", revision=0)
    save_form_version(store, FormTexts(GOOD.replace("小表", "她的表")), who="王芳")
    app = page(form="small")
    assert "您的草稿是从更早的一版改起的" in seen(app)
    app.button(key="form-save").click().run()
    assert "刚刚有人存了新的一版" in seen(app)
    app.button(key="form-rebase").click().run()
    app.button(key="form-save").click().run()
    assert load_named_form("small@3").title == "我的表"


def test_a_guideline_of_no_field_is_kept_until_somebody_takes_it_out(page: OpenPage, store: Store) -> None:
    save_form_version(store, FormTexts(GOOD), who="王芳")
    texts = FormTexts(GOOD, '"标签" = "只选说过的"\n"生日" = "照写"\n"姓名" = ""\n')
    keep_draft(store, "small", texts, who="林晓", base="small@1", revision=0)

    def kept() -> str:
        with store.read() as session:
            draft = draft_named(session, "small", "林晓")
        assert draft is not None
        return draft.texts.guidelines

    app = page(form="small", view="规范")
    assert not app.exception and kept() == texts.guidelines, "looking at it changes nothing"
    assert by_label(app.text_area, "生日（表单里没有这个字段，清空就是删掉）").value == "照写"
    assert "表单里没有字段「生日」了，它的规范还在；删掉这一条规范，或者把字段加回来" in seen(app)
    assert app.button(key="form-save").disabled
    app.button(key="form-left-behind").click().run()
    assert "生日" not in kept() and "只选说过的" in kept() and not app.button(key="form-save").disabled
    app.button(key="form-undo").click().run()
    assert kept() == texts.guidelines


def test_deleting_a_field_takes_its_guideline_along_in_one_step(store: Store) -> None:
    texts = FormTexts(GOOD, '"标签" = "只选说过的"\n')
    opened = OpenForm("small", "small@1", 0, texts, texts)
    steps: list[FormTexts] = []
    place = next(at for at, one in enumerate(opened.tables["field"]) if one["key"] == "标签")
    told: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OpenForm, "replace", lambda _, after: steps.append(after))
        patch.setattr(field_table, "announce", lambda message, **_: told.append(message))
        field_table._remove([place])(opened)
    [after] = steps
    assert "标签" not in after.form + after.guidelines and "「标签」的标注规范" in told[0]


def test_broken_and_strange_addresses(page: OpenPage, store: Store) -> None:
    assert not page(form="nothing").exception
    assert not page(form="small", view="无").exception


def test_a_form_is_named_by_title_and_version_wherever_it_is_named(
    page: OpenPage, open_page: OpenPage, store: Store
) -> None:
    name = add_dataset(store, 1).name
    title = load_named_form("role_elements").title
    texts = read_form_texts("role_elements")
    save_form_version(store, replace(texts, form=texts.form.replace(title, f"{title}新", 1)), who="王芳")
    table = page().dataframe[0].value
    row = table[table["名字"] == "role_elements"]
    assert row["数据集"].iloc[0] == f"{name}（第 1 版）", "it uses the version before"
    box = by_label(open_page("pages/data/import_.py").selectbox, "表单")
    assert f"{title} 第 1 版" in box.options and f"{title}新 第 2 版" in box.options
    app = page(form="role_elements@2")
    assert app.query_params["form"] == "role_elements" and f"{title}新 第 2 版" in seen(app)
    assert "不存在" not in seen(app)
    assert "不存在" in seen(page(form="role_elements_2@2"))
    assert form_label("nothing@3") == "nothing@3"


def test_an_import_offers_the_forms(open_page: OpenPage, store: Store) -> None:
    save_form_version(store, FormTexts(GOOD), who="王芳")
    app = open_page("pages/data/import_.py", form="small@1")
    box = by_label(app.selectbox, "表单")
    assert box.value == "small@1" and "小表 第 1 版" in box.options
