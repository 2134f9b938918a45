"""学习模型: what each learned extractor is made of, what it can be expected to score, and training a new one."""

from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st

from core.adapters.llm.learned import LEARNED
from core.adapters.store import DatasetView, LearnedModelView
from core.adapters.store.models import TrainingJobStatus
from core.domain.form import load_named_form
from core.domain.permissions import Permission
from core.errors import FormError
from core.services.extraction import models as model_catalog
from core.services.learning import train
from core.services.learning.background import FIRST_AT, approvals_by_dataset, approvals_of, newest_job, next_training
from core.services.learning.corpus import SOURCES
from core.services.learning.models import below_rules, learned_models, started_by_provider
from core.ui import state
from core.ui.markdown import escape_markdown
from core.ui.notices import draw_empty_state, fragment, show_errors
from core.ui.only_for import only_for
from core.ui.tables import count_column, draw_table, table_height

_SOURCE_TITLES = {"labels": "标注", "records": "已确认的记录", "labels+records": "标注和已确认的记录"}
_USED_HELP = (
    "新建的抽取任务用这一版；已有的仍用开始时的版本。自动训练的只要不比上一版差就换上，"
    "不和本地规则比：规则更好时请选本地规则"
)
_ADVICE = "新建抽取任务时请选「本地规则」；再确认一些群聊，训练出的下一版可能更好。"
_STATUS_TITLES = {
    TrainingJobStatus.RUNNING: "正在训练",
    TrainingJobStatus.DONE: "上次训练已完成",
    TrainingJobStatus.KEPT_OLD: "上次训练的模型没有换上",
    TrainingJobStatus.FAILED: "上次训练没有成功",
}
_LOOK_SECONDS = 3.0


def draw_progress(forms: list[str]) -> None:
    """How far training in the background is, per form; looks again by itself."""
    fragment(_draw_progress, every=_LOOK_SECONDS)(forms)


def _draw_progress(forms: list[str]) -> None:
    for name in forms:
        try:
            title = load_named_form(name).label
        except FormError:
            continue
        with state.store().read() as session:
            job, approvals = newest_job(session, name), approvals_of(session, name)
        rest = next_training(job.approvals if job else 0) - approvals
        which = "第一版" if job is None else "下一版"
        ahead = f"再确认 {rest:,d} 条后自动训练{which}" if rest > 0 else f"停下来不久就自动训练{which}"
        if job is not None and job.status == TrainingJobStatus.RUNNING:
            share = job.done / job.total if job.total else 0.0
            st.progress(share, text=f"{escape_markdown(title)}：正在训练，{escape_markdown(job.stage)}")
            continue
        past = f"{_STATUS_TITLES[TrainingJobStatus(job.status)]}（{job.approvals:,d} 条）。" if job else ""
        problem = f"{escape_markdown(job.problem)}。" if job and job.problem else ""
        st.caption(f"{escape_markdown(title)}：已确认 {approvals:,d} 条，{ahead}。{past}{problem}")


def draw_models() -> str:
    """Table of all versions, the newest first, with what they can be expected to score.

    Returns:
        Name of the newest model of which a version is in use; ``""`` where there is none.
    """
    views = learned_models(state.store())
    if not views:
        draw_empty_state(
            "还没有学习模型",
            f"确认满 {FIRST_AT[0]:d} 条群聊、停下来不久，就会自动训练第一版，上面写着还差几条；也可以在下面现在训练。",
            is_last=False,
        )
        return ""
    with state.store().read() as session:
        started = {view.id: started_by_provider(session, view) for view in views}
        entries = {name: model_catalog.find_model(session, name) for name in {view.name for view in views}}
    notes = {view.id: _notes(view, started[view.id]) for view in views}
    used = {name: entry.parameters.get("digest") for name, entry in entries.items() if entry is not None}
    numbers = version_numbers(views)
    rows = [_row(view, numbers[view.id], used.get(view.name) == view.digest, notes[view.id]) for view in views]
    draw_table(
        rows,
        name="学习模型",
        key="learned-models",
        height=table_height(rows, most=420),
        columns={
            "模型": st.column_config.TextColumn(width=150, pinned=True),
            "版本": st.column_config.TextColumn(width=64, pinned=True, help="同名的第几版，最早的是第 1 版"),
            "使用中": st.column_config.CheckboxColumn(width=56, help=_USED_HELP),
            "群聊": count_column(width=52, help="学了多少条群聊"),
            "得分": st.column_config.NumberColumn(format="%.2f", width=60, help="交叉验证：每条群聊由没见过它的模型填"),
            "95% 区间": st.column_config.TextColumn(width=104),
            "常数下限": st.column_config.NumberColumn(
                format="%.2f", width=70, help="每个字段总填最常见的值，在同一批群聊上"
            ),
            "本地规则": st.column_config.NumberColumn(format="%.2f", width=70),
            "说明": st.column_config.TextColumn(width=270, help="偏高：有这么多条记录从它的答案改起"),
            "校准误差": st.column_config.NumberColumn(
                format="%.3f", width=70, help="说八成把握的格子是否真有八成对；0 最好"
            ),
            "学自": st.column_config.TextColumn(width=220),
            "时间": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", width=124),
            "训练人": st.column_config.TextColumn(width=72),
            "校验和": st.column_config.TextColumn(
                width=110, help="由学过的记录和版本、表单、程序和库的版本算出；每个抽取任务都记着它"
            ),
        },
    )
    for view in views:
        if notes[view.id] and used.get(view.name) == view.digest:
            which = f"使用中的「{escape_markdown(view.name)}」第 {numbers[view.id]:d} 版"
            told = escape_markdown("；".join(sentence for _, sentence in notes[view.id]))
            # A score of the rules that is flattered is no reason to go back to them.
            advice = _ADVICE if below_rules(view) and not started[view.id].get("local") else ""
            st.caption(f"{which}：{told}。{advice}")
    return next((view.name for view in views if used.get(view.name) == view.digest), "")


def version_numbers(views: Sequence[LearnedModelView]) -> dict[int, int]:
    """Number of each version among those of its name, from 1 for the oldest; by id."""
    counts: Counter[str] = Counter()
    numbers: dict[int, int] = {}
    for view in sorted(views, key=lambda one: one.id):
        counts[view.name] += 1
        numbers[view.id] = counts[view.name]
    return numbers


def _notes(view: LearnedModelView, started: Mapping[str, int]) -> list[tuple[str, str]]:
    """What has to be known of a version's scores, each as a few words and as a sentence without its full stop.

    Whether the rules did better, and whose score is flattered.

    Args:
        view: the version.
        started: records that it was judged on, by the provider of the run that they were started from.
    """
    result = view.evaluation
    if result.get("learned") is None:
        return []
    below = below_rules(view)
    notes = [below] if below else []
    for provider, title in (("local", "本地规则"), (LEARNED, "学习模型")):
        if count := started.get(provider):
            notes.append((f"{title}偏高 {count:,d} 条", f"{title}的得分偏高：有 {count:,d} 条记录从它的答案改起"))
    return notes


def _row(view: LearnedModelView, number: int, is_used: bool, notes: Sequence[tuple[str, str]]) -> dict[str, object]:
    result = view.evaluation
    low, high = result.get("interval") or (None, None)
    names = "、".join(view.sources.get("datasets", ()))
    return {
        "模型": view.name,
        "版本": f"第 {number} 版",
        "使用中": is_used,
        "群聊": view.chats,
        "得分": result.get("learned"),
        "95% 区间": "—" if low is None or high is None else f"{low:.2f} 到 {high:.2f}",
        "常数下限": (result.get("floors") or {}).get("constants"),
        "本地规则": result.get("local"),
        "说明": "；".join(words for words, _ in notes),
        "校准误差": result.get("ece"),
        "学自": f"{names}：{_SOURCE_TITLES.get(view.sources.get('source', ''), '')}",
        "时间": view.created_at,
        "训练人": view.who or "自动",
        "校验和": view.digest[:12],
    }


def draw_training(datasets: list[DatasetView]) -> None:
    """Form that trains a model here and now: a few seconds for a hundred chats."""
    with state.store().read() as session:
        approvals = approvals_by_dataset(session)
    usual = max(datasets, key=lambda dataset: approvals.get(dataset.id, 0))
    with st.form("learn", border=True, enter_to_submit=False):
        one, two, three = st.columns([3, 2, 2])
        chosen = one.multiselect("从哪些数据集", [dataset.name for dataset in datasets], default=usual.name)
        source = two.selectbox("学什么", SOURCES, index=2, format_func=lambda name: _SOURCE_TITLES[name])
        name = three.text_input("模型名称", placeholder="例如 第一版", max_chars=80)
        off = only_for(Permission.TRAINING)
        if st.form_submit_button("训练", type="primary", icon=":material/model_training:", **off):
            with show_errors(), st.spinner("正在训练…"):
                kept = train(
                    state.store(),
                    datasets=chosen,
                    source=source or SOURCES[2],
                    name=name or "",
                    who=state.reviewer(),
                    validate=True,
                )
                st.session_state["learned.done"] = kept.name
                st.rerun()
    if done := st.session_state.pop("learned.done", ""):
        st.success(
            f"学习模型「{escape_markdown(done)}」训练好了，新建抽取任务时可以选用。", icon=":material/check_circle:"
        )
