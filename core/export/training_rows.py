"""The distinct rows of a training set: made once, kept in a spool file, described in memory.

Ten thousand rows times twelve repeats are gigabytes: what is repeated is bytes of the spool, never objects.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from core.chat import parse_chat
from core.clean import without_placeholders, without_residue
from core.errors import ExportError
from core.export.formats import Row, characters, row_of
from core.export.questions import Asking
from core.export.sources import Ahead, Answer, answers
from core.export.training_options import InputKind, OverBudget, TrainingOptions
from core.export.writing import Draft, fingerprint
from core.form import Form
from core.store import DatasetView, queries


@dataclass(frozen=True, slots=True)
class RowNote:
    """What is remembered of a row once it is in the spool.

    Attributes:
        start: first byte in the spool.
        end: behind its last byte, line break included.
        chat: digest of the conversation: equal chats go to the same side of a split.
        row: fingerprint of the row.
        forms: fingerprint of the forms that its target must be read as.
        provenance: dataset, chat, record or run, digest of the question, characters.
    """

    start: int
    end: int
    chat: bytes
    row: bytes
    forms: bytes
    provenance: dict[str, Any]

    @property
    def place(self) -> str:
        """How the row is named in a message."""
        return f"{self.provenance['dataset']} 第 {self.provenance['index']} 条"


@dataclass(slots=True)
class Spool:
    """All distinct rows in order of dataset and chat, and what happened to the others."""

    rows: list[RowNote] = field(default_factory=list)
    skipped: list[dict[str, Any]] = field(default_factory=list)
    cleaned: list[dict[str, Any]] = field(default_factory=list)
    over: list[dict[str, Any]] = field(default_factory=list)
    forms: int = 0
    empty_targets: int = 0
    longest: int = 0


def target_text(forms: list[Any]) -> str:
    """The answer that a row teaches: a JSON list of forms, as the prompt asks for it and the parser reads it.

    On one line: line breaks would cost tokens in every answer of the tuned model.
    """
    return json.dumps(forms, ensure_ascii=False)


def spool_rows(
    session: Session, file: Draft, datasets: list[DatasetView], form: Form, asking: Asking, options: TrainingOptions
) -> Spool:
    """Write every distinct row once.

    Raises:
        ExportError: rows are over the limit and no policy removes or shortens them; all are named.
        NotFoundError, PromptError: see :func:`core.export.training.export_training`.
    """
    spool = Spool()
    offset = 0
    for dataset in datasets:
        texts = Ahead((chat.index, chat.text) for chat in queries.chats(session, dataset.id))
        for answer in answers(session, dataset, form, options.source):
            stored = texts.take(answer.index) or ""
            conversation = without_residue(stored)
            target = target_text(answer.forms)
            built = _row(conversation, target, asking, options, spool, dataset, answer)
            if built is None:
                continue
            row, question_sha256, size = built
            line = (json.dumps(row, ensure_ascii=False) + "\n").encode("utf-8")
            file.write_bytes(line)
            provenance = {
                "dataset": dataset.name,
                **answer.provenance,
                "question_sha256": question_sha256,
                "characters": size,
            }
            spool.rows.append(
                RowNote(
                    start=offset,
                    end=offset + len(line),
                    chat=fingerprint(conversation),
                    row=fingerprint(row),
                    forms=fingerprint(answer.forms),
                    provenance=provenance,
                )
            )
            offset += len(line)
            spool.forms += len(answer.forms)
            spool.empty_targets += all(form.is_empty(values) for values in answer.forms)
            spool.longest = max(spool.longest, size)
    if spool.over:
        raise _too_long(spool, options)
    return spool


def _row(
    conversation: str,
    target: str,
    asking: Asking,
    options: TrainingOptions,
    spool: Spool,
    dataset: DatasetView,
    answer: Answer,
) -> tuple[Row, str, int] | None:
    """Row, digest of its question and characters; ``None`` where it does not go in."""
    size = 0
    for cleaned, text in _texts(conversation, options):
        question = asking.about(text)
        row = row_of(options.format, question, target)
        size = characters(row)
        if options.max_chars is None or size <= options.max_chars:
            if cleaned:
                spool.cleaned.append({"dataset": dataset.name, "index": answer.index, "characters": size})
            return row, question.sha256, size
    note = {"dataset": dataset.name, "index": answer.index, "characters": size}
    (spool.skipped if options.over_budget is OverBudget.SKIP else spool.over).append(note)
    return None


def _texts(conversation: str, options: TrainingOptions) -> Iterator[tuple[bool, str]]:
    """The texts to try for a row, longest first, each with whether it was shortened because of the limit."""
    if options.text is InputKind.CLEAN:
        yield False, without_placeholders(parse_chat(conversation))
        return
    yield False, conversation
    if options.over_budget is OverBudget.CLEAN:
        yield True, without_placeholders(parse_chat(conversation))


def _too_long(spool: Spool, options: TrainingOptions) -> ExportError:
    named = "、".join(f"{note['dataset']} 第 {note['index']} 条（{note['characters']:,} 字）" for note in spool.over)
    after = "清洗之后仍" if options.over_budget is OverBudget.CLEAN else ""
    return ExportError(
        f"有 {len(spool.over)} 行{after}超过 {options.max_chars:,} 字：{named}",
        "请放宽 --max-chars，或用 --over-budget skip 跳过它们"
        + ("" if after or options.text is InputKind.CLEAN else "、用 --over-budget clean 先清洗"),
    )
