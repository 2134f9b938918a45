"""Dropping repeated chats, and the split into training and validation rows."""

import random
from collections.abc import Mapping, Sequence

from core.domain.near_duplicates import group_sizes
from core.errors import ExportError
from core.services.training.rows import SpooledRow
from core.services.training.training_options import DuplicatePolicy, TrainingOptions


def drop_duplicates(
    rows: list[SpooledRow], groups: Mapping[bytes, bytes], policy: DuplicatePolicy
) -> tuple[list[SpooledRow], list[SpooledRow]]:
    """Rows that stay, and rows of repeated chats that are dropped, each in order.

    Of each group of repeated chats one stays: a confirmed record before labels, of equals the first.

    Args:
        rows: distinct rows.
        groups: digest of a conversation → digest that names its group of equal or nearly equal ones.
        policy: which repeated chats stay.
    """
    if policy is DuplicatePolicy.KEEP:
        return rows, []
    if policy is not DuplicatePolicy.NEAR:
        groups = {}
    # Per group (labels rather than a record, dataset, index): the smallest first element wins.
    best: dict[bytes, tuple[bool, str, int]] = {}
    for row in rows:
        chat = (row.provenance["origin"] != "record", row.provenance["dataset"], row.provenance["index"])
        group = groups.get(row.chat, row.chat)
        if group not in best or chat[0] < best[group][0]:
            best[group] = chat
    kept, dropped = list[SpooledRow](), list[SpooledRow]()
    for row in rows:
        winner = best[groups.get(row.chat, row.chat)][1:]
        is_winner = (row.provenance["dataset"], row.provenance["index"]) == winner
        (kept if is_winner else dropped).append(row)
    return kept, dropped


def train_val_split(
    rows: Sequence[SpooledRow], groups: Mapping[bytes, bytes], options: TrainingOptions
) -> tuple[list[SpooledRow], list[SpooledRow]]:
    """Training and validation rows, each in order; rows of equal or similar chats are never on both sides.

    Raises:
        ExportError: all chats are equal or similar, so no validation part can be drawn.
    """
    if not options.validation:
        return list(rows), []
    sizes = group_sizes((row.chat for row in rows), dict(groups))
    shuffled = list(sizes)
    random.Random(options.seed or 0).shuffle(shuffled)
    target_size = max(1, round(len(rows) * options.validation))
    validation_groups: set[bytes] = set()
    size = 0
    for group in shuffled:
        if size >= target_size:
            break
        validation_groups.add(group)
        size += sizes[group]
    if len(validation_groups) == len(sizes) and not options.validation_needed:
        return list(rows), []
    if len(validation_groups) == len(sizes):
        raise ExportError(
            f"只有 {len(sizes):,} 条不同的群聊，分不出验证集", "请把验证集比例（--val）设成 0，或先确认更多群聊"
        )
    train, validation = list[SpooledRow](), list[SpooledRow]()
    for row in rows:
        (validation if groups.get(row.chat, row.chat) in validation_groups else train).append(row)
    return train, validation
