"""The form of a model's entry: from values to widgets, and back to values that the catalogue checks."""

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.adapters.llm import provider_entry
from core.domain.json_text import parse_json_object
from core.domain.permissions import Permission
from core.ui.markdown import escape_markdown
from core.ui.only_for import only_for


def model_form(start: Mapping[str, Any], *, provider: str, sets: Mapping[int, str], key: str) -> dict[str, Any] | None:
    """Draw the form of a model entry and return its values once they are saved.

    Args:
        start: fields of :class:`core.services.extraction.models.validation.ModelDraft`, as they are now.
        provider: whose model it is; decides what is asked for.
        sets: training sets to choose from.
        key: makes the widgets' keys; another one for another entry.

    Returns:
        The values once the person saves, ``None`` until then.

    Raises:
        SettingsError: the extra parameters are not a JSON object.
    """
    values: dict[str, Any] = {"provider": provider}
    parameters = dict(start.get("parameters") or {})
    entry = provider_entry(provider)
    resource = entry.resource
    resource_id = ""
    with st.form(f"{key}-form", border=False, enter_to_submit=False):
        left, right = st.columns(2)
        values["name"] = left.text_input("名称", start.get("name", ""), help="抽取任务用这个名称", key=f"{key}-name")
        values["title"] = right.text_input("显示名", start.get("title", ""), key=f"{key}-title")
        if entry.remote:
            values["model"] = left.text_input(
                "服务方的名称",
                start.get("model", ""),
                placeholder=entry.model_hint,
                help="留空则与名称相同",
                key=f"{key}-model",
            )
            if resource:
                resource_id = right.text_input(
                    f"资源 ID（{escape_markdown(resource)}）",
                    str(parameters.pop(resource, "")),
                    placeholder="微调模型才需要",
                    key=f"{key}-resource",
                )
            values["url"] = st.text_input("地址", start.get("url", ""), placeholder=entry.url_hint, key=f"{key}-url")
        if entry.own_key:
            values["key_env"] = st.text_input(
                "密钥变量",
                start.get("key_env", ""),
                placeholder="例如 DEEPSEEK_API_KEY；不需要密钥的服务留空",
                help="这里填环境变量（或 .streamlit/secrets.toml 里）的名称。密钥本身不会存进数据库。",
                key=f"{key}-key",
            )
        values |= _limits(start, key)
        if entry.batch:
            values |= _batch(start, key)
        if entry.json_mode:
            values["json_mode"] = st.checkbox(
                "JSON 模式",
                start.get("json_mode", False),
                help="请求 response_format = json_object；服务拒绝时自动不用",
                key=f"{key}-json",
            )
        if entry.remote:
            values["replace_personal"] = st.checkbox(
                "发送前替换个人信息",
                start.get("replace_personal", False),
                help="人名、电话、邮件地址、地址、身份证、银行卡、微信号和 QQ 号换成编造的再发送，回答里再换回来。"
                "保存的提问和回复是换过的样子；提示词页可以预览。",
                key=f"{key}-personal",
            )
        extra = st.text_area(
            "附加参数（JSON）",
            json.dumps(parameters, ensure_ascii=False) if parameters else "",
            placeholder='例如 {"temperature": 0.1}',
            height=70,
            key=f"{key}-extra",
        )
        choices = [None, *sets]
        chosen = start.get("training_set_id")
        values["training_set_id"] = st.selectbox(
            "训练集",
            choices,
            index=choices.index(chosen) if chosen in choices else 0,
            format_func=lambda set_id: "不是由这里的训练集微调的" if set_id is None else sets[set_id],
            key=f"{key}-set",
        )
        values["note"] = st.text_input("备注", start.get("note", ""), key=f"{key}-note")
        values["system"] = start.get("system", True)
        off = only_for(Permission.MODELS)
        saved = st.form_submit_button("保存", type="primary", icon=":material/save:", width="stretch", **off)
    if not saved:
        return None
    values["parameters"] = parse_json_object(extra, "附加参数")
    if resource_id.strip():
        values["parameters"][resource] = resource_id.strip()
    return values


def _batch(start: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Whether and how the service takes batches, and for which share of the price."""
    values: dict[str, Any] = {}
    with st.expander("批量调用", expanded=bool(start.get("batch_files") or start.get("batch_url"))):
        values["batch_files"] = st.checkbox(
            "接受批量文件",
            start.get("batch_files", False),
            help="服务在同一个地址有 /files 和 /batches（OpenAI 的 Batch API）：整批上传，过后取回",
            key=f"{key}-batch-files",
        )
        values["batch_url"] = st.text_input(
            "批量地址",
            start.get("batch_url", ""),
            placeholder="没有就留空",
            help="同样的调用换一个地址，按批量的价格，可能等一个小时才回答，例如百炼的 Batch Chat",
            key=f"{key}-batch-url",
        )
        left, right = st.columns(2)
        values["batch_share"] = left.number_input(
            "批量价格（平时的几成）",
            min_value=0.0,
            max_value=1.0,
            value=start.get("batch_share"),
            step=0.05,
            placeholder="未知",
            help="0.5 是半价；不知道时按原价估算",
            key=f"{key}-batch-share",
        )
        hours = right.number_input(
            "批量时限（小时）",
            min_value=1,
            max_value=336,
            value=int(start.get("batch_deadline") or 0) or None,
            placeholder="文件 24，地址 1",
            help="最多等多久；过时没有答完的会再问",
            key=f"{key}-batch-deadline",
        )
        values["batch_deadline"] = hours or 0
        values["batch_source"] = st.text_input(
            "价格的出处和日期", start.get("batch_source", ""), key=f"{key}-batch-source"
        )
    return values


def _limits(start: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Numbers, an empty box where something is not known."""
    values: dict[str, Any] = {}
    first, second, third, fourth = st.columns(4)
    for column, name, title in (
        (first, "context_tokens", "上下文 token"),
        (second, "max_output_tokens", "最长回答 token"),
        (third, "concurrency", "并发数"),
        (fourth, "per_minute", "每分钟次数"),
    ):
        values[name] = column.number_input(
            title, min_value=1, value=start.get(name) or None, placeholder="未知", key=f"{key}-{name}"
        )
    left, middle, right = st.columns(3)
    for column, name, title, where_empty, hint in (
        (left, "price_in", "提问单价（元/千 token）", "未知", "一千 token 多少元；服务方按百万报价的，要除以 1000"),
        (
            middle,
            "price_cached",
            "缓存单价（元/千 token）",
            "同提问",
            "提问里服务方缓存过的部分按这个价",
        ),
        (right, "price_out", "回答单价（元/千 token）", "未知", "一千 token 多少元；服务方按百万报价的，要除以 1000"),
    ):
        values[name] = column.number_input(
            title,
            min_value=0.0,
            value=start.get(name),
            step=0.001,
            format="%.5f",
            placeholder=where_empty,
            help=hint,
            key=f"{key}-{name}",
        )
    for name in ("context_tokens", "max_output_tokens"):
        values[name] = values[name] or 0
    return values
