"""What to do with repeated corrections: a prompt rule, a bulk correction, a trial run."""

from collections.abc import Sequence

import streamlit as st

from core.adapters.store import DatasetView, RunView
from core.adapters.store.models import RunKind
from core.domain.form import Form, cell_text
from core.domain.permissions import Permission
from core.services.extraction import runs as run_service
from core.services.extraction.prompt_library import PromptEntry, finder, run_prompt
from core.services.review.records import bulk
from core.services.training import data_version
from core.services.training.corrections import (
    CorrectionGroup,
    find_example,
    plan_bulk_corrections,
    propose_rule,
    save_prompt_with_rules,
)
from core.ui import navigation, state
from core.ui.links import workbench_address, workbench_column
from core.ui.markdown import Markdown, escape_markdown
from core.ui.notices import show_errors
from core.ui.only_for import only_for

_MOST_ROWS = 40
_WRITTEN, _APPLIED, _PLANNED = "shiyao.lessons.written", "shiyao.lessons.applied", "shiyao.lessons.planned"


def draw_prompt_rules(dataset: DatasetView, form: Form, run: RunView, chosen: list[CorrectionGroup]) -> None:
    """Rules (and examples) proposed from the groups, to be edited and saved as a new prompt version."""
    store = state.store()
    with store.read() as session:
        # Corrections of rules are worth writing down too.
        prompt = run_prompt(session, run) or finder(session, form=form)("baseline")
    with_examples = st.checkbox("附上群聊里的例子", key="lessons-examples", help="从已确认的记录里取一句原话")
    proposed = []
    for one in chosen:
        example = find_example(store, form, dataset.id, one) if with_examples else ""
        proposed.append(propose_rule(form, one) + example)
    key = f"rules-{with_examples}-{hash(tuple(one.id for one in chosen))}"
    text = st.text_area("要加的规则（一行一条，可以改）", "\n".join(proposed), height=150, key=key)
    st.caption(
        f"在「{escape_markdown(prompt.title)}」（{escape_markdown(prompt.id)}）之后另存为新版本；已有的版本不会改。"
    )
    if st.button("另存为新版本", type="primary", icon=":material/edit_note:", **only_for(Permission.PROMPTS)):
        with show_errors():
            entry = save_prompt_with_rules(store, prompt, text.splitlines(), who=state.reviewer())
            st.session_state[_WRITTEN] = entry
    written = st.session_state.get(_WRITTEN)
    if isinstance(written, PromptEntry):
        st.success(f"已存为 {escape_markdown(written.prompt.id)}，可以试跑。", icon=":material/check:")


def draw_bulk_correction(form: Form, dataset: DatasetView, run: RunView, chosen: list[CorrectionGroup]) -> None:
    """Preview of the same mistake in other chats, and the button that corrects it there."""
    carried = [one for one in chosen if one.before]
    if not carried:
        st.caption("所选的组没有固定的旧值（例如漏填），没有可以查找的东西：请写进提示词，或在审阅台逐条处理。")
    for one, plan in zip(carried, _plans(form, run, carried), strict=True):
        label = form.field(one.key).label
        st.markdown(
            f"**{escape_markdown(label)}**：{escape_markdown(one.before)} → "
            f"{escape_markdown(one.after) or '（去掉）'} &nbsp; {len(plan.changes):,} 处"
        )
        for skipped in plan.skipped[:_MOST_ROWS]:
            st.caption(f"第 {skipped.chat:d} 条不改：{escape_markdown(skipped.why)}。")
        if not plan.changes:
            st.caption("没有别的可以更正的群聊。" if plan.skipped else "没有别的群聊还有这个错误。")
            continue
        st.dataframe(
            [
                {
                    "群聊": change.chat,
                    "现在": cell_text(change.before),
                    "改为": cell_text(change.after),
                    "打开": workbench_address(dataset.id, change.chat),
                }
                for change in plan.changes[:_MOST_ROWS]
            ],
            hide_index=True,
            column_config={"打开": workbench_column()},
        )
        if len(plan.changes) > _MOST_ROWS:
            st.caption(f"这里只列出前 {_MOST_ROWS} 处。")
        st.button(
            f"更正这 {len(plan.changes):,} 处",
            key=f"apply-{run.id}-{one.id}",
            **only_for(Permission.BULK, disabled=not state.reviewer()),
            on_click=_apply,  # with the plan on screen: what somebody changed since is left as it is
            args=(form, plan, f"经验：{label} {propose_rule(form, one)}", run.id),
        )
    if not state.reviewer():
        st.caption("批量更正要记下是谁改的：请先在审阅台或设置里填写名字。")


def _plans(form: Form, run: RunView, groups: Sequence[CorrectionGroup]) -> list[bulk.Plan]:
    """A plan for each group, kept until the groups or the data change."""
    key = (run.id, tuple(one.id for one in groups), data_version(state.store()))
    kept = st.session_state.get(_PLANNED)
    if kept is None or kept[0] != key:
        kept = st.session_state[_PLANNED] = (key, plan_bulk_corrections(state.store(), form, run, groups))
    plans: list[bulk.Plan] = kept[1]
    return plans


def _apply(form: Form, plan: bulk.Plan, reason: str, run_id: int) -> None:
    """Carry out the plan that stood on screen."""
    with show_errors():
        done = bulk.apply(state.store(), form, plan, who=state.reviewer(), reason=reason, base_run=run_id)
        st.session_state[_APPLIED] = (plan.dataset_id, done.id, len(done.saved))
        _say_skipped(done.skipped[:_MOST_ROWS], "没有改")


def _undo(form: Form, dataset_id: int, bulk_id: str) -> None:
    """Undo the bulk correction that stood on screen."""
    with show_errors():
        back = bulk.undo(state.store(), form, dataset_id, bulk_id, who=state.reviewer())
        st.session_state.pop(_APPLIED, None)
        _say_skipped(back.skipped[:_MOST_ROWS], "没有撤销")
        st.toast(f"已撤销 {len(back.saved):,} 条", icon=":material/undo:")


def _say_skipped(skipped: Sequence[bulk.Skipped], what: Markdown) -> None:
    for one in skipped:
        st.toast(f"第 {one.chat:d} 条{what}：{escape_markdown(one.why)}。", icon=":material/sync_problem:")


def draw_applied_correction(form: Form, dataset: DatasetView) -> None:
    """Outcome of the last bulk correction, with the button that undoes it."""
    applied = st.session_state.get(_APPLIED)
    if not applied or applied[0] != dataset.id:
        return
    _, bulk_id, count = applied
    with st.container(horizontal=True, vertical_alignment="center"):
        st.success(f"已更正 {count:,d} 条群聊，未审阅的存为草稿。", icon=":material/check:")
        key, undone = f"lessons-undo-{bulk_id}", (form, dataset.id, bulk_id)
        off = only_for(Permission.BULK)
        st.button("撤销这次更正", icon=":material/undo:", key=key, on_click=_undo, args=undone, **off)


def draw_trial_run(dataset: DatasetView, run: RunView, chosen: list[CorrectionGroup]) -> None:
    """Run the new prompt on the affected chats only; links to progress and comparison."""
    chats = sorted({chat for one in chosen for chat in one.chats})
    entry = st.session_state.get(_WRITTEN)
    if run.kind != RunKind.MODEL:
        st.caption("这个抽取任务是导入的，没有可以再问的模型。")
        return
    if not isinstance(entry, PromptEntry):
        st.caption("先在「写进提示词」里另存一个新版本，再在这里只对受影响的群聊试跑。")
        return
    name = st.text_input("抽取任务名称", f"试跑 {entry.prompt.id}", key=f"lessons-try-{entry.prompt.id}")
    st.caption(
        f"用 {escape_markdown(run.model)} 和 "
        f"{escape_markdown(entry.prompt.id)} 抽取受影响的 {len(chats):,} 条群聊，其余不动。"
    )
    off = only_for(Permission.RUNS)
    if st.button(f"试跑 {len(chats):,} 条", type="primary", icon=":material/play_arrow:", **off):
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
                label=f"对比「{escape_markdown(run.name)}」和「{escape_markdown(tried)}」",
                icon=":material/arrow_forward:",
                query_params=address | {"runs": [run.name, tried]},
            )
