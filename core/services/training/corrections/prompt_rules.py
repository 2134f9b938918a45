"""From a lesson to a sentence in a prompt, and to a new version of that prompt kept in the database."""

import re
from collections.abc import Sequence

from core.adapters.store import Store, queries
from core.domain.chat import parse_chat
from core.domain.evidence import ChatIndex, locate
from core.domain.form import Form, text_of
from core.domain.prompts import Prompt
from core.errors import PromptError
from core.services.extraction.prompt_library import Entry, next_version, retitled, save
from core.services.training.corrections.grouping import CorrectionGroup, CorrectionKind

HEADING = "## 审阅中总结的规则"
_END = "{% endblock %}"
_EXCERPT = 120
"""Characters of a message that an example shows."""


def propose_rule(form: Form, lesson: CorrectionGroup) -> str:
    """A proposal for the rule, for a person to edit before it goes anywhere."""
    label = f"「{lesson.key}」"
    before, after = f"「{lesson.before}」", f"「{lesson.after}」"
    match lesson.how:
        case CorrectionKind.FILLED if lesson.after:
            return f"{label}常被漏填，尤其是{after}：群聊里能看出来就填。"
        case CorrectionKind.FILLED:
            return f"{label}常被漏填：群聊里说到了就照原话填写。"
        case CorrectionKind.CLEARED if lesson.before:
            return f"{label}没有明确依据时留空，不要推断为{before}。"
        case CorrectionKind.CLEARED:
            return f"{label}在群聊里没有说到时留空，不要编造。"
        case CorrectionKind.CHANGED if lesson.before and lesson.after:
            return f"{label}容易误填为{before}，这类情况应填{after}。"
        case CorrectionKind.CHANGED:
            return f"{label}要照群聊里客户的原话填写，不要改写、概括或换算。"
        case CorrectionKind.ADDED if lesson.after:
            return f"{label}常漏掉{after}：群聊里涉及时一并列出。"
        case CorrectionKind.ADDED:
            return f"{label}常漏项：群聊里涉及的每一项都要列出。"
        case CorrectionKind.REMOVED if lesson.before:
            return f"{label}不要随意加上{before}：客户明确提到才算。"
        case _:
            return f"{label}只列客户明确提到的，不要多列。"


def find_example(store: Store, form: Form, dataset_id: int, lesson: CorrectionGroup) -> str:
    """A short example from the approved records: what was said, and what it means for the field; ``""`` if none.

    The first case whose approved value stands in its chat is taken; the words are the message's own.
    """
    field = form.field(lesson.key)
    for case in lesson.cases:
        if not case.after:
            continue
        with store.read() as session:
            chat = queries.chat(session, dataset_id, case.chat)
        parsed = parse_chat(chat.text)
        mark = locate(form, ChatIndex(parsed), form.empty() | {field.key: case.after})[field.key]
        if mark.messages:
            message = parsed.messages[mark.messages[0]]
            said = " ".join(message.body.of(parsed.text).split())[:_EXCERPT]
            return f"例如群聊里说“{said}”，「{lesson.key}」应填「{text_of(case.after)}」。"
    return ""


def add_rules(prompt: Prompt, rules: Sequence[str], *, version: int) -> str:
    """The prompt's text with these rules at the end of what is asked, as another version.

    Args:
        prompt: any prompt.
        rules: sentences; braces are replaced, for a template would read them.
        version: of the new text.

    Raises:
        PromptError: no rule, or a body without the end of a block.
    """
    wanted = [re.sub(r"\s+", " ", rule).strip().translate(str.maketrans("{}", "｛｝")) for rule in rules]
    wanted = [rule for rule in wanted if rule]
    if not wanted:
        raise PromptError("没有要写进提示词的规则", "请至少选一组，并写明规则")
    source = retitled(prompt.source, version=version)
    at = source.rfind(_END)
    if at < 0:
        raise PromptError(f"提示词 {prompt.id} 的正文没有 {_END}", "请换一个提示词")
    before = source[:at].rstrip("\n")
    lines = "\n".join(f"- {rule}" for rule in wanted)
    heading = "" if HEADING in before else f"\n\n{HEADING}"
    return f"{before}{heading}\n{lines}\n{source[at:]}"


def save_prompt_with_rules(store: Store, prompt: Prompt, rules: Sequence[str], *, who: str) -> Entry:
    """Keep the prompt with these rules as the next version of its name.

    Raises:
        PromptError: as :func:`add_rules`, or the text cannot be used.
    """
    with store.read() as session:
        version = next_version(session, prompt.name)
    return save(store, add_rules(prompt, rules, version=version), who=who)
