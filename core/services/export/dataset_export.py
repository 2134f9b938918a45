"""The dataset itself, as reviewed, in the challenge's own shape: ``[{"chat_text": str, "infos": [form, …]}]``."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.adapters.store import Store, queries
from core.domain.chat import strip_residue
from core.domain.form import load_named_form
from core.domain.masking import NO_MASK, Mask
from core.domain.permissions import Permission
from core.errors import ExportError
from core.services.export.answer_sources import (
    AnswerSource,
    OrderedStream,
    measure_coverage,
    remember_exported,
    stream_answers,
)
from core.services.export.answer_statistics import AnswerStatistics
from core.services.export.atomic_file import PendingFile, file_digest, mismatch_error, pending_file
from core.services.export.dataset_card import CARD, count_filled, data_place, dataset_card, require_own_card
from core.services.export.export_log import publish_export
from core.services.export.export_result import ExportResult
from core.services.export.json_writer import verify_array, write_array
from core.services.team import permitted


class TextKind(StrEnum):
    """Which text of a chat is handed out: as stored, byte for byte, or without spreadsheet residue."""

    RAW = "raw"
    CLEAN = "clean"


class DatasetLayout(StrEnum):
    """How a dataset is handed out: as the challenge's one file, or as a folder that Hugging Face reads."""

    FILE = "file"
    HF = "hf"


@permitted(Permission.EXPORT)
def export_dataset(
    store: Store,
    *,
    dataset: str | int,
    source: AnswerSource,
    out: Path,
    text: TextKind = TextKind.RAW,
    mask: Mask = NO_MASK,
    layout: DatasetLayout = DatasetLayout.FILE,
) -> ExportResult:
    """Write the chats that have an answer, with their answers. Chats without one are left out and named in the report.

    Args:
        store: the open store.
        dataset: name or id.
        source: where the forms come from.
        out: the file, or for Hugging Face the folder; replaced if it exists.
        text: the stored text, or the conversation alone.
        mask: what is hidden in texts and forms.
        layout: one file, or a folder with the data and a card.

    Returns:
        The result; its list ``left_out`` names the chats without an answer. The file has no index: its provenance in
        the export log gives the chat of each element.

    Raises:
        ExportError: no chat has an answer, or the file cannot be written or reads back differently.
        NotFoundError: no such dataset or run.
    """
    if layout is DatasetLayout.HF and out.exists() and not out.is_dir():
        raise ExportError(f"{out} 是一个文件", "Hugging Face 的数据集是一个文件夹，请换一个名字")
    with store.read() as session:
        split = queries.dataset(session, dataset).split
    place = data_place(out, split) if layout is DatasetLayout.HF else out
    filled: Counter[str] = Counter()
    with store.read() as session, pending_file(place) as file, ExitStack() as others:
        dataset_view = queries.dataset(session, dataset)
        form = load_named_form(dataset_view.form)
        coverage = measure_coverage(session, dataset_view, source)
        if len(coverage.missing) == coverage.total:
            raise ExportError(
                f"数据集「{dataset_view.name}」没有一条群聊有结果（来源：{source.title}）",
                "请先审阅并确认群聊，或换一个来源",
            )
        statistics = AnswerStatistics()
        remember_exported(session, dataset_view, source)
        texts = OrderedStream((chat.index, chat.text) for chat in queries.chats(session, dataset_view.id))

        def rows() -> Iterator[dict[str, Any]]:
            for answer in statistics.count(stream_answers(session, dataset_view, form, source)):
                stored_text = texts.take(answer.index) or ""
                shown_text = stored_text if text is TextKind.RAW else strip_residue(stored_text)
                count_filled(form, answer.forms, filled)
                yield {
                    "chat_text": mask.text(shown_text, form, answer.forms),
                    "infos": mask.forms(form, answer.forms, stored_text),
                }

        fingerprints = write_array(file, rows())
        sha256, size = verify_array(file, fingerprints)
        left_out = list(coverage.missing)
        files = {place.name: sha256}
        card: PendingFile | None = None
        if layout is DatasetLayout.HF:
            card = others.enter_context(pending_file(out / CARD))
            require_own_card(out)
            text_of_card = dataset_card(
                form,
                split=split,
                chats=len(fingerprints),
                forms=statistics.forms,
                filled=filled,
                masked=mask.names,
                source=source.title,
            )
            files = {f"data/{place.name}": sha256, CARD: _write_card(card, text_of_card)}
        result = ExportResult(
            kind="dataset",
            out=out,
            sha256=sha256,
            size=size,
            counts={
                "chats": len(fingerprints),
                "rows": len(fingerprints),
                "forms": statistics.forms,
                "records": len(coverage.records),
                "fallback": len(coverage.fallback),
                "left_out": len(left_out),
            },
            lists=statistics.lists(left_out=left_out),
            notes=statistics.notes(withheld=coverage.withheld, left_out=left_out),
            files=files,
            masked=tuple(mask.names),
        )
        parameters = {
            "dataset": dataset_view.name,
            "source": str(source),
            "mask": mask.names,
            "text": str(text),
            **({"layout": str(layout)} if layout is not DatasetLayout.FILE else {}),
            **statistics.lists(left_out=left_out),
        }
        session.close()  # the log is written on another connection, and none may be held meanwhile
        publish_export(
            store, file, result, dataset_id=dataset_view.id, parameters=parameters, provenance=statistics.provenance
        )
        if card is not None:
            card.publish()
    return result


def _write_card(file: PendingFile, card: str) -> str:
    """Write the card beside its place and read it back; returns its sha256."""
    file.write(card)
    file.finish()
    if file.path.read_text(encoding="utf-8") != card:
        raise mismatch_error(CARD)
    return file_digest(file.path)[0]
