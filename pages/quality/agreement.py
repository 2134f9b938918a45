"""一致性: two people on the same chats, how far they agree, what is left to settle; who works at which pace."""

from uuid import uuid4

import streamlit as st

from core.adapters.store import DatasetView
from core.adapters.store.models import Pass
from core.domain.form import Form, Value
from core.domain.scoring import LCS
from core.services.quality import (
    Pace,
    PairwiseAgreement,
    TwoReviews,
    paces,
    pairwise_agreement,
    settled_forms,
    two_reviews,
)
from core.services.quality import text_of as text
from core.services.review import apply_saves, blind_waiting
from core.ui import diff, navigation, state
from core.ui.heading import heading
from core.ui.notices import empty_state, guarded
from core.ui.tables import height_of, percent, share, table

VIEWS = ("按字段", "待仲裁", "审阅人")
PASSES = {Pass.PRIMARY: "初审", Pass.SECOND: "复审", Pass.ADJUDICATED: "仲裁"}
FIRST, SECOND, OTHER = "初审", "复审", "另写"


def no_second(dataset: DatasetView) -> None:
    """Nobody has reviewed anything twice yet."""
    empty_state(
        f"数据集「{dataset.name}」还没有两个人审过的群聊",
        "先由一个人确认几条群聊，再由另一个人点「开始盲审」：看不到模型和初审的值，独立填写同一条群聊；"
        "这里就会算出两人有多一致。",
        page=navigation.WORKBENCH,
        label="去审阅台",
    )


def start_blind(dataset: DatasetView, form: Form) -> None:
    """The way to the blind second review."""
    waiting = blind_waiting(state.store(), dataset, form, state.reviewer())
    st.page_link(
        navigation.WORKBENCH,
        label=f"开始盲审（{waiting} 条）" if waiting else "没有可以盲审的群聊",
        icon=":material/visibility_off:",
        disabled=not waiting,
        help="别人已确认、还没有复审的群聊；看不到模型和初审的值",
        query_params={"dataset": str(dataset.id), "pass": "second"},
    )


def draw_fields(found: PairwiseAgreement, form: Form) -> None:
    """Agreement field by field."""
    agreed = found.agreement
    who = "；".join(f"{one} 与 {other} {count} 条" for one, other, count in found.pairs)
    st.caption(
        f"{agreed.chats} 条群聊、{agreed.customers} 位客户（{agreed.unmatched} 位只有一人找到）。{who}。"
        f"单选看 Cohen's kappa（去掉碰巧一致的部分），列表看 F1，自由文本看{LCS.title}相似度，"
        "其余看有值的格里一致的比例；两人不分对错。"
    )
    rows = [
        {
            "字段": form.field(key).label,
            "指标": str(one.measure),
            "一致性": one.value,
            "相同的格": share(one.equal_share),
            "不同": one.differing,
            "格": one.cells,
        }
        for key, one in agreed.fields.items()
    ]
    rows.sort(key=lambda row: (row["一致性"] is None, row["一致性"] if row["一致性"] is not None else 0.0))
    table(
        rows,
        name="一致性",
        key="agreement-fields",
        columns={
            "字段": st.column_config.TextColumn(width=120),
            "指标": st.column_config.TextColumn(width=170),
            "一致性": st.column_config.NumberColumn(
                format="%.2f", width=84, help="— 表示没有可比的值，或两人始终填同一个值"
            ),
            "相同的格": percent(84, help="空的格也算"),
            "不同": st.column_config.NumberColumn(width=60),
            "格": st.column_config.NumberColumn(width=60),
        },
    )


def draw_unsettled(found: PairwiseAgreement, dataset: DatasetView, form: Form) -> None:
    """The chats about which they differ, and the one in hand."""
    if not found.chats:
        st.success("两人填的完全一样，没有要仲裁的群聊。", icon=":material/check_circle:")
        return
    open_ones = [one for one in found.chats if not one.settled_by]
    left, right = st.columns([4, 7], gap="medium")
    with left:
        st.caption(f"{len(found.chats)} 条不同，{len(open_ones)} 条还没有仲裁。点一行的左端。")
        rows = [
            {
                "群聊": one.chat,
                "不同": one.differing,
                "初审": one.first,
                "复审": one.second,
                "仲裁": one.settled_by,
            }
            for one in found.chats
        ]
        picked = st.dataframe(
            rows,
            hide_index=True,
            height=height_of(rows, most=520),
            on_select="rerun",
            selection_mode="single-row",
            key=f"unsettled-{dataset.id}",
            column_config={
                "群聊": st.column_config.NumberColumn(width=56),
                "不同": st.column_config.NumberColumn(width=56),
            },
        )
        chosen = [row for row in picked.selection.rows if row < len(rows)]
        chat = found.chats[chosen[0] if chosen else 0].chat
    with right:
        reviews = two_reviews(state.store(), dataset, form, chat)
        if reviews is not None:
            settle(reviews, dataset, form, chat)


@guarded
def settle(reviews: TwoReviews, dataset: DatasetView, form: Form, chat: int) -> None:
    """Decide cell by cell, then save the adjudicated record."""
    first, second = reviews.first, reviews.second
    version = reviews.settled.version if reviews.settled else 0
    key = f"{chat}-{first.version}-{second.version}-{version}"
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**第 {chat} 条群聊**")
        st.page_link(
            navigation.WORKBENCH,
            label="看群聊",
            icon=":material/arrow_forward:",
            query_params={"dataset": str(dataset.id), "chat": str(chat), "queue": "全部"},
        )
    if reviews.settled is not None:
        st.caption(f"{reviews.settled.reviewer} 已仲裁；再保存一次会成为新的版本。")
    choices: dict[str, Value] = {}
    waiting = 0
    st.html(diff.STYLE)
    _, one_head, other_head, _ = st.columns([2, 4, 4, 3])
    one_head.caption(f"初审 · {first.reviewer}")
    other_head.caption(f"复审 · {second.reviewer}")
    for position, customer in enumerate(reviews.customers):
        name = customer.name(form) or f"第 {position + 1} 位客户"
        if None in customer.forms:
            whose = FIRST if customer.forms[0] is not None else SECOND
            keep = st.segmented_control(
                f"{name}：只有{whose}有这位客户", ("保留", "不要"), key=f"keep-{key}-{position}"
            )
            waiting += keep is None
            if keep == "不要":
                choices[f"{position}:*"] = ""
            continue
        one, other = customer.forms[0] or {}, customer.forms[1] or {}
        for number in sorted(customer.differs_between_runs):
            field = form.fields[number]
            a, b = one.get(field.key, field.empty), other.get(field.key, field.empty)
            label, left, right, choice = st.columns([2, 4, 4, 3], vertical_alignment="center")
            label.markdown(f"**{field.label}**  \n:gray[{name}]")
            left.html(diff.value_html(b, a, "right"))
            right.html(diff.value_html(a, b, "right"))
            place = f"{key}-{position}-{number}"
            taken = choice.segmented_control(
                field.label, (FIRST, SECOND, OTHER), key=f"take-{place}", label_visibility="collapsed"
            )
            waiting += taken is None
            if taken == OTHER:
                written = st.text_input(f"{field.label}（列表用、分开）", value=text(a), key=f"write-{place}")
                choices[f"{position}:{field.key}"] = [written] if field.is_list else written
            elif taken is not None:
                choices[f"{position}:{field.key}"] = a if taken == FIRST else b
    label = f"还有 {waiting} 处没有选" if waiting else "保存仲裁结果"
    if st.button(label, type="primary", disabled=bool(waiting) or not state.reviewer(), key=f"settle-{key}"):
        save(dataset, form, chat, version, reviews, choices)
    if not state.reviewer():
        st.caption("请先在审阅台填写名字。")


def save(
    dataset: DatasetView, form: Form, chat: int, version: int, reviews: TwoReviews, choices: dict[str, Value]
) -> None:
    """Store the adjudicated record."""
    forms = settled_forms(form, reviews, choices)
    raw = {
        "save_id": str(uuid4()),
        "chat": chat,
        "reviewer": state.reviewer(),
        "base_version": version,
        "customers": [{"values": values, "confirmed": dict.fromkeys(form.keys, "逐项确认")} for values in forms],
        "status": "已确认",
        "reason": f"仲裁：{reviews.first.reviewer} 与 {reviews.second.reviewer}",
    }
    (ack,) = apply_saves(state.store(), form, dataset.id, [raw], review_pass=Pass.ADJUDICATED)
    if ack.result == "saved":
        st.toast(f"第 {chat} 条已仲裁", icon=":material/gavel:")
        st.rerun()
    st.error(ack.why)


def draw_paces(found: list[Pace]) -> None:
    """Who did how much, how fast, and changed how much of what the model said."""
    rows = [
        {
            "审阅人": one.reviewer,
            "审阅": PASSES[Pass(one.review_pass)],
            "完成": one.chats,
            "跳过": one.skipped,
            "每条用时（秒，中位）": one.median_seconds,
            "每小时": one.per_hour,
            "改动率": share(one.changed),
            "改动率（有值）": share(one.changed_filled),
            "最近一次": f"{one.last.astimezone():%m-%d %H:%M}",
        }
        for one in found
    ]
    table(
        rows,
        name="审阅人",
        key="agreement-paces",
        columns={
            "每条用时（秒，中位）": st.column_config.NumberColumn(format="%.0f"),
            "每小时": st.column_config.NumberColumn(format="%.1f", help="按在审阅台上的用时折算"),
            "改动率": percent(84, help="与起始值不同的格的比例；盲审没有起始值"),
            "改动率（有值）": percent(110, help="只看填了值、或改成了空的格"),
        },
    )
    st.caption("改动率低不一定是模型好，也可能是看得太快：和每条用时一起看。")


available = state.datasets()
if not available:
    st.title("一致性")
    empty_state("还没有数据集", "先导入群聊并审阅。", page=navigation.IMPORT, label="去导入")
else:
    dataset, beside = heading("一致性", available)
    views, start = beside.columns([3, 2], vertical_alignment="center")
    view = views.segmented_control(
        "查看", VIEWS, default=VIEWS[0], key="view", bind="query-params", label_visibility="collapsed"
    )
    form = state.form_of(dataset)
    with start.container(horizontal=True, horizontal_alignment="right"):
        start_blind(dataset, form)
    if view == VIEWS[2]:
        if found := paces(state.store(), dataset, form):
            draw_paces(found)
        else:
            empty_state(
                "还没有审阅记录",
                "审阅几条之后，这里列出每位审阅人的速度和改动率。",
                page=navigation.WORKBENCH,
                label="去审阅台",
            )
    else:
        with st.spinner("正在计算…", show_time=False):
            both = pairwise_agreement(state.store(), dataset, form)
        if both is None:
            no_second(dataset)
        elif view == VIEWS[1]:
            draw_unsettled(both, dataset, form)
        else:
            draw_fields(both, form)
