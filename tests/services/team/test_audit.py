"""The audit log: every event of consequence is in it, with who, when, where and what, and it can only grow."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col

from core.adapters.store import Store, queries
from core.adapters.store.models import AuditEntry, now
from core.domain.permissions import AccountRole
from core.errors import SignInError, StoreError
from core.services import export, maintenance, privacy, team
from core.services.datasets.dataset_list import delete_dataset
from core.services.datasets.import_log import list_imports
from core.services.datasets.import_undo import undo_import
from core.services.datasets.sample_dataset import SAMPLE_DATASET, SAMPLE_RUN
from core.services.datasets.sample_loading import load_sample
from core.services.export.html_report.writer import export_html_report
from core.services.export.table_export import TableFormat
from core.services.extraction import models
from core.services.extraction.runs.lifecycle import delete as delete_run
from core.services.team import Actor, passwords
from core.services.team.acting import acting_as
from core.services.training.platform_csv import export_test_csv
from tests.factories.datasets import make_dataset, make_run

PASSWORD, OTHER = "一句很长的话当密码用", "另一句很长的话当密码"
BOSS = Actor("王芳", AccountRole.ADMINISTRATOR, 1, "10.0.0.7")


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real algorithm with little memory: what it costs is no matter of these tests."""
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    passwords._nobodys_digest.cache_clear()


def fail_to_sign_in(store: Store) -> None:
    with pytest.raises(SignInError):
        team.sign_in(store, "林晓", OTHER, address="10.0.0.7")


def take_out(store: Store, folder: Path, dataset: int) -> dict[str, Callable[[], Any]]:
    source = export.parse_source(f"run:{SAMPLE_RUN}")
    common: dict[str, Any] = {"dataset": dataset, "source": source}
    return {
        "submission.json": lambda: export.export_submission(
            store, **common, out=folder / "submission.json", fill_missing=True
        ),
        "dataset.json": lambda: export.export_dataset(store, **common, out=folder / "dataset.json"),
        "table.csv": lambda: export.export_table(store, **common, out=folder / "table.csv", table=TableFormat.CSV),
        "report.html": lambda: export_html_report(store, **common, out=folder / "report.html"),
        "questions.csv": lambda: export_test_csv(store, dataset=dataset, out=folder / "questions.csv"),
        "操作记录.csv": lambda: export.log_shown_table(store, "操作记录.csv", 5),
    }


def test_every_event_of_consequence_is_written_down(store: Store, tmp_path: Path) -> None:
    load_sample(store)
    with store.read() as session:
        sample = queries.dataset(session, SAMPLE_DATASET).id
    other = make_dataset(store, ["甲：好"], "别的")
    run = make_run(store, other, "模型", {1: [{}]})
    before = now()
    expected: list[tuple[str, str, str]] = []

    def check(kind: str, target: str, detail: str, do: Callable[[], Any]) -> None:
        do()
        expected.append((kind, target, detail))

    with acting_as(BOSS):
        check("账号", "林晓", "新建", lambda: team.add_account(store, "林晓", AccountRole.REVIEWER, password=PASSWORD))
        check("角色", "林晓", "审阅员 → 组长", lambda: team.set_role(store, "林晓", AccountRole.LEAD))
        check("密码", "林晓", "由管理员重设", lambda: team.set_password(store, "林晓", PASSWORD))
        check("账号", "林晓", "统一登录：id|1", lambda: team.set_subject(store, "林晓", "id|1"))
        check("账号", "林晓", "停用", lambda: team.set_disabled(store, "林晓", True))
        check("账号", "林晓", "重新启用", lambda: team.set_disabled(store, "林晓", False))
        draft = {"name": "我的", "provider": "openai", "model": "m", "key_env": "OPENAI_API_KEY"}
        made = models.create(store, **draft)
        expected.append(("模型与密钥", "我的", "新建"))
        bind = {"url": "https://api.deepseek.com/v1", "key_env": "DEEPSEEK_API_KEY"}
        check("模型与密钥", "我的", "DEEPSEEK_API_KEY", lambda: models.update(store, made.id or 0, **bind))
        check("模型与密钥", "我的", "删除", lambda: models.delete(store, made.id or 0))
        for name, make in take_out(store, tmp_path, sample).items():
            check("导出", name, "", make)
        backup = maintenance.make_backup(store)
        expected.append(("备份", backup.path.name, "新备份"))
        check("备份", backup.path.name, "下载", lambda: maintenance.read_backup(store, backup.path.name))
        check("删除", "模型", "抽取任务", lambda: delete_run(store, run))
        check("删除", "别的", "数据集", lambda: delete_dataset(store, other.id, confirmation="别的"))
        check("删除", "一个人的个人信息", "换名", lambda: privacy.rename_person(store, ["林舟"]))
        keep = {"replies_days": 30, "history_days": None}
        check("删除", SAMPLE_DATASET, "30", lambda: privacy.set_retention(store, sample, **keep))
        (imported, *_) = list_imports(store, sample)
        check("删除", SAMPLE_DATASET, "撤销", lambda: undo_import(store, imported.id, who=BOSS.name))
    entries = [entry for entry in reversed(team.audit_entries(store)) if entry.at >= before]
    assert [(entry.kind, entry.target) for entry in entries] == [(kind, target) for kind, target, _ in expected]
    assert all(detail in entry.detail for entry, (_, _, detail) in zip(entries, expected, strict=True))
    assert {(entry.who, entry.role, entry.address) for entry in entries} == {("王芳", "管理员", "10.0.0.7")}
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    assert not any(secret in str(entry) for entry in entries for secret in (PASSWORD, OTHER, "林舟"))


def test_signing_in_and_out_is_written_down(store: Store) -> None:
    team.add_account(store, "林晓", AccountRole.REVIEWER, password=PASSWORD)
    fail_to_sign_in(store)
    team.sign_out(store, team.sign_in(store, "林晓", PASSWORD, address="10.0.0.8"))
    shown = [(entry.kind, entry.who, entry.target, entry.address) for entry in team.audit_entries(store, limit=3)]
    assert shown == [
        ("退出", "林晓", "林晓", "10.0.0.8"),
        ("登录", "林晓", "林晓", "10.0.0.8"),
        ("登录失败", "", "林晓", "10.0.0.7"),
    ]


COLUMNS = "id, at, who, role, kind, target, detail, address"
CHANGES = {
    "UPDATE": "UPDATE auditentry SET who = 'x'",
    "UPDATE of nothing else": "UPDATE auditentry SET detail = detail WHERE id = 1",
    "DELETE": "DELETE FROM auditentry",
    "upsert": f"INSERT INTO auditentry ({COLUMNS}) SELECT {COLUMNS} FROM auditentry WHERE true "
    "ON CONFLICT (id) DO UPDATE SET who = 'x'",
}
OF_SQLITE = {
    "REPLACE": f"REPLACE INTO auditentry SELECT {COLUMNS.replace('who', chr(39) + 'x' + chr(39))} FROM auditentry",
    "INSERT OR REPLACE": f"INSERT OR REPLACE INTO auditentry SELECT {COLUMNS} FROM auditentry",
    "UPDATE OR REPLACE": "UPDATE OR REPLACE auditentry SET id = id + 1",
}
OF_POSTGRESQL = {
    "TRUNCATE": "TRUNCATE auditentry",
    "TRUNCATE CASCADE": "TRUNCATE auditentry RESTART IDENTITY CASCADE",
    "DELETE by CTE": "WITH gone AS (DELETE FROM auditentry RETURNING id) SELECT count(*) FROM gone",
    "MERGE": "MERGE INTO auditentry USING (SELECT 1 AS one) AS o ON auditentry.id = o.one "
    "WHEN MATCHED THEN UPDATE SET who = 'x'",
}


@pytest.mark.both_databases
def test_the_audit_log_can_only_grow(store: Store) -> None:
    team.add_account(store, "林晓", AccountRole.REVIEWER, password=PASSWORD)
    before = team.audit_entries(store)
    own = OF_SQLITE if store.engine.dialect.name == "sqlite" else OF_POSTGRESQL
    for name, statement in (CHANGES | own).items():
        with pytest.raises((DBAPIError, StoreError)), store.write() as session:
            session.execute(text(statement))
            pytest.fail(f"{name} went through")
    with pytest.raises((DBAPIError, StoreError)), store.write() as session:
        change_first(session)
    assert team.audit_entries(store) == before


def change_first(session: Session) -> None:
    session.execute(select(AuditEntry).order_by(col(AuditEntry.id))).scalars().first().who = "x"  # type: ignore[union-attr]
    session.flush()
