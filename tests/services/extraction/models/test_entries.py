"""Models as entries: shipped, own, overridden; checked on the way in, and used by runs."""

from pathlib import Path

import pytest

from core.adapters.llm import ModelSpec, SpecSource, connect, presets
from core.adapters.store import Store, queries
from core.adapters.store.models import RunStatus, TrainingSet
from core.errors import ConflictError, NotFoundError, RunError, SettingsError
from core.services.extraction import models as model_catalog
from core.services.extraction import runs as run_service
from core.services.extraction.models.validation import ModelDraft
from tests.factories.runs import add_dataset
from tests.fakes.openai_server import API_KEY, FakeOpenAI
from tests.fakes.spark_server import FakeSpark

OWN = {"name": "我的微调", "title": "第三版", "provider": "spark", "model": "patchv3", "parameters": {"patch_id": "88"}}


def spark_keys(spark: FakeSpark, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in spark.environment().items():
        if name not in ("SPARKAI_URL", "SPARKAI_DOMAIN"):
            monkeypatch.setenv(name, value)


def test_every_shipped_entry_is_a_valid_one() -> None:
    names = [preset.name for preset in presets()]
    assert len(set(names)) == len(names)
    for preset in presets():
        values = {key: value for key, value in preset.as_dict().items() if key in ModelDraft.model_fields}
        assert ModelDraft(**values).url == preset.url
        assert ModelSpec.from_dict(preset.as_dict()) == preset


def test_an_own_entry_is_kept_changed_and_deleted(store: Store) -> None:
    made = model_catalog.create(store, **OWN)
    assert (made.source, made.api_name, made.title) == (SpecSource.DATABASE, "patchv3", "第三版")
    assert model_catalog.models(store)[0] == made
    changed = model_catalog.update(store, made.id or 0, price_in=0.03, note="好")
    assert (changed.price_in, changed.note, changed.parameters) == (0.03, "好", {"patch_id": "88"})
    model_catalog.delete(store, made.id or 0)
    assert [spec.name for spec in model_catalog.models(store)] == [preset.name for preset in presets()]
    with pytest.raises(NotFoundError):
        model_catalog.delete(store, made.id or 0)


def test_a_copy_of_the_same_name_stands_before_the_shipped_one(store: Store) -> None:
    shipped = next(preset for preset in presets() if preset.name == "generalv3.5")
    model_catalog.create(store, name="generalv3.5", provider="spark", url=shipped.url, price_in=0.03, price_out=0.03)
    found = [spec for spec in model_catalog.models(store) if spec.name == "generalv3.5"]
    assert [(spec.source, spec.price_in) for spec in found] == [(SpecSource.DATABASE, 0.03)]
    with pytest.raises(ConflictError, match="已经有名为「generalv3.5」的模型"):
        model_catalog.create(store, name="generalv3.5", provider="spark")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": " "}, "名称：没有填写"),
        ({"provider": "gemini"}, "没有名为「gemini」的服务"),
        ({"concurrency": 0}, "并发数：太小"),
        ({"price_in": -1}, "提问单价：太小"),
        ({"price_in": float("nan")}, "提问单价"),
        ({"url": "https://spark.example"}, "应以 wss:// 开头"),
        ({"url": "wss://user:pw@spark.example"}, "不能包含密钥"),
        ({"url": "wss://spark.example/?api_key=1"}, "不能包含密钥"),
        ({"key_env": "sk-0123456789abcdef"}, "不要填密钥本身"),
        ({"key_env": "SHIYAO_DATABASE_PASSWORD"}, "不要填密钥本身"),
        ({"parameters": {"extra": {"api_key": "1"}}}, "不能包含「api_key」"),
        ({"training_set_id": 7}, "训练集已不存在"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(store: Store, changes: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        model_catalog.create(store, **{**OWN, **changes})
    assert said in str(caught.value)
    assert "sk-0123456789abcdef" not in str(caught.value)
    assert all(spec.source == SpecSource.FILE for spec in model_catalog.models(store))


def test_an_entry_outlives_its_training_set(store: Store) -> None:
    with store.write() as session:
        row = TrainingSet(name="t", format="spark", sha256="0")
        session.add(row)
        session.flush()
        set_id = row.id
    made = model_catalog.create(store, **OWN, training_set_id=set_id)
    assert made.training_set_id == set_id
    with store.write() as session:
        session.delete(session.get_one(TrainingSet, set_id))
    assert model_catalog.models(store)[0].training_set_id is None


def test_names_resolve_to_entries_and_else_to_the_environment(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    model_catalog.create(store, **OWN)
    with store.read() as session:
        assert model_catalog.resolve(session, "", "我的微调").api_name == "patchv3"
        assert model_catalog.resolve(session, "spark", "4.0Ultra").source == SpecSource.FILE
        assert model_catalog.resolve(session, "openai", "谁知道").source == SpecSource.SETTINGS
        # The same name at another provider is another model.
        assert model_catalog.resolve(session, "openai", "我的微调").source == SpecSource.SETTINGS
        with pytest.raises(SettingsError, match="没有名为「谁知道」的模型"):
            model_catalog.resolve(session, "", "谁知道")
        with pytest.raises(SettingsError, match="模型服务"):
            model_catalog.resolve(session, "gemini", "x")
        # A public model's name at an address of one's own, for which alone there is a key.
        monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
        assert model_catalog.resolve(session, "openai", "deepseek-chat").source == SpecSource.FILE
        monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
        assert model_catalog.resolve(session, "openai", "deepseek-chat").source == SpecSource.SETTINGS
        monkeypatch.setenv("DEEPSEEK_API_KEY", "k")
        assert model_catalog.resolve(session, "openai", "deepseek-chat").source == SpecSource.FILE


def test_a_template_says_what_it_lacks(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeSpark() as spark:
        spark_keys(spark, monkeypatch)
        patch = next(preset for preset in presets() if preset.name == "patchv3")
        assert "还缺 patch_id" in connect(patch).ready()
        add_dataset(store, 1)
        with pytest.raises(RunError, match="还缺 patch_id"):
            run_service.create_run(store, dataset="d", name="r", provider="spark", model="patchv3")
        run = run_service.create_run(
            store, dataset="d", name="r", provider="spark", model="patchv3", parameters={"patch_id": "5"}
        )
        assert run.model == "patchv3"


def test_a_run_asks_its_entry(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dataset(store, 2)
    with FakeSpark(path="/v1.1/chat") as spark:
        spark_keys(spark, monkeypatch)
        entry = model_catalog.create(store, **OWN, url=spark.url, concurrency=3, per_minute=900)
        run = run_service.create_run(
            store, dataset="d", name="r", provider="", model="我的微调", parameters={"top_k": 2}
        )
        assert (run.provider, run.model) == ("spark", "我的微调")
        assert (run.parameters["concurrency"], run.parameters["per_minute"]) == (3, 900)
        done = run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
        assert (done.status, done.done) == (RunStatus.FINISHED, 2)
        for request in spark.requests:
            assert request["header"]["patch_id"] == ["88"]
            assert request["parameter"]["chat"]["domain"] == "patchv3"
            assert request["parameter"]["chat"]["top_k"] == 2
    # The entry goes; the run keeps what it was done with.
    model_catalog.delete(store, entry.id or 0)
    with store.read() as session:
        assert queries.run(session, run.id).parameters["entry"]["parameters"] == {"patch_id": "88"}


def test_a_started_run_follows_a_service_that_moved_but_stays_the_same_way_of_asking(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dataset(store, 2)
    with FakeSpark() as spark:
        spark_keys(spark, monkeypatch)
        entry = model_catalog.create(store, **OWN, url="ws://127.0.0.1:9/chat")
        run = run_service.create_run(store, dataset="d", name="r", provider="", model="我的微调", limit=1)
        model_catalog.update(store, entry.id or 0, url=spark.url, parameters={"patch_id": "99"})
        run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
        model_catalog.update(store, entry.id or 0, parameters={"patch_id": "100"}, price_in=1.0)
        more = run_service.create_run(store, dataset="d", name="r", provider="", model="我的微调", chat_indices=[2])
        after = run_service.wait_for_run(store, lambda: run_service.start(store, more.id))
        assert after.done == 2
        # Nothing had been answered at the first start, so the new number went in; then it stayed.
        assert [request["header"]["patch_id"] for request in spark.requests] == [["99"], ["99"]]
        assert after.parameters["entry"]["price_in"] == 1.0


def test_an_entry_in_use_is_not_deleted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dataset(store, 1)
    with FakeSpark() as spark:
        spark_keys(spark, monkeypatch)
        entry = model_catalog.create(store, **OWN, url=spark.url)
        run = run_service.create_run(store, dataset="d", name="r", provider="", model="我的微调")
        run_service.start(store, run.id)
        with pytest.raises(ConflictError, match="抽取任务「r」正在使用"):
            model_catalog.delete(store, entry.id or 0)
        run_service.cancel(store, run.id)
        model_catalog.delete(store, entry.id or 0)


def test_two_compatible_services_each_with_its_own_key(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    add_dataset(store, 1)
    keys = tmp_path / "secrets.toml"
    keys.write_text(f'SECOND_API_KEY = "{API_KEY}"\n', encoding="utf-8")
    monkeypatch.setenv("SHIYAO_SECRETS_FILE", str(keys))
    monkeypatch.setenv("FIRST_API_KEY", API_KEY)
    monkeypatch.setenv("SHIYAO_KEY_HOSTS", "FIRST_API_KEY= SECOND_API_KEY=")
    with FakeOpenAI() as first, FakeOpenAI() as second:
        for name, service in (("first", first), ("second", second)):
            key = f"{name.upper()}_API_KEY"
            model_catalog.create(store, name=name, provider="openai", model=f"m-{name}", url=service.url, key_env=key)
            run = run_service.create_run(store, dataset="d", name=name, provider="openai", model=name)
            assert run_service.wait_for_run(store, lambda: run_service.start(store, run.id)).done == 1  # noqa: B023
        assert [request["model"] for request in first.requests] == ["m-first"]
        assert [request["model"] for request in second.requests] == ["m-second"]
    monkeypatch.delenv("FIRST_API_KEY")
    run = run_service.create_run(store, dataset="d", name="again", provider="openai", model="second")
    with pytest.raises(RunError, match="缺少环境变量 FIRST_API_KEY"):
        run_service.create_run(store, dataset="d", name="no", provider="openai", model="first")
