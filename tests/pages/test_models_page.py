"""The page 模型, driven from the app's entry."""

from functools import partial

import pytest

from core.adapters.llm import SpecSource
from core.adapters.store import Store
from core.adapters.store.models import ModelEntry
from core.services.extraction import models as model_catalog
from tests.fakes.behaviour import Answer, Failure
from tests.fakes.openai_server import API_KEY, FakeOpenAI
from tests.pages.conftest import OpenPage
from tests.pages.finding import by_label, seen

PAGE = "pages/extract/models.py"
KEY = "MY_SERVICE_API_KEY"


@pytest.fixture
def page(open_page: OpenPage) -> OpenPage:
    return partial(open_page, PAGE)


def test_every_model_says_whether_it_can_be_called(page: OpenPage) -> None:
    app = page()
    table = app.dataframe[0].value.set_index("名称")
    assert table.loc["rules.v1", "密钥"] == table.loc["rules.v1", "密钥"] == "不需要"
    assert (table.loc["generalv3.5", "密钥"], table.loc["generalv3.5", "单价"]) == ("未配置", "未知")
    assert table.loc["patchv3", "密钥"] == "模板"
    # What can be called stands first, and is what the page opens with.
    assert table.index[0] == "rules.v1"
    app = by_label(app.button, "测试连接").click().run()
    assert "连接正常" in seen(app)
    assert "还缺 服务方的名称（model）、patch_id" in seen(page(model="spark-maas"))


def test_a_learned_model_says_its_version_in_words(page: OpenPage, store: Store) -> None:
    with store.write() as session:
        session.add(ModelEntry(name="学来的", title="学来的", provider="learned", parameters={"digest": "d10dec42"}))
    text = seen(page(model="学来的"))
    assert "<dt>版本（摘要）</dt><dd>d10dec42</dd>" in text and "digest" not in text and "附加参数" not in text


def test_a_model_is_made_tested_changed_and_deleted(
    page: OpenPage, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHIYAO_KEY_HOSTS", f"{KEY}=")
    with FakeOpenAI([Answer("可用"), Failure(status=429)]) as service:
        app = page(do="new")
        by_label(app.text_input, "名称").set_value("my-service")
        by_label(app.text_input, "服务方的名称").set_value("m1")
        by_label(app.text_input, "地址").set_value(service.url)
        by_label(app.text_input, "密钥变量").set_value(KEY)
        by_label(app.number_input, "提问单价（元/千 token）").set_value(0.002)
        by_label(app.text_area, "附加参数").set_value('{"temperature": 0.2}')
        app = by_label(app.button, "保存").click().run()
        assert not app.exception
        made = model_catalog.models(store)[0]
        assert (made.source, made.api_name, made.price_in, made.price_out) == (SpecSource.DATABASE, "m1", 0.002, None)
        assert "缺少环境变量 MY_SERVICE_API_KEY" in seen(app)
        assert by_label(app.button, "测试连接").disabled

        monkeypatch.setenv(KEY, API_KEY)
        app = page(model="my-service")
        assert "0.002 / ? 元" in seen(app)
        app = by_label(app.button, "测试连接").click().run()
        assert "可用" in seen(app)
        assert "连接正常" in seen(app)
        app = by_label(app.button, "测试连接").click().run()
        assert "调用模型服务过于频繁（HTTP 429）" in seen(app)
        assert service.requests[0]["temperature"] == 0.2
        assert API_KEY not in seen(app)

    app = by_label(app.button, "修改").click().run()
    by_label(app.text_input, "备注").set_value("第二个")
    by_label(app.number_input, "回答单价（元/千 token）").set_value(0.008)
    app = by_label(app.button, "保存").click().run()
    assert model_catalog.models(store)[0].note == "第二个"
    assert "0.002 / 0.008 元" in seen(app)
    confirm = next(button for button in app.button if button.key == "models-delete-my-service")
    app = confirm.click().run()
    assert not app.exception
    assert all(spec.source == SpecSource.FILE for spec in model_catalog.models(store))


def test_a_shipped_model_is_overridden_by_a_copy(page: OpenPage, store: Store) -> None:
    app = page(model="generalv3.5")
    assert not [button for button in app.button if button.label == "修改"]
    app = by_label(app.button, "复制").click().run()
    assert by_label(app.text_input, "名称").value == "generalv3.5"
    by_label(app.number_input, "提问单价（元/千 token）").set_value(0.03)
    app = by_label(app.button, "保存").click().run()
    assert not app.exception
    assert [spec.price_in for spec in model_catalog.models(store) if spec.name == "generalv3.5"] == [0.03]
    assert "自建" in seen(app)


def test_a_pasted_key_is_refused_and_not_shown(page: OpenPage, store: Store) -> None:
    app = page(do="new")
    by_label(app.text_input, "名称").set_value("x")
    by_label(app.text_input, "密钥变量").set_value("sk-pasted-by-mistake")
    app = by_label(app.button, "保存").click().run()
    assert "不要填密钥本身" in seen(app)
    assert "sk-pasted-by-mistake" not in seen(app)
    by_label(app.text_input, "密钥变量").set_value("")
    by_label(app.text_area, "附加参数").set_value("{oops")
    app = by_label(app.button, "保存").click().run()
    assert "附加参数第 1 行第 2 列不是合法的 JSON" in seen(app)
    for text, sentence in {
        "[" * 9_000: "附加参数嵌套太深",
        '{"a": ' + "9" * 5_000 + "}": "附加参数里有一个数字太大",
        '{"max_tokens": "many"}': "max_tokens 应为整数",
        '{"temperature": 1e999}': "附加参数里有一个数字太大",
    }.items():
        by_label(app.text_area, "附加参数").set_value(text)
        app = by_label(app.button, "保存").click().run()
        assert not app.exception
        assert sentence in seen(app)
    assert all(spec.source == SpecSource.FILE for spec in model_catalog.models(store))


def test_a_key_that_may_not_go_there_is_refused_on_the_form(page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", API_KEY)
    app = page(do="new")
    by_label(app.text_input, "名称").set_value("x")
    by_label(app.text_input, "地址").set_value("https://evil.example/v1")
    by_label(app.text_input, "密钥变量").set_value("GITHUB_TOKEN")
    app = by_label(app.button, "保存").click().run()
    assert "密钥变量「GITHUB_TOKEN」不在允许的名单里" in seen(app)
    # Nothing that was typed is lost.
    assert by_label(app.text_input, "地址").value == "https://evil.example/v1"
    by_label(app.text_input, "密钥变量").set_value("DEEPSEEK_API_KEY")
    app = by_label(app.button, "保存").click().run()
    assert "密钥 DEEPSEEK_API_KEY 不允许发往 evil.example:443" in seen(app)


def test_an_old_entry_with_a_foreign_key_cannot_be_tested(
    page: OpenPage, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", API_KEY)
    with store.write() as session:
        session.add(ModelEntry(name="old", provider="openai", url="https://evil.example/v1", key_env="GITHUB_TOKEN"))
    app = page(model="old")
    assert "不在允许的名单里" in seen(app)
    assert by_label(app.button, "测试连接").disabled
    assert app.dataframe[0].value.set_index("名称").loc["old", "密钥"] == "不允许"
