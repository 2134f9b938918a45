"""Reads and writes model entries. A run keeps the entry that it was started with."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.llm import (
    ModelSpec,
    SpecSource,
    adhoc_model,
    connect,
    presets,
    provider_entry,
    unshadowed_presets,
)
from core.adapters.store import Store
from core.adapters.store.models import ModelEntry, Run, RunStatus, TrainingSet
from core.domain.model_settings import ModelSettings
from core.domain.permissions import Permission
from core.errors import ConflictError, NotFoundError, SettingsError
from core.services.extraction.models.validation import ModelDraft, draft_of, validate_model
from core.services.team import AuditKind, permitted, record_audit


def models(store: Store) -> list[ModelSpec]:
    """All entries: own ones first (newest first), then shipped ones that no own entry replaces."""
    with store.read() as session:
        return _all_models(session)


def _all_models(session: Session) -> list[ModelSpec]:
    """All entries, see :func:`models`, read inside a session."""
    rows = session.execute(select(ModelEntry).order_by(col(ModelEntry.id).desc())).scalars()
    own = [_spec(row) for row in rows]
    return [*own, *unshadowed_presets({spec.name for spec in own})]


def find_model(session: Session, name: str) -> ModelSpec | None:
    """Find the entry with a name: an own one, else a shipped one."""
    row = session.execute(select(ModelEntry).where(col(ModelEntry.name) == name)).scalar_one_or_none()
    if row is not None:
        return _spec(row)
    return next((preset for preset in presets() if preset.name == name), None)


def resolve(session: Session, provider: str, name: str) -> ModelSpec:
    """The model entry for a run's provider and model name.

    Args:
        session: open session.
        provider: a registered one's name; ``""``: that of the entry.
        name: of an entry, or what a service calls a model: then the address comes from the environment.

    Raises:
        SettingsError: no such provider, or neither a provider nor an entry of the name.
    """
    entry = find_model(session, name) if name else None
    if entry and provider in ("", entry.provider):
        return adhoc_model(provider, name) if provider and _means_the_environment(entry) else entry
    if not provider:
        raise SettingsError(f"没有名为「{name}」的模型", "请在模型页查看名称，或同时指明服务")
    provider_entry(provider)
    return adhoc_model(provider, name)


@permitted(Permission.MODELS)
def create(store: Store, **values: Any) -> ModelSpec:
    """Create an entry; it replaces a shipped one with the same name.

    Args:
        store: open store.
        values: fields of :class:`ModelDraft`.

    Raises:
        SettingsError: a value cannot be used.
        ConflictError: an own entry has that name.
    """
    draft = validate_model(values)
    with store.write() as session:
        _refuse_taken_name(session, draft.name, None)
        row = ModelEntry(**_columns(session, draft))
        session.add(row)
        session.flush()
        _record(session, row, "新建")
        return _spec(row)


@permitted(Permission.MODELS)
def update(store: Store, entry_id: int, **changes: Any) -> ModelSpec:
    """Change an own entry. Runs keep their copy until they are started again.

    Raises:
        NotFoundError: it is gone.
        SettingsError: a value cannot be used.
        ConflictError: another own entry has that name.
    """
    with store.write() as session:
        row = _row(session, entry_id)
        draft = validate_model({**draft_of(_spec(row)), **changes})
        _refuse_taken_name(session, draft.name, entry_id)
        for key, value in _columns(session, draft).items():
            setattr(row, key, value)
        session.flush()
        _record(session, row, "修改")
        return _spec(row)


@permitted(Permission.MODELS)
def delete(store: Store, entry_id: int) -> None:
    """Delete an own entry; finished runs keep their copy.

    Raises:
        NotFoundError: it is gone.
        ConflictError: a run that goes on uses it.
    """
    with store.write() as session:
        row = _row(session, entry_id)
        if running := in_use(session, row.provider, row.name):
            raise ConflictError(f"抽取任务「{running[0]}」正在使用模型「{row.name}」", "请等它完成，或先取消它")
        _record(session, row, "删除")
        session.delete(row)


def training_set_names(store: Store) -> dict[int, str]:
    """``{id: name}`` of the training sets that a model may have been tuned on, newest first."""
    statement = select(col(TrainingSet.id), col(TrainingSet.name)).order_by(col(TrainingSet.id).desc())
    with store.read() as session:
        return {int(set_id or 0): str(name) for set_id, name in session.execute(statement)}


def in_use(session: Session, provider: str, name: str) -> list[str]:
    """Names of running runs that use a model."""
    statement = select(col(Run.name)).where(
        col(Run.provider) == provider, col(Run.model) == name, col(Run.status) == RunStatus.RUNNING
    )
    return list(session.execute(statement.order_by(col(Run.id))).scalars())


def _record(session: Session, row: ModelEntry, what: str) -> None:
    """Put a change into the audit log: where calls go, and which variable holds the key."""
    detail = f"{what}：{row.provider} {row.model}，地址 {row.url or '来自环境变量'}，密钥变量 {row.key_env or '默认'}"
    record_audit(session, AuditKind.MODEL, row.name, detail)


def _means_the_environment(entry: ModelSpec) -> bool:
    """Whether a public model's name is meant at the address of the environment: only that one is configured."""
    provider = provider_entry(entry.provider)
    if entry.source != SpecSource.FILE or not provider.any_model:
        return False
    return bool(provider.environment_url() and connect(entry).ready())


def _row(session: Session, entry_id: int) -> ModelEntry:
    row = session.get(ModelEntry, entry_id)
    if row is None:
        raise NotFoundError("这个模型已不存在", "请刷新页面")
    return row


def _refuse_taken_name(session: Session, name: str, own_id: int | None) -> None:
    taken = session.execute(select(col(ModelEntry.id)).where(col(ModelEntry.name) == name)).scalar_one_or_none()
    if taken is not None and taken != own_id:
        raise ConflictError(f"已经有名为「{name}」的模型", "请换一个名称，或修改已有的那个")


def _columns(session: Session, draft: ModelDraft) -> Mapping[str, Any]:
    values = draft.model_dump()
    values["title"] = draft.title or draft.name
    if draft.training_set_id is not None and session.get(TrainingSet, draft.training_set_id) is None:
        raise SettingsError("模型没有保存。训练集已不存在", "请重新选择训练集")
    return values


def _spec(row: ModelEntry) -> ModelSpec:
    values = {name: getattr(row, name) for name in ModelSettings.model_fields}
    return ModelSpec(**values, source=SpecSource.DATABASE, id=row.id)
