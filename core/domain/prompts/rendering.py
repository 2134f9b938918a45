"""Renders a prompt with form and variables into a system and a user message."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any

from core.domain.form import Form
from core.domain.form.guidelines import first_guidelines
from core.domain.prompts.jinja_environment import compiled, is_only_put_in
from core.domain.prompts.prompt_types import COMMON_VARIABLES, STAGE_VARIABLES, Example, Prompt, Rendered
from core.domain.prompts.render_budget import budget_for, charge_output
from core.domain.prompts.template_errors import body_line, template_reason
from core.errors import PromptError

_MARK = f"<{secrets.token_hex(16)}>"
"""Stands for a text while what is around it is rendered; nobody can have written it."""
_MOST_PLACES = 5
"""A budget grows by more than as many times the text: what could be too long is rendered as a whole, and counted."""


def render(
    prompt: Prompt,
    form: Form,
    *,
    json_object: bool = False,
    guidelines: Mapping[str, str] | None = None,
    **variables: Any,
) -> Rendered:
    """Render a prompt into messages.

    Args:
        prompt: which prompt.
        form: what the answer has to fill; its fields are described and its empty answer is the skeleton.
        json_object: the server's JSON mode allows one object only, so the list of forms is asked for inside one.
        guidelines: text by field key; ``None``: the first guidelines of the form.
        variables: the stage's own variables, e.g. ``chat`` for extraction: exactly those, none more.

    Raises:
        PromptError: a variable is missing or unknown, or the template fails; names the prompt.
    """
    stage_variables = STAGE_VARIABLES[prompt.stage] - COMMON_VARIABLES
    if missing := sorted(stage_variables - variables.keys()):
        raise PromptError(f"提示词 {prompt.id} 缺少变量：{'、'.join(missing)}", "请提供这些变量后重试")
    if unknown := sorted(variables.keys() - stage_variables):
        raise PromptError(f"提示词 {prompt.id} 没有这些变量：{'、'.join(unknown)}", "请去掉后重试")
    try:
        parts = _parts(prompt.body, form, json_object, guidelines, variables)
    except Exception as error:  # a template may raise whatever Python raises: TypeError, OverflowError, MemoryError
        raise PromptError(
            f"提示词 {prompt.id} {body_line(error)}渲染失败：{template_reason(error)}", "请检查提示词的正文"
        ) from error
    system, user = parts.get("system", ""), parts["user"]
    digest = hashlib.sha256(f"{system}\0{user}".encode()).hexdigest()
    return Rendered(system=system, user=user, sha256=digest)


def _parts(
    body: str, form: Form, json_object: bool, guidelines: Mapping[str, str] | None, variables: Mapping[str, Any]
) -> dict[str, str]:
    """``{block: text}``; of a prompt into which one text is only put, the rest is rendered once for all texts."""
    given = first_guidelines(form) if guidelines is None else guidelines
    name, value = next(iter(variables.items())) if len(variables) == 1 else ("", None)
    # What fails is rendered as a whole, with the budget of its text, and says what is wrong.
    with suppress(Exception):
        if isinstance(value, str) and is_only_put_in(body, name):
            around = _around(body, form, json_object, tuple(given.items()), name)
            if all(len(pieces) <= _MOST_PLACES for pieces in around.values()):
                return {block: value.join(pieces).strip() for block, pieces in around.items()}
    return {block: text.strip() for block, text in _blocks(body, form, json_object, given, variables).items()}


@lru_cache(maxsize=64)
def _around(
    body: str, form: Form, json_object: bool, guidelines: tuple[tuple[str, str], ...], name: str
) -> dict[str, list[str]]:
    """``{block: what stands before, between and behind the places of a text}``."""
    blocks = _blocks(body, form, json_object, dict(guidelines), {name: _MARK})
    return {block: text.split(_MARK) for block, text in blocks.items()}


def _blocks(
    body: str, form: Form, json_object: bool, guidelines: Mapping[str, str], variables: Mapping[str, Any]
) -> dict[str, str]:
    context: dict[str, Any] = {
        "form": form,
        "guidelines": guidelines,
        "skeleton": json.dumps(form.empty(), ensure_ascii=False, indent=2),
        "json_object": json_object,
        **variables,
    }
    template = compiled(body)
    with budget_for(context):
        return {
            name: "".join(map(charge_output, block(template.new_context(context))))
            for name, block in template.blocks.items()
        }


_ANYTHING: dict[str, Any] = {
    "chat": "甲：在",
    "summary": "甲在",
    "forms": "[]",
    "customer": "甲",
    "examples": [Example("甲：在", "[]")],
}


@lru_cache(maxsize=256)
def asks_the_same(one: Prompt, other: Prompt, form: Form) -> bool:
    """Whether two prompts of a stage ask for a form in the very same words."""
    if one.stage is not other.stage:
        return False
    given = {name: _ANYTHING[name] for name in STAGE_VARIABLES[one.stage] - COMMON_VARIABLES}
    return all(
        render(one, form, json_object=is_object, **given) == render(other, form, json_object=is_object, **given)
        for is_object in (False, True)
    )
