"""模型: which models there are, whether their keys are there, what they cost; own entries, and a test call."""

import json

import streamlit as st

from core.adapters.llm import PROVIDERS, ModelSpec, SpecSource, connect
from core.services.extraction import models as model_catalog
from core.ui import state
from core.ui.extraction.model_form import model_form, provider_title
from core.ui.figures import facts
from core.ui.notices import reported

TABLE_HEIGHT, MOST_ROWS = 640, 19
NEW, COPY, EDIT = "new", "copy", "edit"
SHORT = {"local": "本地", "spark": "星火", "openai": "OpenAI 兼容"}


def key_state(spec: ModelSpec) -> str:
    """Whether a model can be called as things stand."""
    if spec.missing_settings():
        return "模板"
    if spec.provider == "local" or (spec.provider == "openai" and spec.url and not spec.key_env):
        return "不需要"
    return "未配置" if connect(spec).ready() else "已配置"


def price(spec: ModelSpec) -> str:
    """Both prices, or that they are not known."""
    if spec.price_in is None and spec.price_out is None:
        return "未知"
    if spec.price_in == spec.price_out == 0:
        return "免费"
    return " / ".join("?" if value is None else f"{value:g}" for value in (spec.price_in, spec.price_out))


def go(name: str = "", do: str = "") -> None:
    """Show an entry, or a form; the address says which."""
    for parameter, value in (("model", name), ("do", do)):
        if value:
            st.query_params[parameter] = value
        else:
            st.query_params.pop(parameter, None)
    st.rerun()


def draw_table(found: list[ModelSpec], chosen: ModelSpec) -> None:
    """All entries; a click shows one."""
    rows = [
        {
            "名称": spec.name,
            "显示名": spec.title,
            "服务": SHORT.get(spec.provider, spec.provider),
            "密钥": key_state(spec),
            "上下文": spec.context_tokens or None,
            "并发": spec.concurrency,
            "单价": price(spec),
        }
        for spec in found
    ]
    names = [spec.name for spec in found]
    position = names.index(chosen.name)
    picked = st.dataframe(
        rows,
        hide_index=True,
        height="content" if len(rows) <= MOST_ROWS else TABLE_HEIGHT,
        placeholder="未知",
        on_select="rerun",
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [position]}},
        key=f"models-table-{'|'.join(names)}-{chosen.name}",
        column_config={
            "名称": st.column_config.TextColumn(width=135),
            "显示名": st.column_config.TextColumn(width=190),
            "服务": st.column_config.TextColumn(width=95),
            "密钥": st.column_config.TextColumn(width=65),
            "上下文": st.column_config.NumberColumn(width=75, format="localized", help="提问和回答一共的 token 数"),
            "并发": st.column_config.NumberColumn(width=50, help="服务允许同时进行的调用数"),
            "单价": st.column_config.TextColumn(width=100, help="元 / 千 token，提问 / 回答"),
        },
    )
    rows_picked = picked.selection.rows
    if rows_picked and rows_picked[0] < len(names) and rows_picked[0] != position:
        go(names[rows_picked[0]])


def draw_entry(spec: ModelSpec) -> None:
    """One entry: facts, test call, and what may be done with it."""
    st.markdown(f"#### {spec.title}")
    waiting = connect(spec).ready()
    if waiting:
        st.warning(waiting, icon=":material/key_off:")
    with st.container(horizontal=True, gap="small"):
        pressed = st.button(
            "测试连接", icon=":material/network_check:", disabled=bool(waiting), key=f"models-test-{spec.name}"
        )
        if st.button("复制", icon=":material/content_copy:", key=f"models-copy-{spec.name}"):
            go(spec.name, COPY)
        if spec.source == SpecSource.DATABASE:
            if st.button("修改", icon=":material/edit:", key=f"models-edit-{spec.name}"):
                go(spec.name, EDIT)
            with st.popover("删除", icon=":material/delete:"):
                st.markdown(f"删除「{spec.name}」？已完成的抽取任务不受影响。")
                if st.button("删除", type="primary", key=f"models-delete-{spec.name}"):
                    with reported():
                        model_catalog.delete(state.store(), spec.id or 0)
                        go()
    if pressed:
        with st.spinner("正在提问…"):
            draw_probe(model_catalog.probe(spec))
    draw_facts(spec)


def draw_probe(found: model_catalog.Probe) -> None:
    """What the test call showed."""
    if not found.ok:
        st.error(f"{found.error}（{found.seconds:.1f} 秒）", icon=":material/error:")
        return
    parts = [f"连接正常 · {found.seconds:.1f} 秒"]
    if found.tokens_in is not None:
        parts.append(f"提问 {found.tokens_in} token，回答 {found.tokens_out} token")
    parts.append(found.model)
    st.success(" · ".join(parts), icon=":material/check_circle:")
    st.code(
        found.answer.strip() or "（只有思考过程，没有来得及回答）", language=None, wrap_lines=True, height="content"
    )


def draw_facts(spec: ModelSpec) -> None:
    """Everything about an entry, in two columns."""
    values = {
        "名称": spec.name,
        "服务": provider_title(spec.provider),
        "服务方的名称": "待填写" if "model" in spec.missing_settings() else spec.api_name,
        "地址": spec.url or ("—" if spec.provider == "local" else "由环境变量决定"),
        "密钥": key_fact(spec),
        "上下文": f"{spec.context_tokens:,} token" if spec.context_tokens else "未知",
        "最长回答": f"{spec.max_output_tokens:,} token" if spec.max_output_tokens else "未知",
        "并发数": f"{spec.concurrency}" if spec.concurrency else "未知",
        "每分钟次数": f"{spec.per_minute:,}" if spec.per_minute else "不限",
        "单价": price(spec) if price(spec) in ("未知", "免费") else f"{price(spec)} 元 / 千 token（提问 / 回答）",
        "JSON 模式": "使用" if spec.json_mode else "不使用",
        "附加参数": json.dumps(dict(spec.parameters), ensure_ascii=False) if spec.parameters else "—",
        "来源": "自建" if spec.source == SpecSource.DATABASE else "随程序提供",
    }
    if spec.training_set_id is not None:
        values["训练集"] = model_catalog.training_sets(state.store()).get(spec.training_set_id, "已删除")
    if spec.note:
        values["备注"] = spec.note
    facts(values)
    if spec.source != SpecSource.DATABASE:
        st.caption("随程序提供的模型不能修改；复制后用同样的名称保存，就会代替它，例如补上单价。")


def key_fact(spec: ModelSpec) -> str:
    """Which variables the key is in, and whether they are set."""
    names = "SPARKAI_APP_ID、SPARKAI_API_KEY、SPARKAI_API_SECRET" if spec.provider == "spark" else spec.key_env
    found = key_state(spec)
    if not names or found == "模板":
        return names or found
    return f"{found}（{names}）"


def draw_form(do: str, spec: ModelSpec) -> None:
    """A new entry, a copy, or a change."""
    head, back = st.columns([4, 1], vertical_alignment="center")
    head.markdown(f"#### {({NEW: '新建模型', COPY: f'复制 {spec.name}'}).get(do, f'修改 {spec.name}')}")
    if back.button("返回", icon=":material/close:", width="stretch", key="models-back"):
        go("" if do == NEW else spec.name)
    start = {} if do == NEW else model_catalog.draft_of(spec)
    provider = spec.provider
    if do == NEW:
        kinds = [name for name in PROVIDERS if name != "local"]
        provider = st.segmented_control(
            "服务", kinds, default="openai", required=True, format_func=provider_title, key="models-provider"
        )
    elif do == COPY:
        own = spec.source == SpecSource.DATABASE or spec.needs
        start |= {"name": f"{spec.name}-2" if own else spec.name, "training_set_id": None}
    with reported():
        values = model_form(
            start,
            provider=provider,
            sets=model_catalog.training_sets(state.store()),
            key=f"models-{do}-{provider}-{'' if do == NEW else spec.name}",
        )
        if values is not None:
            store = state.store()
            if do == EDIT:
                saved = model_catalog.update(store, spec.id or 0, **values)
            else:
                saved = model_catalog.create(store, **values)
            st.toast(f"已保存模型「{saved.name}」", icon=":material/check:")
            go(saved.name)


_READY = ("已配置", "不需要")
found = sorted(
    model_catalog.models(state.store()),
    key=lambda spec: (spec.source != SpecSource.DATABASE, key_state(spec) not in _READY),
)
wanted = st.query_params.get("model", "")
chosen = next((spec for spec in found if spec.name == wanted), found[0])
do = st.query_params.get("do", "")
if do == EDIT and chosen.source != SpecSource.DATABASE:
    do = COPY
head, action = st.columns([6, 1], vertical_alignment="center")
head.title("模型")
if action.button("新建模型", type="primary", icon=":material/add:", width="stretch", key="models-new"):
    go(wanted, NEW)
table, detail = st.columns([8, 5], gap="large")
with table:
    draw_table(found, chosen)
    st.caption("密钥只从环境变量或 `.streamlit/secrets.toml` 读取，不会存进数据库。单价请按账单填写。")
with detail:
    if do in (NEW, COPY, EDIT):
        draw_form(do, chosen)
    else:
        draw_entry(chosen)
