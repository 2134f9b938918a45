"""The ``local`` provider: no key, no network, rules and dictionaries; the same chat always gets the same answer.

It answers as a model would, with JSON text, so that its answers take the same path as everybody's.
"""

import json
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence

from core.adapters.llm.base import ModelReply, ModelRequest
from core.adapters.llm.local.form_filler import CustomerView, ReadMessage, fill_form, read_message
from core.adapters.llm.local.rules import Rules, load_rules
from core.domain.chat import ParsedChat, Role, RoleGuess, guess_roles, parse_chat
from core.domain.form import Form, FormValues
from core.domain.prompts import summary_of
from core.errors import Cause, ProviderError

MODEL = "rules.v1"


class LocalProvider:
    """Rules instead of a model."""

    name = "local"
    default_url = ""

    def ready(self) -> str:
        """Always ready: it needs neither key nor network."""
        return ""

    def complete(self, request: ModelRequest) -> ModelReply:
        """Fill the request's form from its conversation, or write a summary; the prompt is ignored.

        Raises:
            ProviderError: the request carries no form.
        """
        if request.form is None:
            raise ProviderError(Cause.BAD_REQUEST, "本地规则需要知道要填哪张表", "请在抽取任务里使用，不能单独提问")
        start = time.perf_counter()
        forms = fill_forms(request.form, request.conversation)
        told = request.task == "summary"
        text = summary_of(request.form, forms) if told else json.dumps(forms, ensure_ascii=False, indent=2)
        return ModelReply(text, None, None, time.perf_counter() - start, MODEL)


def fill_forms(form: Form, conversation: str, rules: Rules | None = None) -> list[FormValues]:
    """Extract one form, for the likeliest customer; an empty one where nobody speaks.

    Nine chats of ten have one customer, and of the chats in which the rules saw a second one, none had: an invented
    form halves what a chat earns.

    Args:
        form: what to fill.
        conversation: the chat without residue.
        rules: of a form that lies nowhere yet; ``None``: those that the form has.
    """
    chat = parse_chat(conversation)
    guesses = guess_roles(chat)
    return fill_read_chat(form, read_chat(chat, guesses), guesses, rules)


def read_chat(chat: ParsedChat, guesses: Mapping[str, RoleGuess]) -> list[ReadMessage]:
    """Prepare the messages of a chat that have a speaker."""
    roles = {name: guess.role for name, guess in guesses.items()}
    return [
        read_message(m.index, m.speaker, roles.get(m.speaker, Role.UNKNOWN), m.body.of(chat.text))
        for m in chat.messages
        if m.speaker
    ]


def fill_read_chat(
    form: Form, lines: Sequence[ReadMessage], guesses: Mapping[str, RoleGuess], rules: Rules | None = None
) -> list[FormValues]:
    """Same as :func:`fill_forms`, for a chat that was read already."""
    ranked = rank_customers(lines, guesses)
    if not ranked:
        return [form.empty()]
    name = ranked[0][0]
    own = [line for line in lines if line.speaker == name]
    side = [line for line in lines if line.role is not Role.STAFF]
    return [fill_form(form, CustomerView(name, lines, own, side), rules or load_rules(form.reference))]


def rank_customers(lines: Sequence[ReadMessage], guesses: Mapping[str, RoleGuess]) -> list[tuple[str, float]]:
    """Customers with their weights (how much was said × how little it sounds like staff), the heaviest first.

    Where every speaker looks like staff, the one who looks least so: a group chat without a customer does not exist.
    """
    characters: Counter[str] = Counter()
    for line in lines:
        characters[line.speaker] += 10 + len(re.sub(r"\s", "", line.words))
    if not characters:
        return []
    likeness = {name: -guesses[name].score if name in guesses else 0.0 for name in characters}
    customers = [name for name in characters if likeness[name] > 0]
    if not customers:
        return [(max(characters, key=lambda name: likeness[name]), 0.0)]
    weight = {name: characters[name] * likeness[name] for name in customers}
    return [(name, weight[name]) for name in sorted(customers, key=lambda name: -weight[name])]
