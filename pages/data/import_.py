"""导入: choose a file or paste a chat, see what would go in and what not, then import it."""

from pathlib import Path
from typing import Any

import streamlit as st

from core.adapters.store import DatasetView
from core.adapters.store.models import RunKind
from core.domain.form import load_named_form
from core.services.datasets import (
    BY_POSITION,
    SUFFIXES,
    ColumnError,
    FileKind,
    ImportPreview,
    ImportProgress,
    ImportReport,
    RejectedRow,
    TableColumns,
    import_chats,
    import_run,
    import_text,
    preview_import,
)
from core.settings import settings
from core.ui import navigation, state
from core.ui.notices import notice

FILE, PASTE = "上传文件", "粘贴聊天"
SPLITS = {"train": "训练", "test": "测试", "other": "其他"}
CHATS, FORMS = "导入群聊和标注", "只把标注附到已有的数据集"
KINDS = {RunKind.IMPORT: "抽取结果", RunKind.LABELS: "标注（人工填写）"}
OPENING, NAMES = 80, 3
WIDE = 900  # pixels; the column that takes what room there is
# Streamlit's uploader speaks English only.
UPLOADER = """
<style>
[data-testid="stFileUploaderDropzone"] :is(button p, [data-testid="stFileUploaderDropzoneInstructions"] span) {
  font-size: 0;
}
[data-testid="stFileUploaderDropzone"] button p::after { content: "选择文件"; font-size: 0.875rem; }
[data-testid="stFileUploaderDropzoneInstructions"] span::after { content: "或拖到这里"; font-size: 0.875rem; }
</style>
"""
# A finished import gets fresh widgets; its report stays until the next file.
REPORT, ROUND = "shiyao.import.report", "shiyao.import.round"


@st.cache_data(max_entries=8, ttl=3600, show_spinner="正在读取文件…")
def read(file_id: str, _file: Any, name: str, columns: TableColumns) -> ImportPreview:
    """A file's preview, read once per upload and choice of columns."""
    return preview_import(_file, name, load_named_form(settings().form), columns=columns)


def finish(report: ImportReport) -> None:
    """Keep the report and start afresh."""
    st.session_state[REPORT] = report
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1
    st.rerun()


def draw_report(report: ImportReport) -> None:
    """What the last import did, and what to do next."""
    what = f"抽取任务「{report.run}」" if report.kind is FileKind.SUBMISSION else f"数据集「{report.dataset}」"
    parts = [f"共 {report.total} 条", f"新增 {report.added}", f"已有 {report.skipped}"]
    if report.labels and report.kind is FileKind.CHATS:
        parts.append(f"标注 {report.labels}")
    st.success(f"{what}：{'，'.join(parts)}", icon=":material/check_circle:")
    draw_rejected(report.rejected)
    for note in report.notes:
        st.caption(note)
    chosen = {"dataset": str(report.dataset_id)}
    with st.container(horizontal=True):
        st.page_link(navigation.WORKBENCH, label="去审阅", icon=":material/arrow_forward:", query_params=chosen)
        st.page_link(navigation.RUNS, label="新建抽取任务", icon=":material/arrow_forward:", query_params=chosen)
        st.page_link(navigation.DATASETS, label="查看数据集", icon=":material/arrow_forward:", query_params=chosen)
    st.divider()


def draw_rejected(rejected: tuple[RejectedRow, ...]) -> None:
    """Rows that do not go in, each with its reason."""
    if not rejected:
        return
    with st.expander(f"不能导入 {len(rejected)} 条，其余照常导入", expanded=True, icon=":material/warning:"):
        lined = any(row.line is not None for row in rejected)
        st.dataframe(
            [{"序号": row.index, **({"行": row.line} if lined else {}), "原因": row.reason} for row in rejected],
            hide_index=True,
            height="auto" if len(rejected) < 8 else 280,
            column_config={
                "序号": st.column_config.NumberColumn(width=70),
                "行": st.column_config.NumberColumn(width=70),
                "原因": st.column_config.TextColumn(width=WIDE),
            },
        )


def draw_summary(found: ImportPreview) -> None:
    """What is in the file, in one line."""
    what = "群聊" if found.kind is FileKind.CHATS else "群聊的结果（没有聊天文本，是提交文件或标注文件）"
    parts = [f"{found.good} 条{what}", f"{found.labels} 条有标注" if found.labels else "没有标注"]
    if found.kind is FileKind.SUBMISSION:
        parts = parts[:1]
    if found.customers:
        parts.append(f"{found.customers} 位客户")
    st.markdown(f"**{'，'.join(parts)}** &nbsp; :gray[{' · '.join(filter(None, (found.format, found.encoding)))}]")
    for note in found.notes:
        st.caption(note)


def draw_rows(found: ImportPreview) -> None:
    """Rows that do not go in, and the first ones that do."""
    draw_rejected(found.rejected)
    name_field = load_named_form(settings().form).name_field
    known = any(row.forms for row in (*found.chats, *found.forms))
    rows = [
        {
            "序号": row.index,
            **(
                {"开头": " ".join(row.text[: 2 * OPENING].split())[:OPENING], "字数": len(row.text)} if row.text else {}
            ),
            **(
                {"客户": "、".join(str(values[name_field]) or "（未填姓名）" for values in (row.forms or ())[:NAMES])}
                if known
                else {}
            ),
        }
        for row in (*found.chats, *found.forms)
    ]
    if rows:
        st.dataframe(
            rows,
            hide_index=True,
            height="auto" if len(rows) < 10 else 340,
            column_config={
                "序号": st.column_config.NumberColumn(width=70),
                "开头": st.column_config.TextColumn(width=WIDE),
                "字数": st.column_config.NumberColumn(width=80),
                "客户": st.column_config.TextColumn(width=180 if found.chats else WIDE),
            },
        )
        if found.good > len(rows):
            st.caption(f"这里只显示前 {len(rows)} 条。")


def column_key(kind: str, file_id: str) -> str:
    """Widget key of a column choice; it belongs to one file."""
    return f"import-column-{kind}-{file_id}"


def choose_columns(file_id: str, names: tuple[str, ...], *, text_known: bool) -> None:
    """Which columns of a table to use; read at the start of the next run."""
    left, right = st.columns(2)
    left.selectbox(
        "聊天文本列",
        ["", *names],
        format_func=lambda name: name or ("自动识别" if text_known else "请选择"),
        key=column_key("text", file_id),
    )
    right.selectbox(
        "编号列",
        ["", BY_POSITION, *names],
        format_func=lambda name: {"": "自动识别", BY_POSITION: "没有，按行编号"}.get(name, name),
        key=column_key("index", file_id),
    )


def choose_dataset(available: list[DatasetView], suggested: str, key: str) -> tuple[str, str | None, bool]:
    """Name and split of the dataset to import into (a new one or one that is there), and whether to go."""
    left, right, end = st.columns([5, 2, 1], vertical_alignment="bottom")
    names = [dataset.name for dataset in available]
    name = left.selectbox(
        "数据集（选已有的，或输入新名称）",
        [suggested, *(known for known in names if known != suggested)],
        accept_new_options=True,
        key=f"import-name-{key}",
    )
    existing = next((dataset for dataset in available if dataset.name == name), None)
    guessed = next((split for split in ("train", "test") if split in suggested.lower()), "other")
    split = right.selectbox(
        "用途",
        list(SPLITS),
        index=list(SPLITS).index(existing.split if existing else guessed),
        format_func=lambda value: SPLITS[value],
        disabled=existing is not None,
        key=f"import-split-{key}-{existing.id if existing else ''}",
    )
    return name or "", None if existing else split, main_button(end, name or "")


def main_button(place: Any, name: str) -> bool:
    """The page's one main button; it needs a name."""
    return bool(place.button("导入", type="primary", disabled=not name.strip(), width="stretch"))


def progress(text: str) -> Any:
    """A callback that draws how far the import is."""
    bar = st.progress(0.0, text=text)

    def show(now: ImportProgress) -> None:
        bar.progress(now.share, text=f"{text}，已读 {now.rows} 条")

    return show


def upload(available: list[DatasetView]) -> None:
    """The way of a file: choose, look, import."""
    st.html(UPLOADER)
    uploaded = st.file_uploader(
        "群聊、标注或提交文件",
        type=list(SUFFIXES),
        key=f"import-file-{st.session_state.get(ROUND, 0)}",
        on_change=lambda: st.session_state.pop(REPORT, None),
    )
    if uploaded is None:
        st.caption(
            "可以是 train.json / test_data.json、JSONL、带聊天文本列的 CSV 或 Excel、一段聊天的 TXT，"
            "也可以是提交文件；UTF-8、UTF-16 和 GBK 都能读。先预览，确认后才入库。"
        )
        return
    file_id, name = uploaded.file_id, uploaded.name
    chosen = TableColumns(
        st.session_state.get(column_key("text", file_id), ""), st.session_state.get(column_key("index", file_id), "")
    )
    try:
        found = read(file_id, uploaded, name, chosen)
    except ColumnError as error:
        notice(error)
        choose_columns(file_id, error.columns, text_known=False)
        return
    if found.columns:
        with st.expander("列的对应", icon=":material/table:"):
            choose_columns(file_id, found.columns, text_known=True)
    draw_summary(found)
    if found.good:
        ask(uploaded, found, chosen, available)
    draw_rows(found)


def ask(uploaded: Any, found: ImportPreview, chosen: TableColumns, available: list[DatasetView]) -> None:
    """Where to put it; above the rows, so that the button is in view whatever the file holds."""
    whole = found.kind is FileKind.CHATS
    if whole and found.labels and available:
        whole = st.segmented_control("做什么", [CHATS, FORMS], default=CHATS, required=True) == CHATS
    if whole:
        target, split, go = choose_dataset(available, Path(uploaded.name).stem, uploaded.file_id)
        if go:
            finish(
                import_chats(
                    state.store(),
                    uploaded,
                    filename=uploaded.name,
                    dataset=target,
                    split=split,
                    columns=chosen,
                    on_progress=progress("正在导入"),
                )
            )
    else:
        attach(uploaded, found, available)


def attach(uploaded: Any, found: ImportPreview, available: list[DatasetView]) -> None:
    """Forms for chats that are there already."""
    if not available:
        st.info("这个文件里只有结果，没有聊天文本。请先导入它所属的群聊。", icon=":material/info:")
        return
    left, middle, right, end = st.columns([5, 5, 3, 2], vertical_alignment="bottom")
    target = left.selectbox(
        "附到数据集", available, format_func=lambda d: f"{d.name} · {d.chats} 条群聊", key="import-attach-dataset"
    )
    run = middle.text_input("抽取任务名称", Path(uploaded.name).stem, key=f"import-run-{uploaded.file_id}")
    kind = right.selectbox(
        "是什么",
        list(KINDS),
        index=list(KINDS).index(RunKind.LABELS if found.kind is FileKind.CHATS else RunKind.IMPORT),
        format_func=lambda value: KINDS[value],
        key=f"import-kind-{uploaded.file_id}",
    )
    if main_button(end, run):
        finish(
            import_run(
                state.store(),
                uploaded,
                filename=uploaded.name,
                dataset=target.id,
                run=run,
                kind=kind,
                on_progress=progress("正在导入"),
            )
        )


def paste(available: list[DatasetView]) -> None:
    """The way of a pasted chat: it goes behind the last one of its dataset."""
    key = f"paste-{st.session_state.get(ROUND, 0)}"
    text = st.text_area(
        "聊天内容", height=320, placeholder="林木1：你好，想了解一下价格\n客服小何：您好……", key=f"import-{key}"
    )
    target, split, go = choose_dataset(available, "粘贴的群聊", key)
    if go:
        finish(import_text(state.store(), text, dataset=target, split=split))


st.title("导入")
if REPORT in st.session_state:
    draw_report(st.session_state[REPORT])
datasets = state.datasets()
if st.segmented_control("来源", [FILE, PASTE], default=FILE, required=True, label_visibility="collapsed") == PASTE:
    paste(datasets)
else:
    upload(datasets)
