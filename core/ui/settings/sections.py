"""Sections of the page 设置: reviewer, keys, database and backups, form, versions."""

from functools import partial

import streamlit as st

from core.domain.form import Nature, load_named_form
from core.domain.permissions import Permission
from core.logs import place
from core.services import maintenance
from core.services.extraction import models as model_catalog
from core.services.forms.library import default_form
from core.ui import navigation, state
from core.ui.markdown import escape_markdown
from core.ui.metrics import fact_table, metrics
from core.ui.notices import announce_and_rerun, show_errors
from core.ui.only_for import only_for

_MOST_BACKUPS = 5
_BACKUP_TYPE = "application/octet-stream"


def _megabytes(size: int) -> str:
    """A file size in megabytes."""
    return f"{size / 1e6:,.1f} MB"


def draw_reviewer() -> None:
    """The reviewer's name, kept in a cookie of this browser."""
    st.subheader("审阅人")
    current = state.reviewer()
    field, button = st.columns([3, 1], vertical_alignment="bottom")
    name = field.text_input("名字", current, placeholder="例如 林晓", max_chars=40, key=f"settings-name-{current}")
    if button.button("保存名字", disabled=not name.strip() or name.strip() == current, width="stretch"):
        state.set_reviewer(name)
        announce_and_rerun(f"现在以「{escape_markdown(name.strip())}」审阅")
    st.caption("名字记在这个浏览器里，写进之后的每次保存；以前的记录不变。")


def draw_keys() -> None:
    """Table of API keys and whether they are set; never their values."""
    st.subheader("密钥")
    with show_errors():
        keys = model_catalog.key_states(model_catalog.models(state.store()))
        st.dataframe(
            [
                {
                    "变量": key.name,
                    "状态": ("已配置" if key.where else "未配置") if key.allowed else "不允许",
                    "来自": key.where,
                    "可发往": "、".join(key.hosts) or "只限本机" if key.allowed else "",
                    "用于": "、".join(key.used_by),
                }
                for key in keys
            ],
            hide_index=True,
            height="content",
            column_config={
                "变量": st.column_config.TextColumn(width=215),
                "状态": st.column_config.TextColumn(width=65),
                "来自": st.column_config.TextColumn(width=85),
                "可发往": st.column_config.TextColumn(width=220),
                "用于": st.column_config.TextColumn(width=220),
            },
        )
    st.caption(
        "密钥只从环境变量或 `.streamlit/secrets.toml` 读取，不会存进数据库、日志和导出文件。"
        "每个密钥只发往表里的主机；其他变量和主机由管理员写进 secrets.toml 的 `[key_hosts]`。"
    )
    st.page_link(navigation.MODELS, label="模型和连接测试", icon=":material/arrow_forward:")


def draw_database() -> None:
    """Location and size of the database, backups, and the health check."""
    store = state.store()
    st.subheader("数据")
    size = maintenance.database_size(store)
    fact_table(
        {
            "数据库": str(store.path or store.url),
            "大小": _megabytes(size) if size is not None else "由数据库服务器管理",
            "结构版本": maintenance.schema_version(store),
            "日志": place(),
        }
    )
    refusal = maintenance.backup_refusal(store)
    with st.container(horizontal=True):
        copy = st.button(
            "备份数据库",
            type="primary",
            icon=":material/backup:",
            **only_for(
                Permission.BACKUP,
                disabled=bool(refusal),
                hint=escape_markdown(refusal) if refusal else None,
            ),
        )
        if not refusal:
            st.download_button(
                "备份并下载",
                data=lambda: maintenance.read_backup(store, maintenance.make_backup(store).path.name),
                file_name=f"{store.name}-backup{store.backup_suffix}",
                mime=_BACKUP_TYPE,
                icon=":material/download:",
                key="settings-backup-download",
                on_click="ignore",
                **only_for(Permission.BACKUP, hint="现在备份一份，检查过后下载；服务器上也留一份"),
            )
        look = st.button("检查", icon=":material/health_and_safety:")
    if copy:
        with show_errors(), st.spinner("正在备份…"):
            made = maintenance.make_backup(store)
            st.success(
                f"已备份到 {escape_markdown(made.path)}（"
                f"{escape_markdown(_megabytes(made.size))}），检查过，可以恢复。",
                icon=":material/check_circle:",
            )
    if look:
        with show_errors(), st.spinner("正在检查…"):
            _draw_health(maintenance.check_health(store))
    backups = maintenance.list_backups(store)
    for backup in backups[:_MOST_BACKUPS]:
        line, take = st.columns([5, 1], vertical_alignment="center")
        line.caption(
            f"{backup.made_at:%Y-%m-%d %H:%M:%S} · {escape_markdown(backup.path.name)} · "
            f"{escape_markdown(_megabytes(backup.size))}"
        )
        take.download_button(
            "下载",
            data=partial(maintenance.read_backup, store, backup.path.name),
            file_name=backup.path.name,
            mime=_BACKUP_TYPE,
            key=f"settings-take-{backup.path.name}",
            on_click="ignore",
            type="tertiary",
            **only_for(Permission.BACKUP),
        )
    if len(backups) > _MOST_BACKUPS:
        st.caption(
            f"另有 {len(backups) - _MOST_BACKUPS:,} 个更早的备份，都在 {escape_markdown(backups[0].path.parent)}。"
        )


def _draw_health(health: maintenance.HealthReport) -> None:
    """Outcome of the health check."""
    if not health.problems:
        st.success(
            f"一切正常：{health.datasets:d} 个数据集，{health.chats:,} 条群聊，{health.runs:,d} 个抽取任务。",
            icon=":material/check_circle:",
        )
    for problem in health.problems:
        st.error(escape_markdown(problem), icon=":material/error:")


def draw_form() -> None:
    """The form that new datasets get."""
    st.subheader("表单")
    with show_errors():
        with state.store().read() as session:
            form = load_named_form(default_form(session))
        verbatim = sum(field.nature is Nature.VERBATIM for field in form.fields)
        fact_table(
            {
                "名称": form.label,
                "字段": f"{len(form.fields):,} 个，其中 {verbatim:,} 个应在原文里找到",
                "满分": f"{sum(field.points for field in form.fields):g} 分",
            }
        )
        st.page_link(navigation.FORMS, label="全部表单", icon=":material/arrow_forward:")


def draw_software_versions() -> None:
    """Versions of the program and its libraries."""
    st.subheader("版本")
    metrics(maintenance.software_versions())
