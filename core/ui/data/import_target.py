"""Where imported chats or forms go: the dataset, and the import itself."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import streamlit as st

from core.adapters.store import DatasetView
from core.adapters.store.models import RunKind
from core.domain.form import form_label
from core.domain.permissions import Permission
from core.services.datasets import (
    FileKind,
    ImportPreview,
    ImportProgress,
    TableColumns,
    import_chats,
    import_run,
)
from core.ui import state
from core.ui.data.import_outcome import draw_chats_outcome, draw_forms_outcome, grows
from core.ui.data.import_report import finish_import
from core.ui.held_choice import held_choice
from core.ui.markdown import escape_markdown
from core.ui.notices import announced_if_left
from core.ui.only_for import only_for

_CHATS, _FORMS = "导入群聊和标注", "只把标注附到已有的数据集"
SPLIT_TITLES = {"train": "训练", "test": "测试", "other": "其他"}
_KIND_TITLES = {RunKind.IMPORT: "抽取结果", RunKind.LABELS: "标注（人工填写）"}


def choose_target_dataset(available: list[DatasetView], suggested: str, key: str) -> tuple[str, str | None, bool]:
    """Boxes for the dataset to import into, a new or an existing one, and the import button.

    Returns:
        Name, split (``None`` for an existing dataset), and whether the button was pressed.
    """
    left, right, end = st.columns([5, 2, 1], vertical_alignment="bottom")
    names = [dataset.name for dataset in available]
    name = left.selectbox(
        "数据集（选已有的，或输入新名称）",
        [suggested, *(name for name in names if name != suggested)],
        accept_new_options=True,
        key=f"import-name-{key}",
    )
    existing = next((dataset for dataset in available if dataset.name == name), None)
    guessed = next((split for split in ("train", "test") if split in suggested.lower()), "other")
    split = right.selectbox(
        "用途",
        list(SPLIT_TITLES),
        index=list(SPLIT_TITLES).index(existing.split if existing else guessed),
        format_func=lambda value: SPLIT_TITLES[value],
        disabled=existing is not None,
        key=f"import-split-{key}-{existing.id if existing else ''}",
    )
    return name or "", None if existing else split, _import_button(end, name or "")


def _import_button(place: Any, name: str) -> bool:
    """The main button; disabled without a name."""
    off = only_for(Permission.IMPORT, disabled=not name.strip())
    return bool(place.button("导入", type="primary", width="stretch", **off))


def _progress_bar(rows: int) -> Any:
    """A callback that moves a progress bar; ``rows`` are those of the file."""
    bar = st.progress(0.0, text="正在导入")

    def update(now: ImportProgress) -> None:
        if now.share < 1:  # then all is stored, and nothing drawn may end the script before that is told
            bar.progress(now.share, text=f"{escape_markdown(progress_words(now, rows))}。请留在本页，离开就不导入了。")

    return update


def progress_words(now: ImportProgress, rows: int) -> str:
    """How far an import of so many rows is."""
    if now.stored is not None:
        return f"正在存入：已存 {now.stored:,} 条，共读了 {now.rows:,} 条"
    return f"正在导入：已读 {now.rows:,} / {max(rows, now.rows):,} 条"


def _unless_left(name: str) -> AbstractContextManager[None]:
    """Say on the page that comes next that a file was not imported to its end, where somebody left this one before."""
    return announced_if_left(
        f"离开「导入」时「{escape_markdown(name)}」还没有导入完。没导入完的一条也没有存；"
        "看看「数据集」里有没有它，没有就再导入一次，等它导入完。"
    )


def _shared_options(uploaded: Any, previewed: ImportPreview, chosen: TableColumns) -> dict[str, Any]:
    """What an import of chats and one of forms are told alike."""
    return {
        "filename": uploaded.name,
        "columns": chosen,
        "on_progress": _progress_bar(previewed.good + len(previewed.rejected)),
        "who": state.reviewer(),
    }


def draw_import(
    uploaded: Any, previewed: ImportPreview, chosen: TableColumns, available: list[DatasetView], form: str
) -> None:
    """Draw where a file goes and what comes of it there, and import it when the button is pressed.

    Args:
        uploaded: the file.
        previewed: what is in it.
        chosen: how it is read.
        available: all datasets.
        form: reference of the form that a new dataset gets.
    """
    whole = previewed.kind is FileKind.CHATS
    if whole and previewed.labels and available:
        whole = st.segmented_control("做什么", [_CHATS, _FORMS], default=_CHATS, required=True) == _CHATS
    if whole:
        _draw_chats(uploaded, previewed, chosen, available, form)
    else:
        _draw_attach(uploaded, previewed, chosen, available)


def _draw_chats(
    uploaded: Any, previewed: ImportPreview, chosen: TableColumns, available: list[DatasetView], form: str
) -> None:
    """Import chats into a new dataset or an existing one."""
    target, split, confirmed = choose_target_dataset(available, Path(uploaded.name).stem, uploaded.file_id)
    existing = next((dataset for dataset in available if dataset.name == target.strip()), None)
    if existing is not None and existing.form != form:
        st.caption(
            f"「{escape_markdown(existing.name)}」用的是{escape_markdown(form_label(existing.form))}，"
            "导入按它来，不按上面选的。"
        )
        form = existing.form
    if confirmed:
        with _unless_left(uploaded.name):
            report = import_chats(
                state.store(),
                uploaded,
                dataset=target,
                split=split,
                form_name=form,
                grow=grows(uploaded.file_id),
                **_shared_options(uploaded, previewed, chosen),
            )
        finish_import(report)
    elif target.strip():
        draw_chats_outcome(uploaded, previewed, chosen, target, existing, form)


def _draw_attach(uploaded: Any, previewed: ImportPreview, chosen: TableColumns, available: list[DatasetView]) -> None:
    """Attach the file's forms to a dataset that holds their chats already."""
    if not available:
        st.info("这个文件里只有结果，没有聊天文本。请先导入它所属的群聊。", icon=":material/info:")
        return
    left, middle, right, end = st.columns([5, 5, 3, 2], vertical_alignment="bottom")
    by_id = {dataset.id: dataset for dataset in available}
    target = by_id[
        left.selectbox(
            "附到数据集",
            list(by_id),
            format_func=lambda number: f"{by_id[number].name} · {by_id[number].chats:,} 条群聊",
            key=held_choice("import-attach-dataset", list(by_id)),
        )
    ]
    run = middle.text_input("抽取任务名称", Path(uploaded.name).stem, key=f"import-run-{uploaded.file_id}")
    kind = right.selectbox(
        "是什么",
        list(_KIND_TITLES),
        index=list(_KIND_TITLES).index(RunKind.LABELS if previewed.kind is FileKind.CHATS else RunKind.IMPORT),
        format_func=lambda value: _KIND_TITLES[value],
        key=f"import-kind-{uploaded.file_id}",
    )
    if _import_button(end, run):
        with _unless_left(uploaded.name):
            report = import_run(
                state.store(),
                uploaded,
                dataset=target.id,
                run=run,
                kind=kind,
                **_shared_options(uploaded, previewed, chosen),
            )
        finish_import(report)
    elif run.strip():
        draw_forms_outcome(uploaded, previewed, chosen, target, run, kind)
