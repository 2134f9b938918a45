"""What the choices come to before anything is written: numbers, rows, what is too long, repeated or rare; building."""

from collections import Counter
from typing import Any

import streamlit as st

from core.errors import ShiyaoError
from core.services.export import Download, download, file_name
from core.services.training import (
    OVERLONG_ACTIONS,
    Preflight,
    SpooledRow,
    TrainingOptions,
    data_version,
    export_training,
    lost_field_labels,
    preflight,
    preview_row,
    source_of,
)
from core.ui import state
from core.ui.notices import notice
from core.ui.training.labels import INPUTS, POLICIES, TASKS, WAYS_OUT

LIVE = 2000
"""Chats up to which every change is reckoned at once; above, a button asks for it."""

_ANSWERS = frozenset({"output", "target"})
_FOUND, _FINISHED = "shiyao.training.preflight", "shiyao.training.finished"


def foretell(options: TrainingOptions, chats: int) -> Preflight | None:
    """The preflight of these choices, kept until they or the data change; ``None`` where a click is wanted first."""
    key = (options, data_version(state.store()))
    kept: tuple[object, Preflight | None] = st.session_state.get(_FOUND, (None, None))
    if kept[0] == key:
        return kept[1]
    if chats > LIVE and not st.button("预检", icon=":material/fact_check:", help=f"{chats:,} 条群聊，要算一会儿。"):
        st.caption("数据较多，改好设置后点「预检」。")
        return None
    with st.spinner("正在预检…"):
        found = preflight(state.store(), options)
    st.session_state[_FOUND] = (key, found)
    return found


def show(found: Preflight, options: TrainingOptions) -> None:
    """Numbers first, then what stands in the way, then the rows and everything else behind tabs."""
    _numbers(found)
    _warnings(found)
    over, similar = len(found.overlong), len(found.similar)
    names = [
        f"行 {len(found.rows):,}",
        f"超长 {over:,}" if over else "超长",
        "字段均衡",
        f"重复 {similar:,}" if similar else "重复",
        *([f"摘要丢失 {len(found.summary_lost):,}"] if found.summary_lost else []),
    ]
    tabs = st.tabs(names, key="training-tabs")
    with tabs[0]:
        _rows(found, options)
    with tabs[1]:
        _over(found, options)
    with tabs[2]:
        _balance(found)
    with tabs[3]:
        _similar(found, options)
    if found.summary_lost:
        with tabs[4]:
            _summary_lost(found)


def build(found: Preflight, options: TrainingOptions, names: list[str]) -> None:
    """The main button, and the set that it built."""
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    usual = file_name(*names, options.format)
    name = left.text_input("训练集的名字", usual, key=f"training-name-{usual}", max_chars=80).strip() or usual
    pressed = right.button(
        "生成训练集",
        type="primary",
        icon=":material/deployed_code:",
        disabled=found.refusal is not None,
        width="stretch",
        key="training-build",
    )
    if pressed:
        with st.spinner("正在生成并读回核对…"):
            made = download(
                file_name(name),
                lambda out: export_training(state.store(), options=options, out=out, name=name, who=state.reviewer()),
            )
        st.session_state[_FINISHED] = (options, made)
    made_of, finished = st.session_state.get(_FINISHED, (None, None))
    if finished is not None and made_of == options:
        taken(finished)


def taken(made: Download) -> None:
    """A finished, checked set, ready to be taken."""
    report = made.report
    with st.container(border=True):
        left, right = st.columns([3, 1], vertical_alignment="center")
        left.markdown(f":green[:material/check:] **{made.name}** 已读回核对，与应有的内容一致。")
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
            f"{report.counts['rows']:,} 行 · {len(made.data):,} 字节 · train.jsonl 校验和 {report.sha256[:12]}",
            help=f"sha256 {report.sha256}",
        )


def _numbers(found: Preflight) -> None:
    counts = found.counts
    numbers = {
        "群聊": counts.get("chats", 0),
        "不同的行": counts.get("distinct", 0),
        "重复": counts.get("repeats", 0),
        "训练行数": counts.get("rows", 0),
        "验证行数": counts.get("val", 0),
        "最长（约 token）": counts.get("longest_tokens", 0),
    }
    for column, (label, number) in zip(st.columns([3, 3, 2, 3, 3, 4]), numbers.items(), strict=True):
        column.metric(label, f"{number:,}")


def _warnings(found: Preflight) -> None:
    refused = [over for over in found.overlong if over.action == "refused"]
    if refused:
        blind = [over for over in refused if over.lost]
        lost = f"会让其中 {len(blind)} 行看不到答案的依据" if blind else "虽然不会截掉答案的依据，群聊也不完整了"
        st.error(
            f"有 {len(refused)} 行太长，还没有说怎么办；直接截断{lost}。"
            "选一种处理办法（以后在左边「超长的行」里改），明细在「超长」里：",
            icon=":material/content_cut:",
        )
        with st.container(horizontal=True):
            for policy in WAYS_OUT:
                st.button(
                    f"{POLICIES[policy]}（{len(refused)} 行）",
                    key=f"training-way-{policy}",
                    on_click=_choose_policy,
                    args=(policy,),
                    help=WAYS_OUT[policy],
                )
    elif found.refusal is not None:
        notice(found.refusal)
    done = Counter(over.action for over in found.overlong if over.action != "refused")
    if done:
        said = "、".join(f"{number} 行{OVERLONG_ACTIONS[action]}" for action, number in done.items())
        st.caption(f"超长的 {sum(done.values())} 行：{said}；逐行的长度和依据在「超长」里。")
    for note in found.notes[1:]:
        if not note.startswith("超长"):
            st.caption(note)
    if found.contradictions:
        st.warning(
            f"有 {len(found.contradictions)} 组群聊一字不差，答案却不同，模型会学到矛盾的东西；明细在「重复」里。",
            icon=":material/rule:",
        )


def _choose_policy(policy: str) -> None:
    st.session_state["training-policy"] = policy


def _rows(found: Preflight, options: TrainingOptions) -> None:
    if not found.rows:
        st.caption("没有一行。")
        return
    tasks = len(options.tasks) > 1 or options.tasks != ("form",)
    labels = {field.key: field.label for field in found.form.fields}
    table = [_row_line(row, found, labels, with_task=tasks) for row in found.rows]
    chosen = st.dataframe(
        table,
        hide_index=True,
        height=286,
        on_select="rerun",
        selection_mode="single-row",
        key=f"training-rows-{hash((options, len(found.rows)))}",
        column_config={
            "字数": st.column_config.NumberColumn(format="localized", width="small"),
            "约 token": st.column_config.NumberColumn(format="localized", width="small"),
            "有值": st.column_config.NumberColumn(help="答案里有值的字段数", width="small"),
            "去向": st.column_config.TextColumn(width="small"),
        },
    )
    picked = chosen["selection"]["rows"]
    number = picked[0] if picked and picked[0] < len(found.rows) else 0
    row = found.rows[number]
    st.caption(f"{row.place} 写出来的样子" + ("" if picked else "（在上面选一行，看别的）"))
    try:
        _as_written(preview_row(state.store(), options, row.provenance))
    except ShiyaoError as error:
        notice(error)


def _row_line(row: SpooledRow, found: Preflight, labels: dict[str, str], *, with_task: bool) -> dict[str, Any]:
    facts = row.provenance
    window = facts.get("window")
    task = facts.get("task", "form")
    shown = INPUTS[facts["input"]] + (f"，窗口 {window[0]}/{window[1]}" if window else "")
    held, dropped = row.start in found.validation_starts, row.start in found.dropped_starts
    return {
        "群聊": f"{facts['dataset']} · {facts['index']}",
        "答案": source_of(facts),
        "输入": shown,
        **({"任务": TASKS.get(task) or labels.get(task, task)} if with_task else {}),
        "字数": row.size.characters,
        "约 token": row.size.tokens,
        "有值": len(row.filled),
        "去向": "去重" if dropped else "验证" if held else "训练",
    }


def _as_written(row: dict[str, Any]) -> None:
    parts: list[tuple[str, str]] = []
    for key, value in row.items():
        if isinstance(value, str):
            parts.append((key, value))
        else:
            parts += [(f"{key} · {turn.get('role') or turn.get('from')}", _said(turn)) for turn in value]
    question, answer = st.columns([5, 4])
    for number, (label, text) in enumerate(parts):
        # What is answered stands beside what is asked; the answer is what ``target_of`` reads.
        is_answer = label in _ANSWERS or (number == len(parts) - 1 and "·" in label)
        with answer if is_answer else question:
            st.markdown(f"`{label}` :gray[{len(text):,} 字]")
            with st.container(height=300 if is_answer else 160, border=True):
                st.text(text or "（空）")


def _said(turn: dict[str, str]) -> str:
    return turn.get("content") or turn.get("value") or ""


def _over(found: Preflight, options: TrainingOptions) -> None:
    limit = options.limit
    if limit is None:
        st.caption("没有设长度上限。在左边选训练目标，就能看到哪些行超长、依据会不会被截掉。")
        return
    if not found.overlong:
        st.caption(f"没有一行超过{limit.label}。")
        return
    unit = "tokens" if limit.unit == "token" else "characters"
    shortened = any(over.after for over in found.overlong)
    cut = any(over.dropped for over in found.overlong)
    st.dataframe(
        [
            {
                "行": over.place,
                f"长度（{limit.unit}）": getattr(over.size, unit),
                "截断后剩下": over.left,
                "依据会被截掉的字段": lost_field_labels(found.form, over) or "—",
                "处理": OVERLONG_ACTIONS[over.action] + (f" · {over.pieces} 行" if over.action == "windowed" else ""),
                **({"处理后最长": f"{getattr(over.after, unit):,}" if over.after else "—"} if shortened else {}),
                **({"不写的值": over.dropped} if cut else {}),
            }
            for over in found.overlong
        ],
        hide_index=True,
        column_config={
            "截断后剩下": st.column_config.ProgressColumn(
                format="percent", min_value=0, max_value=1, help="训练平台从末尾截断时，群聊还剩多少"
            ),
            "不写的值": st.column_config.NumberColumn(help="在任何窗口里都没有依据的值，不写进答案"),
        },
    )


def _balance(found: Preflight) -> None:
    if not found.balance:
        st.caption("没有可以排列的行。")
        return
    lazy = "、".join(found.form.field(one.key).label for one in found.rarely_filled)
    if lazy:
        st.caption(
            f"不到一成的行里有值：{lazy}。模型多半会学会让它们空着；可以在「行数、验证集、重复和均衡」里设均衡，"
            "或加上单个字段的训练任务。"
        )
    st.dataframe(
        [
            {
                "字段": found.form.field(one.key).label,
                "有值的行": one.filled,
                "占比": one.share,
                "均衡后": one.balanced,
            }
            for one in found.balance
            if one.rows
        ],
        hide_index=True,
        height=35 * 11,
        column_config={
            "占比": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1),
            "均衡后": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1),
        },
    )


def _similar(found: Preflight, options: TrainingOptions) -> None:
    if not found.similar:
        st.caption("没有相同或相近的群聊。")
        return
    st.caption(
        "相同或相近（字符片段重合八成以上）的群聊。"
        + ("同一组总在训练或验证的同一边，不会泄漏。" if options.validation else "分验证集时同一组总在同一边。")
    )
    different = {tuple(group) for group in found.contradictions}
    st.dataframe(
        [
            {"条数": len(group), "群聊": "、".join(group), "答案": "不同" if tuple(group) in different else ""}
            for group in [*found.similar, *(one for one in found.contradictions if one not in found.similar)]
        ],
        hide_index=True,
    )


def _summary_lost(found: Preflight) -> None:
    st.caption("答案里的这些值在原文里有依据，在摘要里没有：照这样训练，模型会学着编。请在「摘要」里补上。")
    st.dataframe(
        [
            {"群聊": place, "字段": found.form.field(one.key).label, "值": one.value}
            for place, lost in found.summary_lost
            for one in lost
        ],
        hide_index=True,
    )
