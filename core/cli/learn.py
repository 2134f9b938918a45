"""The verbs about learning: an extractor from approved chats, passing, habits, and better rules of a prompt."""

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.common import Db, Json, Run, hint, open_db, print_json, say
from core.cli.runs import OfDataset

if TYPE_CHECKING:
    from core.adapters.store import Store
    from core.services.learning import Evaluation

app = typer.Typer()
_EFFECTS = {"keep": "保留", "blank": "清空", "replace": "换掉", "fill": "填上"}
_ACTIONS = {"blank": "一律留空", "replace": "一律填", "keep": "保留"}


@app.command("learn", help="从标注和已确认的记录学习一个抽取模型；加 --evaluate 只评估，不保存。")
def learn(
    ctx: typer.Context,
    datasets: Annotated[
        list[str] | None,
        typer.Option("--from", "--dataset", metavar="NAME", help="从哪个数据集学习；可以写多次，表单要相同。"),
    ] = None,
    source: Annotated[
        str, typer.Option(metavar="labels|records|labels+records", help="学什么：标注、已确认的记录，或两者。")
    ] = "labels+records",
    model: Annotated[str, typer.Option("--model", metavar="NAME", help="模型的名称；抽取时用同一个名称。")] = "",
    evaluate: Annotated[bool, typer.Option("--evaluate", help="只做交叉验证，不训练新模型。")] = False,
    folds: Annotated[int, typer.Option(min=2, max=20, help="交叉验证分成几份。")] = 5,
    repeats: Annotated[int, typer.Option(min=1, max=20, help="交叉验证重复几次，每次重新分。")] = 3,
    json: Json = False,
    db: Db = "",
) -> None:
    """Train a learned extractor and keep it, or cross-validate it."""
    if not datasets:
        raise typer.BadParameter("要写明从哪个数据集学习", param_hint="--from")
    if evaluate == bool(model):
        raise typer.BadParameter("要么写 --model 训练并保存，要么写 --evaluate 只评估", param_hint="--model")
    with open_db(ctx, db, writes=bool(model)) as store:
        if evaluate:
            _evaluate(store, datasets, source, folds, repeats, json)
            return
        from core.services.learning import train

        view = train(store, datasets=datasets, source=source, name=model, who="cli")
    if json:
        print_json({"model": view.name, "digest": view.digest, "chats": view.chats, "versions": view.versions})
        return
    say(f"学习模型「{view.name}」：学了 {view.chats:,} 条群聊，版本 {view.digest[:12]}")
    hint(f"抽取时写 --provider learned --model {view.name}")


def _evaluate(store: "Store", datasets: list[str], source: str, folds: int, repeats: int, json: bool) -> None:
    from core.services.learning import evaluate, examples_of, read_corpus

    with store.read() as session:
        corpus = read_corpus(session, datasets, source)
    quiet = json or not sys.stderr.isatty()
    result = evaluate(
        corpus.form,
        examples_of(corpus),
        folds=folds,
        repeats=repeats,
        seen=None if quiet else lambda done, total: hint(f"拟合 {done:,} / {total:,}"),
    )
    if json:
        print_json(result.as_json())
    else:
        _print(result)


def _print(result: "Evaluation") -> None:
    low, high = result.interval
    say(f"学习模型 {result.learned:.2f}（95% 区间 {low:.2f} 到 {high:.2f}），{result.chats:,} 条群聊，交叉验证")
    say(f"全空表单的下限 {result.empty:.2f}，常数下限 {result.constants:.2f}，本地规则 {result.local:.2f}")
    low, high = result.delta_local
    say(f"比本地规则 {result.learned - result.local:+.2f}，95% 区间 {low:+.2f} 到 {high:+.2f}")
    say(f"把握的校准误差 {result.ece:.3f}")
    for size, points in result.curve.items():
        say(f"  学 {size:5,d} 条 {points:.2f}")


@app.command(
    "pass", help="按把握放行：把握在门槛以上的值不逐项审阅，以后也照此放行；按比例盲审抽查，错得太多自动停用。"
)
def let_pass(
    ctx: typer.Context,
    run: Run,
    above: Annotated[float, typer.Option(metavar="P", help="把握的门槛，0.5 到 1。")] = 0.97,
    cells: Annotated[
        bool, typer.Option("--cells", help="单个格子也放行，群聊留给人审其余的；不写则只放行整条群聊。")
    ] = False,
    audit_share: Annotated[float, typer.Option(metavar="P", help="放行的群聊里盲审抽查的比例。")] = 0.1,
    allow: Annotated[float, typer.Option(metavar="P", help="抽查的错误率超过多少就自动停用。")] = 0.03,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只看会放行多少，不写入；也看已有规则的抽查结果。")
    ] = False,
    dataset: OfDataset = "",
    json: Json = False,
    db: Db = "",
) -> None:
    """Let values above a confidence pass, or show what would pass and how the audits stand."""
    from core.adapters.store import queries
    from core.domain.form import load_named_form
    from core.services.learning.run_confidence import count_unreviewed, why_unassessed
    from core.services.review import passing, passing_audits

    scope = "cells" if cells else "forms"
    with open_db(ctx, db, writes=True) as store:
        with store.read() as session:
            data = queries.dataset(session, dataset) if dataset else None
            view = queries.run(session, run, data.id if data else None)
            form = load_named_form(queries.dataset(session, view.dataset_id).form)
        place = (store, form, view.dataset_id, view.id)
        plan = passing.plan_passing(*place, scope=scope, threshold=above)
        with store.read() as session:
            unreviewed = count_unreviewed(session, view.id)
            taken_back = passing_audits.count_taken_back(session, view.id)
            reason = why_unassessed(session, view.id, unreviewed - plan.undecided)
        passed = 0
        if not dry_run:
            rule = passing.make_rule(
                *place, scope=scope, threshold=above, audit_share=audit_share, allowed_error=allow, who="cli"
            )
            passed = passing.carry_out_rule(store, form, rule)
        audits = {
            rule.id: passing_audits.audit_passing(store, form, rule)
            for rule in passing_audits.passing_rules(store, view.dataset_id)
        }
        rules = passing_audits.passing_rules(store, view.dataset_id)
    if json:
        made = {
            "undecided": unreviewed,
            "taken_back": taken_back,
            "assessed": plan.undecided,
            "chats": len(plan.chats),
            "cells": plan.cells,
            "passed": passed,
        }
        stated = [
            {
                "id": rule.id,
                "scope": rule.scope,
                "threshold": rule.threshold,
                "allowed": rule.allowed_error,
                "stopped": rule.stopped_why or None,
                **audits[rule.id].as_json(),
            }
            for rule in rules
        ]
        labelled = asdict(plan.labelled) if plan.labelled else None
        print_json({**made, "expected_wrong": plan.expected_wrong, "labelled": labelled, "rules": stated})
        return
    say(
        f"没人审过的 {unreviewed + taken_back:,} 条里，{len(plan.chats):,} 条有把握 {above:.0%} 以上的值："
        f"{plan.cells:,} 格，" + plan.forecast + ("" if dry_run else f"；已放行 {passed:,} 条")
    )
    if taken_back:
        say(f"{taken_back:,} 条的放行已经撤回，等人来审，不再放行")
    if reason:
        say(reason)
    for rule in rules:
        audit = audits[rule.id]
        error_text = f"错误率 {audit.error:.1%}" if audit.error is not None else "还没有抽查结果"
        ended = f"，已停用：{rule.stopped_why}" if rule.stopped_at else ""
        back_text = f"（另撤回 {audit.taken_back:,} 条）" if audit.taken_back else ""
        passed_text = f"放行 {audit.passed:,} 条{back_text}"
        drawn_text = f"抽查 {audit.asked:,}/{audit.drawn:,} 条" if audit.drawn else "还没有抽到群聊"
        say(f"  规则 {rule.id}：{rule.threshold:.0%} 以上，{passed_text}，{drawn_text}，{error_text}{ended}")


@app.command("calibrate", help="按习惯校正一个抽取任务：照大家改它的习惯改好，存成新的抽取任务。")
def calibrate(
    ctx: typer.Context,
    run: Run,
    into: Annotated[str, typer.Option("--as", metavar="NEWRUN", help="新抽取任务的名称；不写则只估计，不保存。")] = "",
    against: Annotated[
        str, typer.Option(metavar="records|labels", help="习惯从哪里看：已确认的记录，或标注。")
    ] = "records",
    dataset: OfDataset = "",
    keep: Annotated[list[str] | None, typer.Option("--keep", metavar="KEY", help="这个字段不改；可多次。")] = None,
    if_unsure: Annotated[bool, typer.Option("--if-unsure", help="不能确定会更好（区间含 0）时也校正。")] = False,
    json: Json = False,
    db: Db = "",
) -> None:
    """Correct a run by habits, or only estimate what that would bring."""
    from core.adapters.store import queries
    from core.domain.form import text_of
    from core.services.learning.habits import STATES
    from core.services.learning.run_correction import correct_run, plan_correction

    with open_db(ctx, db, writes=bool(into)) as store:
        with store.read() as session:
            data_id = queries.dataset(session, dataset).id if dataset else None
            view = queries.run(session, run, data_id)
        plan = plan_correction(
            store, dataset=view.dataset_id, run=view.id, against=against, keep=keep or (), if_unsure=if_unsure
        )
        made = correct_run(store, plan, name=into, who="") if into else None
    if json:
        print_json({"run": made.name if made else None, **plan.as_json()})
        return
    estimate = plan.estimate
    low, high = estimate.interval
    say(
        f"{estimate.chats:,} 条群聊交叉验证：{estimate.before:.2f} → {estimate.after:.2f}，"
        f"差 {estimate.after - estimate.before:+.2f}，95% 区间 {low:+.2f} 到 {high:+.2f}"
    )
    if not plan.effects:
        unsure = "区间含 0，不能确定校正会更好，原样保留；仍要校正请加 --if-unsure。"
        say(unsure if plan.unsure else "看不出校正会更好，原样保留。")
    if plan.stacked:
        say("逐格校正：学到的值明显更可能对的格子才改（下面是对照的群聊里）")
        for key, counts in plan.effects.items():
            parts = [f"{title} {counts[effect]:,} 格" for effect, title in _EFFECTS.items() if counts[effect]]
            say(f"  {key}：{'，'.join(parts)}")
    for key, habit in plan.habits.items():
        parts = [
            f"{'填了的' if state == 'filled' else '空着的'}{_ACTIONS[habit.actions[state]]}"
            + (f"「{text_of(habit.value[state])}」" if state in habit.value else "")
            for state in STATES
            if habit.actions[state] != "keep"
        ]
        say(f"  {key}：{'，'.join(parts)}")
    if made:
        say(f"已存为抽取任务「{made.name}」")
        if plan.held_out:
            say(f"对照过的 {len(plan.held_out):,} 条由没有学过它们的校正改出，它在这些群聊上的得分和上面的估计一致")


@app.command("improve-prompt", help="在预算内用带标注的群聊改进一个提示词；没见过的群聊证明更好才存成新版本。")
def improve_prompt(
    ctx: typer.Context,
    dataset: Annotated[str, typer.Option(metavar="NAME", help="带标注的数据集。")],
    yuan: Annotated[float, typer.Option("--budget", metavar="YUAN", min=0.0, help="最多花多少元。")],
    model: Annotated[str, typer.Option(metavar="NAME", help="模型条目的名称；要填好单价。")],
    prompt: Annotated[str, typer.Option(metavar="NAME", help="一次提问填完整张表的提示词。")] = "baseline",
    start: Annotated[bool, typer.Option("--yes", help="开始；不写则只看要花多少，不提问。")] = False,
    json: Json = False,
    db: Db = "",
) -> None:
    """Search for rules that make a prompt better, or only say what that would take."""
    from core.services.training.prompt_search import plan_prompt_search, search_prompt

    with open_db(ctx, db, writes=start) as store:
        plan = plan_prompt_search(store, dataset=dataset, prompt=prompt, model=model, yuan=yuan)
        result = search_prompt(store, plan, who="cli") if start else None
    if json:
        print_json(
            {
                "prompt": plan.prompt.id,
                "chats": {"learn": len(plan.learn), "check": len(plan.check), "unseen": len(plan.unseen)},
                "yuan_per_call": plan.yuan_per_call,
                "budget": plan.yuan,
                "result": result.as_json() if result else None,
            }
        )
        return
    say(
        f"改进 {plan.prompt.id}：{len(plan.learn):,} 条群聊用来找错，{len(plan.check):,} 条用来挑选，"
        f"{len(plan.unseen):,} 条只在最后比较；每条约 {plan.yuan_per_call:.4f} 元，最多花 {plan.yuan:g} 元"
    )
    if result is None:
        hint("还没有开始。加 --yes 开始")
        return
    low, high = result.interval
    say(
        f"没见过的群聊：{result.before:.2f} → {result.after:.2f}，95% 区间 {low:+.2f} 到 {high:+.2f}；"
        f"花了 {result.yuan:.2f} 元"
    )
    for rule in result.rules:
        say(f"  - {rule}")
    if result.problem:
        hint(f"更好，但没有存下来：{result.problem}")
        return
    say(f"已存为 {result.version}" if result.version else "分不出好坏，没有存成新版本。")
