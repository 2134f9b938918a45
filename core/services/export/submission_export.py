"""The submission file: ``[{"infos": [form, …], "index": n}, …]``, byte for byte as the platform's own examples."""

from collections.abc import Iterator
from pathlib import Path

from core.adapters.store import DatasetView, Store, queries
from core.domain.form import Form, load_named_form
from core.domain.masking import NO_MASK, Mask
from core.errors import ExportError
from core.services.export.answer_sources import (
    AnswerSource,
    ChatAnswer,
    Coverage,
    mask_answers,
    measure_coverage,
    stream_answers,
)
from core.services.export.answer_statistics import AnswerStatistics
from core.services.export.atomic_file import pending_file
from core.services.export.export_log import log_export
from core.services.export.export_result import ExportResult, index_ranges
from core.services.export.json_writer import verify_array, write_array


def export_submission(
    store: Store,
    *,
    dataset: str | int,
    source: AnswerSource,
    out: Path,
    fill_missing: bool = False,
    mask: Mask = NO_MASK,
) -> ExportResult:
    """Write a submission with every chat of the dataset, those included that were rejected at import.

    Args:
        store: the open store.
        dataset: name or id.
        source: confirmed records, a run, labels, or records with one of them as fallback.
        out: the file; replaced if it exists.
        fill_missing: give a chat without an answer one all-empty form; otherwise it refuses the export.
        mask: what is hidden in the forms.

    Returns:
        The report; its list ``filled`` names the chats that got an empty form, ``no_customers`` those whose answer
        is that there is no customer.

    Raises:
        ExportError: chats without an answer (all are named), a file that cannot be written, or one that reads back
            differently.
        NotFoundError: no such dataset or run.
    """
    with store.read() as session, pending_file(out) as file:
        chosen = queries.dataset(session, dataset)
        form = load_named_form(chosen.form)
        found = measure_coverage(session, chosen, source)
        if not found.total:
            raise ExportError(f"数据集「{chosen.name}」里没有群聊", "请先导入数据")
        if found.missing and not fill_missing:
            raise _incomplete(chosen, source, found)
        tally = AnswerStatistics()
        stream = mask_answers(stream_answers(session, chosen, form, source), form, mask)
        rows = tally.watch(_with_blanks(stream, found.missing, form))
        prints = write_array(file, ({"infos": answer.forms, "index": answer.index} for answer in rows))
        sha256, size = verify_array(file, prints)
        report = ExportResult(
            kind="submission",
            out=out,
            sha256=sha256,
            size=size,
            counts={
                "chats": len(prints),
                "rows": len(prints),
                "forms": tally.forms,
                "records": len(found.records),
                "fallback": len(found.fallback),
                "filled": len(found.missing),
            },
            lists=tally.lists(filled=list(found.missing)),
            notes=tally.notes(filled=list(found.missing)),
            files={out.name: sha256},
        )
        parameters = {
            "dataset": chosen.name,
            "source": str(source),
            "fill_missing": fill_missing,
            "mask": mask.names,
            **tally.lists(),
        }
        with store.write() as writing:
            log_export(writing, report, dataset_id=chosen.id, parameters=parameters, provenance=tally.provenance)
            file.publish()
    return report


def _with_blanks(stream: Iterator[ChatAnswer], missing: tuple[int, ...], form: Form) -> Iterator[ChatAnswer]:
    blanks = iter(missing)
    blank = next(blanks, None)
    for answer in stream:
        while blank is not None and blank < answer.index:
            yield _blank(blank, form)
            blank = next(blanks, None)
        yield answer
    while blank is not None:
        yield _blank(blank, form)
        blank = next(blanks, None)


def _blank(index: int, form: Form) -> ChatAnswer:
    return ChatAnswer(index, [form.empty()], "empty", {"index": index, "origin": "empty"})


def _incomplete(dataset: DatasetView, source: AnswerSource, found: Coverage) -> ExportError:
    lack = "没有已确认的记录" if source.records else ""
    if source.run or source.labels:
        other = f"抽取任务「{source.run}」的结果" if source.run else "标注"
        lack = f"既没有已确认的记录，也没有{other}" if source.records else f"没有{other}"
    rejected = f"（其中第 {index_ranges(found.rejected)} 条在导入时被拒绝）" if found.rejected else ""
    return ExportError(
        f"数据集「{dataset.name}」有 {len(found.missing)} 条群聊{lack}：第 {index_ranges(found.missing)} 条{rejected}",
        "请先审阅或抽取这些群聊，或选择补空（--fill-missing），为它们各写一张空表",
    )
