"""What a row shows of its chat: conversation, cleaned conversation, summary or window, each with the answer to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from core.domain.chat import parse_chat
from core.domain.form import Form, FormValues
from core.services.training.answer_selection import SelectedAnswer
from core.services.training.chunk_rows import pins_of, supported_forms
from core.services.training.input_texts import InputKind, cleaned_text


class WindowPlace(NamedTuple):
    """Where a window lies in its text: which of how many (from 1), its range, and the name put before it."""

    number: int
    of: int
    start: int
    end: int
    prefix: str


@dataclass(frozen=True, slots=True)
class RowInput:
    """What a row shows of its chat, and the answer to that.

    Attributes:
        text: the conversation, cleaned or not, a summary, or a window of the conversation.
        forms: the whole answer, or what a window gives evidence of.
        facts: for the provenance: ``input``, and version of the summary or place of the window.
        customers: of a window: the position of each form in the whole answer.
        rejected: the whole answer that was rejected, where the format wants it and the chat has one.
        everyone: the whole answer, where :attr:`forms` is that about one customer.
    """

    text: str
    forms: list[FormValues]
    facts: dict[str, Any]
    customers: tuple[int, ...] = ()
    rejected: list[FormValues] | None = None
    everyone: list[FormValues] | None = None

    @property
    def people(self) -> list[FormValues]:
        """Forms of everybody in the chat, whom masking hides."""
        return [*(self.everyone or self.forms), *(self.rejected or ())]


def raw_input(answer: SelectedAnswer) -> RowInput:
    """The conversation as stored, letter for letter, with the whole answer."""
    return RowInput(answer.conversation, answer.forms, {"input": str(InputKind.RAW)}, rejected=answer.rejected)


def clean_input(answer: SelectedAnswer, steps: Sequence[str]) -> RowInput:
    """The cleaned conversation with the whole answer."""
    text = cleaned_text(answer.conversation, steps)
    return RowInput(text, answer.forms, {"input": str(InputKind.CLEAN)}, rejected=answer.rejected)


def summary_input(answer: SelectedAnswer) -> RowInput | None:
    """The stored summary with the whole answer; ``None`` where the chat has no summary."""
    if answer.summary is None:
        return None
    facts = {"input": str(InputKind.SUMMARY), "summary_version": answer.summary.version}
    return RowInput(answer.summary.text, answer.forms, facts, rejected=answer.rejected)


def window_input(form: Form, answer: SelectedAnswer, whole: RowInput, place: WindowPlace) -> RowInput:
    """One window of a text that was too long, with the answer that it gives evidence of.

    Args:
        form: the whole form.
        answer: the chat with its answer.
        whole: the text that is cut.
        place: of the window.
    """
    text = place.prefix + whole.text[place.start : place.end]
    if whole.facts["input"] == InputKind.RAW:
        messages = parse_chat(whole.text).messages
        inside = frozenset(m.index for m in messages if m.span.start < place.end and place.start < m.span.end)
        forms = supported_forms(form, text, answer.forms, pins_of(answer.customers), inside.__contains__)
    else:
        forms = supported_forms(form, text, answer.forms)
    return RowInput(text, list(forms.values()), {**whole.facts, "window": list(place)}, tuple(forms))


def customer_inputs(form: Form, whole: RowInput) -> list[RowInput]:
    """One input per customer of a chat who has a name that no other has: who has none cannot be asked about."""
    names = [form.name_of(values).strip() for values in whole.forms]
    return [customer_input(whole, number) for number, name in enumerate(names) if name and names.count(name) == 1]


def customer_input(whole: RowInput, customer: int) -> RowInput:
    """The input with the answer about one customer alone, by position in the whole answer."""
    facts = {**whole.facts, "customer": customer}
    return replace(whole, forms=[whole.forms[customer]], facts=facts, everyone=whole.forms)


def recreate_input(
    form: Form, answer: SelectedAnswer, provenance: Mapping[str, Any], steps: Sequence[str]
) -> RowInput | None:
    """The input of a stored row, recreated from its provenance; ``None`` where its summary is gone."""
    whole: RowInput | None
    match InputKind(provenance["input"]):
        case InputKind.RAW:
            whole = raw_input(answer)
        case InputKind.CLEAN:
            whole = clean_input(answer, steps)
        case InputKind.SUMMARY:
            whole = summary_input(answer)
    if whole is not None and "customer" in provenance:
        return customer_input(whole, provenance["customer"])
    if whole is None or "window" not in provenance:
        return whole
    return window_input(form, answer, whole, WindowPlace(*provenance["window"]))
