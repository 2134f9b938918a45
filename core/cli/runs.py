"""Verbs for runs: ``extract``, ``runs``, ``status``, ``retry``, ``cancel``, ``worker``."""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from core.cli.common import Dataset, Db, Json, Run, hint, open_db, print_json, say

if TYPE_CHECKING:
    from sqlmodel import Session

    from core.adapters.store import RunView, Store
    from core.services.extraction.runs import Departure, Estimate

app = typer.Typer()

OfDataset = Annotated[
    str, typer.Option("--dataset", metavar="NAME", help="数据集名称；抽取任务名称在几个数据集里都有时才需要。")
]
_INTERRUPTED = 130


@app.command("extract", help="抽取一个数据集，等到完成；用同样的名称再次执行，会接着做没有完成的。")
def extract(
    ctx: typer.Context,
    dataset: Dataset,
    run: Run,
    provider: Annotated[
        str, typer.Option(metavar="local|learned|spark|openai", help="由谁抽取；前两种不需要密钥和网络。")
    ],
    model: Annotated[str, typer.Option(metavar="NAME", help="模型名称；默认取环境变量。")] = "",
    prompt: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="提示词，例如 baseline 或 baseline.v1；几个阶段用逗号隔开，例如 baseline,verify。"
        ),
    ] = "baseline",
    pipeline: Annotated[
        str,
        typer.Option(
            metavar="STAGES",
            help="同 --prompt，例如 summary,from_summary、baseline*5（5 次投票）、baseline,fields[字段]。",
        ),
    ] = "",
    clean: Annotated[
        str,
        typer.Option(metavar="STEPS", help="清理步骤，逗号隔开，或 all：recalled,placeholders,broadcasts,links,runs。"),
    ] = "",
    base: Annotated[str, typer.Option(metavar="RUN", help="以这个抽取任务的表为起点，例如用 verify 复核它。")] = "",
    examples: Annotated[int | None, typer.Option(metavar="N", help="带示例的提示词最多看几个示例。")] = None,
    context: Annotated[
        int | None, typer.Option(metavar="TOKENS", help="模型的上下文长度；更长的群聊分段抽取。")
    ] = None,
    limit: Annotated[int | None, typer.Option(metavar="N", help="只抽取前 N 条群聊。")] = None,
    chats: Annotated[str, typer.Option(metavar="LIST", help="只抽取这些群聊，例如 1-20,35。")] = "",
    concurrency: Annotated[int | None, typer.Option(metavar="N", help="同时进行的调用数。")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="不沿用以前对同样问题的回答。")] = False,
    budget: Annotated[
        float | None, typer.Option(metavar="YUAN", help="预算，元：花到这么多就暂停；写更大的数再执行一次就继续。")
    ] = None,
    batch: Annotated[
        bool,
        typer.Option("--batch", help="作为批量：便宜，几小时内回答；Ctrl+C 之后由网页或 worker 接着收。"),
    ] = False,
    batch_address: Annotated[
        bool, typer.Option("--batch-address", help="发往模型的批量地址：同样的调用，一小时内回答。")
    ] = False,
    batch_failures: Annotated[
        str,
        typer.Option(metavar="batch|live", help="批量里失败的：放进下一批（默认），或改为实时再问；和批量一起写。"),
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只估算调用数、token 和费用，并说明什么会发给模型，不调用模型。")
    ] = False,
    json: Json = False,
    db: Db = "",
) -> None:
    """Extract a dataset and wait; called again with the same names it goes on with what is missing."""
    from core.adapters.store import queries
    from core.services.extraction import runs as run_service

    if batch and batch_address:
        raise typer.BadParameter("不能和 --batch 一起写", param_hint="--batch-address")
    if batch_failures not in ("", "batch", "live"):
        raise typer.BadParameter("应为 batch 或 live", param_hint="--batch-failures")
    way: Any = "files" if batch else "address" if batch_address else None
    indices = run_service.parse_indices(chats) if chats.strip() else None
    with open_db(ctx, db, writes=not dry_run) as store:
        with store.read() as session:
            stages = run_service.load_pipeline(
                session,
                pipeline or prompt,
                dataset=dataset,
                clean=_steps(clean),
                base=base or None,
                context_tokens=context,
                **({} if examples is None else {"examples": examples}),
            )

        def estimated() -> "Estimate":
            return run_service.estimate(
                store,
                dataset=dataset,
                provider=provider,
                model=model,
                pipeline=stages,
                run=run,
                limit=limit,
                chat_indices=indices,
                fresh=fresh,
            )

        if dry_run:
            estimate = estimated()
            with store.read() as session:
                dataset_id = queries.dataset(session, dataset).id
            leaves = run_service.what_leaves(store, stages, estimate.model, dataset=dataset_id, limit=limit)
            _say_estimate(estimate, leaves, json)
            return
        created = run_service.create_run(
            store,
            dataset=dataset,
            name=run,
            provider=provider,
            model=model,
            pipeline=stages,
            limit=limit,
            chat_indices=indices,
            concurrency=concurrency,
            fresh=fresh or None,
            budget=budget,
            batch=way,
            batch_failures=cast(Literal["batch", "live"] | None, batch_failures or None),
        )
        if budget is not None:
            if short := run_service.budget_shortfall(budget, estimated(), bool(way)):
                hint(short)
        see_through(store, lambda: run_service.start(store, created.id), json)


def _steps(text: str) -> list[str]:
    """Names of cleaning steps as they are typed."""
    from core.domain.cleaning import STEPS

    return list(STEPS) if text.strip() == "all" else [name.strip() for name in text.split(",") if name.strip()]


@app.command("runs", help="列出数据集的抽取任务和默认任务；--default 指定默认任务：审阅从它的值开始，导出缺的也用它。")
def runs(
    ctx: typer.Context,
    dataset: Dataset,
    default: Annotated[str, typer.Option("--default", metavar="NAME", help="指定默认任务。")] = "",
    no_default: Annotated[
        bool, typer.Option("--no-default", help="不再指定：按对照标注或登记的线上得分，再按新旧选择。")
    ] = False,
    json: Json = False,
    db: Db = "",
) -> None:
    """List the runs of a dataset, and pin or unpin its default run."""
    from core.adapters.store import queries
    from core.adapters.store.models import RunKind
    from core.services.quality import default_run, pin_default_run

    if default and no_default:
        raise typer.BadParameter("不能和 --default 一起写", param_hint="--no-default")
    with open_db(ctx, db, writes=bool(default or no_default)) as store:
        with store.read() as session:
            dataset_id = queries.dataset(session, dataset).id
            pinned = queries.run(session, default, dataset_id).id if default else None
        if default or no_default:
            pin_default_run(store, dataset_id, pinned, who="cli")
        with store.read() as session:
            chosen = default_run(session, dataset_id)
            views = queries.runs(session, dataset_id)
    if json:
        print_json(
            {
                "dataset": dataset,
                "default_run": chosen.as_json() if chosen is not None else None,
                "runs": [
                    {**_as_json(view), "kind": view.kind, "default": chosen is not None and view.id == chosen.id}
                    for view in views
                ],
            }
        )
        return
    for view in views:
        if view.kind != RunKind.LABELS:  # no run that anybody started
            _summary(view)
    say(f"默认任务：「{chosen.name}」（{chosen.why}）" if chosen is not None else "还没有默认任务")


@app.command("status", help="查看抽取任务的进度。")
def status(ctx: typer.Context, run: Run, dataset: OfDataset = "", json: Json = False, db: Db = "") -> None:
    """Print how far a run is, and why chats failed."""
    from core.adapters.store import queries
    from core.domain.form import load_named_form
    from core.services.extraction import runs as run_service
    from core.services.extraction.runs.batch_store import batch_sentence
    from core.services.quality import default_run

    with open_db(ctx, db) as store:
        view = run_service.progress(store, _run_id(store, run, dataset))
        failures = run_service.failures(store, view.id)
        batches = run_service.open_batches(store, view.id)
        reused = run_service.reused(store, view.id)
        state = "" if json else run_service.state_sentence(store, view)
        with store.read() as session:
            chosen = default_run(session, view.dataset_id)
            form = load_named_form(queries.dataset(session, view.dataset_id).form)
    default = {
        "form": {"reference": form.reference, "title": form.title, "version": form.version},
        "made_with_form": view.form or form.reference,
        "default": chosen is not None and chosen.id == view.id,
        "default_run": chosen.as_json() if chosen is not None else None,
    }
    if json:
        told = [{"batch": one.id, "state": one.state, "sentence": batch_sentence(one)} for one in batches]
        print_json({**_as_json(view), "reused": reused, "batches": told, **default})
        return
    _summary(view)
    if state:
        say(f"  {state}")
    if default["default"] and chosen is not None:
        say(f"  是默认任务（{chosen.why}）")
    if reused:
        say(f"  沿用了以前的 {reused:,} 次回答")
    for one in batches:
        say(f"  {batch_sentence(one)}")
    for failure in failures:
        say(f"  {failure.title}：{len(failure.chats):,} 条")


@app.command("retry", help="重新抽取失败的群聊，等到完成。")
def retry(
    ctx: typer.Context,
    run: Run,
    dataset: OfDataset = "",
    cause: Annotated[
        list[str] | None,
        typer.Option("--cause", metavar="CAUSE", help="只重试这种原因，可写多次；unreadable 是回答无法解析的。"),
    ] = None,
    json: Json = False,
    db: Db = "",
) -> None:
    """Retry the failed chats of a run and wait for the end."""
    from core.services.extraction import runs as run_service

    with open_db(ctx, db, writes=True) as store:
        run_id = _run_id(store, run, dataset)
        causes = ["" if name == "unreadable" else name for name in cause] if cause else None
        see_through(store, lambda: run_service.retry_failed(store, run_id, causes=causes), json)


@app.command("cancel", help="取消抽取任务；已经得到的结果保留。")
def cancel(ctx: typer.Context, run: Run, dataset: OfDataset = "", json: Json = False, db: Db = "") -> None:
    """Cancel a run; its results are kept."""
    from core.services.extraction import runs as run_service

    with open_db(ctx, db, writes=True) as store:
        view = run_service.cancel(store, _run_id(store, run, dataset))
    if json:
        print_json(_as_json(view))
    else:
        _summary(view)


@app.command("worker", help="一直运行，执行别处启动的抽取任务；Ctrl+C 结束。")
def worker(ctx: typer.Context, db: Db = "") -> None:
    """Execute runs that were started elsewhere, until Ctrl+C or SIGTERM."""
    import threading

    from core.services.extraction import runs as run_service
    from core.services.jobs import JobRunner
    from core.services.webhooks import WebhookSender

    ended = threading.Event()
    with open_db(ctx, db, writes=True) as store:
        runner = run_service.RunScheduler(store)
        runner.start()
        jobs = JobRunner(lambda: store)
        jobs.start()
        sender = WebhookSender(lambda: store)
        sender.start()
        signal.signal(signal.SIGTERM, lambda *_: ended.set())
        shared = "" if store.path is None else "SQLite 数据库一次只有一个程序执行抽取任务：别处在执行时，这里等着。"
        hint(f"等待抽取任务，Ctrl+C 结束。{shared}")
        try:
            ended.wait()
        except KeyboardInterrupt:
            _interrupted()
        finally:
            sender.stop()
            jobs.stop()
            runner.stop()


def see_through(store: "Store", begin: "Callable[[], RunView]", json: bool) -> None:
    """Start a run, wait for its end with a bar, and print what came of it; exits with 1 where something failed."""
    from core.adapters.store.models import RunStatus
    from core.services.extraction import runs as run_service

    with _bar(json) as seen:
        view = run_service.wait_for_run(store, begin, seen=seen, interrupted=_interrupted)
    if json:
        print_json(_as_json(view))
    else:
        _summary(view)
    if view.failed:
        hint(f"有 {view.failed:,} 条失败，用 status 查看原因，用 retry 重试。")
    yuan = run_service.costs(store, [view])[view.id]
    if view.parameters.get("tokens_estimated"):
        hint(run_service.ESTIMATED_TOKENS)
    if run_service.is_stopped_at_budget(view, yuan):
        hint(
            f"花了 {run_service.money(yuan)}，预算 {run_service.money(view.parameters['budget'])}，已经暂停，"
            f"还剩 {view.pending:,} 条；用更大的 --budget 再执行一次就继续。"
        )
    for problem in dict.fromkeys(one.problem for one in run_service.open_batches(store, view.id) if one.problem):
        hint(problem)
    if view.failed or view.pending or view.status != RunStatus.FINISHED:
        raise typer.Exit(1)


def _interrupted() -> None:
    """Say what goes on after Ctrl+C, and let a second one end the process at once."""
    hint("已停下。正在保存进行中的调用，再按一次 Ctrl+C 立即退出；用同样的命令可以继续。")
    # Not an exception again: the interpreter would wait for the calls all the same.
    signal.signal(signal.SIGINT, lambda *_: os._exit(_INTERRUPTED))


@contextmanager
def _bar(quiet: bool) -> "Iterator[Callable[[RunView], None]]":
    """A progress bar on a terminal; nothing where the output goes to a program."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    with typer.progressbar(length=1, label="抽取", file=sys.stderr) as bar:

        def seen(view: "RunView") -> None:
            bar.length = max(1, view.total)
            bar.label = f"抽取（失败 {view.failed:,}）" if view.failed else "抽取"
            bar.update(view.done + view.failed - bar.pos)

        yield seen


def _run_id(store: "Store", name: str, dataset: str) -> int:
    with store.read() as session:
        return _find(session, name, dataset).id


def _find(session: "Session", name: str, dataset: str) -> "RunView":
    from core.adapters.store import queries

    dataset_id = queries.dataset(session, dataset).id if dataset else None
    return queries.run(session, name, dataset_id)


def _say_estimate(estimated: "Estimate", leaves: "Departure | None", json: bool) -> None:
    from core.services.extraction.runs import money

    if json:
        print_json(
            {
                "model": estimated.model.name,
                "chats": estimated.chats,
                "calls": estimated.calls,
                "tokens_in": estimated.tokens_in,
                "tokens_out": estimated.tokens_out,
                "yuan": estimated.yuan,
                "batch_yuan": estimated.batch_yuan,
                "scale": None
                if estimated.scale is None
                else {"factor": estimated.scale.factor, "error": estimated.scale.error, "calls": estimated.scale.calls},
                "reused": estimated.reused,
                "over": list(estimated.over),
                "windows": estimated.windows,
                "impossible": list(estimated.impossible),
                "leaves": None
                if leaves is None
                else {
                    "remote": leaves.remote,
                    "replaced": leaves.replaced,
                    "chat": leaves.chat,
                    "chats": leaves.chats,
                    "personal": leaves.personal,
                    "system": leaves.sent.rendered.system if leaves.remote else "",
                    "user": leaves.sent.rendered.user if leaves.remote else "",
                },
            }
        )
        return
    if not estimated.chats:
        say("没有要问的了：范围里的群聊都有结果，什么都不会发出去。失败的用 retry 重试。")
        return
    price = "单价未知，请在模型页填写" if estimated.yuan is None else f"约 {money(estimated.yuan)}"
    say(
        f"预计抽取 {estimated.chats:,} 条群聊，调用 {estimated.calls:,} 次，提问约 {estimated.tokens_in:,} token，"
        f"回答约 {estimated.tokens_out:,} token，{price}。"
    )
    if estimated.batch_yuan is not None:
        say(f"作为批量约 {money(estimated.batch_yuan)}。")
    if scale := estimated.scale:
        say(
            f"提问的 token 按这个模型最近 {scale.calls:,} 次提问的实际用量折算（×{scale.factor:.2f}，"
            f"折算后单次平均相差 {scale.error:.0%}）。"
        )
    if leaves is not None:
        say(leaves.sentence + ("加 --json 看这个提问的全文。" if leaves.remote else ""))
    if estimated.reused:
        say(f"另有 {estimated.reused:,} 次调用可以沿用以前的回答。")
    if estimated.over:
        say(f"有 {len(estimated.over):,} 条超过模型的长度，会分段抽取：第 {_few(estimated.over)} 条。")
    if estimated.impossible:
        say(f"有 {len(estimated.impossible):,} 条放不进模型的长度，会失败：第 {_few(estimated.impossible)} 条。")


def _few(indices: "Sequence[int]") -> str:
    return "、".join(map(str, indices[:10])) + ("…" if len(indices) > 10 else "")


def _as_json(view: "RunView") -> dict[str, Any]:
    return {
        "run": view.name,
        "status": view.status,
        "total": view.total,
        "done": view.done,
        "failed": view.failed,
        "pending": view.pending,
        "tokens_in": view.tokens_in,
        "tokens_out": view.tokens_out,
        **({"outdated": view.outdated} if view.outdated else {}),
    }


def _summary(view: "RunView") -> None:
    say(
        f"抽取任务「{view.name}」：共 {view.total:,} 条，完成 {view.done:,}，失败 {view.failed:,}，"
        f"未完成 {view.pending:,}，"
        f"提问 {view.tokens_in} token，回答 {view.tokens_out} token"
    )
    if view.outdated:
        say(f"  其中 {view.outdated:,} 条的结果是群聊续写前得出的；可以为这些群聊另建抽取任务（extract --chats）")
