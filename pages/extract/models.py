"""模型: lists models with key status and prices; edits own entries and makes test calls."""

import streamlit as st

from core.adapters.llm import SpecSource
from core.domain.permissions import Permission
from core.services.extraction import models as model_catalog
from core.ui import address, state
from core.ui.extraction.model_details import COPY, EDIT, NEW, draw_model, draw_model_editor
from core.ui.extraction.model_table import draw_model_table, key_state, show_model
from core.ui.only_for import only_for

_READY = ("已配置", "不需要")
models = sorted(
    model_catalog.models(state.store()),
    key=lambda spec: (spec.source != SpecSource.DATABASE, key_state(spec) not in _READY),
)
requested = address.text_parameter("model")
named = address.find_named(requested, models, lambda spec: (spec.name,))
chosen = named or models[0]
if requested and named is None:
    address.draw_unknown("模型", requested, chosen.title)
do = address.text_parameter("do")
if do and do not in (NEW, COPY, EDIT):
    address.note_unknown("操作", do, chosen.title)
if do == EDIT and chosen.source != SpecSource.DATABASE:
    do = COPY
head, action = st.columns([6, 1], vertical_alignment="center")
head.title("模型")
off = only_for(Permission.MODELS)
if action.button("新建模型", type="primary", icon=":material/add:", width="stretch", key="models-new", **off):
    show_model(requested, NEW)
table, detail = st.columns([8, 5], gap="large")
with table:
    draw_model_table(models, chosen)
    st.caption("密钥只从环境变量或 `.streamlit/secrets.toml` 读取，不会存进数据库。单价请按账单填写。")
with detail:
    if do in (NEW, COPY, EDIT):
        draw_model_editor(do, chosen)
    else:
        draw_model(chosen)
