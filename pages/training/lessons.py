"""经验: what reviewers corrected again and again; into the prompt, into a bulk correction, and tried on those chats."""

import streamlit as st

from core.adapters.store import DatasetView, RunView
from core.adapters.store.models import RunKind
from core.domain.form import Form, text_of
from core.services.extraction import runs as run_service
from core.services.extraction.prompt_library import Entry, finder
from core.services.review.records import bulk
from core.services.training.corrections import (
    CorrectionGroup,
    corrected_runs,
    correction_groups,
    find_example,
    plan_bulk_correction,
    propose_rule,
    save_prompt_with_rules,
)
from core.ui import navigation, state
from core.ui.heading import heading
from core.ui.links import workbench_address, workbench_column
from core.ui.notices import empty_state, reported
from core.ui.tables import NOTHING, height_of

PROMPT, BULK, TRY = "写进提示词", "批量更正", "试跑"
SHOWN = 40
EMPTY = "（空）"
WRITTEN, APPLIED = "shiyao.lessons.written", "shiyao.lessons.applied"


def choose(dataset: DatasetView, form: Form) -> tuple[RunView, list[CorrectionGroup]] | None:
    """The run whose mistakes are looked at, and the groups; ``None`` where nobody has corrected anything."""
    found = corrected_runs(state.store(), dataset.id)
    if not found:
        empty_state(
            "还没有可以总结的修改",
            "在审阅台确认一些群聊后，这里会列出反复出现的修改：哪个字段、怎么改的、在哪些群聊里。",
            page=navigation.WORKBENCH,
            label="去审阅",
        )
        return None
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    runs = {run.id: (run, count) for run, count in found}
    chosen = left.selectbox(
        "从哪个抽取任务改起",
        list(runs),
        format_func=lambda number: f"{runs[number][0].name} · {runs[number][1]} 条已确认",
        key=f"lessons-run-{dataset.id}",
    )
    least = right.number_input("至少在几条群聊里出现", 1, 50, 2, key="least", bind="query-params")
    run = runs[chosen][0]
    return run, correction_groups(state.store(), form, run, least=int(least))


def pick(form: Form, groups: list[CorrectionGroup]) -> list[CorrectionGroup]:
    """The table of groups; those that the user picked."""
    rows = [
        {
            "字段": form.field(one.key).label,
            "怎么改的": one.how.value,
            "模型": one.before or None,
            "审阅后": one.after or None,
            "群聊": len(one.chats),
            "涉及分值": len(one.chats) * form.field(one.key).points,
            "例子": f"第 {one.chats[0]} 条：{text_of(one.cases[0].before, empty=EMPTY)} → "
            f"{text_of(one.cases[0].after, empty=EMPTY)}",
        }
        for one in groups
    ]
    picked = st.dataframe(
        rows,
        hide_index=True,
        height=height_of(rows, most=344),
        placeholder=NOTHING,
        on_select="rerun",
        selection_mode="multi-row",
        key="lessons-table-" + str(hash(tuple(one.id for one in groups))),
        column_config={
            "群聊": st.column_config.NumberColumn(width=70),
            "涉及分值": st.column_config.NumberColumn(width=90, help="群聊数 × 字段分值"),
            "例子": st.column_config.TextColumn(width=420),
        },
    )
    return [groups[at] for at in picked.selection.rows if at < len(groups)]


def show_cases(dataset: DatasetView, form: Form, chosen: list[CorrectionGroup]) -> None:
    """Every correction of the picked groups, each a click from the desk."""
    cases = [(one, case) for one in chosen for case in one.cases]
    with st.expander(f"这些修改：{len(cases)} 处", expanded=False):
        st.dataframe(
            [
                {
                    "群聊": case.chat,
                    "字段": form.field(one.key).label,
                    "模型": text_of(case.before, empty=EMPTY),
                    "审阅后": text_of(case.after, empty=EMPTY),
                    "打开": workbench_address(dataset.id, case.chat),
                }
                for one, case in cases
            ],
            hide_index=True,
            column_config={"打开": workbench_column()},
        )


def into_prompt(dataset: DatasetView, form: Form, run: RunView, chosen: list[CorrectionGroup]) -> None:
    """Rules and examples, edited by a person, as the next version of the run's prompt."""
    store = state.store()
    with store.read() as session:
        prompt = finder(session)(run.prompt_name or "baseline")
    with_examples = st.checkbox("附上群聊里的例子", key="lessons-examples", help="从已确认的记录里取一句原话")
    proposed = []
    for one in chosen:
        example = find_example(store, form, dataset.id, one) if with_examples else ""
        proposed.append(propose_rule(form, one) + example)
    key = f"rules-{with_examples}-{hash(tuple(one.id for one in chosen))}"
    text = st.text_area("要加的规则（一行一条，可以改）", "\n".join(proposed), height=150, key=key)
    st.caption(f"在「{prompt.title}」（{prompt.id}）之后另存为新版本；已有的版本不会改。")
    if st.button("另存为新版本", type="primary", icon=":material/edit_note:"):
        entry = save_prompt_with_rules(store, prompt, text.splitlines(), who=state.reviewer())
        st.session_state[WRITTEN] = entry
    written = st.session_state.get(WRITTEN)
    if isinstance(written, Entry):
        st.success(f"已存为 {written.prompt.id}，可以试跑。", icon=":material/check:")


def correct(form: Form, dataset: DatasetView, run: RunView, chosen: list[CorrectionGroup]) -> None:
    """The same mistake elsewhere: preview, apply, take back."""
    store = state.store()
    carried = [one for one in chosen if one.before]
    if not carried:
        st.caption("所选的组没有固定的旧值（例如漏填），没有可以查找的东西：请写进提示词，或在审阅台逐条处理。")
    for one in carried:
        plan = plan_bulk_correction(store, form, run, one)
        label = form.field(one.key).label
        st.markdown(f"**{label}**：{one.before} → {one.after or '（去掉）'} &nbsp; {len(plan.changes)} 处")
        if not plan.changes:
            st.caption("没有别的群聊还有这个错误。")
            continue
        st.dataframe(
            [
                {
                    "群聊": change.chat,
                    "现在": text_of(change.before, empty=EMPTY),
                    "改为": text_of(change.after, empty=EMPTY),
                    "打开": workbench_address(dataset.id, change.chat),
                }
                for change in plan.changes[:SHOWN]
            ],
            hide_index=True,
            column_config={"打开": workbench_column()},
        )
        if len(plan.changes) > SHOWN:
            st.caption(f"这里只列出前 {SHOWN} 处。")
        if st.button(f"更正这 {len(plan.changes)} 处", key=f"apply-{one.id}", disabled=not state.reviewer()):
            done = bulk.apply(
                store,
                form,
                plan,
                who=state.reviewer(),
                reason=f"经验：{label} {propose_rule(form, one)}",
                base_run=run.id,
            )
            st.session_state[APPLIED] = (done.id, len(done.saved))
            st.rerun()
    if not state.reviewer():
        st.caption("批量更正要记下是谁改的：请先在审阅台或设置里填写名字。")


def show_applied(form: Form, dataset: DatasetView) -> None:
    """The last bulk correction, to be taken back by one click."""
    applied = st.session_state.get(APPLIED)
    if not applied:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.success(f"已更正 {applied[1]} 条群聊，未审阅的存为草稿。", icon=":material/check:")
        if st.button("撤销这次更正", icon=":material/undo:"):
            bulk.undo(state.store(), form, dataset.id, applied[0], who=state.reviewer())
            del st.session_state[APPLIED]
            st.rerun()


def try_out(dataset: DatasetView, run: RunView, chosen: list[CorrectionGroup]) -> None:
    """The new prompt on just these chats, and where to see the difference."""
    chats = sorted({chat for one in chosen for chat in one.chats})
    entry = st.session_state.get(WRITTEN)
    if run.kind != RunKind.MODEL:
        st.caption("这个任务是导入的，没有可以再问的模型。")
        return
    if not isinstance(entry, Entry):
        st.caption("先在「写进提示词」里另存一个新版本，再在这里只对受影响的群聊试跑。")
        return
    name = st.text_input("任务名称", f"试跑 {entry.prompt.id}", key=f"lessons-try-{entry.prompt.id}")
    st.caption(f"用 {run.model} 和 {entry.prompt.id} 抽取受影响的 {len(chats)} 条群聊，其余不动。")
    if st.button(f"试跑 {len(chats)} 条", type="primary", icon=":material/play_arrow:"):
        made = run_service.create_run(
            state.store(),
            dataset=dataset.id,
            name=name,
            provider=run.provider,
            model=run.model,
            prompt=entry.prompt.id,
            chat_indices=chats,
        )
        run_service.start(state.store(), made.id)
        run_service.ensure_running(state.store()).wake()
        st.session_state["shiyao.lessons.tried"] = made.name
    tried = st.session_state.get("shiyao.lessons.tried")
    if tried:
        address = {"dataset": str(dataset.id)}
        with st.container(horizontal=True):
            st.page_link(navigation.RUNS, label="看进度", icon=":material/arrow_forward:", query_params=address)
            st.page_link(
                navigation.COMPARE,
                label=f"对比「{run.name}」和「{tried}」",
                icon=":material/arrow_forward:",
                query_params=address | {"runs": [run.name, tried]},
            )


def draw() -> None:
    """The page."""
    dataset, _ = heading("经验", available)
    form = state.form_of(dataset)
    found = choose(dataset, form)
    if found is None:
        return
    run, groups = found
    if not groups:
        st.info("没有反复出现的修改：把上面的条数调低，或再确认一些群聊。", icon=":material/info:")
        return
    chosen = pick(form, groups)
    show_applied(form, dataset)
    if not chosen:
        st.caption("选一组或几组，再决定怎么办：写成提示词里的规则，批量更正还没改的地方，或只对这些群聊试跑。")
        return
    show_cases(dataset, form, chosen)
    what = st.segmented_control(
        "怎么办", [PROMPT, BULK, TRY], default=PROMPT, required=True, label_visibility="collapsed", key="lessons-what"
    )
    with reported():
        if what == PROMPT:
            into_prompt(dataset, form, run, chosen)
        elif what == BULK:
            correct(form, dataset, run, chosen)
        else:
            try_out(dataset, run, chosen)


available = state.datasets()
if not available:
    st.title("经验")
    empty_state(
        "还没有群聊", "先导入群聊并审阅；反复出现的修改会在这里变成规则。", page=navigation.IMPORT, label="去导入"
    )
else:
    with reported():
        draw()
