"""What a set tells about itself: its numbers, Chinese sentences about what is worth knowing, and why it is refused."""

from collections.abc import Sequence

from core.domain.form import Form
from core.errors import ExportError
from core.services.training.answer_selection import REASONS
from core.services.training.arrange import Arrangement
from core.services.training.compose import Composition, OverlongRow
from core.services.training.training_options import OverBudget, TrainingOptions

_SHOWN = 200
"""Places that a sentence names at most; the report's lists and the manifest name all."""


def refuse_too_long(made: Composition, options: TrainingOptions) -> None:
    """Refuse rows that are too long and that no policy helps.

    Raises:
        ExportError: names every row, how long it is, and what its trainer would never see.
    """
    over = made.acted("refused")
    limit = options.limit
    if not over or limit is None:
        return
    why = next((one.why for one in over if one.why), "")
    named = "、".join(f"{one.place}（{(one.after or one.size).words(limit)}）" for one in over)
    blind = [f"{one.place}：{lost_field_labels(made.form, one)}" for one in over if one.lost]
    lost = f"。直接截断会看不到这些值的依据：{'；'.join(blind)}" if blind else ""
    others = {
        OverBudget.SKIP: "skip 跳过它们",
        OverBudget.CLEAN: "clean 先清洗",
        OverBudget.SUMMARY: "summary 换成摘要",
        OverBudget.WINDOW: "window 切成窗口",
    }
    tried = {options.over_budget, OverBudget.CLEAN if options.text != "raw" else None}
    ways = "、".join(words for policy, words in others.items() if policy not in tried)
    raise ExportError(
        f"有 {len(over)} 行{why}超过 {limit.amount:,} {limit.unit}：{named}{lost}",
        f"请放宽上限，或用 --over-budget {ways}",
    )


def lost_field_labels(form: Form, over: OverlongRow) -> str:
    """The values whose evidence would be lost, as labels of fields."""
    labels: dict[str, None] = {}
    for cell in over.lost:
        labels[form.field(cell.partition(":")[2]).label] = None
    return "、".join(labels)


def counts_of(made: Composition, plan: Arrangement) -> dict[str, int]:
    """The numbers of a set."""
    chats = {(row.provenance["dataset"], row.provenance["index"]) for row in (*plan.train, *plan.validation)}
    return {
        "chats": len(chats),
        "distinct": len(plan.train) + len(plan.validation),
        "rows": len(plan.order),
        "repeats": plan.repeats,
        "train": len(plan.train),
        "val": len(plan.validation),
        "forms": made.forms,
        "empty_targets": made.empty_targets,
        "without_answer": made.tally.unanswered,
        "filtered": sum(len(places) for places in made.tally.filtered.values()),
        "no_summary": len(made.no_summary),
        "duplicates_dropped": len(plan.dropped),
        "copied": sum(1 for copies in plan.copies.values() if copies > 1),
        **{action: len(made.acted(action)) for action in ("skipped", "cleaned", "summarised", "windowed")},
        "longest": max((row.size.characters for row in made.rows), default=0),
        "longest_tokens": max((row.size.tokens for row in made.rows), default=0),
    }


def notes_of(made: Composition, plan: Arrangement) -> tuple[str, ...]:
    """What a person should know before the set is used."""
    one_pass = len(plan.order) // plan.repeats
    copied = f"（均衡后一遍 {one_pass} 行）" if one_pass != len(plan.train) else ""
    what = "条群聊" if len(plan.train) == len({(r.provenance["dataset"], r.chat) for r in plan.train}) else "行"
    notes = [f"{len(plan.train)} {what}{copied}重复 {plan.repeats} 遍，共 {len(plan.order):,} 行"]
    words = {"skipped": "已跳过", "cleaned": "已清洗", "summarised": "已换成摘要", "windowed": "已切成窗口"}
    for action, said in words.items():
        if over := made.acted(action):
            unit = "条" if len(over) == len({(one.dataset, one.index) for one in over}) else "行"
            notes.append(f"超长、{said} {len(over)} {unit}：{_named([_long(made.form, one) for one in over])}")
    if dropped := sum(one.dropped for one in made.acted("windowed")):
        notes.append(f"切窗口时有 {dropped} 个值在任何窗口里都没有依据，没有写进答案")
    if made.empty_targets:
        notes.append(f"有 {made.empty_targets} 行的答案全空")
    if made.tally.unanswered:
        notes.append(f"有 {made.tally.unanswered} 条群聊没有结果，未写入")
    for reason, places in made.tally.filtered.items():
        notes.append(f"{REASONS[reason]}，未写入 {len(places)} 条：{_named(places)}")
    if made.no_summary:
        notes.append(f"没有摘要，未写入 {len(made.no_summary)} 条：{_named(made.no_summary)}")
    if plan.dropped:
        notes.append(f"重复的群聊，未写入 {len(plan.dropped)} 行：{_named([row.place for row in plan.dropped])}")
    return tuple(notes)


def _long(form: Form, over: OverlongRow) -> str:
    size = over.after or over.size
    lost = f"，截断会丢：{lost_field_labels(form, over)}" if over.lost else ""
    return f"{over.place}（{size.characters:,} 字{lost}）"


def _named(places: Sequence[str]) -> str:
    more = f"等 {len(places)} 条" if len(places) > _SHOWN else ""
    return "、".join(places[:_SHOWN]) + more
