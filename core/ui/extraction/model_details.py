"""One model: its settings, a test call, and the form that adds, copies or changes it."""

import json

import streamlit as st

from core.adapters.llm import (
    PROVIDERS,
    ModelSpec,
    SpecSource,
    is_remote,
    provider_title,
    unready_reason,
)
from core.adapters.llm.learned import LEARNED
from core.domain.permissions import Permission
from core.services.extraction import models as model_catalog
from core.ui import state
from core.ui.extraction.model_form import model_form
from core.ui.extraction.model_table import batch_text, key_state, price_text, show_model
from core.ui.markdown import escape_markdown
from core.ui.metrics import fact_table
from core.ui.notices import show_errors
from core.ui.only_for import only_for

NEW, COPY, EDIT = "new", "copy", "edit"


def draw_model(spec: ModelSpec) -> None:
    """One model: test call, buttons to copy, change and delete it, and its settings."""
    st.markdown(f"#### {escape_markdown(spec.title)}")
    waiting = unready_reason(spec)
    if waiting:
        st.warning(escape_markdown(waiting), icon=":material/key_off:")
    off = only_for(Permission.MODELS)
    with st.container(horizontal=True, gap="small"):
        pressed = st.button(
            "测试连接",
            icon=":material/network_check:",
            key=f"models-test-{spec.name}",
            **only_for(Permission.MODELS, disabled=bool(waiting)),
        )
        if st.button("复制", icon=":material/content_copy:", key=f"models-copy-{spec.name}", **off):
            show_model(spec.name, COPY)
        if spec.source == SpecSource.DATABASE:
            if st.button("修改", icon=":material/edit:", key=f"models-edit-{spec.name}", **off):
                show_model(spec.name, EDIT)
            with st.popover("删除", icon=":material/delete:", **off):
                st.markdown(f"删除「{escape_markdown(spec.name)}」？已完成的抽取任务不受影响。")
                key, number = f"models-delete-{spec.name}", (spec.id or 0,)
                st.button("删除", type="primary", key=key, on_click=_delete, args=number, **off)
    if pressed:
        with st.spinner("正在提问…"):
            _draw_test_call(model_catalog.probe(spec))
    _draw_settings(spec)


def _delete(model_id: int) -> None:
    """Delete the model that stood on screen."""
    with show_errors():
        model_catalog.delete(state.store(), model_id)
        st.query_params.pop("model", None)
        st.query_params.pop("do", None)


def _draw_test_call(probe: model_catalog.Probe) -> None:
    """Outcome of a test call."""
    if not probe.ok:
        st.error(f"{escape_markdown(probe.error)}（{probe.seconds:.1f} 秒）", icon=":material/error:")
        return
    parts = [f"连接正常 · {probe.seconds:.1f} 秒"]
    if probe.tokens_in is not None:
        parts.append(f"提问 {probe.tokens_in} token，回答 {probe.tokens_out} token")
    parts.append(probe.model)
    st.success(escape_markdown(" · ".join(parts)), icon=":material/check_circle:")
    st.code(
        probe.answer.strip() or "（只有思考过程，没有来得及回答）", language=None, wrap_lines=True, height="content"
    )


def _draw_settings(spec: ModelSpec) -> None:
    """All settings of a model, in two columns."""
    values = {
        "名称": spec.name,
        "服务": provider_title(spec.provider),
        "服务方的名称": "待填写" if "model" in spec.missing_settings() else spec.api_name,
        "地址": spec.url or ("由环境变量决定" if is_remote(spec.provider) else "—"),
        "密钥": _key_text(spec),
        "上下文": f"{spec.context_tokens:,} token" if spec.context_tokens else "未知",
        "最长回答": f"{spec.max_output_tokens:,} token" if spec.max_output_tokens else "未知",
        "并发数": f"{spec.concurrency}" if spec.concurrency else "未知",
        "每分钟次数": f"{spec.per_minute:,}" if spec.per_minute else "不限",
        "单价": price_text(spec)
        if price_text(spec) in ("未知", "免费")
        else f"{price_text(spec)} 元 / 千 token（提问 / 回答）",
        **_batch_facts(spec),
        "JSON 模式": "使用" if spec.json_mode else "不使用",
        "发送前替换个人信息": "是" if spec.replace_personal else "否",
        **_parameter_facts(spec),
        "来源": "自建" if spec.source == SpecSource.DATABASE else "随程序提供",
    }
    if spec.training_set_id is not None:
        values["训练集"] = model_catalog.training_set_names(state.store()).get(spec.training_set_id, "已删除")
    if spec.note:
        values["备注"] = spec.note
    fact_table(values)
    if spec.source != SpecSource.DATABASE:
        st.caption("随程序提供的模型不能修改；复制后用同样的名称保存，就会代替它，例如补上单价。")


def _batch_facts(spec: ModelSpec) -> dict[str, str]:
    """Price of cached questions, and what the entry says about batches; nothing where none of it can be."""
    facts: dict[str, str] = {}
    if spec.price_cached is not None:
        facts["缓存单价"] = f"{spec.price_cached:g} 元 / 千 token"
    if spec.provider in PROVIDERS and PROVIDERS[spec.provider].batch:
        facts["批量调用"] = batch_text(spec)
        if spec.batch_url:
            facts["批量地址"] = spec.batch_url
        if spec.batch_source:
            facts["批量出处"] = spec.batch_source
    return facts


def _parameter_facts(spec: ModelSpec) -> dict[str, str]:
    """What is sent beside a question, as it is written in the form; of a learned model which version it is."""
    if spec.provider == LEARNED:
        return {"版本（摘要）": str(spec.parameters.get("digest", "—"))}
    return {"附加参数": json.dumps(dict(spec.parameters), ensure_ascii=False) if spec.parameters else "—"}


def _key_text(spec: ModelSpec) -> str:
    """Environment variables of the key, and whether they are set."""
    names = "、".join(PROVIDERS[spec.provider].variables_of(spec)) if spec.provider in PROVIDERS else ""
    key_status = key_state(spec)
    if not names or key_status == "模板":
        return names or key_status
    return f"{key_status}（{names}）"


def draw_model_editor(do: str, spec: ModelSpec) -> None:
    """Form for a new model, a copy, or a change.

    Args:
        do: ``NEW``, ``COPY`` or ``EDIT``.
        spec: the model to copy or change.
    """
    head, back = st.columns([4, 1], vertical_alignment="center")
    name = escape_markdown(spec.name)
    head.markdown({NEW: "#### 新建模型", COPY: f"#### 复制 {name}"}.get(do, f"#### 修改 {name}"))
    if back.button("返回", icon=":material/close:", width="stretch", key="models-back"):
        show_model("" if do == NEW else spec.name)
    start = {} if do == NEW else model_catalog.draft_of(spec)
    provider = spec.provider
    if do == NEW:
        kinds = [name for name in PROVIDERS if is_remote(name)]
        provider = st.segmented_control(
            "服务",
            kinds,
            default="openai",
            required=True,
            format_func=lambda name: escape_markdown(provider_title(name)),
            key="models-provider",
        )
    elif do == COPY:
        own = spec.source == SpecSource.DATABASE or spec.needs
        start |= {"name": f"{spec.name}-2" if own else spec.name, "training_set_id": None}
    with show_errors():
        values = model_form(
            start,
            provider=provider,
            sets=model_catalog.training_set_names(state.store()),
            key=f"models-{do}-{provider}-{'' if do == NEW else spec.name}",
        )
        if values is not None:
            store = state.store()
            if do == EDIT:
                saved = model_catalog.update(store, spec.id or 0, **values)
            else:
                saved = model_catalog.create(store, **values)
            st.toast(f"已保存模型「{escape_markdown(saved.name)}」", icon=":material/check:")
            show_model(saved.name)
