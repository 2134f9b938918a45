"""Counts of a set, Chinese sentences about what is worth knowing, and the refusal of rows that are too long."""

from collections.abc import Mapping, Sequence

from core.adapters.store.queries import PASSED_BY
from core.domain.form import Form
from core.errors import ExportError
from core.services.team import left_out_sentence
from core.services.training.answer_selection import REASONS
from core.services.training.arrange import Arrangement
from core.services.training.compose import Composition
from core.services.training.overlong_rows import OverlongRow
from core.services.training.rejected_answers import UNPAIRED
from core.services.training.set_card import origins_sentence
from core.services.training.training_options import MOST_REPEATS, OverBudget, TrainingOptions

TEST_SPLIT = "test"
"""Split of a dataset that models are measured on."""

_MOST_NAMED = 200
_MOST_UNPAIRED = 20
"""Places that a sentence names at most; the report's lists and the manifest name all."""


def refuse_too_long(composition: Composition, options: TrainingOptions) -> None:
    """Refuse rows that are too long and that no policy helps.

    Raises:
        ExportError: names every row, how long it is, and what its trainer would never see.
    """
    refused = composition.overlong_with("refused")
    limit = options.limit
    if not refused or limit is None:
        return
    why = next((row.why for row in refused if row.why), "")
    named = "、".join(f"{row.place}（{(row.after or row.size).words(limit)}）" for row in refused)
    blind = [f"{row.place}：{lost_field_labels(composition.form, row)}" for row in refused if row.lost]
    lost = f"。直接截断会看不到这些值的依据：{'；'.join(blind)}" if blind else ""
    others = {
        OverBudget.SKIP: "skip 跳过它们",
        OverBudget.CLEAN: "clean 先清理",
        OverBudget.SUMMARY: "summary 换成摘要",
        OverBudget.WINDOW: "window 分段",
    }
    tried = {options.over_budget, OverBudget.CLEAN if options.text != "raw" else None}
    ways = "、".join(words for policy, words in others.items() if policy not in tried)
    raise ExportError(
        f"有 {len(refused):,} 行{why}超过 {limit.amount:,} {limit.unit}：{named}{lost}",
        f"请放宽上限，或用 --over-budget {ways}",
    )


def lost_field_labels(form: Form, row: OverlongRow) -> str:
    """The values whose evidence would be lost, as labels of fields."""
    labels: dict[str, None] = {}
    for cell in row.lost:
        labels[form.field(cell.partition(":")[2]).label] = None
    return "、".join(labels)


def counts_of(composition: Composition, arrangement: Arrangement) -> dict[str, int]:
    """The counts of a set: chats, rows, copies, what was left out and why, the longest row."""
    chats = {
        (row.provenance["dataset"], row.provenance["index"]) for row in (*arrangement.train, *arrangement.validation)
    }
    return {
        "chats": len(chats),
        "distinct": len(arrangement.train) + len(arrangement.validation),
        "rows": len(arrangement.order),
        "repeats": arrangement.repeats,
        "train": len(arrangement.train),
        "val": len(arrangement.validation),
        "forms": composition.forms,
        "empty_targets": composition.empty_targets,
        "without_answer": composition.tally.unanswered,
        "filtered": sum(len(places) for places in composition.tally.filtered.values()),
        "no_summary": len(composition.no_summary),
        **({"unpaired": sum(map(len, composition.tally.unpaired.values()))} if composition.tally.unpaired else {}),
        "duplicates_dropped": len(arrangement.dropped),
        "copied": sum(1 for copies in arrangement.copies.values() if copies > 1),
        **{
            action: len(composition.overlong_with(action))
            for action in ("skipped", "cleaned", "summarised", "windowed")
        },
        "longest": max((row.size.characters for row in composition.rows), default=0),
        "longest_tokens": max((row.size.tokens for row in composition.rows), default=0),
    }


def dangers_of(splits: Mapping[str, str], repeats: int, *, has_validation: bool) -> tuple[str, ...]:
    """Chinese sentences about choices that spoil what the set is for; it can be built all the same.

    Args:
        splits: of the datasets, by name.
        repeats: how often the whole set is written.
        has_validation: whether there is a validation part.
    """
    dangers = []
    if tests := [name for name, split in splits.items() if split == TEST_SPLIT]:
        dangers.append(
            f"来源里有测试集「{'」「'.join(tests)}」：用它训练过的模型，在它上面的得分不能再信。请换成训练用的数据集"
        )
    if repeats > MOST_REPEATS:
        dangers.append(
            f"整套重复 {repeats} 遍（最少行数太高，或群聊太少）：超过 {MOST_REPEATS} 遍，模型多半会死记硬背。"
            "请加群聊、加训练任务，或降低最少行数"
        )
    if not has_validation:
        dangers.append("没有验证集：训练时看不出是否过拟合。请把验证集比例设成 0.1 左右")
    return tuple(dangers)


def notes_of(composition: Composition, arrangement: Arrangement, options: TrainingOptions) -> tuple[str, ...]:
    """Chinese sentences about a set that a person should know before using it."""
    one_pass = len(arrangement.order) // arrangement.repeats
    copied = f"（均衡后一遍 {one_pass:,} 行）" if one_pass != len(arrangement.train) else ""
    what = (
        "条群聊"
        if len(arrangement.train) == len({(r.provenance["dataset"], r.chat) for r in arrangement.train})
        else "行"
    )
    notes = [f"{len(arrangement.train)} {what}{copied}重复 {arrangement.repeats} 遍，共 {len(arrangement.order):,} 行"]
    if len(arrangement.order) < options.min_rows:
        notes.append(
            f"重复到 {arrangement.repeats} 遍为止，仍不到平台要的 {options.min_rows:,} 行；再多重复，模型会死记硬背。"
            "请加群聊或训练任务"
        )
    if options.format.is_preference:
        notes.append(f"偏好对：{origins_sentence([*arrangement.train, *arrangement.validation]).rstrip('。')}")
    words = {"skipped": "已跳过", "cleaned": "已清理", "summarised": "已换成摘要", "windowed": "已分段"}
    for action, label in words.items():
        if overlong := composition.overlong_with(action):
            unit = "条" if len(overlong) == len({(row.dataset, row.index) for row in overlong}) else "行"
            places = [_with_length(composition.form, row) for row in overlong]
            notes.append(f"超长、{label} {len(overlong)} {unit}：{_named(places)}")
    if dropped := sum(row.dropped for row in composition.overlong_with("windowed")):
        notes.append(f"分段时有 {dropped:,} 个值在任何一段里都没有依据，没有写进答案")
    if composition.unnamed:
        notes.append(f"有 {composition.unnamed:,} 位客户没有名字，或和同一条群聊里别的客户同名，不能逐位提问，未写入")
    if composition.empty_targets:
        notes.append(f"有 {composition.empty_targets:,} 行的答案全空")
    if composition.tally.unanswered:
        notes.append(f"有 {composition.tally.unanswered:,} 条群聊没有结果，未写入")
    if composition.tally.withheld:
        notes.append(left_out_sentence(composition.tally.withheld))
    if composition.tally.passed:
        notes.append(
            f"有 {composition.tally.passed:,} 条记录是「{PASSED_BY}」，没有人审阅过，没有用上；要用，请在审阅人里选上它"
        )
    for reason, places in composition.tally.filtered.items():
        notes.append(f"{REASONS[reason]}，未写入 {len(places):,} 条：{_named(places)}")
    for reason, places in composition.tally.unpaired.items():
        notes.append(f"{UNPAIRED[reason]}，没有成对，未写入 {len(places):,} 条：{_named(places, _MOST_UNPAIRED)}")
    if composition.no_summary:
        notes.append(f"没有摘要，未写入 {len(composition.no_summary):,} 条：{_named(composition.no_summary)}")
    if arrangement.dropped:
        notes.append(
            f"重复的群聊，未写入 {len(arrangement.dropped):,} 行：{_named([row.place for row in arrangement.dropped])}"
        )
    return tuple(notes)


def _with_length(form: Form, row: OverlongRow) -> str:
    size = row.after or row.size
    lost = f"，截断会丢：{lost_field_labels(form, row)}" if row.lost else ""
    return f"{row.place}（{size.characters:,} 字{lost}）"


def _named(places: Sequence[str], most: int = _MOST_NAMED) -> str:
    more = f"等 {len(places):,} 条" if len(places) > most else ""
    return "、".join(places[:most]) + more
