"""Versions of forms in the database: saved once, never changed, found by every process at once."""

import json
import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import select

from core.adapters.store import Store, open_store, queries
from core.adapters.store.models import Dataset, FormDraft, FormVersion
from core.domain.form import load_named_form
from core.domain.form.loading import FormTexts, form_references, read_form_texts
from core.domain.permissions import AccountRole
from core.errors import ConflictError, FormError, InputError, PermissionDeniedError
from core.services.datasets import import_chats
from core.services.forms import known_forms, resolve_form, save_form_version, texts_of
from core.services.forms.checking import check_form_texts
from core.services.forms.library import form_versions
from core.services.team import Actor, acting_as
from core.services.team.audit import audit_entries
from core.settings import settings
from tests.domain.form.test_loading import GOOD

TEXTS = FormTexts("# 小组自己的表单\n" + GOOD)
CHANGED = replace(TEXTS, form=TEXTS.form.replace('description = "名字"', 'description = "群里的名字"'))


@pytest.mark.both_databases
def test_a_version_is_saved_listed_and_loaded(store: Store) -> None:
    assert save_form_version(store, TEXTS, who="王芳", note=" 第一版\n草稿 ", base_version=0) == "small@1"
    assert save_form_version(store, CHANGED, who="李雷", base_version=1) == "small@2"
    first, second = load_named_form("small@1"), load_named_form("small@2")
    assert (first.reference, first.version, second.version) == ("small@1", 1, 2)
    assert second.field("姓名").description == "群里的名字"
    assert first.subset(["姓名"]).reference == "small@1"
    assert read_form_texts("small@2").form.startswith("# 小组自己的表单\n")
    with store.read() as session:
        versions = form_versions(session, "small")
        listed = [one.reference for one in known_forms(session)]
        assert texts_of(session, "small") == read_form_texts("small@2")
    assert [(one.reference, one.who, one.note) for one in versions] == [
        ("small@2", "李雷", ""),
        ("small@1", "王芳", "第一版 草稿"),
    ]
    assert "small@2" in listed and "small@1" not in listed and "role_elements" in listed
    assert {"small@1", "small@2", "role_elements"} <= set(form_references())
    with acting_as(Actor("王芳", AccountRole.ADMINISTRATOR, 1)):
        assert [entry.target for entry in audit_entries(store, kinds=["表单"])] == ["small@2", "small@1"]


@pytest.mark.both_databases
def test_inside_a_session_no_second_connection_is_taken(store: Store) -> None:
    save_form_version(store, TEXTS, who="王芳")
    with store.read() as session:
        assert load_named_form("small@1").title == "小表"
        session.close()
    with store.write() as session:
        session.add(Dataset(name="甲", form="small@1", sha256=""))
        assert read_form_texts("small@1") and queries.datasets(session)


def test_a_version_that_cannot_be_read_any_more_names_its_datasets(store: Store) -> None:
    save_form_version(store, TEXTS, who="王芳")
    save_form_version(store, CHANGED, who="李雷")
    with store.write() as session:
        session.add(Dataset(name="甲", form="small@1", sha256=""))
        for row in session.execute(select(FormVersion)).scalars():
            row.form = "oops"  # as a stricter program sees what an older one stored
    with store.read() as session:
        assert [(one.reference, one.datasets, bool(one.problem)) for one in form_versions(session, "small")] == [
            ("small@2", (), True),
            ("small@1", ("甲",), True),
        ]


def test_who_comes_late_is_told_and_nothing_is_saved(store: Store) -> None:
    save_form_version(store, TEXTS, who="王芳", base_version=0)
    with pytest.raises(ConflictError, match="已经有名为「small」的表单"):
        save_form_version(store, CHANGED, who="李雷", base_version=0)
    save_form_version(store, CHANGED, who="李雷", base_version=1)
    with pytest.raises(ConflictError, match="刚刚有人存了新的一版"):
        save_form_version(store, TEXTS, who="王芳", base_version=1)
    with pytest.raises(InputError, match="没有变化"):
        save_form_version(store, replace(CHANGED, form=CHANGED.form.replace("# 小组", "# 我们小组")), who="王芳")
    assert save_form_version(store, TEXTS, who="王芳", note="回到第一版", base_version=2) == "small@3"


def test_a_form_of_the_program_goes_on_in_the_database(store: Store) -> None:
    shipped = load_named_form()
    texts = read_form_texts("role_elements")
    with pytest.raises(InputError, match="没有变化"):
        save_form_version(store, texts, who="王芳")
    texts = replace(texts, form=texts.form.replace('title = "客户要素"', 'title = "客户要素（新）"'))
    reference = save_form_version(store, texts, who="王芳", base_version=shipped.version)
    assert reference == f"role_elements@{shipped.version + 1}"
    assert load_named_form() is shipped
    with store.read() as session:
        assert resolve_form(session, "role_elements") == "role_elements"
        assert [one.is_file for one in form_versions(session, "role_elements")] == [False, True]


def test_only_administrators_save(store: Store) -> None:
    with acting_as(Actor("组长", AccountRole.LEAD, 1)), pytest.raises(PermissionDeniedError):
        save_form_version(store, TEXTS, who="组长")


def test_a_form_of_another_database_is_another_form(store: Store, tmp_path: Path) -> None:
    other = open_store(f"sqlite:///{tmp_path / 'other.db'}")
    save_form_version(other, TEXTS, who="王芳")
    assert load_named_form("small@1").name == "small", "the thread used that one last"
    with store.read(), pytest.raises(FormError, match="没有表单 small 的第 1 版"):
        load_named_form("small@1")
    other.close()


def test_what_cannot_be_used_is_not_saved(store: Store) -> None:
    with pytest.raises(FormError, match="第 7 行：points 必须是大于 0 的数|大于 0"):
        save_form_version(store, replace(TEXTS, form=TEXTS.form.replace("points = 1", "points = 0", 1)), who="王芳")
    with pytest.raises(FormError, match="名字只能有字母"):
        save_form_version(store, replace(TEXTS, form=TEXTS.form.replace('"small"', '"../x"')), who="王芳")
    with store.read() as session, pytest.raises(FormError, match="没有名为「small」的表单"):
        resolve_form(session, "small")
    with store.read(), pytest.raises(FormError, match="没有表单 small 的第 1 版"):
        load_named_form("small@1")


def test_a_saved_version_ends_the_draft_that_it_was(store: Store) -> None:
    texts = {"form": TEXTS.form, "guidelines": TEXTS.guidelines, "rules": TEXTS.rules}
    with store.write() as session:
        session.add_all(FormDraft(name="small", who=who, **texts) for who in ("王芳", "李雷"))
    save_form_version(store, TEXTS, who="王芳")
    with store.read() as session:
        assert session.get(FormDraft, ("small", "王芳")) is None
        assert session.get(FormDraft, ("small", "李雷")) is not None
    save_form_version(store, CHANGED, who="李雷")
    with store.write() as session:
        draft = session.get_one(FormDraft, ("small", "李雷"))  # what is unsaved stays
        draft.form = "half [typed"
    save_form_version(store, TEXTS, who="李雷")
    with store.read() as session:
        assert session.get(FormDraft, ("small", "李雷")) is not None


@pytest.mark.parametrize(("source", "reason"), [("fields = 5\n", ""), ("[[field]]\n" * 201, "有 201 个字段")])
def test_what_is_no_list_of_fields_or_too_long_a_one_is_said(source: str, reason: str) -> None:
    problems = check_form_texts(FormTexts(source))
    assert problems and reason in problems[0].reason


def test_another_process_sees_a_version_at_once(store: Store) -> None:
    code = (
        "import sys\nfrom core.adapters.store import open_store\nfrom core.domain.form import load_named_form\n"
        "store = open_store(sys.argv[1])\nprint('ready', flush=True)\n"
        "print(load_named_form(sys.stdin.readline().strip()).reference)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(store.engine.url)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None and other.stdout.readline() == "ready\n"
    save_form_version(store, TEXTS, who="王芳")
    assert other.communicate("small@1\n")[0] == "small@1\n"


def test_two_databases_in_one_process_keep_their_forms_apart(store: Store, tmp_path: object) -> None:
    save_form_version(store, TEXTS, who="王芳")
    other = open_store(f"sqlite:///{tmp_path}/other.db")
    try:
        save_form_version(other, CHANGED, who="王芳")
        save_form_version(other, TEXTS, who="王芳")
        with other.read():
            assert load_named_form("small@1").field("姓名").description == "群里的名字"
        with store.read():
            assert load_named_form("small@1").field("姓名").description == "名字"
            with pytest.raises(FormError, match="没有表单 small 的第 2 版"):
                load_named_form("small@2")
        assert load_named_form("small@1").field("姓名").description == "名字"
    finally:
        other.close()


def test_new_datasets_take_the_form_that_is_named(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    save_form_version(store, TEXTS, who="王芳")
    save_form_version(store, CHANGED, who="王芳")
    file = json.dumps([{"chat_text": "小王：您好", "infos": [{"姓名": "小王"}]}], ensure_ascii=False).encode()

    def form_of(name: str, form: str | None = None) -> str:
        import_chats(store, BytesIO(file), filename="a.json", dataset=name, form_name=form)
        with store.read() as session:
            return queries.dataset(session, name).form

    assert form_of("旧版", "small@1") == "small@1"
    assert form_of("新版", "small") == "small@2"
    assert form_of("自带") == "role_elements"
    monkeypatch.setenv("SHIYAO_FORM", "small")
    settings.cache_clear()
    assert form_of("默认") == "small@2"
    assert form_of("旧版") == "small@1"
    with pytest.raises(ConflictError, match="用的是表单「小表 第 1 版」，不是「小表 第 2 版」"):
        form_of("旧版", "small")
    with pytest.raises(FormError, match="没有名为「nothing」的表单"):
        form_of("没有", "nothing")
