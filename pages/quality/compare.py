"""对比: two to four runs beside the chat, customers matched; walk from difference to difference, pick the better."""

from uuid import uuid4

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.adapters.store import queries
from core.domain.diff import diff_text
from core.services.quality import (
    REFERENCE,
    Alignment,
    Benchmark,
    Difference,
    DisputeView,
    align,
    difference_rows,
    dispute,
    disputes,
    drop_picks,
    merge_run,
    pick,
    picked_forms,
    picks,
)
from core.services.review import apply_saves
from core.ui import diff, navigation, state
from core.ui.notices import empty_state, fragment, guarded, reported
from core.ui.quality import common, compare_panes
from core.ui.tables import download

MODES = ("任务之间不同", "与对照不同", "全部字段")
ANY = "所有字段"
MOST = 4
ABOVE = 330
AT = "shiyao.compare.at"


def choose_runs(by: Benchmark) -> tuple[list[str], DeltaGenerator] | None:
    """Which runs stand side by side, and the place beside the box."""
    names = [run.name for run in common.runs_of(by.dataset) if by.against != f"run:{run.name}"]
    if by.against == "labels":
        names = [run.name for run in common.runs_of(by.dataset) if run.kind != "labels"]
    if len(names) < 2:
        empty_state(
            "还差一个抽取任务",
            "对比需要至少两个任务：换一个提示词或模型再抽取一次，或把另一份提交文件导入为任务。",
            page=navigation.RUNS,
            label="新建抽取任务",
        )
        return None
    left, right = st.columns([4, 7], vertical_alignment="bottom")
    chosen = left.multiselect(
        "抽取任务（2 到 4 个，第一个是 A）",
        names,
        default=names[:2][::-1],
        max_selections=MOST,
        key="runs",
        bind="query-params",
    )
    if len(chosen) < 2:
        st.info("请再选一个任务。", icon=":material/info:")
        return None
    return chosen, right


def prompts(found: Alignment) -> None:
    """What was asked differently, above the answers."""
    with_prompt = [run for run in found.runs if run.prompt_text]
    if len(with_prompt) < 2:
        return
    first, *others = with_prompt
    same = all(run.prompt_sha256 == first.prompt_sha256 for run in others)
    label = "提示词相同" if same else "提示词有不同"
    with st.expander(f"{label}：{'、'.join(f'{r.prompt_name}.v{r.prompt_version}' for r in with_prompt)}"):
        if same:
            st.caption("这些任务用的是同一个提示词，差别来自模型、参数或抽样。")
            return
        for run in others:
            if run.prompt_sha256 != first.prompt_sha256:
                st.caption(f"从 {first.prompt_name}.v{first.prompt_version} 到 {run.prompt_name}.v{run.prompt_version}")
                with st.container(height=320):
                    st.html(diff.STYLE + diff.text_html(diff_text(first.prompt_text, run.prompt_text)))


def filtered(found: Alignment, place: DeltaGenerator) -> tuple[list[Difference], str, str]:
    """The places to walk through, and the filter that chose them."""
    left, middle, right = place.columns([5, 3, 3], vertical_alignment="bottom")
    modes = MODES if found.against else (MODES[0], MODES[2])
    mode = left.segmented_control("只看", modes, default=modes[0], key="show", bind="query-params") or modes[0]
    labels = {field.label: field.key for field in found.form.fields}
    label = middle.selectbox("字段", [ANY, *labels], key="field", bind="query-params")
    key = labels.get(label or "", "")
    places = found.differences(with_reference=mode != MODES[0], key=key)
    with right:
        download(difference_rows(found, places), name="差异", key="compare-csv", label=f"下载 {len(places)} 处差异")
    return places, mode, key


@guarded
def merge_popover(found: Alignment, chosen: dict[int, dict[str, str]]) -> None:
    """Make a run out of the picks."""
    who = state.reviewer()
    count = sum(len(choices) for choices in chosen.values())
    with st.popover(f"已挑选 {count} 处", icon=":material/call_merge:", disabled=not count):
        st.caption(
            f"以 A「{found.runs[0].name}」为底，换上挑选的值，生成一个新任务，可以评分、对比，也可以作为审阅的起始值。"
        )
        name = st.text_input("新任务的名称", value="合并", key="compare-merge-name")
        left, right = st.columns(2)
        if left.button("生成合并任务", type="primary", width="stretch"):
            made = merge_run(state.store(), found, by.dataset, name=name, who=who)
            st.toast(f"已生成任务「{made.name}」", icon=":material/check:")
        if right.button("清空挑选", width="stretch"):
            drop_picks(state.store(), found, by.dataset, who)
            st.rerun()


def located(places: list[Difference], found: Alignment) -> Difference | None:
    """Where the reader is: what the session says, else the chat of the address, else the first place."""
    at = st.session_state.get(AT)
    if at is not None and at[0] in found.chats and at[1] < len(found.chats[at[0]]) and at[2] in found.form:
        return Difference(*at)
    asked = st.query_params.get("chat", "")
    if asked.isdecimal() and int(asked) in found.chats:
        here = next((place for place in places if place.chat == int(asked)), None)
        first = found.form.keys[0]
        return here or (Difference(int(asked), 0, first) if found.chats[int(asked)] else None)
    return places[0] if places else None


def go(place: Difference | tuple[int, int, str] | None) -> None:
    """Move there; the address follows the chat."""
    if place is not None:
        st.session_state[AT] = tuple(place)
        st.query_params["chat"] = str(place[0])


def step(places: list[Difference], at: Difference, forward: bool) -> Difference | None:
    """The next or previous place, from anywhere."""
    order = {key: i for i, key in enumerate(form.keys)}

    def rank(place: Difference) -> tuple[int, int, int]:
        return place.chat, place.customer, order[place.key]

    here = rank(at)
    if forward:
        return next((place for place in places if rank(place) > here), None)
    return next((place for place in reversed(places) if rank(place) < here), None)


@fragment
def walk(found: Alignment, places: list[Difference], mode: str, key: str, right_from: float) -> None:
    """The chat, the values, and what to do with the place in focus."""
    at = located(places, found)
    if at is None:
        st.success("按现在的筛选，没有不同的地方。", icon=":material/check_circle:")
        return
    nearest = next((i for i, place in enumerate(places) if tuple(place) == tuple(at)), None)
    chat_text = text_of_chat(at.chat)
    customers = found.chats[at.chat]
    customer = customers[at.customer]
    all_chosen = picks(state.store(), found, by.dataset, state.reviewer())
    chosen = all_chosen.get(at.chat, {})
    left, right = st.columns([4, 7], gap="small")
    with left:
        walk_controls(found, places, at, nearest)
        compare_panes.draw_chat(found.form, chat_text, customer, at.key, chat=at.chat, above=ABOVE)
    with right:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            for number, source in enumerate(compare_panes.columns(found), 1):
                on = chosen.get(f"{at.customer}:{at.key}") == source
                name = "对照" if source == REFERENCE else "ABCD"[int(source)]
                st.button(
                    f"取 {name}",
                    shortcut=str(number),
                    type="primary" if on else "secondary",
                    key=f"take-{source}",
                    on_click=take,
                    args=(found, places, at, "" if on else source),
                )
            save_popover(found, at, chosen)
            merge_popover(found, all_chosen)
            if found.against == "labels" and customer.gold is not None:
                dispute_popover(found, at, customer.gold)
            st.page_link(
                navigation.WORKBENCH,
                label="审阅台",
                icon=":material/arrow_forward:",
                query_params={"dataset": str(by.dataset.id), "chat": str(at.chat), "queue": "全部"},
            )
        compare_panes.draw_table(
            found,
            at.chat,
            shown_rows(found, at, mode, key),
            focus=(at.customer, at.key),
            picked=chosen,
            disputed=frozenset(
                (one.customer, one.field) for one in open_disputes() if one.chat == at.chat and one.status != "不成立"
            ),
            right_from=right_from,
            above=ABOVE,
            on_click=lambda customer, key: go((at.chat, customer, key)),
        )


def shown_rows(found: Alignment, at: Difference, mode: str, key: str) -> dict[int, list[str]]:
    """Which fields of which customers of a chat the table shows; the place in focus always."""
    keys = found.form.keys
    rows: dict[int, list[str]] = {}
    for position, customer in enumerate(found.chats[at.chat]):
        numbers = set(range(len(keys))) if mode == MODES[2] else set(customer.differs_between_runs)
        if mode == MODES[1]:
            numbers |= customer.differs_from_reference
        wanted = [k for n, k in enumerate(keys) if (n in numbers and (not key or k == key)) or (position, k) == at[1:]]
        if wanted:
            rows[position] = wanted
    return rows


def walk_controls(found: Alignment, places: list[Difference], at: Difference, nearest: int | None) -> None:
    """Where one is, and the keys that move on."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        before, after = step(places, at, forward=False), step(places, at, forward=True)
        st.button("上一处", shortcut="K", key="back", disabled=before is None, on_click=go, args=(before,))
        st.button("下一处", shortcut="J", key="on", disabled=after is None, on_click=go, args=(after,), type="primary")
        where = f"第 {nearest + 1} / {len(places)} 处" if nearest is not None else f"共 {len(places)} 处"
        st.caption(f"第 {at.chat} 条群聊 · {where}")


def take(found: Alignment, places: list[Difference], at: Difference, source: str) -> None:
    """Pick a source for the place in focus, and go on to the next place."""
    with reported():
        if not state.reviewer():
            st.toast("请先在审阅台填写名字。", icon=":material/person:")
            return
        pick(
            state.store(),
            found,
            by.dataset,
            chat=at.chat,
            customer=at.customer,
            key=at.key,
            source=source,
            who=state.reviewer(),
        )
        if source:
            go(step(places, at, forward=True))


def save_popover(found: Alignment, at: Difference, chosen: dict[str, str]) -> None:
    """The picks of this chat as a record to review."""
    with state.store().read() as session:
        chat_id = queries.chat(session, by.dataset.id, at.chat).id
        record = next(queries.records(session, by.dataset.id, chat_ids=[chat_id]), None)
    with st.popover("存为记录", icon=":material/save:"):
        if record is not None:
            st.caption(f"这条群聊已有{record.reviewer}的记录（{record.status}），请到审阅台修改，这里不会覆盖它。")
            return
        st.caption(f"以 A 的值为底，换上这条群聊的 {len(chosen)} 处挑选，存为草稿，再到审阅台确认。")
        if not state.reviewer():
            st.caption("请先在审阅台填写名字。")
        elif st.button("存为草稿", type="primary", key=f"save-{at.chat}"):
            save_record(found, at.chat, chosen)


def save_record(found: Alignment, chat: int, chosen: dict[str, str]) -> None:
    """Store a draft; a record that came up in between is never overwritten."""
    save = {
        "save_id": str(uuid4()),
        "chat": chat,
        "reviewer": state.reviewer(),
        "base_version": 0,
        "customers": [{"values": values} for values in picked_forms(found.form, found.chats[chat], chosen)],
        "status": "草稿",
        "reason": f"对比：在 {len(chosen)} 处挑选了更好的值",
    }
    base = found.runs[0].id
    (ack,) = apply_saves(state.store(), found.form, by.dataset.id, [save], base_run_id=base)
    if ack.result == "saved":
        st.toast(f"第 {chat} 条已存为草稿", icon=":material/check:")
    else:
        st.error(ack.why)


def dispute_popover(found: Alignment, at: Difference, gold: int) -> None:
    """Say that the label in focus is wrong."""
    with st.popover("标注有误？", icon=":material/flag:"):
        label = found.form.field(at.key).label
        st.caption(f"第 {at.chat} 条群聊，第 {gold + 1} 位客户的「{label}」。提出后，评分会另外给出不计这一格的得分。")
        with st.form(f"dispute-{at.chat}-{gold}-{at.key}", border=False, enter_to_submit=False):
            reason = st.text_area("理由", placeholder="例如：群里说的是下周三，标注写成了周二")
            pressed = st.form_submit_button("提出争议", type="primary")
        if pressed:
            with reported():
                dispute(
                    state.store(),
                    dataset=by.dataset.id,
                    chat=at.chat,
                    customer=gold,
                    field=at.key,
                    reason=reason,
                    who=state.reviewer(),
                )
                st.rerun()


def open_disputes() -> list[DisputeView]:
    """Disputes of the dataset, where labels are the reference."""
    return disputes(state.store(), by.dataset.id) if by.against == "labels" else []


def text_of_chat(index: int) -> str:
    """The stored text of a chat."""
    with state.store().read() as session:
        return queries.chat(session, by.dataset.id, index).text


measured = common.choose("对比", optional=True)
if measured is not None and (chosen := choose_runs(by := measured[0])) is not None:
    right_from = common.choose_threshold(measured[1], by.measure)
    form, (names, beside) = by.form, chosen
    alignment = align(state.store(), by, names, against=by.against)
    wanted = filtered(alignment, beside)
    prompts(alignment)
    walk(alignment, *wanted, right_from)
    st.caption(
        f"客户按最高得分匹配，不按位置。{common.measured_by(by.measure, right_from=right_from)}"
        " 划线是对照有、任务没有的，下划线是任务多出来的。点一行就到那一处；J / K 下一处 / 上一处，数字键挑选。"
    )
