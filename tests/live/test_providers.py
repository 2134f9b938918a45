"""One question to each real service whose keys are in the environment. Never run by default: ``pytest -m live``."""

import pytest

from core.adapters.llm import provider_entry
from core.domain.form import Form
from core.domain.prompts import load_prompt
from core.services.extraction.pipeline import Status
from core.services.extraction.pipeline.chat_extraction import extract_chat

CHAT = (
    "客服小林：您好\n张敏3：你们高级版一年多少钱？\n客服小林：12800 元，我发您报价单\n张敏3：好的，我的电话 13812345678"
)

pytestmark = pytest.mark.live


@pytest.mark.parametrize("name", ["spark", "openai"])
def test_a_real_model_fills_the_form(name: str, form: Form, request: pytest.FixtureRequest) -> None:
    if "live" not in (request.config.option.markexpr or ""):
        pytest.skip("calls a real service: run with -m live")
    service = provider_entry(name).connect(None)
    if reason := service.ready():
        pytest.skip(reason)
    outcome = extract_chat(form=form, conversation=CHAT, prompt=load_prompt(), provider=service)
    assert outcome.status is not Status.FAILED, outcome.error
    assert outcome.forms
    assert outcome.forms[0]["基本信息-姓名"] == "张敏3"
