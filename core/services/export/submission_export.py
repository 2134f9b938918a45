"""The submission file: ``[{"infos": [form, …], "index": n}, …]``, byte for byte as the platform's own examples."""

from collections.abc import Iterator
from pathlib import Path

from core.adapters.store import DatasetView, Store, queries
from core.domain.form import Form, load_named_form
from core.domain.masking import NO_MASK, Mask
from core.domain.permissions import Permission
from core.errors import ExportError
from core.services.export.answer_sources import (
    AnswerSource,
    ChatAnswer,
    Coverage,
    chats_by_source,
    default_source,
    mask_answers,
    measure_coverage,
    mixture_note,
    remember_exported,
)
from core.services.export.answer_statistics import AnswerStatistics
from core.services.export.atomic_file import pending_file
from core.services.export.export_log import publish_export
from core.services.export.export_result import ExportResult, index_ranges
from core.services.export.json_writer import verify_array, write_array
from core.services.quality.record_origins import NO_ORIGINS, record_origins
from core.services.team import left_out_sentence, permitted

_MASKED = "个人信息已遮盖：这个文件只给同事看，交给平台会丢掉这些字段的分"


@permitted(Permission.EXPORT)
def export_submission(
    store: Store,
    *,
    dataset: str | int,
    source: AnswerSource | None = None,
    out: Path,
    fill_missing: bool = False,
    mask: Mask = NO_MASK,
) -> ExportResult:
    """Write a submission with every chat of the dataset, those included that were rejected at import.

    Args:
        store: the open store.
        dataset: name or id.
        source: confirmed records, a run, labels, or records with one of them as fallback; ``None`` for records and,
            for the rest, the run that they came from (``answer_sources.default_source``).
        out: the file; replaced if it exists.
        fill_missing: give a chat without an answer one all-empty form; otherwise it refuses the export.
        mask: what is hidden in the forms.

    Returns:
        The result; its list ``sources`` says how many chats came from where, ``records_from`` what the records were
        started from; ``filled`` names the chats that got an empty form, ``no_customers`` those whose answer is that
        there is no customer.

    Raises:
        ExportError: chats without an answer (all are named), a file that cannot be written, or one that reads back
            differently.
        NotFoundError: no such dataset or run.
    """
    with store.read() as session, pending_file(out) as file:
        dataset_view = queries.dataset(session, dataset)
        form = load_named_form(dataset_view.form)
        if source is None:
            source = default_source(session, dataset_view)
        coverage = measure_coverage(session, dataset_view, source)
        if not coverage.total:
            raise ExportError(f"数据集「{dataset_view.name}」里没有群聊", "请先导入数据")
        if coverage.missing and not fill_missing:
            raise _incomplete(dataset_view, source, coverage)
        origins = record_origins(session, dataset_view.id) if source.records else NO_ORIGINS
        first_notes = [_MASKED] if mask else []
        if mixture := mixture_note(origins, source, coverage):
            first_notes.append(mixture)
        statistics = AnswerStatistics()
        remember_exported(session, dataset_view, source)
        stream = mask_answers(session, dataset_view, form, source, mask)
        rows = statistics.count(_with_empty_forms(stream, coverage.missing, form))
        fingerprints = write_array(file, ({"infos": answer.forms, "index": answer.index} for answer in rows))
        sha256, size = verify_array(file, fingerprints)
        result = ExportResult(
            kind="submission",
            out=out,
            sha256=sha256,
            size=size,
            counts={
                "chats": len(fingerprints),
                "rows": len(fingerprints),
                "forms": statistics.forms,
                "records": len(coverage.records),
                "fallback": len(coverage.fallback),
                "filled": len(coverage.missing),
            },
            lists={
                "sources": chats_by_source(coverage, source, filled=True),
                "records_from": [{"run": name, "chats": chats} for name, chats in origins.runs.items()],
                **statistics.lists(filled=list(coverage.missing)),
            },
            notes=(
                *first_notes,
                *statistics.notes(withheld=coverage.withheld, filled=list(coverage.missing)),
            ),
            files={out.name: sha256},
            masked=tuple(mask.names),
        )
        parameters = {
            "dataset": dataset_view.name,
            "source": str(source),
            "fill_missing": fill_missing,
            "mask": mask.names,
            **statistics.lists(),
        }
        session.close()  # the log is written on another connection, and none may be held meanwhile
        publish_export(
            store, file, result, dataset_id=dataset_view.id, parameters=parameters, provenance=statistics.provenance
        )
    return result


def _with_empty_forms(stream: Iterator[ChatAnswer], missing: tuple[int, ...], form: Form) -> Iterator[ChatAnswer]:
    missing_indices = iter(missing)
    next_missing = next(missing_indices, None)
    for answer in stream:
        while next_missing is not None and next_missing < answer.index:
            yield _empty_answer(next_missing, form)
            next_missing = next(missing_indices, None)
        yield answer
    while next_missing is not None:
        yield _empty_answer(next_missing, form)
        next_missing = next(missing_indices, None)


def _empty_answer(index: int, form: Form) -> ChatAnswer:
    return ChatAnswer(index, [form.empty()], "empty", {"index": index, "origin": "empty"})


def _incomplete(dataset: DatasetView, source: AnswerSource, coverage: Coverage) -> ExportError:
    missing = coverage.missing
    lack = "没有已确认的记录" if source.records else ""
    if source.run or source.labels:
        other = f"抽取任务「{source.run}」的结果" if source.run else "标注"
        lack = f"既没有已确认的记录，也没有{other}" if source.records else f"没有{other}"
    rejected = f"（其中第 {index_ranges(coverage.rejected)} 条没有导入或已删除）" if coverage.rejected else ""
    withheld = f"。{left_out_sentence(coverage.withheld)}" if coverage.withheld else ""
    return ExportError(
        f"数据集「{dataset.name}」有 {len(missing):,} 条群聊{lack}：第 {index_ranges(missing)} 条{rejected}{withheld}",
        "请先审阅或抽取这些群聊，或选择补空（--fill-missing），为它们各写一张空表",
    )
