"""From corrections to a rule in a prompt, and to a new version of that prompt in the database."""

import re
from collections.abc import Sequence

from sqlmodel import Session

from core.adapters.store import Store, queries
from core.domain.evidence import locate, text_index
from core.domain.form import Form, text_of
from core.domain.prompts import Prompt
from core.errors import PromptError
from core.services.extraction.prompt_library import PromptEntry, list_entries, next_version, save, with_front_matter
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
            return f"{label}要照群聊里{form.subject}的原话填写，不要改写、概括或换算。"
        case CorrectionKind.ADDED if group.after:
            return f"{label}常漏掉{after}：群聊里涉及时一并列出。"
        case CorrectionKind.ADDED:
            return f"{label}常漏项：群聊里涉及的每一项都要列出。"
        case CorrectionKind.REMOVED if group.before:
            return f"{label}不要随意加上{before}：{form.subject}明确提到才算。"
        case _:
            return f"{label}只列{form.subject}明确提到的，不要多列。"


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
    """Add rules to a prompt's text, at the end of what is asked, as another version; those that it has already once.

    Args:
        prompt: any prompt.
        rules: sentences; braces are replaced, for a template would read them.
        version: of the new text.

    Raises:
        PromptError: no rule, none that the prompt does not have, or a body without the end of a block.
    """
    clean_rules = _clean(rules)
    if not clean_rules:
        raise PromptError("没有要写进提示词的规则", "请至少选一组，并写明规则")
    clean_rules = missing_rules(prompt, clean_rules)
    if not clean_rules:
        raise PromptError(f"这些规则提示词 {prompt.id} 里都有了", "请改写规则，或直接用这个提示词")
    source = with_front_matter(prompt.source, version=version)
    at = source.rfind(_END)
    if at < 0:
        raise PromptError(f"提示词 {prompt.id} 的正文没有 {_END}", "请换一个提示词")
    before = source[:at].rstrip("\n")
    lines = "\n".join(f"- {rule}" for rule in clean_rules)
    heading = "" if HEADING in before else f"\n\n{HEADING}"
    return f"{before}{heading}\n{lines}\n{source[at:]}"


def _clean(rules: Sequence[str]) -> list[str]:
    """Rules on one line each, without braces; empty ones and repeats left out."""
    lines = (re.sub(r"\s+", " ", rule).strip().translate(str.maketrans("{}", "｛｝")) for rule in rules)
    return list(dict.fromkeys(filter(None, lines)))


def missing_rules(prompt: Prompt, rules: Sequence[str]) -> list[str]:
    """Those of some rules that a prompt does not have yet, as they would be written into it.

    Args:
        prompt: any prompt.
        rules: sentences, as for :func:`add_rules`.
    """
    present = set(prompt.body.splitlines())
    return [rule for rule in _clean(rules) if f"- {rule}" not in present]


def save_prompt_with_rules(store: Store, prompt: Prompt, rules: Sequence[str], *, who: str) -> PromptEntry:
    """Save the prompt with these rules as the next version of its name.

    Raises:
        PromptError: as :func:`add_rules`, a version says just the same already, or the text cannot be used.
    """
    with store.read() as session:
        version = next_version(session, prompt.name)
        same = version_with_rules(session, prompt, rules)
        if same and same != prompt.id:
            raise PromptError(f"同样的规则已经存成 {same}", "请直接用它，或改写规则")
    return save(store, add_rules(prompt, rules, version=version), who=who)


def version_with_rules(session: Session, prompt: Prompt, rules: Sequence[str]) -> str:
    """The version of a prompt's name that says what the prompt would say with these rules; ``""`` where none does.

    That is the prompt itself where it has all of them.

    Args:
        session: open session.
        prompt: any prompt.
        rules: sentences, as for :func:`add_rules`.
    """
    if not (clean_rules := _clean(rules)):
        return ""
    if not missing_rules(prompt, clean_rules):
        return prompt.id
    try:
        source = add_rules(prompt, clean_rules, version=prompt.version)
    except PromptError:
        return ""  # what cannot be saved is refused elsewhere
    lines = sorted(source.splitlines())
    for entry in list_entries(session):
        if entry.prompt.name == prompt.name:
            if sorted(with_front_matter(entry.prompt.source, version=prompt.version).splitlines()) == lines:
                return entry.prompt.id
    return ""
