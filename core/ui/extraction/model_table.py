"""All models in a table: names, keys, limits and prices."""

import streamlit as st

from core.adapters.llm import ModelSpec, connect, provider_entry, provider_title, refusal_of

_HEIGHT, _MOST_ROWS = 640, 19


def key_state(spec: ModelSpec) -> str:
    """State of a model's key: set, not set, not needed, not allowed to go there, or a template to be completed."""
    if spec.missing_settings():
        return "模板"
    if refusal_of(spec):
        return "不允许"
    if not provider_entry(spec.provider).variable_of(spec):
        return "不需要"
    return "未配置" if connect(spec).ready() else "已配置"


def price_text(spec: ModelSpec) -> str:
    """Prices of a model per thousand tokens, question / answer."""
    if spec.price_in is None and spec.price_out is None:
        return "未知"
    if spec.price_in == spec.price_out == 0:
        return "免费"
    return " / ".join("?" if value is None else f"{value:g}" for value in (spec.price_in, spec.price_out))


def batch_text(spec: ModelSpec) -> str:
    """How a model takes batches, and at which share of the price."""
    ways = [name for name, there in (("批量文件", spec.batch_files), ("批量地址", bool(spec.batch_url))) if there]
    if not ways:
        return "没有"
    price = "价格未知" if spec.batch_share is None else f"按平时价格的 {spec.batch_share:.0%}"
    return f"{'、'.join(ways)}，{price}"


def show_model(name: str = "", do: str = "") -> None:
    """Show a model or its form; the address says which.

    Args:
        name: of the model, ``""`` for the first one.
        do: ``new``, ``copy`` or ``edit`` for the form.
    """
    for parameter, value in (("model", name), ("do", do)):
        if value:
            st.query_params[parameter] = value
        else:
            st.query_params.pop(parameter, None)
    st.rerun()


def draw_model_table(models: list[ModelSpec], chosen: ModelSpec) -> None:
    """Table of all models; a click shows one."""
    rows = [
        {
            "名称": spec.name,
            "显示名": spec.title,
            "服务": provider_title(spec.provider),
            "密钥": key_state(spec),
            "上下文": spec.context_tokens or None,
            "并发": spec.concurrency,
            "单价": price_text(spec),
        }
        for spec in models
    ]
    names = [spec.name for spec in models]
    position = names.index(chosen.name)
    picked = st.dataframe(
        rows,
        hide_index=True,
        height="content" if len(rows) <= _MOST_ROWS else _HEIGHT,
        placeholder="未知",
        on_select="rerun",
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [position]}},
        key=f"models-table-{'|'.join(names)}-{chosen.name}",
        column_config={
            "名称": st.column_config.TextColumn(width=135),
            "显示名": st.column_config.TextColumn(width=190),
            "服务": st.column_config.TextColumn(width=120),
            "密钥": st.column_config.TextColumn(width=65),
            "上下文": st.column_config.NumberColumn(width=75, format="localized", help="提问和回答一共的 token 数"),
            "并发": st.column_config.NumberColumn(width=50, help="服务允许同时进行的调用数"),
            "单价": st.column_config.TextColumn(width=100, help="元 / 千 token，提问 / 回答"),
        },
    )
    rows_picked = picked.selection.rows
    if rows_picked and rows_picked[0] < len(names) and rows_picked[0] != position:
        show_model(names[rows_picked[0]])
