"""修好与改坏: from run A to run B, what became right and what became wrong, field by field, chat by chat."""

import streamlit as st

from core.adapters.store import RunView
from core.domain.scoring import Change, Comparison
from core.domain.scoring.bootstrap import FEWEST
from core.services.quality import Benchmark, comparison
from core.ui import charts, navigation, state
from core.ui.notices import empty_state
from core.ui.quality import common
from core.ui.tables import download, height_of, table

WORDS = {
    Change.FIXED: "修好",
    Change.BROKEN: "改坏",
    Change.BOTH_RIGHT: "都对",
    Change.BOTH_WRONG: "都错",
}
MEANING = {
    Change.FIXED: "错 → 对",
    Change.BROKEN: "对 → 错",
    Change.BOTH_RIGHT: "对 → 对",
    Change.BOTH_WRONG: "错 → 错",
}
ALL = "全部字段"
VIEWS = ("这些群聊", "图")


def choose_runs(by: Benchmark) -> tuple[RunView, RunView] | None:
    """Which two runs."""
    found = [run for run in common.runs_of(by.dataset) if by.against != f"run:{run.name}" and run.kind != "labels"]
    if len(found) < 2:
        taken = f"（{common.called(by.against)}正作为对照）" if by.against.startswith("run:") else ""
        empty_state(
            f"还差一个抽取任务{taken}",
            "修好与改坏要比较两个任务：换一个提示词或模型再抽取一次，或把另一份提交文件导入为任务。",
            page=navigation.RUNS,
            label="新建抽取任务",
        )
        return None
    names = [run.name for run in found]
    left, right, _ = st.columns([3, 3, 5], vertical_alignment="bottom")
    a = left.selectbox("从 A", names, index=1, key="a", bind="query-params")
    b = right.selectbox("到 B", names, index=0, key="b", bind="query-params")
    by_name = {run.name: run for run in found}
    if a == b:
        st.info("A 和 B 是同一个任务，请选两个不同的。", icon=":material/info:")
        return None
    return by_name[a], by_name[b]


def verdict(found: Comparison, a: RunView, b: RunView) -> None:
    """The difference in one sentence, with its interval."""
    low, high = found.interval
    fixed = sum(change.counts[Change.FIXED] for change in found.fields.values())
    broken = sum(change.counts[Change.BROKEN] for change in found.fields.values())
    chats = len(found.a.chats)
    figures = (
        f"A「{a.name}」{found.a.score:.4f} → B「{b.name}」{found.b.score:.4f}，"
        f"**{found.delta:+.4f}**（95% 区间 {low:+.2f} ~ {high:+.2f}，{chats} 条群聊），"
        f"修好 {fixed} 格，改坏 {broken} 格。"
    )
    if not found.distinguishable:
        why = "群聊不到 6 条，什么都说明不了。" if chats < FEWEST else "换一批群聊，结果可能反过来。"
        st.warning(f"**不能区分** A 和 B 谁更好：{figures}{why}", icon=":material/balance:")
    elif found.delta > 0:
        st.success(f"**B 更好**：{figures}", icon=":material/trending_up:")
    else:
        st.error(f"**B 更差**：{figures}", icon=":material/trending_down:")
    if max(found.a.score, found.b.score) < found.a.floor:
        st.caption(f"两个任务都低于下限 {found.a.floor:.2f}：交空表得分更高。")


def matrix(by: Benchmark, found: Comparison) -> list[dict[str, object]]:
    """The matrix as rows, those that changed most first."""
    rows: list[dict[str, object]] = []
    for key, change in found.fields.items():
        row: dict[str, object] = {"字段": by.form.field(key).label}
        row |= {word: change.counts[kind] for kind, word in WORDS.items()}
        row |= {"分差": change.delta, "95% 区间": common.span(change.interval, signed=True), "key": key}
        rows.append(row)
    return sorted(
        rows, key=lambda row: (-(int(str(row["修好"])) + int(str(row["改坏"]))), -abs(float(str(row["分差"]))))
    )


def pick_cell(rows: list[dict[str, object]], names: str) -> None:
    """A click in the matrix chooses field and change in the boxes below it."""
    cells = st.session_state.get("changes-matrix-" + names, {}).get("selection", {}).get("cells", [])
    if cells and cells[0][1] in WORDS.values() and cells[0][0] < len(rows):
        st.session_state["field"] = rows[cells[0][0]]["字段"]
        st.session_state["change"] = cells[0][1]


def draw_matrix(rows: list[dict[str, object]], names: str) -> None:
    """The matrix; a click in it chooses the cells that are listed beside it."""
    shown = [{name: value for name, value in row.items() if name != "key"} for row in rows]
    st.caption("点「修好」「改坏」「都对」「都错」下的数字，右边列出这些群聊。")
    st.dataframe(
        shown,
        hide_index=True,
        height=height_of(rows),
        key="changes-matrix-" + names,
        on_select=lambda: pick_cell(rows, names),
        selection_mode="single-cell",
        column_config={
            "字段": st.column_config.TextColumn(width=92),
            **{word: st.column_config.NumberColumn(width=50, help=MEANING[kind]) for kind, word in WORDS.items()},
            "分差": st.column_config.NumberColumn(format="%+.3f", width=66, help="平均每条群聊，B − A"),
            "95% 区间": st.column_config.TextColumn(
                width=104, help="逐字段看 21 个区间，平均会有一个碰巧不含 0：只当线索"
            ),
        },
    )
    download(shown, name="修好与改坏", key="changes-matrix-csv")


def draw_cells(by: Benchmark, found: Comparison, a: RunView, b: RunView) -> None:
    """The chats behind one cell of the matrix."""
    labels = {field.label: field.key for field in by.form.fields}
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    field = left.selectbox("字段", [ALL, *labels], key="field", bind="query-params")
    word = right.segmented_control(
        "变化", list(WORDS.values()), default=WORDS[Change.BROKEN], key="change", bind="query-params"
    )
    kind = next((kind for kind, name in WORDS.items() if name == word), Change.BROKEN)
    keys = list(labels.values()) if field in (None, ALL) else [labels[field]]
    cells = sorted(
        (cell for key in keys for cell in found.cells(key, kind)), key=lambda cell: (cell.chat, cell.customer)
    )
    if not cells:
        st.caption(f"没有「{WORDS[kind]}」（{MEANING[kind]}）的格。")
        return
    values = common.cell_values(by, [a, b], cells[: common.MOST_CELLS])
    rows = [
        {
            "群聊": cell.chat,
            "客户": cell.customer + 1,
            "字段": by.form.field(cell.key).label,
            "A": said[0] or None,
            "对照": gold or None,
            "B": said[1] or None,
            "打开": common.workbench_link(by.dataset, cell.chat),
            "对比": common.compare_link(by, [a, b], cell.chat),
        }
        for cell, (gold, said) in zip(cells, values, strict=False)
    ]
    st.caption(
        f"{WORDS[kind]}（{MEANING[kind]}）{len(cells)} 格"
        + (f"，只列前 {common.MOST_CELLS} 格" if len(cells) > common.MOST_CELLS else "")
        + "。"
    )
    table(
        rows,
        name=f"{WORDS[kind]}",
        key="changes-cells",
        height=height_of(rows, most=560),
        columns={
            "群聊": st.column_config.NumberColumn(width=48),
            "客户": st.column_config.NumberColumn(width=44),
            "字段": st.column_config.TextColumn(width=80),
            "A": st.column_config.TextColumn(f"A · {a.name}", width=112),
            "对照": st.column_config.TextColumn(width=112),
            "B": st.column_config.TextColumn(f"B · {b.name}", width=112),
            "打开": common.open_column(),
            "对比": st.column_config.LinkColumn("对比", display_text="对比", width=56),
        },
    )


measured = common.choose("修好与改坏")
if measured is not None and (chosen := choose_runs(by := measured[0])) is not None:
    a, b = chosen
    right_from = common.choose_threshold(measured[1], by.measure)
    with state.store().read() as session:
        found = comparison(session, state.store(), by, a, b, right_from=right_from)
    verdict(found, a, b)
    st.caption(
        f"下限 {found.a.floor:.2f}，{len(found.a.chats)} 条群聊，对照{common.called(by.against)}。"
        f"{common.measured_by(by.measure, right_from=right_from)}"
        f" 多出来的客户：A {found.rights_a.invented} 位，B {found.rights_b.invented} 位"
        "（不在下面的格里，但会拉低得分）。"
    )
    rows = matrix(by, found)
    matrix_side, cell_side = st.columns([6, 8], gap="medium")
    with matrix_side:
        draw_matrix(rows, f"{a.id}-{b.id}-{by.against}")
    with cell_side:
        view = st.segmented_control(
            "查看", VIEWS, default=VIEWS[0], key="view", bind="query-params", label_visibility="collapsed"
        )
        if view == "图":
            st.altair_chart(charts.changes(rows), alt=f"改动最多的字段是{rows[0]['字段']}", key="changes-chart")
        else:
            draw_cells(by, found, a, b)
