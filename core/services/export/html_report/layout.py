"""What one chat's page shows: messages cut at the borders of evidence, and a cell per field with its support."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.adapters.store.models import Confirmation
from core.domain.chat import Role, Span
from core.domain.evidence import EvidenceStatus, FieldEvidence, analyse_chat, cut_at_evidence, locate
from core.domain.form import Form, FormValues, text_of
from core.domain.masking import Mask, Masked
from core.services.export.answer_sources import ORIGIN_LABELS, ChatAnswer


@dataclass(frozen=True, slots=True)
class ReportCell:
    """One field: its key, label, group number, value as text, how it is supported, whether a person looked at it."""

    id: str
    key: str
    label: str
    group: int
    value: str
    evidence: str
    confirmed: str


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """One customer: a name for the heading, and the groups of cells in the form's order."""

    name: str
    groups: tuple[tuple[str, tuple[ReportCell, ...]], ...]


@dataclass(frozen=True, slots=True)
class TextSlice:
    """A slice of a message; ``cells`` are the ids of what it is evidence of, ``group`` the first one's group."""

    text: str
    cells: str
    group: int


@dataclass(frozen=True, slots=True)
class ReportMessage:
    """One message."""

    number: int
    speaker: str
    is_customer: bool
    quote: str
    pieces: tuple[TextSlice, ...]


@dataclass(frozen=True, slots=True)
class ChatPage:
    """One chat with the forms of its customers."""

    index: int
    origin: str
    customers: tuple[CustomerPage, ...]
    lines: tuple[ReportMessage, ...]


def chat_page(
    form: Form, text: str, answer: ChatAnswer, confirmed: Mapping[int, Mapping[str, str]], mask: Mask
) -> ChatPage:
    """Lay out one chat of the report: its messages with marked evidence, and its forms.

    Args:
        form: the dataset's form.
        text: as stored; residue is not shown.
        answer: unmasked forms.
        confirmed: confirmation per customer and field key; empty where the forms come from a run.
        mask: what is hidden; evidence is found before, so that it is still marked.
    """
    chat_analysis = analyse_chat(text)
    parsed, roles, index = chat_analysis.parsed, chat_analysis.roles, chat_analysis.index
    shown = mask.text(text, form, answer.forms)
    marks: list[tuple[Span, str, int]] = []
    customers = []
    names = [form.name_of(values) for values in answer.forms]
    hidden_forms = mask.forms(form, answer.forms, text)
    for number, values in enumerate(answer.forms):
        hidden = hidden_forms[number]
        located = locate(form, index, values, names[number], names)
        cells = dict(_cells(form, number, values, located, confirmed.get(number, {}), hidden, marks))
        groups = tuple((group, tuple(cells[field.key] for field in form.in_group(group))) for group in form.groups)
        customers.append(CustomerPage(form.name_of(hidden), groups))
    lines = tuple(
        ReportMessage(
            number=message.index + 1,
            speaker=message.speaker_span.of(shown) if Masked.NAME in mask.kinds else message.speaker,
            is_customer=message.speaker in roles and roles[message.speaker].role is Role.CUSTOMER,
            quote=shown[message.quote.text_span.start : message.quote.text_span.end] if message.quote else "",
            pieces=tuple(_pieces(shown, message.body, marks)),
        )
        for message in parsed.messages
    )
    return ChatPage(answer.index, ORIGIN_LABELS[answer.origin], tuple(customers), lines)


def _cells(
    form: Form,
    number: int,
    values: FormValues,
    located: Mapping[str, FieldEvidence],
    confirmed: Mapping[str, str],
    hidden: FormValues,
    marks: list[tuple[Span, str, int]],
) -> Iterator[tuple[str, ReportCell]]:
    for place, field in enumerate(form.fields):
        group = form.groups.index(field.group)
        cell = f"c{number}f{place}"
        mark = located.get(field.key)
        if mark is not None:
            marks += [(span, cell, group) for span in mark.spans]
        confirmation = confirmed.get(field.key, Confirmation.UNSEEN)
        yield (
            field.key,
            ReportCell(
                id=cell,
                key=field.key,
                label=field.label,
                group=group,
                value=text_of(hidden[field.key]),
                evidence=str(mark.status if mark is not None else EvidenceStatus.NONE),
                confirmed="" if confirmation == Confirmation.UNSEEN else confirmation,
            ),
        )


def _pieces(text: str, body: Span, marks: Sequence[tuple[Span, str, int]]) -> Iterator[TextSlice]:
    for piece in cut_at_evidence(body, [span for span, _, _ in marks]):
        over = [marks[number] for number in piece.evidence]
        cells = " ".join(dict.fromkeys(cell for _, cell, _ in over))
        yield TextSlice(piece.span.of(text), cells, over[0][2] if over else -1)
