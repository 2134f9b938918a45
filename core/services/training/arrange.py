"""The order of a finished set: repeated chats dropped, validation split off, rare fields copied, all repeated."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.errors import ExportError
from core.services.training.compose import Composition
from core.services.training.field_balance import copies_per_row
from core.services.training.rejected_answers import UNPAIRED
from core.services.training.rows import SpooledRow
from core.services.training.train_val_split import drop_duplicates, train_val_split
from core.services.training.training_options import TrainingOptions


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The rows of the training and validation files, with their order and copies.

    Attributes:
        order: the training file, line by line.
        train: distinct training rows, in order.
        validation: the validation file, line by line; each row once.
        copies: of each training row, by its start in the spool, in one pass over the set.
        repeats: passes over the set.
        dropped: rows that were left out as repeated chats.
    """

    order: list[SpooledRow]
    train: list[SpooledRow]
    validation: list[SpooledRow]
    copies: Mapping[int, int]
    repeats: int
    dropped: list[SpooledRow] = field(default_factory=list)


def arrange(composition: Composition, options: TrainingOptions) -> Arrangement:
    """Put the rows of a composition in order.

    Raises:
        ExportError: no row, no validation part to be had, or the minimum and maximum numbers of rows cannot be met.
    """
    rows, dropped = drop_duplicates(composition.rows, composition.groups, options.duplicates)
    if not rows and composition.no_summary:
        raise ExportError(
            f"{len(composition.no_summary):,} 条有答案的群聊都没有摘要",
            "请先补上摘要，或改用群聊的原文或清理过的（raw、clean）作输入",
        )
    if not rows and (unpaired := composition.tally.unpaired):
        reasons = "，".join(f"{len(places):,} 条{UNPAIRED[reason]}" for reason, places in unpaired.items())
        raise ExportError(
            f"没有一对可以比较的回答（{reasons}）",
            "请在「对照的抽取任务」里选一个（命令行是 --rejected-run），或先审阅并改正抽取的结果",
        )
    if not rows:
        raise ExportError(f"来源（{options.source.title}）没有一行可以训练", "请先审阅并确认群聊，或换一个来源")
    train, validation = train_val_split(rows, composition.groups, options)
    copies = copies_per_row(train, options.balance)
    repeats = _repeats(sum(copies.values()), options)
    order = training_order(train, copies, repeats, options.seed)
    return Arrangement(order, train, validation, copies, repeats, dropped)


def training_order(
    train: Sequence[SpooledRow], copies: Mapping[int, int], repeats: int, seed: int | None
) -> list[SpooledRow]:
    """The training file, line by line.

    Args:
        train: distinct rows.
        copies: of each row by its start in the spool.
        repeats: passes over the set.
        seed: shuffles all lines together; ``None`` keeps one pass after the other.
    """
    order = [row for row in train for _ in range(copies[row.start])] * repeats
    if seed is not None:
        random.Random(seed).shuffle(order)
    return order


def _repeats(rows_per_pass: int, options: TrainingOptions) -> int:
    repeats = max(1, -(-options.min_rows // rows_per_pass))
    if options.most_repeats is not None:
        repeats = min(repeats, options.most_repeats)
    if options.max_rows is not None and rows_per_pass * repeats > options.max_rows:
        raise ExportError(
            f"整套一遍 {rows_per_pass:,} 行，重复 {repeats} 遍是 {rows_per_pass * repeats:,} 行，"
            f"超过最多行数 {options.max_rows:,}",
            "请放宽最多行数，或缩小来源、关掉均衡",
        )
    return repeats
