"""``export training`` and the verbs about training sets: list, rebuild, compare, changes, summaries."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from core.cli.common import Db, Json, hint, open_db, print_json, say
from core.cli.export import (
    Input,
    Masks,
    Prompt,
    Public,
    SendIt,
    Source,
    print_push,
    print_result,
    said_before_push,
)
from core.domain.indices import MAX_INDEX

if TYPE_CHECKING:
    from core.adapters.store import Store
    from core.services.training import Preflight, TrainingOptions

app = typer.Typer(no_args_is_help=True, help="训练集的版本：列表、重建、对比、来源变化、取摘要。")

EXPORT_HELP = "导出训练集：train.jsonl、val.jsonl、manifest.json（alpaca、sharegpt 和 openai 还有 dataset_info.json）。"
Number = Annotated[
    int, typer.Argument(metavar="NUMBER", min=1, max=MAX_INDEX, help="训练集的编号（training list 里的第一列）。")
]


def export(
    ctx: typer.Context,
    dataset: Annotated[list[str], typer.Option("--dataset", metavar="NAME", help="数据集名称；可以写多次。")],
    out: Annotated[Path | None, typer.Option("--out", metavar="FOLDER", help="写到哪个文件夹。")] = None,
    source: Source = "labels+records",
    data_format: Annotated[
        Literal[
            "spark",
            "spark-pair",
            "alpaca",
            "sharegpt",
            "openai",
            "dpo-alpaca",
            "dpo-sharegpt",
            "dpo-openai",
            "dpo-bailian",
            "dpo-qianfan",
            "kto",
        ],
        typer.Option("--format", help="训练平台的格式；dpo-… 和 kto 是偏好对：答案和抽取任务的不同回答。"),
    ] = "spark",
    rejected_run: Annotated[
        str,
        typer.Option(
            "--rejected-run", metavar="NAME", help="偏好对里，不是从抽取任务改起的答案（如标注）拿哪个抽取任务作对照。"
        ),
    ] = "",
    platform: Annotated[
        str, typer.Option("--platform", metavar="NAME", help="为哪个平台：照它的格式、行数和长度核对；不写则不核对。")
    ] = "",
    recipe: Annotated[
        Literal["", "ours", "two-steps", "two-models", "summary-first"],
        typer.Option(
            "--recipe",
            help="做法：一次生成它的全部训练集，各在一个子文件夹里；输入、提示词、训练任务和超长的行由它定。",
        ),
    ] = "",
    piece: Annotated[
        list[str] | None,
        typer.Option("--piece", metavar="KEY", help="做法 two-models 的段里问哪些字段；可多次；不写则问照抄的字段。"),
    ] = None,
    text: Input = "raw",
    prompt: Prompt = "",
    task: Annotated[
        list[str] | None,
        typer.Option(
            "--task",
            metavar="TASK",
            help="form 整张表（默认）、customers 找客户、fields 每个字段一行，或字段名；可多次。",
        ),
    ] = None,
    min_rows: Annotated[
        int | None,
        typer.Option(
            "--min-rows", metavar="N", help="整套重复到至少这么多行；不写：平台要的，没有平台则 1500；0 不重复。"
        ),
    ] = None,
    max_rows: Annotated[int | None, typer.Option("--max-rows", metavar="N", help="最多行数；超过就拒绝。")] = None,
    max_chars: Annotated[
        int | None, typer.Option("--max-chars", metavar="N", help="一行的字数上限；不写则不限。")
    ] = None,
    cutoff_len: Annotated[
        int | None, typer.Option("--cutoff-len", metavar="N", help="一行的 token 上限（按估算），如 4096。")
    ] = None,
    target: Annotated[
        str, typer.Option("--target", metavar="NAME", help="训练目标的上限：spark-4k 或 spark-8k（按估算的 token）。")
    ] = "",
    over_budget: Annotated[
        Literal["skip", "clean", "summary", "window"] | None,
        typer.Option(
            "--over-budget",
            help="超过上限的行：skip 跳过，clean 清理，summary 换成摘要，window 分段；不写则点名拒绝。",
        ),
    ] = None,
    step: Annotated[
        list[str] | None,
        typer.Option("--step", metavar="STEP", help="clean 用哪些清理步骤，如 placeholders、links；可多次。"),
    ] = None,
    overlap: Annotated[
        float, typer.Option("--overlap", metavar="SHARE", help="相邻两段至多重叠一段的多大一部分，0 到 0.5。")
    ] = 0.12,
    duplicates: Annotated[
        Literal["keep", "exact", "near"],
        typer.Option("--duplicates", help="重复的群聊：keep 都留，exact 相同的留一条，near 相近的也只留一条。"),
    ] = "keep",
    balance: Annotated[
        float,
        typer.Option(
            "--balance", metavar="SHARE", help="让每个字段至少在这么多的行里有值，少的行多写几遍（至多 4 遍）。"
        ),
    ] = 0.0,
    val: Annotated[float, typer.Option("--val", metavar="SHARE", help="验证集占群聊的比例，如 0.1。")] = 0.0,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="打乱行序并抽取验证集的种子；不写则按原来的顺序。")
    ] = None,
    mask: Masks = None,
    filled: Annotated[
        list[str] | None, typer.Option("--filled", metavar="KEY", help="只要这个字段有值的群聊；可多次。")
    ] = None,
    confirmed: Annotated[
        list[str] | None, typer.Option("--confirmed", metavar="KEY", help="只要这个字段逐项确认过的记录；可多次。")
    ] = None,
    reviewer: Annotated[
        list[str] | None, typer.Option("--reviewer", metavar="NAME", help="只要这位审阅人的记录；可多次。")
    ] = None,
    since: Annotated[str, typer.Option("--since", metavar="DATE", help="只要这一天起保存的记录，如 2026-01-31。")] = "",
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="只要到这一天为止保存的记录。")] = "",
    score_run: Annotated[
        str, typer.Option("--score-run", metavar="NAME", help="按这个抽取任务对答案的得分筛选。")
    ] = "",
    score_min: Annotated[float | None, typer.Option("--score-min", metavar="N", help="最低得分。")] = None,
    score_max: Annotated[
        float | None, typer.Option("--score-max", metavar="N", help="最高得分：只练它没做好的群聊。")
    ] = None,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="训练集的名字；默认用文件夹名。")] = "",
    who: Annotated[str, typer.Option("--reviewer-name", metavar="NAME", help="由谁生成，记在版本里。")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只做预检：说明会有哪些行、哪些超长，什么也不写。")
    ] = False,
    json: Json = False,
    db: Db = "",
) -> None:
    """Export a training set; with --dry-run only report its rows and problems."""
    from core.errors import ExportError
    from core.services.export import parse_source
    from core.services.training import (
        FORM_TASK,
        AnswerFilters,
        DuplicatePolicy,
        InputKind,
        OverBudget,
        TrainingFormat,
        TrainingOptions,
        export_training,
        find_recipe,
        form_of_datasets,
        preflight,
        recipe_sets,
    )
    from core.services.training.input_texts import CLEAN_STEPS
    from core.services.training.platforms import least_rows_of

    options = TrainingOptions(
        datasets=tuple(dataset),
        source=parse_source(source),
        format=TrainingFormat(data_format),
        text=InputKind(text),
        prompt=prompt,
        tasks=tuple(task or [FORM_TASK]),
        filters=AnswerFilters(
            tuple(filled or ()),
            tuple(confirmed or ()),
            tuple(reviewer or ()),
            since,
            until,
            score_run,
            score_min,
            score_max,
        ),
        min_rows=least_rows_of(platform, TrainingFormat(data_format)) if min_rows is None else min_rows,
        platform=platform,
        rejected_run=rejected_run,
        max_rows=max_rows,
        max_chars=max_chars,
        cutoff_len=cutoff_len,
        target=target,
        over_budget=OverBudget(over_budget) if over_budget else None,
        steps=tuple(step) if step else CLEAN_STEPS,
        overlap=overlap,
        duplicates=DuplicatePolicy(duplicates),
        balance=balance,
        validation=val,
        seed=seed,
        mask=tuple(mask or ()),
    )
    if out is None and not dry_run:
        raise ExportError("没有说写到哪里", "请用 --out 指定文件夹，或用 --dry-run 只做预检")
    if piece and recipe != "two-models":
        raise ExportError("--piece 只用于做法 two-models", "请加上 --recipe two-models，或去掉 --piece")
    with open_db(ctx, db, writes=not dry_run) as store:
        sets = {"": options}
        if recipe:
            form = form_of_datasets(store, options.datasets)
            made = recipe_sets(find_recipe(recipe), options, form, piece or ())
            sets = {one.name: choices for one, choices in made}
        for part, choices in sets.items():
            if out is None or dry_run:
                result = preflight(store, choices)
                _print_preflight(result, choices, json)
                if result.refusal is not None:  # as the real one would end
                    raise result.refusal
            else:
                named = f"{name or out.name} {part}" if part else name
                print_result(export_training(store, options=choices, out=out / part, name=named, who=who), json)


@app.command("list", help="列出生成过的训练集。")
def list_(ctx: typer.Context, json: Json = False, db: Db = "") -> None:
    """List the training sets that were built, newest first."""
    from core.services.training import training_sets

    with open_db(ctx, db) as store:
        sets = training_sets(store)
    if json:
        print_json([_set_as_json(view) for view in sets])
        return
    for view in sets:
        built = f"{view.created_at.astimezone():%Y-%m-%d %H:%M}"
        say(f"{view.id}\t{built}\t{view.name}\t{view.format}\t{view.counts['rows']:,} 行\t{view.sha256[:12]}")


@app.command("rebuild", help="把生成过的训练集再写一遍，字节与当时相同；来源变了就点名拒绝。")
def rebuild_(
    ctx: typer.Context,
    number: Number,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="写到哪个文件夹。")],
    json: Json = False,
    db: Db = "",
) -> None:
    """Rebuild an earlier training set, byte for byte."""
    from core.services.training import rebuild

    with open_db(ctx, db, writes=True) as store:
        report = rebuild(store, number, out)
    print_result(report, json)


@app.command("extract", help="用一种做法的几个模型一起抽取一个数据集，等到完成，逐字段合并成一个抽取任务。")
def extract_(
    ctx: typer.Context,
    number: Number,
    dataset: Annotated[str, typer.Option("--dataset", metavar="NAME", help="要抽取的数据集。")],
    run: Annotated[str, typer.Option("--run", metavar="NAME", help="合并成的抽取任务的名称；用同样的名称接着做。")],
    json: Json = False,
    db: Db = "",
) -> None:
    """Ask the models of a recipe and merge their answers; called again with the same name it goes on."""
    from core.cli.runs import see_through
    from core.services.training import extract_with_recipe

    with open_db(ctx, db, writes=True) as store:
        try:
            see_through(store, lambda: extract_with_recipe(store, number, dataset=dataset, name=run), json)
        except typer.Exit:
            _say_failed_parts(store, dataset, run)
            raise
        _say_failed_parts(store, dataset, run)


def _say_failed_parts(store: "Store", dataset: str, name: str) -> None:
    """Say which parts of a joined run have failures, and what to do."""
    from core.adapters.store import queries
    from core.services.extraction.runs import joined_progress

    with store.read() as session:
        joined = queries.run(session, name, queries.dataset(session, dataset).id)
    for part in joined_progress(store, joined):
        if part.failed:
            hint(f"「{part.name}」有 {part.failed:,} 条失败：用 status 查看原因，用 retry 重试，再用同样的命令合并")


@app.command("push", help="把生成过的训练集推送到 Hugging Face 的一个仓库，字节与当时相同；令牌在 HF_TOKEN。")
def push_(
    ctx: typer.Context,
    number: Number,
    repository: Annotated[str, typer.Option("--to", metavar="OWNER/NAME", help="推送到哪个仓库。")],
    public: Public = False,
    yes: SendIt = False,
    json: Json = False,
    db: Db = "",
) -> None:
    """Push an earlier training set to the Hugging Face Hub."""
    from core.services.training import push_set, training_set

    with open_db(ctx, db, writes=True) as store:
        view = training_set(store, number)
        masked = view.parameters.get("mask") or ()
        hidden = f"已遮盖 {'、'.join(masked)}" if masked else "没有遮盖"
        what = f"训练集 #{view.id}「{view.name}」，{view.counts['rows']:,} 行，{hidden}"
        if said_before_push(repository, what, public=public, yes=yes):
            print_push(*push_set(store, number, repository, public=public), json)


@app.command("changes", help="训练集生成之后，哪些行的来源变了。")
def changes(ctx: typer.Context, number: Number, json: Json = False, db: Db = "") -> None:
    """List the rows whose source has changed since the set was built."""
    from core.services.training import changes_since

    with open_db(ctx, db) as store:
        source_changes = changes_since(store, number)
    if json:
        print_json([{"place": change.place, "what": change.what, "lost": change.lost} for change in source_changes])
        return
    say(f"{len(source_changes):,} 行的来源变了" if source_changes else "来源都和当时一样")
    for change in source_changes:
        say(f"{change.place}：{change.what}{'（无法重建）' if change.lost else '（历史里还有，可以重建）'}")


@app.command("compare", help="两个训练集差在哪里：设置、各自独有的行、不同的行。")
def compare(
    ctx: typer.Context,
    first: Number,
    second: Annotated[int, typer.Argument(metavar="NUMBER", min=1, max=MAX_INDEX, help="另一个训练集的编号。")],
    json: Json = False,
    db: Db = "",
) -> None:
    """Compare two training sets."""
    from core.services.training import diff_sets, rows_of_set, training_set

    with open_db(ctx, db) as store:
        difference = diff_sets(
            (training_set(store, first).parameters, rows_of_set(store, first)),
            (training_set(store, second).parameters, rows_of_set(store, second)),
        )
    if json:
        print_json(
            {
                "parameters": {name: list(pair) for name, pair in difference.parameters.items()},
                "only_first": difference.only_before,
                "only_second": difference.only_after,
                "changed": [{"place": one.place, "what": list(one.what)} for one in difference.changed],
                "same": difference.same,
            }
        )
        return
    for setting, (old, new) in difference.parameters.items():
        say(f"{setting}: {old} → {new}")
    say(f"相同 {difference.same:,} 行，不同 {len(difference.changed):,} 行")
    say(f"只在前一个 {len(difference.only_before):,} 行，只在后一个 {len(difference.only_after):,} 行")
    for one in difference.changed:
        say(f"{one.place}：{'、'.join(one.what)}；{one.before} → {one.after}")


@app.command("summaries", help="把一个抽取任务途中写下的摘要存为群聊的摘要；人改过的不动。")
def summaries(
    ctx: typer.Context,
    run: Annotated[str, typer.Option("--run", metavar="NAME", help="抽取任务名称。")],
    json: Json = False,
    db: Db = "",
) -> None:
    """Save the summaries that a run wrote as summaries of its chats."""
    from core.adapters.store import queries
    from core.services.training import summaries_from_run

    with open_db(ctx, db, writes=True) as store:
        with store.read() as session:
            number = queries.run(session, run).id
        stored = summaries_from_run(store, number)
    if json:
        print_json({"stored": stored})
        return
    say(f"已保存 {stored:,} 条摘要")


def _print_preflight(result: "Preflight", options: "TrainingOptions", json: bool) -> None:
    limit = options.limit
    if json:
        print_json(
            {
                "counts": result.counts,
                "refusal": str(result.refusal) if result.refusal else None,
                "over": [
                    {
                        "place": row.place,
                        "characters": row.size.characters,
                        "tokens": row.size.tokens,
                        "left": round(row.left, 4),
                        "would_lose": list(row.lost),
                        "action": row.action,
                    }
                    for row in result.overlong
                ],
                "similar": result.similar,
                "contradictions": result.contradictions,
                "balance": {field.key: {"share": field.share, "balanced": field.balanced} for field in result.balance},
                "notes": list(result.notes),
                "dangers": list(result.dangers),
            }
        )
        return
    from core.services.training import OVERLONG_ACTIONS, lost_field_labels

    for note in (*result.notes, *result.dangers):
        say(note)
    for row in result.overlong:
        lost = f"，截断会丢：{lost_field_labels(result.form, row)}" if row.lost else "，依据都在留下的部分里"
        size = row.size.words(limit) if limit else ""
        say(f"超长 {row.place}：{size}，{OVERLONG_ACTIONS[row.action]}{lost}")
    for group in result.similar:
        say(f"相同或相近：{'、'.join(group)}")


def _set_as_json(view: Any) -> dict[str, Any]:
    return {
        "number": view.id,
        "name": view.name,
        "format": view.format,
        "who": view.who,
        "counts": view.counts,
        "sha256": view.sha256,
        "created_at": view.created_at.isoformat(),
        "parameters": {name: value for name, value in view.parameters.items() if name != "prompt_text"},
    }
