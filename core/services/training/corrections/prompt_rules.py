"""From corrections to a rule in a prompt, and to a new version of that prompt in the database."""

import re
from collections.abc import Sequence

from core.adapters.store import Store, queries
from core.domain.evidence import locate, text_index
from core.domain.form import Form, text_of
from core.domain.prompts import Prompt
from core.errors import PromptError
from core.services.extraction.prompt_library import PromptEntry, next_version, save, with_front_matter
from core.services.training.corrections.grouping import CorrectionGroup, CorrectionKind

HEADING = "## 审阅中总结的规则"
_END = "{% endblock %}"
_EXCERPT = 120
"""Characters of a message that an example shows."""


def propose_rule(form: Form, group: CorrectionGroup) -> str:
    """Propose a rule that would prevent the corrections, for a person to edit."""
    label = f"「{group.key}」"
    before, after = f"「{group.before}」", f"「{group.after}」"
    match group.how:
        case CorrectionKind.FILLED if group.after:
            return f"{label}常被漏填，尤其是{after}：群聊里能看出来就填。"
        case CorrectionKind.FILLED:
            return f"{label}常被漏填：群聊里说到了就照原话填写。"
        case CorrectionKind.CLEARED if group.before:
            return f"{label}没有明确依据时留空，不要推断为{before}。"
        case CorrectionKind.CLEARED:
            return f"{label}在群聊里没有说到时留空，不要编造。"
        case CorrectionKind.CHANGED if group.before and group.after:
            return f"{label}容易误填为{before}，这类情况应填{after}。"
        case CorrectionKind.CHANGED:
            return f"{label}要照群聊里客户的原话填写，不要改写、概括或换算。"
        case CorrectionKind.ADDED if group.after:
            return f"{label}常漏掉{after}：群聊里涉及时一并列出。"
        case CorrectionKind.ADDED:
            return f"{label}常漏项：群聊里涉及的每一项都要列出。"
        case CorrectionKind.REMOVED if group.before:
            return f"{label}不要随意加上{before}：客户明确提到才算。"
        case _:
            return f"{label}只列客户明确提到的，不要多列。"


def find_example(store: Store, form: Form, dataset_id: int, group: CorrectionGroup) -> str:
    """A short example from the approved records: a quote and the value of the field; ``""`` if there is none.

    The first case whose approved value stands in its chat is taken; the words are the message's own.
    """
    field = form.field(group.key)
    for case in group.cases:
        if not case.after:
            continue
        with store.read() as session:
            chat = queries.chat(session, dataset_id, case.chat)
        index = text_index(chat.text)
        mark = locate(form, index, form.empty() | {field.key: case.after})[field.key]
        if mark.messages:
            message = index.parsed.messages[mark.messages[0]]
            quote = " ".join(message.body.of(index.text).split())[:_EXCERPT]
            return f"例如群聊里说“{quote}”，「{group.key}」应填「{text_of(case.after)}」。"
    return ""


def add_rules(prompt: Prompt, rules: Sequence[str], *, version: int) -> str:
    """Add rules to a prompt's text, at the end of what is asked, as another version.

    Args:
        prompt: any prompt.
        rules: sentences; braces are replaced, for a template would read them.
        version: of the new text.

    Raises:
        PromptError: no rule, or a body without the end of a block.
    """
    clean_rules = [re.sub(r"\s+", " ", rule).strip().translate(str.maketrans("{}", "｛｝")) for rule in rules]
    clean_rules = [rule for rule in clean_rules if rule]
    if not clean_rules:
        raise PromptError("没有要写进提示词的规则", "请至少选一组，并写明规则")
    source = with_front_matter(prompt.source, version=version)
    at = source.rfind(_END)
    if at < 0:
        raise PromptError(f"提示词 {prompt.id} 的正文没有 {_END}", "请换一个提示词")
    before = source[:at].rstrip("\n")
    lines = "\n".join(f"- {rule}" for rule in clean_rules)
    heading = "" if HEADING in before else f"\n\n{HEADING}"
    return f"{before}{heading}\n{lines}\n{source[at:]}"


def save_prompt_with_rules(store: Store, prompt: Prompt, rules: Sequence[str], *, who: str) -> PromptEntry:
    """Save the prompt with these rules as the next version of its name.

    Raises:
        PromptError: as :func:`add_rules`, or the text cannot be used.
    """
    with store.read() as session:
        version = next_version(session, prompt.name)
    return save(store, add_rules(prompt, rules, version=version), who=who)
