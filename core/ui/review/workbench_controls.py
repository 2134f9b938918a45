"""Controls of the workbench in the page's first line: dataset, base run and queue."""

from collections.abc import Sequence

import streamlit as st

from core.adapters.store import DatasetView
from core.adapters.store.models import RunKind
from core.services.review import FILTERS, ORDERS, ORDERS_BEFORE, PrimarySession, open_session
from core.services.review.base_runs import BaseRun
from core.ui import address, navigation, state
from core.ui.links import all_runs
from core.ui.markdown import escape_markdown
from core.ui.name_form import ask_name
from core.ui.review import filter_controls

_START, _START_DEFAULT, _START_LABELS, _START_BEFORE = "抽取任务：", "默认任务：", "标注：", "起始值："


def draw_controls_stand_in() -> None:
    """Draw what stands in place of the controls while the database is away; the workbench below keeps its place."""
    st.container(key="workbench-controls").caption("数据库暂时不可用，恢复后这里自动回来。")


def ask_reviewer() -> None:
    """Form that asks for the reviewer's name, once per browser."""
    with st.container(border=True, key="empty-reviewer", horizontal_alignment="center"):
        if ask_name("开始审阅"):
            st.rerun()


def choose_session(available: list[DatasetView]) -> PrimarySession:
    """Draw boxes for dataset, base run and queue; return the review session they describe."""
    state.current_dataset(available, title="审阅台")
    with st.container(key="workbench-controls"):
        back = state.records_address()
        *first, left, middle, right = st.columns(
            [*([3] if back else []), 5, 5, 5], vertical_alignment="center", gap="small"
        )
    if back:
        first[0].page_link(
            navigation.RECORDS, label="记录表", icon=":material/arrow_back:", query_params=back, help="回到刚才的那些行"
        )
    with left:
        dataset = state.choose_dataset(available, label_visibility="collapsed")
    runs = state.runs_to_start_from(dataset)
    names = [run.name for run in runs]
    with middle:
        run = _choose_run(dataset, runs)
    form = state.form_of(dataset)
    with right:
        box = st.popover(
            escape_markdown(_queue_title(dataset, names)),
            icon=":material/filter_list:",
            key="workbench-queue",
            width="stretch",
        )
    with box:
        st.caption("状态")
        queue = filter_controls.choose_status(first=next(iter(FILTERS)))
        address.translate("order", ORDERS_BEFORE)
        how = address.segments(st.container(), "顺序", ORDERS, key="order", what="顺序")
        conditions = filter_controls.choose_conditions(dataset, form, queue=queue)
        newer = address.select(
            box,
            "增量审阅：对照新的抽取任务",
            names,
            key="newer",
            what="抽取任务",
            link=all_runs(dataset),
            first=None,
            placeholder="不对照",
            help="只走已确认的群聊，只问新的抽取任务与已确认的值不同的字段",
        )
        st.page_link(
            navigation.WORKBENCH,
            label="盲审：再审一遍，看不到抽取的值和第一遍的值",
            icon=":material/visibility_off:",
            query_params={"dataset": str(dataset.id), navigation.PASS: navigation.SECOND},
        )
        st.button(
            "清除条件",
            on_click=filter_controls.clear_conditions,
            args=("newer",),
            disabled=not (conditions.narrow or newer),
            width="stretch",
        )
    return open_session(
        state.store(),
        dataset,
        form,
        base=run,
        reviewer=state.reviewer(),
        narrow=conditions,
        in_order=how,
        newer=newer or "",
    )


def _choose_run(dataset: DatasetView, runs: Sequence[BaseRun]) -> str:
    """Select box for the run that unreviewed chats start from; the default one is chosen at first, labels say so."""
    names = [run.name for run in runs]
    labels = {run.name for run in runs if run.kind == RunKind.LABELS}
    if before := address.text_parameter(f"run-{dataset.id}"):  # addresses of before: the dataset and the title in them
        st.query_params["run"] = before.removeprefix(_START_BEFORE)
        del st.query_params[f"run-{dataset.id}"]
    default = names[0] if names else ""
    return (
        address.select(
            st.container(),
            "审阅从哪个抽取任务的值开始",
            names or [""],
            key="run",
            what="抽取任务",
            link=all_runs(dataset),
            format_func=lambda name: _run_title(
                name, is_labels=name in labels, is_default=bool(name) and name == default
            ),
            label_visibility="collapsed",
            disabled=len(names) < 2,
        )
        or ""
    )


def _run_title(name: str, *, is_labels: bool, is_default: bool) -> str:
    """A run in the box: what it is, short enough for a small screen, and its name; labels are said to be such."""
    if is_labels:
        return f"{_START_LABELS}{name}{' · 默认' if is_default else ''}"
    return f"{_START_DEFAULT if is_default else _START}{name or '空表单'}"


def _queue_title(dataset: DatasetView, runs: Sequence[str]) -> str:
    """Label of the queue's button: status, order and number of filters."""
    queue = address.text_parameter("queue")
    order = address.text_parameter("order")
    order = ORDERS_BEFORE.get(order, order)
    queue, order = queue if queue in FILTERS else next(iter(FILTERS)), order if order in ORDERS else ORDERS[0]
    given = filter_controls.condition_count(dataset, newer=runs)
    return " · ".join([queue, order, *([f"{given} 条件"] if given else [])])
