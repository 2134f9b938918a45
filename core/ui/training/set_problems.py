"""Problems of a training set: overlong rows, rare fields, duplicates, values lost in summaries."""

from collections import Counter

import streamlit as st

from core.services.training import OVERLONG_ACTIONS, Preflight, TrainingOptions, lost_field_labels
from core.ui.markdown import escape_markdown
from core.ui.notices import show_error
from core.ui.tables import count_column
from core.ui.training.labels import OVERLONG_REMEDIES, POLICIES


def draw_warnings(report: Preflight) -> None:
    """What spoils a set, problems that prevent building, with their remedies; then notes on what was done."""
    for danger in report.dangers:
        st.markdown(f":red-background[:material/dangerous: {escape_markdown(danger)}]")
    refused = [over for over in report.overlong if over.action == "refused"]
    if refused:
        blind = [over for over in refused if over.lost]
        lost = f"会让其中 {len(blind):,} 行看不到答案的依据" if blind else "虽然不会截掉答案的依据，群聊也不完整了"
        st.error(
            f"有 {len(refused):,} 行太长，还没有说怎么办；直接截断{lost}。"
            "选一种处理办法（以后在左边「超长的行」里改），明细在「超长」里：",
            icon=":material/content_cut:",
        )
        with st.container(horizontal=True):
            for policy in OVERLONG_REMEDIES:
                st.button(
                    f"{POLICIES[policy]}（{len(refused):,} 行）",
                    key=f"training-way-{policy}",
                    on_click=_choose_policy,
                    args=(policy,),
                    help=OVERLONG_REMEDIES[policy],
                )
    elif report.refusal is not None:
        show_error(report.refusal)
    done = Counter(over.action for over in report.overlong if over.action != "refused")
    if done:
        done_texts = "、".join(f"{number:,} 行{OVERLONG_ACTIONS[action]}" for action, number in done.items())
        st.caption(f"超长的 {sum(done.values()):,} 行：{escape_markdown(done_texts)}；逐行的长度和依据在「超长」里。")
    for note in report.notes[1:]:
        if not note.startswith("超长"):
            st.caption(escape_markdown(note))
    if report.contradictions:
        st.warning(
            f"有 {len(report.contradictions):,} 组群聊一字不差，答案却不同，模型会学到矛盾的东西；"
            "明细在「相近的群聊」里。",
            icon=":material/rule:",
        )


def _choose_policy(policy: str) -> None:
    st.session_state["training-policy"] = policy


def draw_overlong_rows(report: Preflight, options: TrainingOptions) -> None:
    """Table of rows over the length limit, and the fields whose evidence truncation would cut off."""
    limit = options.limit
    if limit is None:
        st.caption("没有设长度上限。在左边选训练目标，就能看到哪些行超长、依据会不会被截掉。")
        return
    if not report.overlong:
        st.caption(f"没有一行超过{escape_markdown(limit.label)}。")
        return
    unit = "tokens" if limit.unit == "token" else "characters"
    shortened = any(over.after for over in report.overlong)
    cut = any(over.dropped for over in report.overlong)
    st.dataframe(
        [
            {
                "行": over.place,
                f"长度（{limit.unit}）": getattr(over.size, unit),
                "截断后剩下": over.left,
                "依据会被截掉的字段": lost_field_labels(report.form, over) or "—",
                "处理": OVERLONG_ACTIONS[over.action] + (f" · {over.pieces:,} 行" if over.action == "windowed" else ""),
                **({"处理后最长": f"{getattr(over.after, unit):,}" if over.after else "—"} if shortened else {}),
                **({"不写的值": over.dropped} if cut else {}),
            }
            for over in report.overlong
        ],
        hide_index=True,
        column_config={
            "截断后剩下": st.column_config.ProgressColumn(
                format="percent", min_value=0, max_value=1, help="训练平台从末尾截断时，群聊还剩多少"
            ),
            "不写的值": count_column(help="在任何一段里都没有依据的值，不写进答案"),
        },
    )


def draw_field_balance(report: Preflight) -> None:
    """Table of how many rows have a value, per field."""
    if not report.balance:
        st.caption("没有可以排列的行。")
        return
    lazy = "、".join(report.form.field(one.key).label for one in report.rarely_filled)
    if lazy:
        st.caption(
            f"不到一成的行里有值：{escape_markdown(lazy)}。模型多半会学会让它们空着；可以在「行数、验证集、重复和均衡」里设均衡，"
            "或加上单个字段的训练任务。"
        )
    st.dataframe(
        [
            {
                "字段": report.form.field(one.key).label,
                "有值的行": one.filled,
                "占比": one.share,
                "均衡后": one.balanced,
            }
            for one in report.balance
            if one.rows
        ],
        hide_index=True,
        height=35 * 11,
        column_config={
            "占比": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1),
            "均衡后": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1),
        },
    )


def draw_duplicates(report: Preflight, options: TrainingOptions) -> None:
    """Table of groups of equal or similar chats."""
    if not report.similar:
        st.caption("没有相同或相近的群聊。")
        return
    st.caption(
        "相同或相近（字符片段重合八成以上）的群聊。"
        + ("同一组总在训练或验证的同一边，不会泄漏。" if options.validation else "分验证集时同一组总在同一边。")
    )
    different = {tuple(group) for group in report.contradictions}
    st.dataframe(
        [
            {"条数": len(group), "群聊": "、".join(group), "答案": "不同" if tuple(group) in different else ""}
            for group in [*report.similar, *(one for one in report.contradictions if one not in report.similar)]
        ],
        hide_index=True,
    )


def draw_summary_losses(report: Preflight) -> None:
    """Table of target values that a chat supports and its summary lost."""
    st.caption("答案里的这些值在原文里有依据，在摘要里没有：照这样训练，模型会学着编。请在「摘要」里补上。")
    st.dataframe(
        [
            {"群聊": place, "字段": report.form.field(one.key).label, "值": one.value}
            for place, lost in report.summary_lost
            for one in lost
        ],
        hide_index=True,
    )
