"""How a form will look on the desk, before anything uses it: one chat, filled by rules, that nobody can edit."""

from core.adapters.llm.local.provider import fill_forms
from core.adapters.llm.local.rules import Rules
from core.adapters.store import ChatView
from core.domain.chat import parse_chat
from core.domain.form import Form
from core.services.review.workbench.contract import WorkbenchPayload
from core.services.review.workbench.payload import chat_payload
from core.services.review.workbench.run_answers import RunAnswer
from core.services.review.workbench.sync import form_payload

_CHAT = 1
LONGEST_TEXT = 20_000
"""Characters of a chat that a preview takes."""


def preview_payload(form: Form, text: str, *, rules: Rules, guidelines: dict[str, str]) -> WorkbenchPayload:
    """The desk's data for one chat and a form that lies nowhere yet.

    Args:
        form: as it is now.
        text: of the chat; what is longer than :data:`LONGEST_TEXT` is left out.
        rules: of the form.
        guidelines: text per field.
    """
    text = text[:LONGEST_TEXT]
    chat = ChatView(id=0, dataset_id=0, index=_CHAT, text=text, sha256="", residue_characters=0)
    answer = RunAnswer(list(fill_forms(form, parse_chat(text).conversation, rules)), "")
    return {
        "form": form_payload(form),
        "guidelines": guidelines,
        "session": "preview",
        "reviewer": "预览",
        "review": "primary",
        "dataset": {"id": 0, "name": form.title},
        "progress": {"total": 1, "confirmed": 0, "discussed": 0, "skipped": 0, "left": 1},
        "open": _CHAT,
        "order": {"next": [], "prev": []},
        "base_run_id": 0,
        "chats": [chat_payload(form, chat, None, answer, 0, {0: {"name": "本地规则", "model": ""}}, None)],
        "acks": [],
        "error": "",
        "offline": False,
    }
