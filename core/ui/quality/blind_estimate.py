"""盲审估计 in words: what the blind reviews of drawn chats say, or why they cannot say it yet."""

from core.services.quality.blind_estimate import FEWEST, BlindEstimate, MeanPoints


def blind_estimate_text(estimate: BlindEstimate) -> str:
    """The estimate in one Chinese line of plain text, with intervals and the number of chats."""
    if estimate.agreement is None:
        so_far = f"抽中 {estimate.drawn:,d} 条，盲审了 {estimate.reviewed:,d} 条{_left_out(estimate)}"
        return f"还不够：{so_far}，满 {FEWEST} 条才估计{_alone(estimate)}"
    parts = []
    if estimate.blind and estimate.approved and estimate.flattery:
        parts.append(
            f"{estimate.run} {_figure(estimate.blind)}；对照同样群聊的初审 {estimate.approved.mean:.2f}，"
            f"{_flattery_text(estimate.flattery)}"
        )
    parts.append(f"初审与盲审一致 {_figure(estimate.agreement)}")
    chats = f"{estimate.reviewed:,d} 条{_left_out(estimate)}"
    return f"{'；'.join(parts)}；满分 {estimate.points:g}，{chats}{_alone(estimate)}"


def _left_out(estimate: BlindEstimate) -> str:
    return f"（另有 {estimate.same_person:,d} 条两遍都算同一个人的，不在内）" if estimate.same_person else ""


def _alone(estimate: BlindEstimate) -> str:
    if not estimate.alone:
        return ""
    return f"。现在只有「{estimate.alone}」一个人，没有别人能盲审：请再加一位审阅员"


def _figure(estimate: MeanPoints) -> str:
    return f"{estimate.mean:.2f}（95% 区间 {estimate.interval.low:.2f} ~ {estimate.interval.high:.2f}）"


def _flattery_text(flattery: MeanPoints) -> str:
    low, high = flattery.interval
    if low > 0:
        return f"偏高 {flattery.mean:.2f}（{low:+.2f} ~ {high:+.2f}）"
    if high < 0:
        return f"偏低 {-flattery.mean:.2f}（{low:+.2f} ~ {high:+.2f}）"
    return f"看不出偏高（{low:+.2f} ~ {high:+.2f}）"
