"""Verbs of ``export``: submission, test-csv, dataset, table, report, runs (training: :mod:`core.cli.training`)."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from core.cli.common import Dataset, Db, Json, hint, open_db, print_json, say

if TYPE_CHECKING:
    from core.adapters.hugging_face import HubPush
    from core.services.export import ExportResult

app = typer.Typer(no_args_is_help=True, help="导出：提交文件、训练集、测试 CSV、数据集、表格。")

_SOURCE = "records（已确认）、labels（标注）、run:任务名，或 records+run:任务名、labels+records。"
Source = Annotated[str, typer.Option("--source", metavar="SOURCE", help=f"结果的来源：{_SOURCE}")]
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="写到哪个文件；已有的会被替换。")]
Prompt = Annotated[
    str,
    typer.Option(
        "--prompt",
        metavar="NAME",
        help="提示词，可带版本，如 baseline.v1；默认 baseline，输入为 summary 时 from_summary。",
    ),
]
Input = Annotated[
    Literal["raw", "clean", "summary"],
    typer.Option(
        "--input", help="用群聊的哪种文本：raw 对话原文，clean 去掉占位消息，summary 保存的摘要。表格残留都不会写入。"
    ),
]
Masks = Annotated[
    list[str] | None,
    typer.Option(
        "--mask",
        metavar="KIND",
        help="遮盖 phone（电话，以及身份证、银行卡、微信号、QQ 号）、email（邮箱）、address（地址）、"
        "name（人名、昵称和称呼）；可写多次。",
    ),
]

Public = Annotated[bool, typer.Option("--public", help="推送到公开的仓库；不写则新仓库是私有的，已公开的拒绝。")]
SendIt = Annotated[bool, typer.Option("--yes", help="确实推送；不写则只说会把什么发到哪里，不发送。")]


@app.command("submission", help="导出提交文件：每条群聊都在，缺的会点名拒绝或补空。")
def submission(
    ctx: typer.Context,
    dataset: Dataset,
    out: Out,
    source: Annotated[
        str,
        typer.Option(
            "--source",
            metavar="SOURCE",
            help=f"结果的来源：{_SOURCE}默认是记录，缺的用记录改自的抽取任务（没有时用默认任务）。",
        ),
    ] = "",
    fill_missing: Annotated[bool, typer.Option("--fill-missing", help="补空：没有结果的群聊各写一张空表。")] = False,
    mask: Masks = None,
    json: Json = False,
    db: Db = "",
) -> None:
    """Write a submission file."""
    from core.domain.masking import parse_mask
    from core.services.export import export_submission, parse_source

    with open_db(ctx, db, writes=True) as store:
        report = export_submission(
            store,
            dataset=dataset,
            source=parse_source(source) if source else None,
            out=out,
            fill_missing=fill_missing,
            mask=parse_mask(mask or ()),
        )
    print_result(report, json)


@app.command("test-csv", help="导出平台的测试 CSV：列为 input,target，target 一律为 -。")
def test_csv(
    ctx: typer.Context,
    dataset: Dataset,
    out: Out,
    text: Input = "raw",
    prompt: Prompt = "",
    mask: Masks = None,
    json: Json = False,
    db: Db = "",
) -> None:
    """Write the platform's test file."""
    from core.domain.masking import parse_mask
    from core.services.training import InputKind, export_test_csv

    with open_db(ctx, db, writes=True) as store:
        report = export_test_csv(
            store, dataset=dataset, out=out, text=InputKind(text), prompt=prompt, mask=parse_mask(mask or ())
        )
    print_result(report, json)


@app.command("dataset", help='导出数据集本身：[{"chat_text", "infos"}]；没有结果的群聊不写入，并点名。')
def dataset_(
    ctx: typer.Context,
    dataset: Dataset,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="PATH", help="写到哪个文件或文件夹；已有的会被替换。")
    ] = None,
    source: Source = "records",
    text: Annotated[
        Literal["raw", "clean"], typer.Option("--text", help="raw 入库时的原文，一字不差；clean 去掉表格残留。")
    ] = "raw",
    layout: Annotated[
        Literal["file", "hf"],
        typer.Option("--format", help="file 一个 JSON 文件；hf 一个 Hugging Face 能读的文件夹，带数据集卡片。"),
    ] = "file",
    mask: Masks = None,
    repository: Annotated[
        str,
        typer.Option(
            "--push", metavar="OWNER/NAME", help="推送到 Hugging Face 的这个仓库，要配 --format hf；令牌在 HF_TOKEN。"
        ),
    ] = "",
    public: Public = False,
    yes: SendIt = False,
    json: Json = False,
    db: Db = "",
) -> None:
    """Write the dataset itself, or push it to the Hugging Face Hub."""
    from core.domain.masking import parse_mask
    from core.errors import ExportError
    from core.services.export import DatasetLayout, ExportResult, TextKind, export_dataset, parse_source, push_export

    if repository and (layout != "hf" or out is not None):
        raise ExportError("--push 推送的是 Hugging Face 文件夹，不写本机的文件", "请加上 --format hf，去掉 --out")
    if out is None and not repository:
        raise ExportError("没有说写到哪里", "请用 --out 指定文件，或用 --format hf --push OWNER/NAME 推送")
    chosen_source, chosen_mask = parse_source(source), parse_mask(mask or ())
    hidden = f"已遮盖 {'、'.join(chosen_mask.names)}" if chosen_mask.names else "没有遮盖"
    if repository and not said_before_push(
        repository, f"数据集「{dataset}」，来源：{chosen_source.title}，{hidden}", public=public, yes=yes
    ):
        return
    with open_db(ctx, db, writes=True) as store:

        def make(place: Path) -> ExportResult:
            return export_dataset(
                store,
                dataset=dataset,
                source=chosen_source,
                out=place,
                text=TextKind(text),
                mask=chosen_mask,
                layout=DatasetLayout(layout),
            )

        if out is not None:
            print_result(make(out), json)
        else:
            print_push(*push_export(store, repository, make, public=public), json)


@app.command("table", help="导出给同事看的表格：一张表单一行，按扩展名写 CSV 或 XLSX。")
def table(
    ctx: typer.Context,
    dataset: Dataset,
    out: Out,
    source: Source = "records",
    confirmations: Annotated[bool, typer.Option("--confirmations", help="每个字段加一列确认状态，如未看。")] = False,
    discussions: Annotated[bool, typer.Option("--discussions", help="加一列「讨论」：谁、何时、说了什么。")] = False,
    mask: Masks = None,
    json: Json = False,
    db: Db = "",
) -> None:
    """Write a table for colleagues."""
    from core.domain.masking import parse_mask
    from core.errors import ExportError
    from core.services.export import TableFormat, export_table, parse_source

    suffix = out.suffix.lower().lstrip(".")
    if suffix not in list(TableFormat):
        raise ExportError(f"不知道「{out.name}」要写成什么表格", "文件名请以 .csv 或 .xlsx 结尾")
    with open_db(ctx, db, writes=True) as store:
        report = export_table(
            store,
            dataset=dataset,
            source=parse_source(source),
            out=out,
            table=TableFormat(suffix),
            confirmations=confirmations,
            discussions=discussions,
            mask=parse_mask(mask or ()),
        )
    print_result(report, json)


@app.command("report", help="导出离线报告：群聊、表单和依据写进一个 HTML 文件，不需要服务器。")
def report(
    ctx: typer.Context,
    dataset: Dataset,
    out: Out,
    source: Source = "records",
    chat: Annotated[list[int] | None, typer.Option("--chat", metavar="N", help="只要这一条；可写多次。")] = None,
    mask: Masks = None,
    json: Json = False,
    db: Db = "",
) -> None:
    """Write an offline report."""
    from core.domain.masking import parse_mask
    from core.services.export import parse_source
    from core.services.export.html_report import export_html_report

    with open_db(ctx, db, writes=True) as store:
        result = export_html_report(
            store, dataset=dataset, source=parse_source(source), out=out, chats=chat, mask=parse_mask(mask or ())
        )
    print_result(result, json)


@app.command(
    "runs", help="把抽取任务的设置、得分和花费记到 MLflow；再导出一次只更新，不重复。不发送群聊、值和提示词的正文。"
)
def runs(
    ctx: typer.Context,
    dataset: Dataset,
    run: Annotated[
        list[str] | None, typer.Option("--run", metavar="NAME", help="只要这个抽取任务；可写多次；不写则全部。")
    ] = None,
    destination: Annotated[
        Literal["mlflow"], typer.Option("--to", help="记到哪里：MLflow 服务，地址在环境变量 MLFLOW_TRACKING_URI。")
    ] = "mlflow",
    against: Annotated[
        str,
        typer.Option(
            metavar="labels|records|blind|run:NAME", help="得分的对照；不写则标注，没有标注时是盲审过的或已确认的记录。"
        ),
    ] = "",
    measure: Annotated[
        str, typer.Option("--measure", metavar="lcs|exact|set|embedding", help="自由文本字段用哪种相似度。")
    ] = "lcs",
    yes: Annotated[bool, typer.Option("--yes", help="确实发送；不写则只说会发到哪里。")] = False,
    json: Json = False,
    db: Db = "",
) -> None:
    """Send runs and their scores to MLflow."""
    from core.adapters.mlflow_tracking import check_tracking
    from core.domain.scoring import measure_named
    from core.services.export import track_scores

    address = check_tracking()
    if not yes:
        which = f"抽取任务 {'、'.join(run)}" if run else "全部抽取任务"
        say(f"记到 {address}（{destination}）：数据集「{dataset}」的{which}的设置、得分和花费；没有群聊和值")
        hint("还没有发送。加 --yes 发送")
        return
    with open_db(ctx, db, writes=True) as store:
        outcome, reference = track_scores(
            store, dataset=dataset, runs=run or (), against=against, measure=measure_named(measure)
        )
    if json:
        print_json(
            {
                "url": outcome.url,
                "against": reference,
                "created": list(outcome.created),
                "updated": list(outcome.updated),
                "unchanged": list(outcome.unchanged),
            }
        )
        return
    say(
        f"已记到 {outcome.url}：新建 {len(outcome.created):,} 个，更新 {len(outcome.updated):,} 个，"
        f"没有变化 {len(outcome.unchanged):,} 个"
    )
    if not reference:
        hint("没有标注，也没有已确认的记录：只记了设置和花费，没有得分")


def print_result(result: "ExportResult", json: bool) -> None:
    """Print the result of an export."""
    if json:
        print_json(result.as_json())
        return
    if sources := result.lists.get("sources", ()):
        from core.services.export.answer_sources import counted_source_title

        for taken in sources:
            say(f"  {taken['chats']:,} 条来自{counted_source_title(str(taken['source']))}")
    say(f"已导出 {result.out}：{result.counts['rows']:,} 行，{result.size:,} 字节，sha256 {result.sha256}")
    if result.masked:
        say(f"已遮盖 {'、'.join(result.masked)}")
    for note in result.notes:
        hint(note)


def said_before_push(repository: str, what: str, *, public: bool, yes: bool) -> bool:
    """Say what would be sent where; whether it is to be sent.

    Raises:
        ExportError: the repository has no usable name.
        SettingsError: there is no token, or nothing may be sent to the Hub.
    """
    from core.adapters.hugging_face import check_push

    where = "公开的仓库，谁都看得到" if public else "私有的仓库"
    sentence = f"推送到 {check_push(repository)}（{where}）：{what}"
    say(sentence) if not yes else hint(sentence)
    if not yes:
        hint("还没有发送。加 --yes 推送")
    return yes


def print_push(result: "ExportResult", pushed: "HubPush", json: bool) -> None:
    """Print what came of a push."""
    if json:
        state = {
            "url": pushed.url,
            "commit": pushed.commit,
            "changed": pushed.changed,
            "private": pushed.private,
        }
        print_json({**result.as_json(), "out": pushed.url, "push": state})
        return
    outcome = "已推送到" if pushed.changed else "那边已经是这些内容，没有新的提交："
    visibility = "私有" if pushed.private else "公开"
    say(f"{outcome} {pushed.url}（{visibility}），提交 {pushed.commit[:12]}，{result.counts['rows']:,} 行")
    for note in result.notes:
        hint(note)
