"""The order of a finished set: repeated chats dropped, rare fields balanced, validation split off, all repeated."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.domain.form import Form
from core.errors import ExportError
from core.services.training.compose import Composition
from core.services.training.near_duplicates import group_sizes
from core.services.training.rows import SpooledRow
from core.services.training.training_options import MAX_COPIES, DuplicatePolicy, TrainingOptions


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Which rows go where, how often and in which order.

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


@dataclass(frozen=True, slots=True)
class FieldBalance:
    """How often a field is filled.

    Attributes:
        key: of the field.
        rows: distinct training rows that ask for it.
        filled: of these, the rows where at least one customer has it.
        lines: lines of one pass over the set that ask for it, copies counted.
        filled_lines: of these, filled ones.
    """

    key: str
    rows: int
    filled: int
    lines: int
    filled_lines: int

    @property
    def share(self) -> float:
        """Share of rows where it is filled, before copies."""
        return self.filled / self.rows if self.rows else 0.0

    @property
    def balanced(self) -> float:
        """The same with copies."""
        return self.filled_lines / self.lines if self.lines else 0.0


def arrange(made: Composition, options: TrainingOptions) -> Arrangement:
    """Put the rows of a composition in order.

    Raises:
        ExportError: no row, no validation part to be had, or the numbers of rows that are wanted cannot be met.
    """
    rows, dropped = _without_repeats(made, options.duplicates)
    if not rows and made.no_summary:
        raise ExportError(f"{len(made.no_summary)} 条有答案的群聊都没有摘要", "请先补上摘要，或改用 raw、clean 作输入")
    if not rows:
        raise ExportError(f"来源「{options.source}」没有一行可以训练", "请先审阅并确认群聊，或换一个来源")
    train, validation = _split(rows, made.groups, options)
    copies = _copies(train, options.balance)
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


def _without_repeats(made: Composition, policy: DuplicatePolicy) -> tuple[list[SpooledRow], list[SpooledRow]]:
    if policy is DuplicatePolicy.KEEP:
        return made.rows, []
    groups = made.groups if policy is DuplicatePolicy.NEAR else {}
    # A record says more than a label; of equals the first stays.
    best: dict[bytes, tuple[bool, str, int]] = {}
    for row in made.rows:
        chat = (row.provenance["origin"] != "record", row.provenance["dataset"], row.provenance["index"])
        group = groups.get(row.chat, row.chat)
        if group not in best or chat[0] < best[group][0]:
            best[group] = chat
    kept, dropped = list[SpooledRow](), list[SpooledRow]()
    for row in made.rows:
        chosen = best[groups.get(row.chat, row.chat)]
        here = (row.provenance["dataset"], row.provenance["index"]) == chosen[1:]
        (kept if here else dropped).append(row)
    return kept, dropped


def _split(
    rows: list[SpooledRow], groups: Mapping[bytes, bytes], options: TrainingOptions
) -> tuple[list[SpooledRow], list[SpooledRow]]:
    """Training and validation rows, each in order; rows of equal or similar chats are never on both sides."""
    if not options.validation:
        return rows, []
    sizes = group_sizes((row.chat for row in rows), dict(groups))
    drawn = list(sizes)
    random.Random(options.seed or 0).shuffle(drawn)
    wanted = max(1, round(len(rows) * options.validation))
    held: set[bytes] = set()
    size = 0
    for group in drawn:
        if size >= wanted:
            break
        held.add(group)
        size += sizes[group]
    if len(held) == len(sizes):
        raise ExportError(f"只有 {len(sizes)} 条不同的群聊，分不出验证集", "请去掉 --val，或先确认更多群聊")
    inside = [groups.get(row.chat, row.chat) in held for row in rows]
    return (
        [row for row, is_held in zip(rows, inside, strict=True) if not is_held],
        [row for row, is_held in zip(rows, inside, strict=True) if is_held],
    )


def _copies(train: Sequence[SpooledRow], wanted: float) -> dict[int, int]:
    """How often each row goes into one pass: the rarest field that it fills decides."""
    if not wanted:
        return {row.start: 1 for row in train}
    asked: dict[str, int] = {}
    filled: dict[str, int] = {}
    for row in train:
        for key in row.task.form.keys:
            asked[key] = asked.get(key, 0) + 1
        for key in row.filled:
            filled[key] = filled.get(key, 0) + 1
    factor = {key: wanted * asked[key] / count for key, count in filled.items()}
    return {
        row.start: max(1, min(MAX_COPIES, round(max((factor[key] for key in row.filled), default=1.0))))
        for row in train
    }


def _repeats(one_pass: int, options: TrainingOptions) -> int:
    repeats = max(1, -(-options.min_rows // one_pass))
    if options.max_rows is not None and one_pass * repeats > options.max_rows:
        raise ExportError(
            f"整套一遍 {one_pass:,} 行，重复 {repeats} 遍是 {one_pass * repeats:,} 行，"
            f"超过最多行数 {options.max_rows:,}",
            "请放宽最多行数，或缩小来源、关掉均衡",
        )
    return repeats


def balance_of(form: Form, arrangement: Arrangement) -> list[FieldBalance]:
    """How often each field is filled in the training part, before and after copies, in the form's order."""
    found = []
    for key in form.keys:
        asking = [row for row in arrangement.train if key in row.task.form]
        filled = [row for row in asking if key in row.filled]
        found.append(
            FieldBalance(
                key=key,
                rows=len(asking),
                filled=len(filled),
                lines=sum(arrangement.copies[row.start] for row in asking),
                filled_lines=sum(arrangement.copies[row.start] for row in filled),
            )
        )
    return found
