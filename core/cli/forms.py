"""Verbs ``form …``: the forms that there are, one file in and out, and what is wrong with a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.common import Db, Json, hint, open_db, print_json, say
from core.new_files import write_new_file
from core.system_errors import system_reason

if TYPE_CHECKING:
    from core.services.forms import KnownForm

app = typer.Typer(help="表单：列出、查看、检查、导入和导出。", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="表单的名字；名字@版本 是数据库里的一版。")]
FormFile = Annotated[Path, typer.Argument(metavar="FILE", help="表单文件（toml，或三个 toml 的 zip）。")]


@app.command("list", help="列出表单：名字和版本、标题、字段数、满分、哪些数据集在用。")
def list_(
    ctx: typer.Context,
    every_version: Annotated[bool, typer.Option("--all", help="也列出旧的版本。")] = False,
    json: Json = False,
    db: Db = "",
) -> None:
    """List the forms."""
    from core.services.forms import known_forms

    with open_db(ctx, db) as store, store.read() as session:
        known = known_forms(session, every_version=every_version)
    if json:
        print_json([_as_json(one) for one in known])
        return
    for one in known:
        used = f"；数据集：{one.used_by}" if one.used_by else ""
        say(f"{one.reference}\t{one.label}\t{one.fields:,} 个字段，满分 {one.points:g}{used}{one.problem}")


@app.command("show", help="查看一个表单的字段。")
def show(ctx: typer.Context, name: Name, json: Json = False, db: Db = "") -> None:
    """Show the fields of a form."""
    from core.domain.form import load_named_form
    from core.services.forms import resolve_form

    with open_db(ctx, db) as store, store.read() as session:
        form = load_named_form(resolve_form(session, name))
    if json:
        print_json({"reference": form.reference, **form.model_dump(mode="json")})
        return
    say(f"{form.label}（{form.reference}）：{len(form.fields):,} 个字段，满分 {form.max_points:g}")
    say(f"提示词里：一张表填的是{form.subject}，填表的一方是{form.staff}")
    for group in form.groups:
        say(f"{group}：")
        for field in form.in_group(group):
            by = "" if field.one_right_answer else "，按相似度"
            values = f"（{'、'.join(field.values)}）" if field.values else ""
            say(f"  {field.key}\t{field.kind}\t{field.points:g} 分{by}{values}")


@app.command("check", help="检查表单文件能不能用；每一处错误写明行号和原因。")
def check(file: FormFile, json: Json = False) -> None:
    """Check a form file; exit code 1 if anything is wrong."""
    from core.errors import FormError
    from core.services.forms import read_form_file

    problem = ""
    try:
        read_form_file(_bytes_of(file), file.name)
    except FormError as error:
        problem = str(error)
    if json:
        print_json({"ok": not problem, "problems": [problem] if problem else []})
    elif not problem:
        say(f"表单文件 {file.name} 可以用")
    if problem:
        if not json:
            hint(problem)
        raise typer.Exit(1)


@app.command("import", help="把表单文件存进数据库；同名的表单存为它的下一版。")
def import_(
    ctx: typer.Context,
    file: FormFile,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="用另一个名字保存。")] = "",
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="这一版改了什么。")] = "",
    who: Annotated[str, typer.Option("--who", metavar="NAME", help="谁保存的，记入版本和操作记录。")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不保存。")] = False,
    json: Json = False,
    db: Db = "",
) -> None:
    """Save a form file as a version in the database."""
    from core.domain.form.loading import parse_form
    from core.services.forms import read_form_file, save_form_version
    from core.services.forms.form_text import renamed

    texts = read_form_file(_bytes_of(file), file.name)
    if name:
        texts = renamed(texts, name)
    form = parse_form(texts.form, file.name)
    reference = ""
    if not dry_run:
        with open_db(ctx, db, writes=True, creates=True) as store:
            reference = save_form_version(store, texts, who=who, note=note)
    counts = {"fields": len(form.fields), "points": form.max_points}
    if json:
        print_json(
            {"reference": reference or None, "name": form.name, "title": form.title, "dry_run": dry_run, **counts}
        )
        return
    done = "可以用，没有保存" if dry_run else f"已存为 {reference}"
    say(f"表单「{form.title}」{done}：{counts['fields']} 个字段，满分 {counts['points']:g}")


@app.command("export", help="把表单连同标注规范和规则写成一个 toml 文件。")
def export(
    ctx: typer.Context,
    name: Name,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="写到哪里（不能已存在）。")],
    db: Db = "",
) -> None:
    """Write a form with its guidelines and rules to one file."""
    from core.errors import ExportError
    from core.services.forms import resolve_form, texts_of, write_form_file

    with open_db(ctx, db) as store, store.read() as session:
        reference = resolve_form(session, name)
        text = write_form_file(texts_of(session, reference))
    try:
        write_new_file(out, text)
    except FileExistsError as error:
        raise ExportError(f"{out} 已经存在", "请换一个文件名") from error
    except OSError as error:
        raise ExportError(f"写不了 {out}（{system_reason(error)}）", "请检查路径、权限和磁盘空间") from error
    say(f"已写到 {out}（{reference}）")


def _bytes_of(file: Path) -> bytes:
    """The file's bytes, and one more than the largest that is read.

    Raises:
        InputError: it cannot be read.
    """
    from core.errors import InputError
    from core.services.forms.form_file import LARGEST_FILE

    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST_FILE + 1)
    except OSError as error:
        raise InputError(f"打不开文件 {file}（{system_reason(error)}）", "请检查路径") from error


def _as_json(one: "KnownForm") -> dict[str, Any]:
    return {
        "reference": one.reference,
        "name": one.name,
        "version": one.version,
        "title": one.title,
        "fields": one.fields,
        "points": one.points,
        "shipped": one.is_file,
        "note": one.note,
        "who": one.who,
        "at": one.at.isoformat() if one.at else None,
        "datasets": list(one.datasets),
        "problem": one.problem or None,
    }
