"""Verbs for data: ``import``, ``chats``, ``import-table``, ``import-run``, ``backup``, ``restore``, ``sample``."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.common import Dataset, Db, Json, Run, database_url, hint, open_db, print_json, say

if TYPE_CHECKING:
    from core.services.datasets import ImportReport, OnProgress

app = typer.Typer()

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="要导入的文件（json、jsonl、csv、xlsx、txt，或它们的 zip）。")
]
Sheet = Annotated[str, typer.Option(metavar="NAME", help="Excel 文件的哪个工作表；默认第一个有群聊的。")]
Encoding = Annotated[str, typer.Option(help="文字编码，如 gbk、big5、utf-8；默认自动识别。")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="只看会导入什么，什么也不写。")]
_SHOWN = 20


@app.command("import", help="把群聊文件导入数据集；标注一并导入。")
def import_(
    ctx: typer.Context,
    file: File,
    dataset: Dataset,
    split: Annotated[str, typer.Option(help="用途：train、test 或 other（默认）。")] = "",
    text_column: Annotated[str, typer.Option(metavar="NAME", help="表格里聊天文本的列名。")] = "",
    index_column: Annotated[str, typer.Option(metavar="NAME", help="表格里编号的列名；- 表示按行编号。")] = "",
    sender_column: Annotated[str, typer.Option(metavar="NAME", help="一行一条消息的表格里，发送人的列名。")] = "",
    time_column: Annotated[str, typer.Option(metavar="NAME", help="同上，发送时间的列名。")] = "",
    room_column: Annotated[str, typer.Option(metavar="NAME", help="同上，群聊或会话的列名。")] = "",
    pause: Annotated[
        int, typer.Option(metavar="MINUTES", min=0, help="一行一条消息时，停顿超过这么多分钟算另一条群聊；0 不分。")
    ] = 0,
    join: Annotated[
        str,
        typer.Option(
            metavar="HOW",
            help="一行一条消息时怎样合成群聊：session、room、pause、none（全部一条），或 row（一行就是一条群聊）。",
        ),
    ] = "",
    swap_sides: Annotated[
        bool, typer.Option("--swap-sides", help="把认出的客户和客服对调（收发方的列写反了，或 user 其实是客服）。")
    ] = False,
    mapping: Annotated[
        str, typer.Option(metavar="NAME", help="已存的列的对应；没有这个名称时，把这次认出或指明的存为它。")
    ] = "",
    form: Annotated[
        str, typer.Option("--form", metavar="NAME", help="新数据集用哪个表单（form list 列出）；默认 SHIYAO_FORM。")
    ] = "",
    sheet: Sheet = "",
    encoding: Encoding = "",
    file_format: Annotated[
        str,
        typer.Option("--format", metavar="NAME", help="文字文件按什么格式读：json、jsonl、csv、txt；默认自动识别。"),
    ] = "",
    grown: Annotated[
        str,
        typer.Option(
            metavar="HOW", help="已有群聊后来又导出、多了消息时：add 另存一条（默认），replace 续写没人审阅过的那条。"
        ),
    ] = "add",
    dry_run: DryRun = False,
    json: Json = False,
    db: Db = "",
) -> None:
    """Import a file of chats, with its labels if it has some."""
    from core.services.datasets.reader_start import look_ahead, start_early

    start_early()
    look_ahead(file, encoding, file_format)  # beside what is imported here, on another processor
    from core.errors import InputError
    from core.services.datasets import TableColumns, import_chats
    from core.services.datasets.import_log import add_notes
    from core.services.datasets.import_mappings import (
        keep_used_mapping,
        mapped_columns,
        mapping_offer,
        offering_mapping,
    )
    from core.services.datasets.import_types import JOINS

    columns = TableColumns(
        text_column,
        index_column,
        sender=sender_column,
        time=time_column,
        room=room_column,
        pause_minutes=pause,
        sheet=sheet,
        encoding=encoding,
        format=file_format,
        join=join.strip().lower(),
        swap_sides=swap_sides,
    )
    if columns.join and columns.join not in JOINS:
        raise InputError(f"不认识合成方式「{join[:20]}」", f"可以是 {'、'.join(JOINS)}")
    if grown not in ("add", "replace"):
        raise InputError(f"不认识 --grown {grown[:20]}", "可以是 add、replace")
    with (
        open_db(ctx, db, writes=not dry_run, creates=True) as store,
        _progress(json) as on_progress,
        offering_mapping(store),
    ):
        report = import_chats(
            store,
            file,
            filename=file.name,
            dataset=dataset,
            split=split or None,
            form_name=form or None,
            columns=mapped_columns(store, mapping, columns),
            on_progress=on_progress,
            count_all=json or dry_run,
            grow=grown == "replace",
            dry_run=dry_run,
        )
        keeps = mapping and not dry_run
        remark = keep_used_mapping(store, mapping, columns, report) if keeps else mapping_offer(store, columns, report)
        report = replace(report, notes=(*report.notes, *remark))
        if remark and report.import_id:
            add_notes(store, report.import_id, remark)
    if json:
        print_json(_preview_json(report) if dry_run else _as_json(report))
        _require_some(report, file.name)
        return
    labels = f"，标注 {report.labels:,} 条" if report.labels else ""
    will = "（预览，什么也没有写）" if dry_run else ""
    say(
        f"数据集「{report.dataset}」{will}：共 {report.total:,} 条，新增 {report.added:,}，"
        f"已有 {report.skipped:,}，未导入 {len(report.rejected):,}{labels}"
    )
    _remarks(report)
    _require_some(report, file.name)


def _require_some(report: "ImportReport", name: str) -> None:
    """Fail where every row of a file was refused.

    Raises:
        InputError: it was; names the first row and its reason.
    """
    from core.errors import InputError

    if report.rejected and not report.added and not report.skipped and not any(one.replaced for one in report.grown):
        raise InputError(f"文件 {name} 的 {report.total:,} 条都没有导入；{report.rejected[0]}", "请按原因修改后重试")


@app.command("chats", help="列出数据集的群聊：编号、字数、消息数、发言人和各在哪一方。")
def chats(ctx: typer.Context, dataset: Dataset, json: Json = False, db: Db = "") -> None:
    """List the chats of a dataset with their speakers."""
    from core.services.datasets import describe_chats

    with open_db(ctx, db) as store:
        described = describe_chats(store, dataset)
    if json:
        print_json([chat.as_dict() for chat in described])
        return
    for chat in described:
        speakers = "、".join(f"{speaker.name}（{speaker.side}，{speaker.messages:,} 条）" for speaker in chat.speakers)
        say(f"第 {chat.index} 条：{chat.messages:,} 条消息，{chat.characters:,} 字；{speakers or '认不出发言人'}")


@app.command("import-table", help="把同事改过的导出表格带回记录：比较、点名冲突，作为一次可撤销的批量修改保存。")
def import_table(
    ctx: typer.Context,
    dataset: Dataset,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="export table 写的 CSV 或 XLSX，改过之后的。")
    ] = None,
    undo: Annotated[
        str, typer.Option("--undo", metavar="ID", help="撤销带回过的一次（不写 FILE）；ID 是带回时说的编号。")
    ] = "",
    sheet: Annotated[str, typer.Option(metavar="NAME", help="Excel 文件的哪个工作表；默认第一个有数据的。")] = "",
    who: Annotated[str, typer.Option("--who", metavar="NAME", help="谁改的，记入每条记录的历史。")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只看会改什么，不保存。")] = False,
    json: Json = False,
    db: Db = "",
) -> None:
    """Bring an edited table back as a bulk change of records."""
    from core.errors import InputError
    from core.services.review.records.table_return import preview_table, return_table

    if (file is None) == (not undo):
        raise InputError("要写改过的表格，或用 --undo 写要撤销的编号", "请写其中一个")
    if undo and dry_run:
        raise InputError("撤销没有预览", "请去掉 --dry-run；后来又改过的记录不会动")
    if file is None:
        _undo_table(ctx, undo, dataset=dataset, who=who, json=json, db=db)
        return
    if not who.strip() and not dry_run:
        raise InputError("还不知道是谁改的", "请用 --who 写上名字，或用 --dry-run 只看会改什么")
    with open_db(ctx, db, writes=not dry_run) as store:
        form, returned = preview_table(store, file, filename=file.name, dataset=dataset, sheet=sheet)
        outcome = None if dry_run else return_table(store, form, returned, who=who)
    counts = returned.as_json() | {"dry_run": dry_run}
    if outcome is not None:
        skipped = [{"chat": one.chat, "why": one.why} for one in outcome.skipped]
        counts |= {"bulk": outcome.id, "saved": len(outcome.saved), "cells": outcome.cells, "skipped": skipped}
    if json:
        print_json(counts)
        return
    verb = "会改" if dry_run else "改了"
    cells = outcome.cells if outcome is not None else len(returned.plan.changes)
    chats = len(outcome.saved) if outcome is not None else len(returned.plan.chats)
    say(
        f"表格「{file.name}」：{returned.rows:,} 行，{verb} {chats:,} 条记录的 {cells:,} 个值，"
        f"冲突 {len(returned.conflicts)}，没有带回 {len(returned.refused)}"
    )
    for sentence in [
        *returned.sentences(form),
        *(f"第 {one['chat']} 条不改：{one['why']}" for one in counts["skipped"]),
    ]:
        hint(sentence)
    if outcome is not None and outcome.saved:
        hint(f"编号 {outcome.id}；要撤销：import-table --undo {outcome.id} --dataset {dataset} --who {who.strip()}")


def _undo_table(ctx: typer.Context, bulk_id: str, *, dataset: str, who: str, json: bool, db: str) -> None:
    from core.services.review.records.table_return import undo_returned_table

    with open_db(ctx, db, writes=True) as store:
        outcome = undo_returned_table(store, bulk_id, dataset=dataset, who=who)
    skipped = [{"chat": one.chat, "why": one.why} for one in outcome.skipped]
    if json:
        print_json({"bulk": outcome.id, "undone": len(outcome.saved), "cells": outcome.cells, "skipped": skipped})
        return
    say(f"已撤销：{len(outcome.saved):,} 条记录的 {outcome.cells:,} 个值，没有动 {len(skipped):,} 条")
    for one in skipped:
        hint(f"第 {one['chat']} 条没有撤销：{one['why']}")


@app.command("import-run", help="把提交文件或标注文件导入为数据集的一个抽取任务。")
def import_run(
    ctx: typer.Context,
    file: File,
    dataset: Dataset,
    run: Run,
    labels: Annotated[bool, typer.Option("--labels", help="文件是人工标注，作为数据集的标注导入。")] = False,
    sheet: Sheet = "",
    encoding: Encoding = "",
    dry_run: DryRun = False,
    json: Json = False,
    db: Db = "",
) -> None:
    """Attach a submission or a file of labels to a dataset as a run."""
    from core.adapters.store.models import RunKind
    from core.services.datasets import TableColumns
    from core.services.datasets import import_run as attach

    kind = RunKind.LABELS if labels else RunKind.IMPORT
    with open_db(ctx, db, writes=not dry_run) as store, _progress(json) as on_progress:
        report = attach(
            store,
            file,
            filename=file.name,
            dataset=dataset,
            run=run,
            kind=kind,
            columns=TableColumns(sheet=sheet, encoding=encoding),
            on_progress=on_progress,
            dry_run=dry_run,
        )
    if json:
        print_json(_as_json(report) | ({"dry_run": True} if dry_run else {}))
        return
    will = "（预览，什么也没有写）" if dry_run else ""
    say(
        f"抽取任务「{report.run}」（数据集「{report.dataset}」）{will}：共 {report.total:,} 条，新增 {report.added:,}，"
        f"已有 {report.skipped:,}，未导入 {len(report.rejected):,}"
    )
    _remarks(report)


@app.command("backup", help="在线备份数据库；使用中也可以备份。")
def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="备份写到哪个文件（不能已存在）。")],
    db: Db = "",
) -> None:
    """Copy the database while others use it."""
    from core.services import maintenance

    with open_db(ctx, db) as store:
        made = maintenance.make_backup(store, file)
    say(f"已备份到 {file}（{made.size / 1e6:.1f} MB）")


@app.command("restore", help="把备份恢复到一个新的数据库：还不存在的文件，或服务器上的空数据库。")
def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="backup 写的文件。")],
    db: Db = "",
) -> None:
    """Fill a new database with a backup."""
    from core import logs
    from core.services import maintenance
    from core.services.team import COMMAND_LINE, acting_as

    logs.set_up()
    with acting_as(COMMAND_LINE):
        maintenance.restore_backup(database_url(ctx, db), file)
    say(f"已从 {file.name} 恢复")


@app.command("sample", help="载入自带的示例：群聊、标注和一个完成的抽取任务。")
def sample(
    ctx: typer.Context,
    form: Annotated[str, typer.Option("--form", metavar="NAME", help="哪个表单的示例；写错时列出有哪些。")] = "",
    first_start: Annotated[bool, typer.Option("--first-start", help="只在数据库是新建的时候载入。")] = False,
    json: Json = False,
    db: Db = "",
) -> None:
    """Load the shipped sample; what is there already is left alone."""
    from core.services.datasets import load_sample
    from core.settings import DEFAULT_FORM

    with open_db(ctx, db, writes=True, creates=True) as store:
        if first_start and not store.created:
            return
        chats, run = load_sample(store, form or DEFAULT_FORM)
    if json:
        print_json({"chats": _as_json(chats), "run": _as_json(run)})
        return
    say(
        f"数据集「{chats.dataset}」：{chats.total:,} 条群聊，新增 {chats.added:,}；"
        f"抽取任务「{run.run}」：新增 {run.added:,}"
    )


@contextmanager
def _progress(quiet: bool) -> Iterator["OnProgress | None"]:
    """A progress bar on a terminal; nothing where the output goes to a program."""
    import sys

    if quiet or not sys.stderr.isatty():
        yield None
        return
    with typer.progressbar(length=1000, label="导入", file=sys.stderr) as bar:
        yield lambda progress: bar.update(int(progress.share * 1000) - bar.pos)


def _remarks(report: "ImportReport") -> None:
    for note in report.notes:
        hint(note)
    for rejected in report.rejected[:_SHOWN]:
        hint(f"未导入 {rejected}")
    if len(report.rejected) > _SHOWN:
        hint(f"……还有 {len(report.rejected) - _SHOWN:,} 条，用 --json 查看全部")


def _as_json(report: "ImportReport") -> dict[str, Any]:
    return {
        "dataset": report.dataset,
        "dataset_id": report.dataset_id,
        "run": report.run or None,
        "run_id": report.run_id,
        "total": report.total,
        "labels": report.labels,
        **_preview_json(report),
        "rejected": [
            {"index": row.index, "line": row.line, "reason": row.reason, "why": row.why} for row in report.rejected
        ],
    }


def _preview_json(report: "ImportReport") -> dict[str, Any]:
    """What ``--dry-run --json`` prints; an import prints it too."""
    counts = report.counts
    return {
        "format": report.format,
        "encoding": report.encoding,
        "sheet": report.reading.sheet,
        "columns": report.reading.columns,
        "joined": report.reading.joined or "none",
        "chats": counts.chats if counts else 0,
        "messages": counts.messages if counts else report.reading.messages,
        "speakers": len(counts.names) if counts else 0,
        "without_speakers": counts.without_speakers if counts else [],
        "added": report.added,
        "skipped": report.skipped,
        "rejected": [{"index": row.index, "why": row.why} for row in report.rejected],
        "notes": list(report.notes),
        **({"existing": report.existing} if report.existing else {}),
        **({"grown": [asdict(growth) for growth in report.grown]} if report.grown else {}),
    }
