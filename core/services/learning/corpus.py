"""Reads approved records and labels as examples to learn from, in an order that no import decides."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store import queries
from core.adapters.store.models import Chat, Extraction, ExtractionStatus, Record, RecordEvent, Run, RunKind
from core.domain.form import Form, FormValues, load_named_form
from core.errors import InputError, NotFoundError
from core.services.forms.earlier_forms import columns_before
from core.services.quality.passed_cells import Keys, passed_cells

Source = Literal["labels", "records", "labels+records"]
SOURCES: Final[tuple[Source, ...]] = ("labels", "records", "labels+records")
MOST_EXAMPLES: Final = 3_000
"""Newest examples that are learned from: more take longer and bring little."""
_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class ApprovedChat:
    """A chat with the forms that people gave it.

    Attributes:
        chat_id: the chat.
        sha256: of its text.
        text: the chat as it is stored.
        forms: one per customer, clean.
        origin: ``record`` or ``labels``.
        row: id of the record or of the label's extraction.
        version: of the record; 0 for labels.
        passed: per form, keys of values that passed by a threshold and that nobody has looked at; empty: none.
    """

    chat_id: int
    sha256: str
    text: str
    forms: tuple[FormValues, ...]
    origin: str
    row: int
    version: int
    passed: Keys = ()

    def reference(self) -> dict[str, Any]:
        """Where the example stands, for a model to be fitted again."""
        return {
            "chat": self.chat_id,
            "sha256": self.sha256,
            "origin": self.origin,
            "id": self.row,
            "version": self.version,
        }


@dataclass(frozen=True, slots=True)
class Corpus:
    """Examples of one form.

    Attributes:
        form: their form.
        datasets: names of the datasets.
        source: what was read.
        approved: in the order of the texts' digests.
    """

    form: Form
    datasets: tuple[str, ...]
    source: Source
    approved: tuple[ApprovedChat, ...]

    @property
    def digest(self) -> str:
        """Hash of the form's definition and of all examples; what prompts call people has no part in it."""
        examples = [
            [one.sha256, list(one.forms), *([[sorted(keys) for keys in one.passed]] if one.passed else [])]
            for one in self.approved
        ]
        parts = [self.form.model_dump(mode="json", exclude={"subject", "staff"}), examples]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def read_corpus(session: Session, datasets: Sequence[str], taught_by: str) -> Corpus:
    """Read the examples of datasets; of two for one text, the approved record, then the newer one counts.

    Args:
        session: open session.
        datasets: names; all of one form.
        taught_by: source, ``labels``, ``records`` (已确认) or ``labels+records``.

    Raises:
        NotFoundError: no such dataset, or none of them has a chat to learn from.
        InputError: it is not understood, or the datasets have different forms.
    """
    if taught_by not in SOURCES:
        raise InputError(f"不认识来源「{taught_by}」", f"可以是 {'、'.join(SOURCES)}")
    chosen: Source = next(one for one in SOURCES if one == taught_by)
    views = [queries.dataset(session, name) for name in dict.fromkeys(datasets)]
    if not views:
        raise InputError("没有写明从哪个数据集学习", "请写出至少一个数据集的名称")
    if len({view.form for view in views}) > 1:
        raise InputError("这些数据集的表单不同，不能一起学习", "请分开训练，每种表单一个模型")
    form = load_named_form(views[0].form)
    newest: dict[str, ApprovedChat] = {}
    for view in views:
        if "labels" in chosen:
            for one in _labels(session, form, view.id):
                newest[one.sha256] = _newer(newest.get(one.sha256), one)
    for view in views:
        if "records" in chosen:
            for one in _records(session, form, view.id):
                newest[one.sha256] = _newer(newest.get(one.sha256), one)
    if not newest:
        what = {"labels": "标注", "records": "已确认的记录"}.get(chosen, "标注，也没有已确认的记录")
        names = "、".join(view.name for view in views)
        raise NotFoundError(f"数据集「{names}」没有{what}，没有可以学习的群聊", "请先审阅并确认几条，或导入标注")
    kept = sorted(newest.values(), key=lambda one: (one.origin == "record", one.row))[-MOST_EXAMPLES:]
    return Corpus(
        form, tuple(view.name for view in views), chosen, tuple(sorted(kept, key=lambda one: (one.sha256, one.row)))
    )


def _newer(before: ApprovedChat | None, one: ApprovedChat) -> ApprovedChat:
    if before is not None and before.origin == one.origin and before.row > one.row:
        return before
    return one


def _labels(session: Session, form: Form, dataset_id: int) -> list[ApprovedChat]:
    run = queries.labels_run(session, dataset_id)
    if run is None:
        return []
    statement = (
        select(col(Chat.id), col(Chat.sha256), col(Chat.text), col(Extraction.forms), col(Extraction.id))
        .join(Extraction, col(Extraction.chat_id) == col(Chat.id))
        .where(col(Extraction.run_id) == run.id, col(Extraction.status) != ExtractionStatus.FAILED)
    )
    return [
        ApprovedChat(chat_id, sha256, text, _clean(form, forms), "labels", row, 0)
        for chat_id, sha256, text, forms, row in session.execute(statement)
        if forms
    ]


def _records(session: Session, form: Form, dataset_id: int) -> list[ApprovedChat]:
    statement = (
        select(
            col(Chat.id).label("chat_id"),
            col(Chat.sha256),
            col(Chat.text),
            col(Record.customers),
            col(Record.id),
            col(Record.version),
        )
        .join(Record, col(Record.chat_id) == col(Chat.id))
        .where(col(Record.dataset_id) == dataset_id, queries.is_final(), ~queries.is_passed())
    )
    rows = [row for row in session.execute(statement) if row.customers]
    passed = passed_cells(session, {row.id: row.version for row in rows})
    return [
        ApprovedChat(
            row.chat_id,
            row.sha256,
            row.text,
            _clean(form, _values(row.customers)),
            "record",
            row.id,
            row.version,
            passed[row.id].keys if row.id in passed else (),
        )
        for row in rows
        if row.id not in passed or not passed[row.id].whole
    ]


def _values(customers: Sequence[dict[str, Any]]) -> list[FormValues]:
    return [customer["values"] for customer in customers]


def _clean(form: Form, forms: Sequence[FormValues]) -> tuple[FormValues, ...]:
    return tuple(form.coerce(values).values for values in forms)


def restore_corpus(
    session: Session, form: Form, datasets: Sequence[str], source: Source, references: Sequence[dict[str, Any]]
) -> Corpus:
    """Read exactly the examples that a model was fitted on, whatever was approved since.

    Examples whose chat, record or label was deleted are left out: the digest tells.

    Args:
        session: open session.
        form: of the model.
        datasets: names, as they were.
        source: as it was.
        references: see :meth:`ApprovedChat.reference`.
    """
    texts: dict[int, tuple[str, str]] = {}
    for ids in queries.chunked([int(one["chat"]) for one in references], _CHUNK):
        statement = select(col(Chat.id), col(Chat.sha256), col(Chat.text)).where(col(Chat.id).in_(ids))
        texts |= {chat_id: (sha256, text) for chat_id, sha256, text in session.execute(statement)}
    labels = {int(one["id"]) for one in references if one["origin"] == "labels"}
    label_forms: dict[int, list[FormValues]] = {}
    for ids in queries.chunked(sorted(labels), _CHUNK):
        answers = (
            select(col(Extraction.id), col(Extraction.forms))
            .join(Run, col(Run.id) == col(Extraction.run_id))
            .where(col(Extraction.id).in_(ids), col(Run.kind) == RunKind.LABELS)
        )
        label_forms |= {row: forms or [] for row, forms in session.execute(answers)}
        before = columns_before(session, "extraction", ids, form.reference)
        label_forms |= {row: columns["forms"] or [] for row, columns in before.items()}
    of_records = [one for one in references if one["origin"] == "record"]
    record_forms = _record_forms(session, of_records, form.reference)
    passed = passed_cells(session, {int(one["id"]): int(one["version"]) for one in of_records})
    approved = []
    for one in references:
        text = texts.get(int(one["chat"]))
        forms = (label_forms if one["origin"] == "labels" else record_forms).get(int(one["id"]))
        if text is None or not forms:
            continue
        sha256, words = text
        approved.append(
            ApprovedChat(
                int(one["chat"]),
                sha256,
                words,
                _clean(form, forms),
                str(one["origin"]),
                int(one["id"]),
                int(one["version"]),
                passed[int(one["id"])].keys if one["origin"] == "record" and int(one["id"]) in passed else (),
            )
        )
    return Corpus(form, tuple(datasets), source, tuple(sorted(approved, key=lambda one: (one.sha256, one.row))))


def _record_forms(
    session: Session, references: Sequence[dict[str, Any]], reference: str
) -> dict[int, list[FormValues]]:
    """Forms of records at the versions that were learned, from their history, as they were of the model's form."""
    learned_versions = {int(one["id"]): int(one["version"]) for one in references}
    forms: dict[int, list[FormValues]] = {}
    for ids in queries.chunked(sorted(learned_versions), _CHUNK):
        current = select(col(Record.id), col(Record.version), col(Record.customers)).where(col(Record.id).in_(ids))
        for row, version, customers in session.execute(current):
            if version == learned_versions[row]:
                forms[row] = _values(customers)
        changed = [row for row in ids if row not in forms]
        events = select(
            col(RecordEvent.id), col(RecordEvent.record_id), col(RecordEvent.version), col(RecordEvent.change)
        ).where(col(RecordEvent.record_id).in_(changed))
        learned = {
            event_id: (row, change)
            for event_id, row, version, change in session.execute(events)
            if version == learned_versions[row]
        }
        before = columns_before(session, "recordevent", learned, reference)
        for event_id, (row, change) in learned.items():
            customers = before.get(event_id, {}).get("change", change).get("customers")
            if customers:
                forms[row] = _values(customers)
    return forms
