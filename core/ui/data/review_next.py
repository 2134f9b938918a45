"""After an import: one button that has its chats filled and opens them on the desk, and what that costs."""

from collections.abc import Sequence

import streamlit as st

from core.adapters.store import DatasetView
from core.domain.permissions import Permission
from core.services.extraction import runs as run_service
from core.services.extraction.runs import Estimate, FilledBy, SuggestedRun
from core.ui import navigation, state
from core.ui.markdown import Markdown, escape_markdown
from core.ui.notices import show_errors
from core.ui.only_for import only_for


@st.cache_data(show_spinner="正在估算…", max_entries=8)
def _estimated(_way: SuggestedRun, dataset_id: int, key: str) -> Estimate:
    spec = _way.option.spec
    return run_service.estimate(
        state.store(),
        dataset=dataset_id,
        provider=spec.provider,
        model=spec.name,
        pipeline=_way.pipeline,
        run=_way.name,
    )


def draw_review_next(dataset_id: int) -> None:
    """Draw how the dataset's chats come onto the desk: at one press, or at once where they are filled already.

    Args:
        dataset_id: the dataset that was imported into.
    """
    dataset = next((one for one in state.available_datasets() if one.id == dataset_id), None)
    if dataset is None:  # deleted since
        return
    with state.store().read() as session:
        filled = run_service.filled_by(session, dataset_id)
    if filled is not None and not (filled.is_labels and filled.chats):
        _draw_filled(dataset, filled)
        return
    with show_errors():
        _draw_ways(dataset, run_service.suggested_runs(state.store(), dataset_id))
    if filled is not None:
        _draw_labelled(dataset, filled)


def _draw_ways(dataset: DatasetView, ways: Sequence[SuggestedRun]) -> None:
    """A button for each way to fill the chats, the first one the page's main button, and below what each costs."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for place, way in enumerate(ways):
            if st.button(
                f"用{escape_markdown(way.title)}抽取并审阅",
                type="secondary" if place else "primary",
                icon=":material/play_arrow:",
                key=f"review-next-{dataset.id}-{place}",
                **only_for(Permission.RUNS),
            ):
                _start(dataset, way)
    for way in ways:
        with show_errors():
            st.caption(f"{escape_markdown(way.title)}：{_cost(dataset, way)}")


def _draw_filled(dataset: DatasetView, filled: FilledBy) -> None:
    """The way to the desk where a run would add nothing to start from, and why."""
    if not filled.chats:
        st.caption("这个数据集的群聊都处理过了，不用再抽取。")
        return
    with st.container(key="main-review-next", horizontal=True, vertical_alignment="center"):
        _draw_desk_link("去审阅", dataset, filled)
    st.caption(
        f"还没审的 {filled.chats:,d} 条，抽取任务「{escape_markdown(filled.name)}」都填好了：不用再抽取，可以直接审阅。"
    )


def _draw_labelled(dataset: DatasetView, filled: FilledBy) -> None:
    """The way to the desk where labels alone fill the chats: a run is what they are held against."""
    _draw_desk_link("不抽取，从标注开始审阅", dataset, filled)
    st.caption(f"还没审的 {filled.chats:,d} 条都有标注。抽取一次，审阅台上就看得到两者哪里不同，也才能评分和对比。")


def _draw_desk_link(label: Markdown, dataset: DatasetView, filled: FilledBy) -> None:
    """A link to the desk, which starts from what fills the chats."""
    query = {"dataset": str(dataset.id)}
    if filled.name not in state.run_names(dataset)[:1]:
        query["run"] = filled.name
    st.page_link(navigation.WORKBENCH, label=label, icon=":material/arrow_forward:", query_params=query)


def _cost(dataset: DatasetView, way: SuggestedRun) -> Markdown:
    """What a run takes, in one sentence."""
    goes_on = f"接着抽取任务「{escape_markdown(way.name)}」，只抽它没有的" if way.extends is not None else ""
    if not way.is_remote:
        parts = [goes_on, "在这台机器上计算，不联网、不收费"]
        return "；".join(part for part in parts if part) + "。"
    count = _estimated(way, dataset.id, repr((state.store().url, way.option.spec, way.name, dataset.chats)))
    money = "单价未知" if count.yuan is None else f"约 {run_service.money(count.yuan)}"
    leaves = run_service.what_leaves(state.store(), way.pipeline, way.option.spec, dataset=dataset.id)
    parts = [goes_on, f"预计调用 {count.calls:,d} 次，{escape_markdown(money)}"]
    if leaves is not None:
        parts.append(escape_markdown(leaves.sentence.rstrip("。")))
    return "；".join(part for part in parts if part) + "。"


def _start(dataset: DatasetView, way: SuggestedRun) -> None:
    """Start the run and go to the desk, which opens on the first answer."""
    store = state.store()
    with show_errors():
        started = run_service.start_suggested(store, dataset.id, way)
        run_service.ensure_running(store).wake()
        st.switch_page(navigation.WORKBENCH, query_params={"dataset": str(dataset.id), "run": started.name})
