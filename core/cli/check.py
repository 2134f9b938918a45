"""``check``: the database and the files of the program; ``check training``: files for a platform that trains."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.common import Db, Json, hint, open_db, print_json, say

if TYPE_CHECKING:
    from core.services.training.file_check import FileReport

app = typer.Typer(invoke_without_command=True)

CHECK_HELP = "检查数据库是否完好，表单、提示词和平台文件是否可用；check training 检查训练文件。"


@app.callback(invoke_without_command=True)
def check(ctx: typer.Context, json: Json = False, db: Db = "") -> None:
    """Check the database and the form files; exit code 1 if anything is wrong."""
    if ctx.invoked_subcommand is not None:
        return
    from core.services import maintenance
    from core.services.training.platforms import platform_problems

    with open_db(ctx, db) as store:
        health = maintenance.check_health(store)
    problems = (*health.problems, *platform_problems())
    counts = {"datasets": health.datasets, "chats": health.chats, "runs": health.runs}
    if json:
        print_json({"ok": not problems, "problems": list(problems), **counts})
    elif not problems:
        say(f"一切正常：{health.datasets:,} 个数据集，{health.chats:,} 条群聊，{health.runs:,} 个抽取任务")
    if problems:
        if not json:
            hint("；".join(problems))
        raise typer.Exit(1)


@app.command("training", help="按平台的要求检查训练文件，也能查别人写的：JSONL、JSON、CSV，坏行按行号点名。")
def check_training(
    place: Annotated[Path, typer.Argument(metavar="FOLDER|FILE", help="文件，或放着训练文件的文件夹。")],
    platform: Annotated[
        str,
        typer.Option(
            "--platform", metavar="NAME", help="哪个平台：spark、maas、bailian、qianfan、ark、openai、llama-factory。"
        ),
    ] = "spark",
    json: Json = False,
) -> None:
    """Check training files against a platform; exit code 1 if it would refuse or cut anything."""
    from core.services.training import check_training, load_platform

    reports = check_training(place, load_platform(platform))
    if json:
        print_json([_as_json(report) for report in reports])
    else:
        for report in reports:
            _print_report(report)
    if any(report.bad for report in reports):
        raise typer.Exit(1)


def _print_report(report: "FileReport") -> None:
    of_format = f"，{report.format} 格式" if report.format else ""
    longest = report.longest
    size = f"，最长 {longest.characters:,} 字（约 {longest.tokens:,} token）" if longest.characters else ""
    verdict = f"{report.bad:,} 处不对" if report.bad else "都可以用"
    say(f"{report.path.name}：{report.rows:,} 行{of_format}{size}，{verdict}")
    for problem in report.problems:
        say(f"  {f'第 {problem.line} 行：' if problem.line else ''}{problem.reason}")
    if report.bad > len(report.problems):
        say(f"  还有 {report.bad - len(report.problems):,} 处没有列出")
    for remark in report.remarks:
        hint(remark)


def _as_json(report: "FileReport") -> dict[str, object]:
    return {
        "file": report.path.name,
        "rows": report.rows,
        "format": str(report.format) if report.format else None,
        "longest": {"characters": report.longest.characters, "tokens": report.longest.tokens},
        "problems": [{"line": problem.line, "reason": problem.reason} for problem in report.problems],
        "bad": report.bad,
        "remarks": report.remarks,
    }
