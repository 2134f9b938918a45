"""What a run was started with: model, prompt stages, cleaning, limits."""

import streamlit as st

from core.adapters.store import RunView
from core.domain.cleaning import STEPS
from core.ui.markdown import escape_markdown
from core.ui.metrics import fact_table


def prompt_stages(run: RunView) -> str:
    """The run's prompt, or all its stages, as one text."""
    pipeline = run.parameters.get("pipeline") or {}
    return str(pipeline.get("spec") or f"{run.prompt_name}.v{run.prompt_version}")


def draw_run_settings(run: RunView) -> None:
    """Settings of a run in two columns, and the texts of its prompts."""
    parameters = run.parameters
    entry = parameters.get("entry") or {}
    request = {**entry.get("parameters", {}), **parameters.get("request", {})}
    chats = parameters.get("chats")
    pipeline = parameters.get("pipeline") or {}
    steps = "、".join(STEPS[name].title for name in pipeline.get("clean", ()) if name in STEPS)
    fact_table(
        {
            "模型": f"{entry.get('title') or run.model}（{run.provider} · {entry.get('model') or run.model}）",
            "地址": entry.get("url") or "由环境变量决定",
            "参数": "、".join(f"{key} = {value}" for key, value in request.items()) or "按模型",
            "阶段": prompt_stages(run),
            "清理": steps or "只去掉表格残留",
            "并发数": str(parameters.get("concurrency", "")),
            "每分钟次数": str(parameters.get("per_minute") or "不限"),
            "时限": f"{parameters.get('deadline', 0):g} 秒",
            "范围": "全部群聊" if chats is None else f"指定的 {len(chats):,} 条",
            "创建时间": f"{run.created_at.astimezone():%Y-%m-%d %H:%M}",
        }
    )
    stages = pipeline.get("stages") or [
        {"name": run.prompt_name, "version": run.prompt_version, "source": run.prompt_text}
    ]
    for stage in stages:
        with st.expander(f"提示词 {escape_markdown(stage['name'])}.v{escape_markdown(stage['version'])} 的全文"):
            st.code(stage["source"], language=None, wrap_lines=True)
