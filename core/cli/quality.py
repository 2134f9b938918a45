"""Verbs for quality: ``score`` and ``compare`` (the figures of the pages 评分 and 对比), and ``merge`` for runs."""

from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.common import Dataset, Db, Json, Run, hint, open_db, print_json, say

if TYPE_CHECKING:
    from core.domain.scoring import Comparison, RunScore

app = typer.Typer()

Against = Annotated[
    str,
    typer.Option(
        metavar="labels|records|blind|run:NAME",
        help="对照：标注、已确认的记录、其中盲审过的群聊，或另一个抽取任务。",
    ),
]
MeasureName = Annotated[
    str, typer.Option("--measure", metavar="lcs|exact|set|embedding", help="自由文本字段用哪种相似度。")
]


@app.command("score", help="按官方规则给抽取任务评分。")
def score(
    ctx: typer.Context,
    dataset: Dataset,
    run: Run,
    against: Against = "labels",
    measure: MeasureName = "lcs",
    without_disputed: Annotated[bool, typer.Option("--without-disputed", help="有争议的标注不计分。")] = False,
    json: Json = False,
    db: Db = "",
) -> None:
    """Score a run against labels, approved records or another run."""
    from core.adapters.store import queries
    from core.domain.form import load_named_form
    from core.domain.scoring import measure_named
    from core.services.learning.copied_cells import CopiedCells, copied_cells
    from core.services.learning.run_confidence import run_reliability
    from core.services.quality import BLIND, LABELS, RECORDS, Benchmark
    from core.services.quality import score as score_run
    from core.services.quality.leaderboard import started_records
    from core.services.quality.record_origins import FLATTERED, LEARNED, NO_ORIGINS, record_origins
    from core.services.quality.run_ancestry import is_taught_here
    from core.services.quality.scores import outdated_sentence
    from core.services.training import training_overlap

    with open_db(ctx, db) as store:
        result = score_run(
            store,
            dataset=dataset,
            run=run,
            against=against,
            measure=measure_named(measure),
            without_disputed=without_disputed,
        )
        with store.read() as session:
            data = queries.dataset(session, dataset)
            scored = queries.run(session, run, data.id)
            origins = record_origins(session, scored.dataset_id) if against == RECORDS else NO_ORIGINS
            every = queries.runs(session, data.id)
            taught = against in (LABELS, RECORDS, BLIND) and is_taught_here(session, data.id, scored, every)
        started = started_records(origins, scored, every)
        seen = training_overlap(store, scored)
        reliability = run_reliability(store, Benchmark(data, load_named_form(data.form), against), scored)
        with store.read() as session:
            own = copied_cells(session, scored.id) if reliability and against == RECORDS else CopiedCells(0, 0)
    if json:
        marked = {"started_from_run": started} if started else {}
        marked |= {"passed_cells": origins.passed} if origins.passed else {}
        marked |= {"outdated": scored.outdated} if scored.outdated else {}
        confidence = reliability.as_json() if reliability else None
        marked |= {"copied_cells": own.copied} if own.copied else {}
        print_json({**result.as_json(), "floors": result.floors, "confidence": confidence, **marked})
    else:
        _print_score(result)
        if reliability:
            say(f"把握的校准误差 {reliability.ece:.3f}（{reliability.cells:,} 格，交叉验证）")
    if own.sentence:
        hint(own.sentence)
    if scored.outdated:
        hint(outdated_sentence(scored))
    if origins.passed:
        hint(f"对照的记录里{origins.passed_sentence}")
    if started:
        hint(f"{FLATTERED}：对照的记录有 {started:,} 条改自「{scored.name}」。用 --against blind 只看盲审过的群聊")
    if seen is not None:
        hint(seen.sentence)
    elif taught and not started:
        hint(f"「{scored.name}」{LEARNED}：它的结果里有从标注或记录学来的")


@app.command("merge", help="把几个抽取任务合并成一个新的抽取任务；先写的优先。")
def merge(
    ctx: typer.Context,
    dataset: Dataset,
    run: Annotated[list[str], typer.Option("--run", metavar="NAME", help="要合并的抽取任务；写两次以上，先写的优先。")],
    into: Annotated[str, typer.Option("--into", metavar="NAME", help="新的抽取任务的名称。")],
    method: Annotated[
        str,
        typer.Option(metavar="priority|majority|best", help="按优先顺序、多数表决，或逐字段取得分最高的抽取任务。"),
    ] = "priority",
    against: Against = "labels",
    folds: Annotated[int, typer.Option(min=2, help="best 的交叉验证分成几份。")] = 5,
    json: Json = False,
    db: Db = "",
) -> None:
    """Merge runs into a new one."""
    from core.services.extraction.merging import merge_runs, plan_merge

    with open_db(ctx, db, writes=True) as store:
        plan = plan_merge(store, dataset=dataset, runs=run, method=method, against=against, folds=folds)
        view = merge_runs(store, plan, name=into, who="cli")
    estimate = plan.estimate
    if json:
        print_json(
            {
                "run": view.name,
                "method": plan.method.value,
                "chats": plan.chats,
                "differing": plan.differing,
                "estimate": None
                if estimate is None
                else {
                    "cross_validated": estimate.score,
                    "folds": estimate.folds,
                    "chats": estimate.chats,
                    "on_the_same_labels": estimate.flattered,
                    "best_single": estimate.best_single,
                    "single": dict(zip(run, estimate.single, strict=True)),
                },
            }
        )
        return
    say(f"合并任务「{view.name}」：{plan.chats:,} 条群聊，{plan.differing:,} 格各抽取任务不同")
    if estimate is not None:
        say(
            f"{estimate.folds} 折交叉验证（{estimate.chats:,} 条）得分 {estimate.score:.2f}，"
            f"单独最好的抽取任务同样估计为 {estimate.best_single:.2f}；"
            f"在选抽取任务的同一批标注上是 {estimate.flattered:.2f}，偏乐观"
        )


@app.command("compare", help="比较两个抽取任务：先写的是 A，后写的是 B，差值是 B − A。")
def compare(
    ctx: typer.Context,
    dataset: Dataset,
    run: Annotated[list[str], typer.Option("--run", metavar="NAME", help="抽取任务名称；写两次，先 A 后 B。")],
    against: Against = "labels",
    measure: MeasureName = "lcs",
    right_from: Annotated[float, typer.Option(min=0.0, max=1.0, help="自由文本从多少相似度起算对。")] = 0.8,
    json: Json = False,
    db: Db = "",
) -> None:
    """Compare two runs against labels, approved records or another run."""
    from core.domain.scoring import measure_named
    from core.services.quality import compare_runs

    if len(run) != 2:
        raise typer.BadParameter(f"要写两个抽取任务，收到 {len(run):,} 个", param_hint="--run")
    with open_db(ctx, db) as store:
        result = compare_runs(
            store,
            dataset=dataset,
            run_a=run[0],
            run_b=run[1],
            against=against,
            measure=measure_named(measure),
            right_from=right_from,
        )
    if json:
        print_json(result.as_json())
    else:
        _print_comparison(result, run[0], run[1])


def _print_score(result: "RunScore") -> None:
    filled = result.filled
    say(f"得分 {result.score:.4f} / {result.max:g}，全空表单的下限 {result.floor:.4f}，{len(result.chats):,} 条群聊")
    say(f"常数下限 {result.constants:.4f}：不看群聊，每个字段总填最常见的值（从别的群聊里选）")
    if result.left_out:
        say(f"有争议的 {result.left_out:,} 格标注没有计入")
    say(f"只看填写的值：精确率 {filled.precision:.1%}，召回率 {filled.recall:.1%}，F1 {filled.f1:.1%}")
    say(f"自由文本的相似度：{result.measure.title}（主办方的算法没有公开）")
    if result.measure.caveat:
        say(result.measure.caveat)
    if result.missing:
        say(result.missing_clause)
    for key, row in result.fields.items():
        f1 = f"{row.filled.f1:6.1%}" if row.filled.support or row.filled.predicted else "     —"
        say(f"  {row.points:6.3f} / {row.max:g}  F1 {f1}  有值 {row.filled.support:4d}  {key}")


def _print_comparison(result: "Comparison", a: str, b: str) -> None:
    low, high = result.interval
    say(f"A「{a}」{result.a.score:.4f}，B「{b}」{result.b.score:.4f}，下限 {result.a.floor:.4f}")
    verdict = "能区分" if result.distinguishable else "不能区分"
    say(f"B − A {result.delta:+.4f}，95% 区间 {low:+.4f} 到 {high:+.4f}，{len(result.a.chats):,} 条群聊：{verdict}")
    for side, name, score in (("A", a, result.a), ("B", b, result.b)):
        if score.missing:
            say(f"{side}「{name}」{score.missing_clause}")
    say(f"自由文本的相似度：{result.a.measure.title}；从 {result.right_from:g} 起算对")
    for key, change in result.fields.items():
        row = change.as_json()
        say(f"  {change.delta:+7.3f}  修好 {row['fixed']:4d}  改坏 {row['broken']:4d}  {key}")
