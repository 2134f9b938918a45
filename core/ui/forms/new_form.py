"""A new form: from scratch, from a sample of what should come out, from a JSON Schema, or from a form's file."""

from collections.abc import Callable
from typing import Final

import streamlit as st

from core.domain.form import form_path
from core.domain.form.loading import FormTexts, parse_form
from core.domain.permissions import Permission
from core.errors import InputError
from core.services.forms import read_form_file
from core.services.forms.drafts import draft_named, keep_draft
from core.services.forms.form_file import LARGEST_FILE
from core.services.forms.form_text import Tables, form_text, new_field, new_tables
from core.services.forms.from_sample import LARGEST_SAMPLE, form_from_sample
from core.services.forms.from_schema import form_from_schema
from core.services.forms.library import newest_version
from core.ui import state
from core.ui.forms.open_form import forget_open_form
from core.ui.notices import show_errors
from core.ui.only_for import only_for

SCRATCH, SAMPLE, SCHEMA, FILE = "从头做", "从 JSON 样例", "从 JSON Schema", "从表单文件"
_SAMPLE_HINT: Final = (
    '[\n  {"客户-称呼": "周岚", "客户-电话": "13900001234", "问题": ["漏水", "不制冷"], "紧急程度": "紧急"}\n]'
)
_WAYS: Final = {
    SCRATCH: "一个写名字的字段，其余自己加。",
    SAMPLE: "给一个想要的答案，或带 infos 的数据：字段、类型、列表、分组（“分组-字段”）、建议值都从里面来。",
    SCHEMA: "properties 成为字段：enum 是建议值，array 是列表，description 是说明。",
    FILE: "别处导出的表单：一个 toml，或三个 toml 的 zip。同名的表单存为它的下一版。",
}


def draw_new_form() -> None:
    """Boxes for a new form's title, name and origin; its button makes a draft and opens it."""
    way = st.segmented_control("从哪里来", list(_WAYS), default=SAMPLE, required=True, key="form-new-way")
    st.caption(_WAYS[way])
    title = name = ""
    if way != FILE:
        left, right = st.columns(2)
        title = left.text_input("标题", max_chars=60, placeholder="例如：维修工单", key="form-new-title")
        name = right.text_input(
            "名字",
            max_chars=60,
            placeholder="字母、数字、下划线",
            key="form-new-name",
            help="命令行和文件里用；字母、数字、下划线和连字符，以后不变",
        )
    data = _draw_source(way)
    if st.button("建立草稿", type="primary", key="form-new-make", **only_for(Permission.FORMS)):
        with show_errors():
            _make(way, title, name, data)


def _draw_source(way: str) -> bytes:
    """What the form is made from; empty where it is made from scratch, or nothing was given yet."""
    if way == SCRATCH:
        return b""
    kinds = {SAMPLE: "JSON、JSONL 或 TXT", SCHEMA: "JSON", FILE: "TOML 或 ZIP"}[way]
    left, right = st.columns(2) if way != FILE else (st.container(), st.container())
    uploaded = left.file_uploader(f"文件（{kinds}）", max_upload_size=20, key=f"form-new-file-{way}")
    if uploaded is not None:
        return bytes(uploaded.getvalue())
    if way == FILE:
        return b""
    typed = right.text_area(
        "或粘贴在这里", height=140, placeholder=_SAMPLE_HINT if way == SAMPLE else "{}", key=f"form-new-text-{way}"
    )
    return typed.encode()


def _make(way: str, title: str, name: str, data: bytes) -> None:
    """Make the draft, and open it.

    Raises:
        ShiyaoError: what was given cannot be used, or the name is taken.
    """
    if not state.reviewer():
        raise InputError("还不知道是谁在新建表单", "请先在「总览」填写名字")
    if way != SCRATCH and not data.strip():
        raise InputError("还没有给内容", "请选择文件，或粘贴内容")
    if len(data) > max(LARGEST_SAMPLE, LARGEST_FILE):
        raise InputError("文件太大", "请只留一部分")
    texts = read_form_file(data, "上传的文件") if way == FILE else _new_texts(way, title.strip(), name.strip(), data)
    name = parse_form(texts.form, "表单").name if way == FILE else name.strip()
    with state.store().read() as session:
        newest = newest_version(session, name)
        draft = draft_named(session, name, state.reviewer())
    if newest and way != FILE:
        raise InputError(f"已经有名为「{name}」的表单", "请换一个名字，或打开那个表单修改")
    if draft is not None:
        raise InputError(f"您已经有「{name}」的草稿", "请先打开它：保存，或放弃草稿")
    base = _base_of(name, newest)
    keep_draft(state.store(), name, texts, who=state.reviewer(), base=base, revision=0)
    forget_open_form()
    st.query_params.from_dict({"form": name})
    st.rerun()


def _base_of(name: str, newest: int) -> str:
    if not newest:
        return ""
    from core.services.forms.library import form_versions

    with state.store().read() as session:
        return form_versions(session, name)[0].reference


def _new_texts(way: str, title: str, name: str, data: bytes) -> FormTexts:
    if not title and way != SCHEMA:  # a schema may bring its own
        raise InputError("还没有标题", "请写上大家怎么叫它，例如：维修工单")
    if not name:
        raise InputError("还没有名字", "请写一个，例如 repair；命令行和文件里用它")
    form_path(name)
    makers: dict[str, Callable[[], Tables]] = {
        SCRATCH: lambda: new_tables(name, title, [new_field("称呼", "客户", kind="person")], ["客户"]),
        SAMPLE: lambda: form_from_sample(data, name=name, title=title),
        SCHEMA: lambda: form_from_schema(data, name=name, title=title),
    }
    return FormTexts(form_text(makers[way]()))
