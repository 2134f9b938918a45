"""Verb ``imports``: what was imported into a dataset, and taking one import back."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.common import Db, Json, hint, open_db, print_json, say

if TYPE_CHECKING:
    from core.services.datasets import ImportEntry, UndoPlan

app = typer.Typer()


@app.command("imports", help="列出数据集的导入记录和当时的说明；--undo 撤销其中一次（还没有人审阅时）。")
def imports(
    ctx: typer.Context,
    dataset: Annotated[str, typer.Option("--dataset", metavar="NAME", help="数据集名称。")] = "",
    undo: Annotated[int, typer.Option("--undo", metavar="ID", min=0, help="撤销编号为 ID 的那次导入。")] = 0,
    who: Annotated[str, typer.Option("--who", metavar="NAME", help="谁撤销的，记入导入记录。")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只看撤销会删去什么，什么也不删。")] = False,
    json: Json = False,
    db: Db = "",
) -> None:
    """List the imports of a dataset, or take one back as a whole."""
    from core.errors import ConflictError, InputError
    from core.services.datasets import list_imports, plan_undo, undo_import

    if not dataset and not undo:
        raise InputError("还不知道看哪个数据集", "请用 --dataset 写明数据集，或用 --undo 写明要撤销的编号")
    with open_db(ctx, db, writes=undo > 0 and not dry_run) as store:
        if not undo:
            entries = list_imports(store, dataset)
            _show(entries, json=json)
            return
        plan = plan_undo(store, undo)
        if dataset and plan.dataset != dataset:
            raise InputError(f"编号为 {undo} 的导入属于数据集「{plan.dataset}」", "请检查 --dataset 和 --undo")
        if not dry_run:
            plan = undo_import(store, undo, who=who)
    if json:
        print_json(_plan_json(plan) | {"dry_run": dry_run})
    else:
        say(f"{'（预览，什么也没有删）' if dry_run else '已撤销：'}文件「{plan.file}」到数据集「{plan.dataset}」的导入")
        for sentence in plan.sentences():
            hint(sentence)
    if plan.refused:
        raise ConflictError(f"不能撤销：{plan.refused}")


def _show(entries: "list[ImportEntry]", *, json: bool) -> None:
    if json:
        print_json([_entry_json(entry) for entry in entries])
        return
    for entry in entries:
        undone = "（已撤销）" if entry.undone_at else ""
        say(
            f"{entry.id}{undone} {entry.at.astimezone():%Y-%m-%d %H:%M} {entry.file}（{entry.format}）："
            f"共 {entry.total:,} 条，新增 {entry.added:,}，已有 {entry.skipped:,}，未导入 {entry.rejected:,}"
        )
        for note in entry.notes:
            hint(f"  {note}")


def _entry_json(entry: "ImportEntry") -> dict[str, Any]:
    undone_at = entry.undone_at.isoformat() if entry.undone_at else None
    return asdict(entry) | {"at": entry.at.isoformat(), "undone_at": undone_at}


def _plan_json(plan: "UndoPlan") -> dict[str, Any]:
    return asdict(plan) | {"sentences": plan.sentences()}
