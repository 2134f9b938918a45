"""How the form will look: the desk on a chat, and the prompt that a model is sent."""

from collections.abc import Mapping
from typing import Final

import streamlit as st

from core.adapters.llm.local.rules import rules_of
from core.domain.form import Form
from core.domain.form.guidelines import parse_guidelines
from core.domain.form.loading import parse_form
from core.domain.prompts import Stage, needs, render
from core.services.extraction import prompt_library
from core.services.review.workbench.preview import LONGEST_TEXT, preview_payload
from core.ui import state
from core.ui.forms.desk_preview import draw_desk_preview
from core.ui.forms.open_form import OpenForm
from core.ui.held_choice import held_choice
from core.ui.notices import show_errors

_CHAT: Final = """\
周岚3：你好，想问一下上次说的那个，什么时候能弄好？有点急
客服小何：您好，请您留个联系方式和地址，我们尽快安排。
周岚3：13900001234，南京市鼓楼区中山路 18 号
周岚3：费用大概多少？三千以内可以接受
客服小何：好的，明天下午两点给您回复，您看可以吗？
周岚3：可以，谢谢
"""
"""A short chat of our own with what most forms ask for."""


def draw_preview(opened: OpenForm) -> None:
    """The desk, read-only, on a chat that may be put in, and the prompt; both as the form is now."""
    if opened.problems():
        st.info("改正上面的问题以后，这里是审阅台和提示词的样子。", icon=":material/info:")
        return
    form = parse_form(opened.texts.form, "表单")
    with st.expander("换一段群聊试"):
        text = st.text_area("群聊", _CHAT, height=180, max_chars=LONGEST_TEXT, key=f"form-preview-chat-{opened.name}")
    chat = text.strip() or _CHAT
    with show_errors():
        st.caption("审阅台（只看；本地规则先填）")
        guidelines = parse_guidelines(opened.texts.guidelines, "规范")
        payload = preview_payload(form, chat, rules=rules_of(opened.texts.rules, form), guidelines=guidelines)
        draw_desk_preview(payload, key="form-desk-preview")
        _draw_prompt(form, chat, guidelines)


def _draw_prompt(form: Form, chat: str, guidelines: Mapping[str, str]) -> None:
    with state.store().read() as session:
        known = prompt_library.list_entries(session)
    prompts = [one.prompt for one in known if _is_whole(one.prompt.stage)]
    if not prompts:
        return
    numbers = range(len(prompts))
    number = st.selectbox(
        "提示词",
        numbers,
        format_func=lambda n: f"{prompts[n].title} · {prompts[n].id}",
        key=held_choice("form-preview-prompt", numbers),
    )
    rendered = render(prompts[number], form, guidelines=guidelines, chat=chat)
    for part in filter(None, (rendered.system, rendered.user)):
        st.code(part, language=None, wrap_lines=True)  # whole: a box that scrolls inside cannot be reached by keys


def _is_whole(stage: Stage) -> bool:
    """Whether a stage is asked with the chat alone."""
    return not any(needs(stage, part) for part in ("summary", "forms", "customer", "examples", "fields"))
