"""What goes into an export: source of the answers, chats, text; and how many chats it covers."""

import re

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.adapters.store import DatasetView, queries
from core.adapters.store.models import RecordStatus, RunKind
from core.domain.indices import parse_index
from core.errors import ExportError
from core.services.export import AnswerSource, Coverage, index_ranges
from core.services.export.answer_sources import default_source, mixture_note
from core.services.quality import default_run
from core.services.quality.record_origins import record_origins
from core.services.team import left_out_sentence
from core.services.training import InputKind
from core.ui import state
from core.ui.export.export_labels import BASE_TITLES
from core.ui.held_choice import held_choice
from core.ui.markdown import escape_markdown
from core.ui.training.labels import INPUTS


def choose_source(dataset: DatasetView, *, every_chat: bool = False) -> AnswerSource:
    """Boxes for the source of the answers: records, a run, or records with a run for the rest.

    A run stands in at first, as on the command line, where every chat has to be in the file, or no record is confirmed.

    Args:
        dataset: what is exported.
        every_chat: whether every chat has to be in the file.
    """
    starts = state.runs_to_start_from(dataset)
    runs, labels = [run.name for run in starts], {run.name for run in starts if run.kind == RunKind.LABELS}
    options = list(BASE_TITLES) if runs else ["records"]
    with state.store().read() as session:
        needs_run = every_chat or not queries.record_counts(session, dataset.id).get(RecordStatus.CONFIRMED)
    base = st.segmented_control(
        "结果来源",
        options,
        format_func=BASE_TITLES.__getitem__,
        default="both" if needs_run and runs else options[0],
        required=True,
        key=f"base-every-{dataset.id}" if every_chat else f"base-{dataset.id}",
    )
    if base == "records":
        return AnswerSource(records=True)
    with state.store().read() as session:
        origins, usual = record_origins(session, dataset.id), default_source(session, dataset).run
        default = default_run(session, dataset.id)
    key, gone_key, shown_key = f"run-{dataset.id}", f"run-gone-{dataset.id}", f"run-shown-{dataset.id}"
    ids = {run.name: run.id for run in starts}
    chosen, shown = st.session_state.get(key), st.session_state.get(shown_key, {})
    # A run that was deleted, and one that has its name since, are two.
    if chosen is not None and ids.get(chosen) != shown.get(chosen, ids.get(chosen, 0)):
        st.session_state[gone_key] = chosen
        del st.session_state[key]
    run = st.selectbox(
        "抽取任务",
        runs,
        format_func=lambda name: (
            name + (" · 标注" if name in labels else "") + (" · 记录改自它" if name == origins.main else "")
        ),
        key=held_choice(key, runs, runs.index(usual) if usual in runs else 0),
        on_change=lambda: st.session_state.pop(gone_key, None),
    )
    st.session_state[shown_key] = {run: ids[run]}
    if gone := st.session_state.get(gone_key):
        st.warning(
            f"选过的抽取任务「{escape_markdown(gone)}」已删除，现在选的是「{escape_markdown(run)}」。请核对后再导出。",
            icon=":material/warning:",
        )
    if base == "both":
        why = f"「{default.name}」是默认任务：{default.why}。" if default is not None else ""
        st.caption(escape_markdown(origins.sentence + why))
    if run in labels:
        st.warning(
            f"「{escape_markdown(run)}」是标注，不是模型的结果：从它补上的群聊，导出的就是标注。",
            icon=":material/warning:",
        )
    return AnswerSource(records=base == "both", run=run)


def choose_chats(dataset: DatasetView) -> tuple[int, ...] | None:
    """Text box for the chats of a report; ``None`` for all."""
    typed = st.text_input("只要第几条（空着是全部）", key=f"chats-{dataset.id}", placeholder="例如 3、8、12")
    numbers = {digits: parse_index(digits) for digits in re.findall(r"\d+", typed)}
    if bad := [digits for digits, number in numbers.items() if number is None]:
        raise ExportError(f"没有第 {bad[0][:20]} 条群聊", "请填写群聊的序号，例如 3、8、12")
    return tuple(number for number in numbers.values() if number is not None) or None


def choose_input() -> InputKind:
    """Buttons for the text of a chat that goes into a question."""
    return st.segmented_control(
        "群聊文本",
        list(INPUTS),
        format_func=INPUTS.__getitem__,
        default=InputKind.RAW,
        required=True,
        key="input",
        help="在线表格留下的残留不会写入，无论选哪一种。",
    )


def draw_coverage(dataset: DatasetView, facts: DeltaGenerator, coverage: Coverage, source: AnswerSource) -> None:
    """Metrics of how many chats have an answer from which source, which have none, and whether several runs mix."""
    numbers = [("群聊", coverage.total)]
    if source.records:
        numbers.append(("来自已确认的记录", len(coverage.records)))
    if source.run or source.labels:
        numbers.append((f"来自「{source.run or '标注'}」", len(coverage.fallback)))
    numbers.append(("没有结果", len(coverage.missing)))
    for column, (label, number) in zip(facts.columns(len(numbers)), numbers, strict=True):
        column.metric(escape_markdown(label), f"{number:,}")
    if coverage.missing:
        rejected = f"，其中第 {index_ranges(coverage.rejected)} 条没有导入或已删除" if coverage.rejected else ""
        facts.caption(
            f"没有结果的：第 {escape_markdown(index_ranges(coverage.missing))} 条{escape_markdown(rejected)}。"
        )
    if coverage.passed:
        facts.caption(f"已确认的记录里有 {coverage.passed:,} 条按阈值通过，没有人看过。")
    if coverage.withheld:
        facts.caption(f"{escape_markdown(left_out_sentence(coverage.withheld))}。")
    with state.store().read() as session:
        origins = record_origins(session, dataset.id)
    if mixture := mixture_note(origins, source, coverage):
        facts.warning(f"{escape_markdown(mixture)}。", icon=":material/warning:")
    elif source.records and not source.run and origins.deleted:
        facts.caption(f"其中 {origins.deleted:,} 条改自已删除的抽取任务；已确认的值都在。")
