"""The platform's test file: a CSV with the columns ``input`` and ``target``, one question a line, target ``-``."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from core.adapters.store import Store, queries
from core.domain.chat import strip_residue
from core.domain.form import load_named_form
from core.domain.masking import NO_MASK, Mask
from core.domain.permissions import Permission
from core.errors import ExportError
from core.services.export.answer_sources import OrderedStream
from core.services.export.atomic_file import compare_rows, file_digest, fingerprint, mismatch_error, pending_file
from core.services.export.export_log import publish_export
from core.services.export.export_result import ExportResult, index_ranges
from core.services.extraction import prompt_library
from core.services.team import permitted
from core.services.training.chat_summaries import latest_summaries
from core.services.training.input_texts import InputKind, cleaned_text
from core.services.training.questions import QuestionTemplate

NO_TARGET = "-"
_ROWS_AT_ONCE = 500


@permitted(Permission.EXPORT)
def export_test_csv(
    store: Store,
    *,
    dataset: str | int,
    out: Path,
    text: InputKind = InputKind.RAW,
    prompt: str = "",
    mask: Mask = NO_MASK,
) -> ExportResult:
    """Write one question per chat: system and user message in one text, as in the ``spark-pair`` training format.

    Args:
        store: the open store.
        dataset: name or id.
        out: the file; replaced if it exists.
        text: what a question shows of its chat.
        prompt: name, or name and version; ``""`` for the usual one of the text.
        mask: what is hidden in the texts; what no rule recognises stays, for there are no forms to tell.

    Returns:
        The result; its list ``left_out`` names positions that were rejected at import, for which there is no text.

    Raises:
        ExportError: no chats, a chat without a summary where summaries are wanted, or the file cannot be written or
            reads back differently.
        NotFoundError, PromptError: no such dataset or prompt.
    """
    with store.read() as session, pending_file(out) as file:
        dataset_view = queries.dataset(session, dataset)
        reference = prompt or ("from_summary" if text is InputKind.SUMMARY else "baseline")
        form = load_named_form(dataset_view.form)
        template = QuestionTemplate(prompt_library.finder(session, form=form)(reference), form)
        summaries = OrderedStream(latest_summaries(session, dataset_view.id)) if text is InputKind.SUMMARY else None
        without_summary: list[int] = []
        fingerprints: list[bytes] = []
        provenance = []
        file.write("input,target\n")
        for chat in queries.chats(session, dataset_view.id):
            conversation = strip_residue(chat.text)
            text_shown = cleaned_text(conversation) if text is InputKind.CLEAN else conversation
            if summaries is not None:
                summary = summaries.take(chat.index)
                if summary is None:
                    without_summary.append(chat.index)
                    continue
                text_shown = summary.text
            question = template.about(mask.text(text_shown, form))
            file.write(_line([question.whole, NO_TARGET]))
            fingerprints.append(fingerprint([question.whole, NO_TARGET]))
            provenance.append({"index": chat.index, "question_sha256": question.sha256})
        if without_summary:
            # Answers come back by position: a question less would shift all that follow.
            raise ExportError(
                f"第 {index_ranges(without_summary)} 条群聊没有摘要，不能以摘要作输入",
                "请先补上摘要，或改用群聊的原文或清理过的（raw、clean）",
            )
        if not fingerprints:
            raise ExportError(f"数据集「{dataset_view.name}」里没有群聊", "请先导入数据")
        file.finish()
        compare_rows(_read_back(file.path, out.name), fingerprints, out.name)
        sha256, size = file_digest(file.path)
        written = {entry["index"] for entry in provenance}
        left_out = [index for index in range(1, dataset_view.expected + 1) if index not in written]
        result = ExportResult(
            kind="test-csv",
            out=out,
            sha256=sha256,
            size=size,
            counts={"chats": len(fingerprints), "rows": len(fingerprints), "left_out": len(left_out)},
            lists={"left_out": left_out} if left_out else {},
            files={out.name: sha256},
            masked=tuple(mask.names),
        )
        parameters = {
            "dataset": dataset_view.name,
            "input": str(text),
            "mask": mask.names,
            "prompt": template.prompt.id,
            "prompt_sha256": template.prompt.sha256,
        }
        session.close()  # the log is written on another connection, and none may be held meanwhile
        publish_export(store, file, result, dataset_id=dataset_view.id, parameters=parameters, provenance=provenance)
    return result


def _line(cells: list[str]) -> str:
    buffer = io.StringIO()
    # Everything quoted: a chat may hold line breaks of any kind.
    csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow(cells)
    return buffer.getvalue()


def _read_back(path: Path, name: str) -> Iterator[list[str]]:
    with pd.read_csv(path, dtype=str, keep_default_na=False, chunksize=_ROWS_AT_ONCE, encoding="utf-8") as chunks:
        for chunk in chunks:
            if list(chunk.columns) != ["input", "target"]:
                raise mismatch_error(name, "表头")
            for cells in chunk.itertuples(index=False, name=None):
                yield list(cells)
