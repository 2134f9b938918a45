"""Copies of the database, and whether it is in order."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.adapters.store import Store, open_store, queries
from core.domain.form import loading
from core.errors import StoreError
from core.services import maintenance
from core.services.extraction.models import key_states, models
from tests.factories.runs import add_dataset


def test_a_backup_opens_and_has_everything(store: Store) -> None:
    add_dataset(store, 3)
    assert maintenance.list_backups(store) == []
    made = maintenance.make_backup(store, moment=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert made.path.name == "shiyao-20260102-030405.db"
    copy = open_store(f"sqlite:///{made.path}")
    with copy.read() as session:
        assert queries.datasets(session)[0].chats == 3
    assert maintenance.check_health(copy).problems == ()
    copy.close()
    with pytest.raises(StoreError, match="已经存在"):
        maintenance.make_backup(store, moment=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    maintenance.make_backup(store, moment=datetime(2026, 1, 3, tzinfo=UTC))
    assert len(maintenance.list_backups(store)) == 2
    assert (maintenance.database_size(store) or 0) >= made.size


def test_health_counts_and_names_what_is_wrong(store: Store) -> None:
    add_dataset(store, 3)
    assert maintenance.check_health(store) == maintenance.HealthReport((), 1, 3, 0)
    with store.write() as session:
        session.connection().exec_driver_sql("UPDATE dataset SET form = 'gone'")
    (problem,) = maintenance.check_health(store).problems
    assert "gone" in problem


def test_health_reads_every_form_with_its_rules_and_guidelines(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for path in loading.FORMS_DIR.glob("role_elements*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(loading, "FORMS_DIR", tmp_path)
    assert maintenance.check_health(store).problems == ()
    (tmp_path / "broken.toml").write_text("title = \n", encoding="utf-8")
    (tmp_path / "role_elements.guidelines.toml").write_text('# 一\n"没有的字段" = "填"\n', encoding="utf-8")
    (tmp_path / "role_elements.rules.toml").write_text(
        '[[choice]]\nkey = "没有的"\nvalue = "是"\nwords = ["是"]\n', encoding="utf-8"
    )
    broken, rules, guidelines = maintenance.check_health(store).problems
    assert "broken.toml 第 1 行" in broken
    assert "role_elements.rules.toml 第 2 行" in rules and "没有的" in rules
    assert "role_elements.guidelines.toml 第 2 行" in guidelines and "没有的字段" in guidelines


def test_versions_and_schema(store: Store) -> None:
    assert maintenance.software_versions()["拾要"]
    assert maintenance.schema_version(store).isdigit()


def test_keys_say_where_they_are_and_what_wants_them(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keys = tmp_path / "secrets.toml"
    keys.write_text('SPARKAI_API_KEY = "from the file"\n', encoding="utf-8")
    monkeypatch.setenv("SHIYAO_SECRETS_FILE", str(keys))
    monkeypatch.delenv("SPARKAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("DEEPSEEK_API_KEY", "from the environment")
    found = {state.name: state for state in key_states(models(store))}
    assert found["SPARKAI_API_KEY"].where == "secrets.toml"
    assert (found["DEEPSEEK_API_KEY"].where, found["DEEPSEEK_API_KEY"].used_by) == ("环境变量", ("DeepSeek",))
    assert found["OPENAI_API_KEY"].where == ""
    assert "from the" not in repr(found)
