"""A quite different form goes all the way: import, local run, desk, score, submission, training set."""

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from core.adapters.store import DatasetView, Store, queries
from core.domain.chat import guess_roles, parse_chat
from core.domain.checks import check
from core.domain.form import Form, FormValues, load_named_form, loading
from core.domain.form.loading import FormTexts
from core.domain.prompts import read_summary, summary_of
from core.services.datasets import import_chats
from core.services.export import AnswerSource, export_submission
from core.services.extraction import runs as run_service
from core.services.forms import known_forms, save_form_version
from core.services.forms.form_text import renamed
from core.services.maintenance import check_health
from core.services.quality import score
from core.services.review import guidelines, open_session
from core.services.training import TrainingOptions, export_training

FORMS = Path(__file__).parents[1] / "factories" / "forms"
NAME, PHONE, SIGNS, URGENCY, PRICE = "报修-报修人", "报修-联系电话", "故障现象", "紧急程度", "费用"
ADDRESS, TIME, DEVICE, NOTE = "上门-地址", "上门-预约时间", "设备", "备注"
LEAK = """\
周岚3：空调一直漏水，也不制冷，麻烦尽快派人，我电话 13900001234
客服小何：您好，请问地址在哪里？
周岚3：南京市鼓楼区中山路 18 号 2 单元
客服小何：好的，明天下午两点上门维修，您看可以吗
周岚3：可以，谢谢
"""
NOISE = "林舟5：洗衣机有异响，不急\n客服小何：您好，收到，我们安排师傅联系您。\n"


@pytest.fixture
def repair_form(monkeypatch: pytest.MonkeyPatch) -> Iterator[Form]:
    """The forms of the tests in place of those of the program."""
    monkeypatch.setattr(loading, "FORMS_DIR", FORMS)
    loading.load_shipped_form.cache_clear()
    yield load_named_form("repair_order")
    loading.load_shipped_form.cache_clear()


@pytest.fixture
def form_in_database(store: Store) -> Form:
    """The same form, saved in the database under another name, as somebody would in the browser."""
    files = [FORMS / "repair_order.toml", FORMS / "repair_order.rules.toml"]
    form, rules = (path.read_text(encoding="utf-8") for path in files)
    texts = FormTexts(form, '"故障现象" = "客户怎么说就怎么记"\n', rules)
    return load_named_form(save_form_version(store, renamed(texts, "my_repairs"), who="王芳"))


def labels(form: Form) -> list[list[FormValues]]:
    leak = {NAME: "周岚3", PHONE: "13900001234", SIGNS: ["漏水", "不制冷"], URGENCY: "紧急", DEVICE: "空调"}
    noise = {NAME: "林舟5", SIGNS: ["有异响"], URGENCY: "普通", DEVICE: "洗衣机", NOTE: "等师傅联系"}
    return [[form.empty() | leak], [form.empty() | noise]]


def test_a_repair_order_goes_all_the_way(store: Store, repair_form: Form, tmp_path: Path) -> None:
    goes_all_the_way(store, repair_form, tmp_path)


@pytest.mark.both_databases
def test_a_form_in_the_database_goes_all_the_way(store: Store, form_in_database: Form, tmp_path: Path) -> None:
    form = form_in_database
    assert form.reference == "my_repairs@1"
    goes_all_the_way(store, form, tmp_path)
    with store.read() as session:
        assert queries.dataset(session, "报修").form == "my_repairs@1"
        assert guidelines.texts(session, form)["故障现象"] == "客户怎么说就怎么记"
        assert [one.datasets for one in known_forms(session) if one.reference == "my_repairs@1"] == [("报修",)]
    assert check_health(store).problems == ()
    desk = open_session(store, dataset_named(store, "报修"), form, base="规则", reviewer="小李")
    (leak,) = next(chat for chat in desk.sync(store)["chats"] if chat["chat"] == 1)["customers"]
    assert leak["values"][SIGNS] == ["漏水", "不制冷"]


def dataset_named(store: Store, name: str) -> DatasetView:
    with store.read() as session:
        return queries.dataset(session, name)


def goes_all_the_way(store: Store, form: Form, tmp_path: Path) -> None:
    assert (len(form.fields), form.max_points, form.name_field) == (9, 25, NAME)
    rows = [{"chat_text": text, "infos": infos} for text, infos in zip((LEAK, NOISE), labels(form), strict=True)]
    file = BytesIO(json.dumps(rows, ensure_ascii=False).encode())
    imported = import_chats(store, file, filename="报修.json", dataset="报修", form_name=form.reference)
    assert (imported.added, imported.labels, imported.rejected) == (2, 2, ())

    run = run_service.create_run(store, dataset="报修", name="规则", provider="local")
    finished = run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
    assert (finished.done, finished.failed) == (2, 0)
    with store.read() as session:
        dataset = queries.dataset(session, "报修")
        answers = queries.forms_by_index(session, run.id)
    (leak,) = answers[1]
    assert tuple(leak) == form.keys
    assert (leak[NAME], leak[PHONE], leak[SIGNS]) == ("周岚3", "13900001234", ["漏水", "不制冷"])
    assert leak[URGENCY] == "紧急"
    assert leak[ADDRESS].startswith("南京市鼓楼区中山路")
    assert "下午两点" in leak[TIME]

    desk = open_session(store, dataset, form, base="规则", reviewer="小李")
    payload = desk.sync(store)
    first = next(chat for chat in payload["chats"] if chat["chat"] == 1)
    assert [field["key"] for field in payload["form"]["fields"]] == list(form.keys)
    assert first["customers"][0]["values"][SIGNS] == ["漏水", "不制冷"]

    scored = score(store, dataset="报修", run="规则")
    assert score(store, dataset="报修", run="标注").score == form.max_points
    assert 0 < scored.score < form.max_points

    out = tmp_path / "submission.json"
    export_submission(store, dataset="报修", source=AnswerSource(run="规则"), out=out)
    submitted = json.loads(out.read_bytes())
    assert [tuple(infos) for row in submitted for infos in row["infos"]] == [form.keys] * 2

    options = TrainingOptions(datasets=("报修",), source=AnswerSource(labels=True), min_rows=0)
    built = export_training(store, options=options, out=tmp_path / "set")
    train = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "set").glob("*.jsonl"))
    assert built.counts["rows"] == 2
    assert "洗衣机" in train
    assert all(key in train for key in form.keys)


def test_its_own_rules_and_summary(repair_form: Form) -> None:
    form = repair_form
    chat = parse_chat(LEAK)
    values = form.empty() | {NAME: "周岚3", SIGNS: ["不通电"], URGENCY: "普通", TIME: "明天"}
    texts = [remark.text for remark in check(form, chat, guess_roles(chat), [values])]
    assert texts == ["故障现象为「不通电」，紧急程度却是「普通」", "填了预约时间，却没有上门地址"]
    told = summary_of(form, labels(form)[0])
    assert [line for line in told.splitlines() if line.startswith("## ")] == [f"## {group}" for group in form.groups]
    assert read_summary(told, form) == (told, ())
