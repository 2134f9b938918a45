"""Built training sets: the list, one of them with its sources, two of them compared, and the same files again."""

import streamlit as st

from core.domain.permissions import Permission
from core.services.export import Download, download, file_name
from core.services.training import (
    SourceChange,
    TrainingSetView,
    changes_since,
    data_version,
    diff_sets,
    rebuild,
    rows_of_set,
    training_set,
    training_sets,
)
from core.services.training.preflight_job import changes_parameters
from core.services.training.set_jobs import REBUILD, request_rebuild
from core.ui import state
from core.ui.computed import computed
from core.ui.markdown import code_span, escape_markdown
from core.ui.notices import draw_empty_state
from core.ui.only_for import only_for
from core.ui.training.labels import SETTINGS, setting_text
from core.ui.training.set_files import MOST_CHATS, draw_newest_file, is_written_now
from core.ui.training.set_preview import draw_finished_set

_REBUILT, _CHANGES = "shiyao.training.again", "shiyao.training.changes"
_HIDDEN = frozenset({"prompt_text", "form_version", "prompt_sha256"})
_ONLY_WITH = {"steps": ("clean",), "overlap": ("window",)}
"""Choices that mean something only where the input, or what is done about long rows, is one of these."""


def draw_set_versions() -> None:
    """Table of built training sets; below it the selected one, or the difference between two."""
    sets = training_sets(state.store())
    if not sets:
        draw_empty_state(
            "还没有生成过训练集", "在「新建」里选好数据集和训练目标，看过预检再生成；每次生成都在这里留下一版。"
        )
        return
    chosen = st.dataframe(
        [_version_row(view) for view in sets],
        hide_index=True,
        height="content" if len(sets) <= 6 else 250,
        on_select="rerun",
        selection_mode="multi-row",
        key=f"training-sets-{sets[0].id}",
        column_config={
            "编号": st.column_config.NumberColumn(width="small"),
            "行数": st.column_config.NumberColumn(format="localized", width="small"),
            "校验和": st.column_config.TextColumn(help="train.jsonl 的 sha256 前 12 位"),
        },
    )
    rows = [number for number in chosen["selection"]["rows"] if number < len(sets)]
    if len(rows) > 2:
        st.caption("最多选两个来对比。")
    elif len(rows) == 2:
        _draw_comparison(*(sets[number] for number in sorted(rows, reverse=True)))
    else:
        if not rows:
            st.caption("选一个看明细，选两个对比。下面是最新的一个。")
        _draw_version(sets[rows[0] if rows else 0])


def _version_row(view: TrainingSetView) -> dict[str, object]:
    return {
        "编号": view.id,
        "名字": view.name,
        "数据集": "、".join(map(str, view.parameters["datasets"])),
        "格式": setting_text("format", view.format),
        "提示词": view.parameters["prompt"],
        "行数": view.counts["rows"],
        "由谁": view.who or "—",
        "时间": f"{view.created_at.astimezone():%Y-%m-%d %H:%M}",
        "校验和": view.sha256[:12],
    }


def _draw_version(view: TrainingSetView) -> None:
    st.subheader(f"{view.id:d} · {escape_markdown(view.name)}")
    left, right = st.columns([5, 4], gap="large")
    with left:
        st.dataframe(
            [
                {"设置": SETTINGS.get(name, name), "值": setting_text(name, value)}
                for name, value in view.parameters.items()
                if _is_relevant(view, name, value)
            ],
            hide_index=True,
            height="content",
        )
    with right:
        counts = view.counts
        first, second, third = st.columns(3)
        first.metric("群聊", f"{counts['chats']:,}")
        second.metric("训练行数", f"{counts['rows']:,}")
        third.metric("验证行数", f"{counts['val']:,}")
        _draw_rebuild(view)
        _draw_source_changes(view)
        for name, digest in view.files.items():
            st.caption(
                f"{code_span(name)} 校验和 {escape_markdown(digest[:12])}",
                help=f"sha256 {escape_markdown(digest)}",
            )


def _is_relevant(view: TrainingSetView, name: str, value: object) -> bool:
    if name in _HIDDEN or value in (None, "", [], {}):
        return False
    chosen = {view.parameters["input"], view.parameters["over_budget"]}
    return name not in _ONLY_WITH or bool(chosen.intersection(_ONLY_WITH[name]))


def _draw_rebuild(view: TrainingSetView) -> None:
    if st.button(
        "准备下载",
        type="primary",
        icon=":material/deployed_code_update:",
        key=f"training-again-{view.id}",
        **only_for(
            Permission.TRAINING,
            hint="文件不另存：按当时的清单重新写出并核对，字节相同才给出 ZIP。",
            disabled=is_written_now(REBUILD),
        ),
    ):
        name = file_name(view.name, fallback=f"training-{view.id}")
        if view.counts["chats"] > MOST_CHATS:
            request_rebuild(state.store(), view.id, file=name, who=state.reviewer())
            st.rerun()
        with st.spinner("正在按清单重建并核对…"):
            made = download(name, lambda out: rebuild(state.store(), view.id, out))
        st.session_state[_REBUILT] = (view.id, made)
    number, again = st.session_state.get(_REBUILT, (None, None))
    if isinstance(again, Download) and number == view.id:
        draw_finished_set(again)
    else:
        st.caption("按当时的清单重新写出并核对，核对过就在这里给出 ZIP。")
    draw_newest_file(REBUILD, draw_finished_set, number=view.id)


def _draw_source_changes(view: TrainingSetView) -> None:
    if not st.toggle("检查来源有没有变", key=f"training-check-{view.id}"):
        return
    result = computed(
        "training_changes",
        changes_parameters(state.store(), view.id),
        answers=view.counts["rows"] + view.counts["val"],
        inline=lambda: _changes(view),
    )
    if result is None:
        return
    changes = result.value
    if not changes:
        st.caption("每一行的来源都和当时一样。")
        return
    lost = sum(change.lost for change in changes)
    st.caption(
        f"有 {len(changes):,} 行的来源变了"
        + (f"，其中 {lost:,} 行无法重建。" if lost else "；当时的版本都在历史里，可以重建出同样的内容。")
    )
    st.dataframe(
        [{"行": one.place, "变化": one.what, "能否重建": "不能" if one.lost else "能"} for one in changes],
        hide_index=True,
    )


def _changes(view: TrainingSetView) -> list[SourceChange]:
    """What has changed since, kept until the data change."""
    key = (view.id, data_version(state.store()))
    if st.session_state.get(_CHANGES, (None,))[0] != key:
        with st.spinner("正在逐行检查…"):
            st.session_state[_CHANGES] = (key, changes_since(state.store(), view.id))
    changes: list[SourceChange] = st.session_state[_CHANGES][1]
    return changes


def _draw_comparison(before: TrainingSetView, after: TrainingSetView) -> None:
    st.subheader(f"{before.id:d} · {escape_markdown(before.name)}　→　{after.id:d} · {escape_markdown(after.name)}")
    described = [
        (training_set(state.store(), one.id).parameters, rows_of_set(state.store(), one.id)) for one in (before, after)
    ]
    difference = diff_sets(*described)
    numbers = {
        "相同的行": difference.same,
        "不同的行": len(difference.changed),
        f"只在 {before.id}": len(difference.only_before),
        f"只在 {after.id}": len(difference.only_after),
    }
    for column, (label, number) in zip(st.columns(4), numbers.items(), strict=True):
        column.metric(escape_markdown(label), f"{number:,}")
    left, right = st.columns([4, 5], gap="large")
    with left:
        st.markdown("**设置**")
        if difference.parameters:
            st.dataframe(
                [
                    {
                        "设置": SETTINGS.get(name, name),
                        str(before.id): setting_text(name, old),
                        str(after.id): setting_text(name, new),
                    }
                    for name, (old, new) in difference.parameters.items()
                ],
                hide_index=True,
            )
        else:
            st.caption("设置完全相同。")
    with right:
        st.markdown("**行**")
        lines = [
            {"行": one.place, "不同": "、".join(one.what), str(before.id): one.before, str(after.id): one.after}
            for one in difference.changed
        ]
        for one, places in ((before, difference.only_before), (after, difference.only_after)):
            there = {str(number): "有" if number == one.id else "—" for number in (before.id, after.id)}
            lines += [{"行": place, "不同": f"只在 {one.id}", **there} for place in places]
        if lines:
            st.dataframe(lines, hide_index=True)
        else:
            st.caption("每一行都相同。")
