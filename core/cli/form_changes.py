"""Verbs ``form migrate``, ``form undo`` and ``form changes``: a form in use becomes another version, and goes back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.common import Db, Json, hint, open_db, print_json, say

if TYPE_CHECKING:
    from core.services.forms.changing import AppliedChange
    from core.services.forms.staged_rows import OnRows

app = typer.Typer()

Who = Annotated[str, typer.Option("--who", metavar="NAME", help="谁改的，记入每条记录的历史和操作记录。")]
_MAPPING = "字段的对应（JSON 或 TOML）；默认按名字猜，先用 --dry-run 看。"
_DATASETS = "只改这些数据集，可以写多次；默认全部。"
_SHOWN = 20


@app.command("migrate", help="把数据集从表单的一版改到另一版：先看会改什么、会丢什么，再一次全部改好；可以撤销。")
def migrate(
    ctx: typer.Context,
    old: Annotated[str, typer.Argument(metavar="OLD", help="在用的表单，如 repairs@2。")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="改成的表单，如 repairs@3。")],
    mapping: Annotated[Path | None, typer.Option("--mapping", metavar="FILE", help=_MAPPING)] = None,
    dataset: Annotated[list[str] | None, typer.Option("--dataset", metavar="NAME", help=_DATASETS)] = None,
    accept_loss: Annotated[bool, typer.Option("--accept-loss", help="有值会丢掉也改。")] = False,
    who: Who = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只看会改什么，什么也不写。")] = False,
    json: Json = False,
    db: Db = "",
) -> None:
    """Change the form of datasets in use."""
    from core.domain.form import load_named_form
    from core.domain.form.mapping import propose_mapping
    from core.errors import ConflictError, InputError
    from core.services.forms.change_plan import plan_form_change
    from core.services.forms.changing import apply_form_change
    from core.services.forms.earlier_forms import form_change_of

    if not dry_run and not who.strip():
        raise InputError("还不知道是谁改的", "请用 --who 写上名字，或用 --dry-run 只看会改什么")
    with open_db(ctx, db, writes=not dry_run) as store:
        with store.read():
            written: Any
            if mapping is None:
                written = propose_mapping(load_named_form(old), load_named_form(new)).model_dump(mode="json")
            else:
                written = _read(mapping)
            change = form_change_of(old, new, written)
        plan = plan_form_change(store, change, datasets=dataset or ())
        if plan.lost_cells and not accept_loss and not dry_run:
            example = "".join(f"，如「{one.label}」的「{one.value}」" for one in plan.lost[:1])
            raise ConflictError(
                f"有 {plan.lost_cells:,} 处会丢掉值{example}，没有改",
                "请改字段的对应，或看过之后加 --accept-loss",
            )
        with _progress(json) as on_rows:
            done = None if dry_run else apply_form_change(store, plan, who=who, on_rows=on_rows)
    report = plan.as_json() | {"mapping": written, "dry_run": dry_run, "change": done.id if done else None}
    if json:
        print_json(report)
        return
    will = "会改" if dry_run else "改了"
    rows = "、".join(f"{title} {count:,} 条" for title, count in plan.rows.items())
    say(
        f"{old} → {new}（{'、'.join(plan.datasets)}）：{will} {plan.cells:,} 个值（{rows}），"
        f"丢掉 {plan.lost_cells:,} 处"
    )
    for one in plan.lost[:_SHOWN]:
        hint(f"丢掉「{one.label}」的「{one.value}」：{one.count:,} 处")
    if more := plan.lost_kinds - len(plan.lost[:_SHOWN]):
        hint(f"另有 {more:,} 种会丢掉的值，加 --json 看")
    if plan.lost_hidden:
        hint(f"另有 {plan.lost_hidden:,} 处在您现在看不到的审阅里，不列出")
    if plan.problem:
        hint(plan.problem)
    if done is not None:
        hint(f"编号 {done.id}；要撤销：form undo {done.id} --who {who.strip()}")


@app.command("undo", help="撤销一次表单改动：没有再改过的值和改动之前完全一样。")
def undo(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID", help="改动的编号，见 form changes。")],
    who: Who = "",
    json: Json = False,
    db: Db = "",
) -> None:
    """Take a change of a form back."""
    from core.errors import InputError
    from core.services.forms.changing import undo_form_change

    if not who.strip():
        raise InputError("还不知道是谁撤销的", "请用 --who 写上名字")
    with open_db(ctx, db, writes=True) as store, _progress(json) as on_rows:
        done = undo_form_change(store, number, who=who, on_rows=on_rows)
    if json:
        print_json(_as_json(done))
        return
    say(f"已撤销：{done.new} → {done.old}，数据集{'、'.join(done.datasets)}")
    if done.forgotten:
        hint(f"数据集{'、'.join(done.forgotten)}改动之前的样子已按保留期限删除，改动时丢掉的值没有回来")


@app.command("changes", help="列出表单改动：编号、从哪版到哪版、哪些数据集、谁、有没有撤销。")
def changes(ctx: typer.Context, json: Json = False, db: Db = "") -> None:
    """List changes of forms in use."""
    from core.services.forms.changing import form_changes

    with open_db(ctx, db) as store, store.read() as session:
        listed = form_changes(session)
    if json:
        print_json([_as_json(one) for one in listed])
        return
    for one in listed:
        undone = f"；{one.undone_by} 已撤销" if one.undone_by else ""
        if one.forgotten and not one.undone_by:
            undone = f"；{'、'.join(one.forgotten)}已过保留期限，撤销时丢掉的值回不来"
        names = "、".join(one.datasets)
        say(f"{one.id}\t{one.old} → {one.new}\t{names}\t{one.cells:,} 个值，丢掉 {one.lost:,} 处\t{one.who}{undone}")


def _as_json(one: "AppliedChange") -> dict[str, Any]:
    return {
        "id": one.id,
        "from": one.old,
        "to": one.new,
        "datasets": list(one.datasets),
        "counts": one.counts,
        "who": one.who,
        "at": one.at,
        "undone_by": one.undone_by,
        "forgotten": list(one.forgotten),
    }


def _read(path: Path) -> Any:
    """A mapping in a file.

    Raises:
        FormError: it cannot be read; says why.
    """
    import json

    from core.domain.form.toml_file import parse_tables, read_source
    from core.domain.json_text import json_error
    from core.errors import FormError

    source = read_source(path)
    if path.suffix.lower() == ".toml":
        return parse_tables(source, path.name)
    try:
        return json.loads(source)
    except RecursionError as error:
        raise FormError(f"{path.name} 嵌套太深", "请检查括号") from error
    except ValueError as error:
        raise FormError(f"{path.name} {json_error(error)}", "请改正后重试") from error


@contextmanager
def _progress(quiet: bool) -> "Iterator[OnRows | None]":
    """A progress bar on a terminal; nothing where the output goes to a program."""
    import sys

    if quiet or not sys.stderr.isatty():
        yield None
        return
    with typer.progressbar(length=1000, label="改表单", file=sys.stderr) as bar:
        yield lambda done, total: bar.update(1000 * done // max(total, 1) - bar.pos)
