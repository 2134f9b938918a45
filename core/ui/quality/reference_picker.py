"""The line above every quality page: dataset, reference and text similarity, and what they mean in words."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.adapters.store import DatasetView
from core.domain.scoring import CORRECT_FROM, Measure, measure_named, usable
from core.services.quality import BLIND, LABELS, RECORDS, Benchmark, references
from core.services.quality.record_origins import record_origins
from core.ui import address, navigation, state
from core.ui.heading import datasets_or_empty_state, draw_heading
from core.ui.markdown import Markdown, escape_markdown
from core.ui.notices import draw_empty_state

NO_REFERENCE = "不对照"
_LEAST_SIMILAR = 0.1
_TITLES = {LABELS: "标注", BLIND: "盲审过的群聊", RECORDS: "已确认的记录"}


def reference_title(against: str) -> str:
    """Title of a reference: labels, records, a run, or none."""
    return _TITLES.get(against) or (f"抽取任务「{against.removeprefix('run:')}」" if against else NO_REFERENCE)


def choose_benchmark(title: Markdown, *, optional: bool = False) -> tuple[Benchmark, DeltaGenerator] | None:
    """Draw title, dataset, reference and similarity measure; an empty state and ``None`` where something lacks.

    Args:
        title: of the page.
        optional: whether one may go on without a reference (``Benchmark.against`` is then ``""``).

    Returns:
        What to score against, and the place at the right of the boxes.
    """
    available = datasets_or_empty_state(title, "还没有数据集", "先导入群聊和标注，再抽取一次，这里就能评分和对比。")
    if not available:
        return None
    dataset, _ = draw_heading(title, available)
    names = references(state.store(), dataset)
    if optional:
        names = [*names, ""]
    if not names:
        draw_no_reference(dataset)
        return None
    left, right, beside = st.columns([3, 3, 5], vertical_alignment="bottom")
    # A run is a poor reference where one may go without: two runs side by side say more.
    usual = len(names) - 1 if optional and names[0].startswith("run:") else 0
    against = address.select(left, "对照", names, key="against", what="对照", first=usual, format_func=reference_title)
    form = state.form_of(dataset)
    free = "".join(f"「{field.label}」" for field in form.fields if not field.one_right_answer)
    measures = [measure.name for measure in usable()]
    measure = address.select(
        right,
        "自由文本的相似度",
        measures,
        key="measure",
        what="相似度",
        format_func=lambda name: measure_named(name).title,
        help=f"只影响自由文本字段{escape_markdown(free)}；其余字段完全一致才得分，列表按集合比较。",
    )
    if against == RECORDS:
        _draw_flattery(dataset, blind=BLIND in names)
    benchmark = Benchmark(dataset, form, against or "", measure_named(measure or measures[0]))
    return benchmark, beside


def _draw_flattery(dataset: DatasetView, *, blind: bool) -> None:
    """Say which runs the records were started from, and offer the reference that flatters none."""
    with state.store().read() as session:
        origins = record_origins(session, dataset.id)
    if not origins.by_id:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="flattered"):
        st.markdown(
            f":material/trending_up: :orange[{escape_markdown(origins.sentence)}"
            "改自它的得分偏高，不能和别的抽取任务比。]",
            width="content",
        )
        if blind:
            st.button("只对照盲审过的群聊", key="only-blind", on_click=_compare_with_blind)
        else:
            st.page_link(
                navigation.WORKBENCH,
                label="盲审几条，就有不偏的对照",
                icon=":material/visibility_off:",
                query_params={"dataset": str(dataset.id), "pass": "second"},
                width="content",
            )


def _compare_with_blind() -> None:
    st.query_params["against"] = BLIND


def choose_similarity_threshold(place: DeltaGenerator, measure: Measure) -> float:
    """Number box: the similarity from which a free text counts as right (kept in the address).

    Args:
        place: where to draw it.
        measure: the similarity measure; some have no threshold.
    """
    narrow, _ = place.columns([2, 3])
    if (requested := address.text_parameter("right")) and not _is_similarity(requested):
        address.note_unknown("相似度", requested, f"{CORRECT_FROM:g}")
    return float(
        narrow.number_input(
            "自由文本算对的相似度",
            min_value=_LEAST_SIMILAR,
            max_value=1.0,
            value=CORRECT_FROM,
            step=0.05,
            key="right",
            bind="query-params",
            disabled=not measure.threshold,
            help="只影响这里的对错，不影响得分",
        )
    )


def _is_similarity(text: str) -> bool:
    try:
        return _LEAST_SIMILAR <= float(text) <= 1
    except ValueError:
        return False


def draw_no_reference(dataset: DatasetView) -> None:
    """Empty state: no labels, records or runs to score against yet."""
    draw_empty_state(
        f"数据集「{escape_markdown(dataset.name)}」还没有可以对照的内容",
        "评分需要对照：导入带标注的文件，或先审阅并确认几条群聊；再有一个抽取任务，就能看到得分。",
        page=navigation.IMPORT,
        label="导入标注或提交文件",
    )


def scoring_note(measure: Measure, *, right_from: float | None = None) -> Markdown:
    """How scores are computed, in one line of Markdown."""
    title = escape_markdown(measure.title)
    note = f"自由文本按「{title}」计（主办方的算法没有公开），其余字段完全一致才得分，列表按集合比较。"
    if right_from is not None:
        note += f"自由文本从相似度 {right_from:g} 起算对。" if measure.threshold else "自由文本完全一致才算对。"
    return note + (f" **{escape_markdown(measure.caveat)}**" if measure.caveat else "")
