"""Preflight of a training set before anything is written, and building it."""

import streamlit as st

from core.domain.permissions import Permission
from core.services.export import Download, download, file_name
from core.services.export.file_names import MASKED_SUFFIX
from core.services.jobs import INLINE_ANSWERS
from core.services.training import Preflight, TrainingOptions, data_version, export_training, preflight, training_sets
from core.services.training.preflight import remember_preflight_seen
from core.services.training.preflight_job import preflight_parameters, shared_preflight
from core.services.training.set_card import CARD
from core.services.training.set_jobs import SET, request_set
from core.ui import navigation, state
from core.ui.computed import computed, is_asked
from core.ui.markdown import escape_markdown
from core.ui.only_for import only_for
from core.ui.training.set_files import MOST_CHATS, draw_newest_file, is_written_now
from core.ui.training.set_problems import (
    draw_duplicates,
    draw_field_balance,
    draw_overlong_rows,
    draw_summary_losses,
    draw_warnings,
)
from core.ui.training.set_rows import draw_rows

_FOUND, _FINISHED = "shiyao.training.preflight", "shiyao.training.finished"


def cached_preflight(options: TrainingOptions, chats: int) -> Preflight | None:
    """Preflight of these options, kept until they or the data change; ``None`` until a click asks for it."""
    if chats > MOST_CHATS:
        return _preflight_in_background(options, chats)
    key = (options, data_version(state.store()))
    report_with_key: tuple[object, Preflight | None] = st.session_state.get(_FOUND, (None, None))
    if report_with_key[0] == key:
        return report_with_key[1]
    with st.spinner("正在预检…"):
        report = shared_preflight(state.store(), options, chats)
    st.session_state[_FOUND] = (key, report)
    return report


def _preflight_in_background(options: TrainingOptions, chats: int) -> Preflight | None:
    """The preflight of many chats: shown where somebody has asked for the same, else after a click."""
    store = state.store()
    parameters = preflight_parameters(store, options)
    if not is_asked("preflight", parameters) and not st.button(
        "预检", icon=":material/fact_check:", help=f"{chats:,} 条群聊，要算一会儿；在后台算，可以离开本页。"
    ):
        st.caption("数据较多，改好设置后点「预检」。")
        return None
    result = computed(
        "preflight",
        parameters,
        answers=max(chats, INLINE_ANSWERS + 1),
        inline=lambda: preflight(store, options),
    )
    if result is None:
        return None
    remember_preflight_seen(store, result.value)
    return result.value


_EXPLAINED = {
    "整套写几遍": "不够最少行数时，所有行再写一遍，直到够为止；写 16 遍就是每一行在文件里有 16 份，模型看 16 次。",
}


def draw_preflight(report: Preflight, options: TrainingOptions) -> None:
    """Metrics and warnings of a preflight; rows, overlong rows, balance and duplicates in tabs."""
    _draw_metrics(report)
    draw_warnings(report)
    over, similar = len(report.overlong), len(report.similar)
    names = [
        f"行 {len(report.rows):,}",
        f"超长 {over:,}" if over else "超长",
        "字段均衡",
        f"相近的群聊 {similar:,} 组" if similar else "相近的群聊",
        *([f"摘要丢失 {len(report.summary_lost):,}"] if report.summary_lost else []),
    ]
    tabs = st.tabs(names, key="training-tabs")
    with tabs[0]:
        draw_rows(report, options)
    with tabs[1]:
        draw_overlong_rows(report, options)
    with tabs[2]:
        draw_field_balance(report)
    with tabs[3]:
        draw_duplicates(report, options)
    if report.summary_lost:
        with tabs[4]:
            draw_summary_losses(report)


def draw_build(report: Preflight, options: TrainingOptions, names: list[str], chats: int) -> None:
    """Name and main button of a training set of so many chats, and the finished set."""
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    usual = file_name(*names, options.format)
    name = left.text_input("训练集的名字", usual, key=f"training-name-{usual}", max_chars=80).strip() or usual
    pressed = right.button(
        "生成训练集",
        type="primary",
        icon=":material/deployed_code:",
        width="stretch",
        key="training-build",
        **only_for(Permission.TRAINING, disabled=report.refusal is not None or is_written_now(SET)),
    )
    if pressed and chats > MOST_CHATS:
        file = file_name(name) + (MASKED_SUFFIX if options.mask else "")
        request_set(state.store(), options, name=name, file=file, who=state.reviewer())
        st.rerun()
    elif pressed:
        with st.spinner("正在生成并读回核对…"):
            made = download(
                file_name(name) + (MASKED_SUFFIX if options.mask else ""),
                lambda out: export_training(state.store(), options=options, out=out, name=name, who=state.reviewer()),
            )
        st.session_state[_FINISHED] = (options, made)
    made_of, finished = st.session_state.get(_FINISHED, (None, None))
    if finished is not None and made_of == options:
        draw_finished_set(finished)


def draw_newest_set() -> None:
    """The set that whoever reads has had written in the background last."""
    draw_newest_file(SET, draw_finished_set)


def draw_finished_set(made: Download) -> None:
    """A finished, verified training set with its download button."""
    report = made.report
    with st.container(border=True):
        left, right = st.columns([3, 1], vertical_alignment="center")
        left.markdown(f":green[:material/check:] **{escape_markdown(made.name)}** 已读回核对，与应有的内容一致。")
        right.download_button(
            "下载 ZIP",
            made.data,
            file_name=made.name,
            mime="application/zip",
            icon=":material/download:",
            on_click="ignore",
            width="stretch",
        )
        st.caption(
            f"{report.counts['rows']:,} 行 · {len(made.data):,} 字节 · train.jsonl 校验和 "
            f"{escape_markdown(report.sha256[:12])}",
            help=f"sha256 {escape_markdown(report.sha256)}",
        )
        for note in (note for note in report.notes if note.startswith(CARD)):
            st.caption(f"{escape_markdown(note)}。")
        built = next((view for view in training_sets(state.store()) if view.sha256 == report.sha256), None)
        if built is not None:
            st.page_link(
                navigation.TUNING,
                label="用它微调",
                icon=":material/arrow_forward:",
                query_params={"set": str(built.id)},
            )


def _draw_metrics(report: Preflight) -> None:
    counts = report.counts
    numbers = {
        "群聊": counts.get("chats", 0),
        "不同的行": counts.get("distinct", 0),
        "整套写几遍": counts.get("repeats", 0),
        "训练行数": counts.get("rows", 0),
        "验证行数": counts.get("val", 0),
        "最长（约 token）": counts.get("longest_tokens", 0),
    }
    for column, (label, number) in zip(st.columns([3, 3, 4, 3, 3, 4]), numbers.items(), strict=True):
        column.metric(escape_markdown(label), f"{number:,}", help=_EXPLAINED.get(label))
