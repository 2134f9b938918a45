"""Types of what the review workbench is given and what it sends back: the contract between Python and JavaScript.

The TypeScript types and the constants of the browser's side are generated from here
(``python -m core.ui.workbench.contract_js``), and ``make lint`` says where they differ. ``docs/workbench.md`` tells
what the parts are for.
"""

from typing import Literal, NotRequired, TypedDict

from core.adapters.store.models import Confirmation, RecordStatus
from core.domain.chat import Role
from core.domain.chat.parsed_chat import MessageKind
from core.domain.checks.form_warning import Level
from core.domain.evidence import EvidenceStatus
from core.domain.form import FieldType, FormValues, Kind, Nature, Value
from core.services.review.workbench.discussion_contract import DiscussionsPayload, SentRemark
from core.services.review.workbench.echo_contract import EchoPayload, WalkPayload
from core.services.review.workbench.end_contract import EndPayload
from core.services.review.workbench.save_contract import SentSave
from core.services.review.workbench.size_contract import Counts, PriorityReason, Residue
from core.services.review.workbench.why_contract import WhyPayload


class FormField(TypedDict):
    """One field of the form.

    Attributes:
        values: what the form suggests; any other value stays possible.
    """

    key: str
    label: str
    group: str
    type: FieldType
    kind: Kind
    nature: Nature
    points: float
    one_right_answer: bool
    values: list[str]
    description: str


class FormPayload(TypedDict):
    """The dataset's form.

    Attributes:
        reference: of this version of the form, sent back with a save.
        subject: what it calls somebody who has a filled one.
        staff: what it calls the other side.
        name_field: key of the field that holds the customer's name.
        groups: headings, in order.
    """

    name: str
    reference: str
    title: str
    version: int
    subject: str
    staff: str
    name_field: str
    groups: list[str]
    fields: list[FormField]


class Part(TypedDict):
    """A slice of a message.

    Attributes:
        t: its characters.
        e: ids of the evidence that covers it.
    """

    t: str
    e: list[str]


class Quote(TypedDict):
    """What a message quotes."""

    speaker: str
    text: str
    parts: list[Part]


class MessagePayload(TypedDict):
    """One message of the chat, cut at the borders of evidence.

    Attributes:
        i: index of the message, from 0.
        same: whether the message before is by the same speaker.
        near: numbers in ``speakers``: whom it is from, then whom it is to.
        named: ids of evidence that stands in the speaker's name.
        time: when it was sent, ISO 8601 or only ``10:21``; not there where the text does not say.
    """

    i: int
    speaker: str
    role: Role
    kind: MessageKind
    same: bool
    near: list[int]
    named: list[str]
    quote: Quote | None
    parts: list[Part]
    time: NotRequired[str]


class MarkPayload(TypedDict):
    """How a value is supported by the chat.

    Attributes:
        evidence: ids, as in ``parts``.
        messages: indices of the messages that it rests on.
        date: what a value like 下周二 meant on the day on which it was said; mostly not there.
    """

    status: EvidenceStatus
    evidence: list[str]
    messages: list[int]
    date: NotRequired[str]


class Alternative(TypedDict):
    """A value that other runs give to a field.

    Attributes:
        who: names of the runs that say so.
    """

    value: Value
    who: list[str]


class Dissent(TypedDict):
    """How many other runs give a field another value: ``differ`` of ``of`` that speak of this customer."""

    differ: int
    of: int


class CustomerPayload(TypedDict):
    """One customer's form as it is on record, or as the run filled it.

    Attributes:
        baseline: the run's values; null for a customer whom a person added.
        origin: position of the run's form that this customer came from.
        confirmed: per field, whether a person looked at it.
        pinned: per field, message indices that a reviewer pinned as evidence.
        marks: per field, what supports the value.
        others: per field where some run differs, the values of other runs.
        dissent: per field where enough runs of weight differ for it to mean something.
        compared: names of the other runs that speak of this customer; not there where nothing is compared (blind).
        sure: per field, how many of a hundred such values of this run are right; not there while too little was
            approved to say, nor for a value that is not the run's any more.
        doubts: fields in which the most points can be expected to be lost, the worst first.
        delta: under delta review, what the newer run says otherwise.
    """

    values: FormValues
    baseline: FormValues | None
    origin: int | None
    confirmed: dict[str, Confirmation]
    pinned: dict[str, list[int]]
    marks: dict[str, MarkPayload]
    others: dict[str, list[Alternative]]
    dissent: NotRequired[dict[str, Dissent]]
    compared: NotRequired[list[str]]
    sure: NotRequired[dict[str, int]]
    doubts: NotRequired[list[str]]
    delta: NotRequired[FormValues]


class Speaker(TypedDict):
    """Somebody who speaks in the chat, and which side they seem to be on.

    Attributes:
        reasons: short sentences, the strongest first.
    """

    name: str
    role: Role
    reasons: list[str]


class Missed(TypedDict):
    """Something that was said in the chat and stands in no form.

    Attributes:
        id: as in ``parts``.
        message: index of the message.
        customer: position of the customer who said it, if that one has a form.
    """

    id: str
    key: str
    value: str
    message: int
    customer: int | None


class CellWarning(TypedDict):
    """A remark of the checks on one cell."""

    customer: int
    key: str
    level: Level
    text: str


class RunName(TypedDict):
    """The run that the values come from: a model's answers, or labels, which people gave."""

    name: str
    model: str
    is_labels: NotRequired[bool]


class ChatPayload(TypedDict):
    """A chat with its record.

    Attributes:
        chat: index in the source, from 1: what people see and addresses carry.
        record_id: 0 where there is no record yet.
        version: of the record; the next save's ``base_version``.
        run: the run that the baselines are of: a record's own, else the one that the review starts from; null where it
            has no answer.
        base_run_id: of that run, sent back with a save: what ``origin`` counts in; null where nothing was started from.
        run_gone: whether the record's run was deleted, so that there is nothing to compare with.
        failed: why the model gave no answer, else empty.
        claimed_by: who else is on this chat, else empty.
        expected_loss: expected loss in points; null until it was computed.
        loss_estimated: whether it is a guess by rules: too little was approved to know how sure the run's values are.
        messages: all of them, or where the browser has their texts already (``text_kept``), only those with evidence:
            nothing of the others is evidence now.
        delta_new: under delta review, the newer run's forms without a partner.
    """

    chat: int
    chat_id: int
    record_id: int
    version: int
    status: RecordStatus
    reviewer: str
    note: str
    run: RunName | None
    base_run_id: int | None
    run_gone: bool
    failed: str
    claimed_by: str
    counts: Counts
    residue: Residue
    speakers: list[Speaker]
    messages: list[MessagePayload]
    text_kept: NotRequired[bool]
    customers: list[CustomerPayload]
    missed: list[Missed]
    warnings: list[CellWarning]
    expected_loss: NotRequired[float | None]
    loss_estimated: NotRequired[bool]
    loss_reasons: NotRequired[list[PriorityReason]]
    delta_new: NotRequired[list[FormValues]]


class StoredCustomer(TypedDict):
    """A customer as somebody else stored it, for a conflict.

    Attributes:
        origin: per field, who gave the value: ``run:<id>`` or ``reviewer``.
        source: position of the run's form that this customer came from (``origin`` of what goes in and comes out).
    """

    values: FormValues
    confirmed: dict[str, Confirmation]
    origin: dict[str, str]
    source: int | None
    pinned: NotRequired[dict[str, list[int]]]


class AckPayload(TypedDict):
    """The server's answer to one save.

    Attributes:
        result: saved; conflict; rejected: it can never be saved as it is; set_aside: it failed by itself, or belongs to
            somebody else: it stays in the browser, and the others go on.
        version: of the record now.
        why: a sentence for the reviewer; where it was saved, what was left out of it, mostly empty.
        theirs: on a conflict, the customers as they are stored.
        who: on a conflict, who saved them.
        status: on a conflict, what they decided.
        note: on a conflict, their note.
        base_run_id: on a conflict, the run that the sources of their customers count in.
    """

    save_id: str
    result: Literal["saved", "conflict", "rejected", "set_aside"]
    version: int
    why: str
    theirs: list[StoredCustomer] | None
    who: str | None
    status: RecordStatus | Literal[""]
    note: str
    base_run_id: int | None


class ProgressPayload(TypedDict):
    """Chats of the dataset by what became of them, and how long the rest takes.

    Attributes:
        queue: chats in the queue.
        partly: whether the queue is not all that is left.
        pace_seconds: per chat; null before ten decided chats.
        left_seconds: for the rest; null likewise.
    """

    total: int
    confirmed: int
    discussed: int
    skipped: int
    left: int
    queue: NotRequired[int]
    partly: NotRequired[bool]
    pace_seconds: NotRequired[float | None]
    left_seconds: NotRequired[float | None]


class DatasetName(TypedDict):
    """The dataset under review."""

    id: int
    name: str


class ChatOrder(TypedDict):
    """Chat indices after and before the one on screen, a few of each, the nearest first."""

    next: list[int]
    prev: list[int]


class WorkbenchPayload(TypedDict):
    """The data that the server sends to the workbench component.

    Attributes:
        session: changes when dataset, filter or reviewer do; the browser then drops its cached chats.
        reviewer: empty where nobody said who they are: nothing can be edited.
        review: the kind of review, sent back with each save: ``primary``, ``blind``, or ``delta:`` and the newer run's
            id. The browser keeps unsent work of each kind by itself.
        guidelines: per field, how to annotate it.
        open: index of the chat that the page's address asks for.
        base_run_id: the run that the review starts from; null where there is none, and in a blind review. A chat whose
            own ``base_run_id`` is another one was started from that.
        chats: the one on screen and prefetched ones, in any order.
        why: the answer to ``want_why``; not there while nothing is asked, nor in a blind review.
        end: what the card at the end of the queue shows; not there before the browser asks (``want_end``).
        echo: chats like one that was just approved; only in the answer to that approval, and where there are any.
        walk: what is left of the chats that the browser walks through; only while it does.
        error: a sentence for a banner, else empty.
        offline: whether the database cannot be read or written now. There may be no chats then; the browser keeps what
            it has, and asks again every few seconds.
    """

    form: FormPayload
    guidelines: dict[str, str]
    session: str
    reviewer: str
    review: str
    dataset: DatasetName
    progress: ProgressPayload
    open: int | None
    order: ChatOrder
    base_run_id: int | None
    chats: list[ChatPayload]
    acks: list[AckPayload]
    why: NotRequired[WhyPayload | None]
    end: NotRequired[EndPayload]
    echo: NotRequired[EchoPayload]
    walk: NotRequired[WalkPayload]
    discussions: NotRequired[DiscussionsPayload]
    error: str
    offline: bool


class WorkbenchSent(TypedDict):
    """The state that the workbench component sends to the server.

    Attributes:
        outbox: every save that was not acknowledged yet, oldest first.
        at: index of the chat on screen.
        want_residue: index of the chat whose residue is to be shown.
        want_why: the cell that somebody asks about: index of the chat, position of the customer, number of the field.
        want_end: milliseconds since when the queue has nothing more, while its card is on screen; else null.
        want_texts: milliseconds of now, and behind them chats that came without texts which the browser has not.
        walk: indices of the chats of an echo that somebody walks through instead of the queue; else null.
        remarks: what is said in discussions and was not answered yet, oldest first.
        beat: changes once a minute while somebody only reads; it renews the claims.
    """

    outbox: list[SentSave]
    remarks: list[SentRemark]
    at: int
    want_residue: int | None
    want_why: list[int] | None
    want_end: float | None
    want_texts: list[float]
    walk: list[int] | None
    beat: float
