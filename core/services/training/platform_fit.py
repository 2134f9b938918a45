"""How a set fits the platform that is to train on it: too few or too many rows, rows or files that are too long."""

from core.services.training.arrange import Arrangement
from core.services.training.platforms import USUAL_PLATFORM, load_platform
from core.services.training.training_options import TrainingOptions

_NAMED = 5
"""Rows that are named."""


def platform_dangers(arrangement: Arrangement, options: TrainingOptions) -> tuple[str, ...]:
    """Why the platform would refuse the training part or cut it, Chinese sentences.

    Without a platform the usual one tells only which rows are too long for it: ``check training`` goes by it, too.
    """
    if not options.platform:
        return _too_long_for_the_usual_one(arrangement, options)
    platform = load_platform(options.platform)
    title, order = platform.title, arrangement.order
    dangers: list[str] = []
    most = platform.figure("most_rows", options.format)
    if most is not None and len(order) > most:
        dangers.append(f"{title}最多收 {most:,} 行，这里有 {len(order):,} 行，上传会被拒绝")
    rows = [*arrangement.train, *arrangement.validation]
    most = platform.figure("most_characters", options.format)
    if most is not None and (over := sum(row.size.characters > most for row in rows)):
        dangers.append(
            f"有 {over:,} 行超过{title}每行的 {most:,} 字，会被截断或拒绝；长度上限改成「平台的上限」就会逐行处理"
        )
    most = platform.figure("most_tokens", options.format)
    if most is not None and (over := sum(row.size.tokens > most for row in rows)):
        dangers.append(f"有 {over:,} 行约超过{title}每行的 {most:,} token，会被截断或拒绝")
    most, size = platform.figure("most_bytes", options.format), sum(row.end - row.start for row in order)
    if most is not None and size > most:
        dangers.append(f"训练文件有 {size:,} 字节，{title}最多收 {most:,} 字节")
    return tuple(dangers)


def _too_long_for_the_usual_one(arrangement: Arrangement, options: TrainingOptions) -> tuple[str, ...]:
    platform = load_platform(USUAL_PLATFORM)
    limit = platform.row_limit(options.format) if options.format in platform.format_names else None
    over = [row for row in (*arrangement.train, *arrangement.validation) if not row.size.within(limit)]
    if limit is None or not over:
        return ()
    named = "、".join(f"{row.place}（{row.size.words(limit)}）" for row in over[:_NAMED])
    return (
        f"有 {len(over):,} 行超过{limit.label}：{named}{'等' if len(over) > _NAMED else ''}，check training 会点名，"
        f"平台会截断或拒绝；选平台 {platform.name}（--platform）就按它的上限处理",
    )


def platform_notes(arrangement: Arrangement, options: TrainingOptions) -> tuple[str, ...]:
    """What the platform asks for or advises and the set has less of, Chinese sentences; empty without a platform."""
    if not options.platform:
        return ()
    platform = load_platform(options.platform)
    rows = len(arrangement.order)
    least, advised = (platform.figure(name, options.format) for name in ("least_rows", "advised_rows"))
    # Where it was to be repeated to more rows, ``notes_of`` has said so.
    if least is not None and options.min_rows <= rows < least:
        return (f"{platform.title}至少要 {least:,} 行，这里只有 {rows:,} 行，上传会被拒绝",)
    if advised is None or rows >= advised:
        return ()
    return (f"{platform.title}建议至少 {advised:,} 行，这里有 {rows:,} 行，少了多半看不出效果",)
