"""Options of a training set: common ones visible, the others folded away."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.adapters.store import DatasetView
from core.domain.cleaning import OVERLAP, STEPS
from core.domain.form import Form
from core.domain.prompts import Stage
from core.services.extraction import prompt_library
from core.services.training import (
    FORM_TASK,
    MOST_REPEATS,
    TEST_SPLIT,
    USUAL_PLATFORM,
    AnswerFilters,
    DuplicatePolicy,
    InputKind,
    OverBudget,
    Platform,
    TrainingFormat,
    TrainingOptions,
    all_platforms,
    named_lengths,
    reviewers_of,
)
from core.services.training.input_texts import CLEAN_STEPS
from core.ui import state
from core.ui.held_choice import held_choice
from core.ui.markdown import Markdown, escape_markdown
from core.ui.mask_picker import choose_mask
from core.ui.training.labels import DUPLICATES, FORMATS, INPUTS, POLICIES, REFUSE, SOURCES, TASKS

USUAL_VALIDATION = 0.1
NO_LIMIT, TOKENS, CHARACTERS, OWN_LIMIT = "不限", "自己定 token 数", "自己定字数", "平台"
NO_PLATFORM = "—"
_ASKING = {InputKind.SUMMARY: {Stage.FROM_SUMMARY}}
_OTHER_STAGES = {Stage.EXTRACT, Stage.FIELDS}


def choose_options(available: list[DatasetView]) -> TrainingOptions | None:
    """Draw all choices of a training set; ``None`` where no dataset is chosen.

    Args:
        available: all datasets, at least one.
    """
    names = {dataset.id: dataset.name for dataset in available}
    current = state.current_dataset(available)
    chosen = st.multiselect(
        "数据集",
        list(names),
        default=_usual_datasets(available, current),
        format_func=names.__getitem__,
        key=f"training-datasets-{','.join(map(str, names))}",
        placeholder="选一个或几个",
    )
    if current is not None and current.split == TEST_SPLIT and current.id not in chosen:
        st.caption(f"「{escape_markdown(current.name)}」是测试集：留着给模型评分，没有替您选它。")
    source = st.selectbox("答案来源", list(SOURCES), key="training-source")
    platform, data_format = _platform_and_format()
    text = st.segmented_control(
        "输入",
        list(INPUTS),
        format_func=INPUTS.__getitem__,
        default=InputKind.RAW,
        required=True,
        key="training-input",
        help="在线表格留下的残留不会写入，无论选哪一种。摘要在「摘要」里查看和修改。",
    )
    steps = _steps() if text is InputKind.CLEAN else CLEAN_STEPS
    stages = _ASKING.get(text, _OTHER_STAGES)
    datasets = [dataset for dataset in available if dataset.id in chosen]
    usual = "from_summary" if text is InputKind.SUMMARY else "baseline"
    with state.store().read() as session:
        every = [entry for entry in prompt_library.list_entries(session) if not entry.problem]
    form = state.form_of(datasets[0] if datasets else available[0])
    first = next((entry for entry in every if entry.prompt.name == usual), None)
    usual_id = prompt_library.earliest_alike(first, every, form).id if first else ""
    prompts = {entry.prompt.id: entry.prompt for entry in every if entry.prompt.stage in stages}
    left, right = st.columns(2)
    names_of_prompts = sorted(prompts, key=lambda name: (name != usual_id, not name.startswith(usual)))
    prompt = left.selectbox(
        "提示词",
        names_of_prompts,
        format_func=lambda name: f"{prompts[name].title} · {name}",
        key=held_choice(f"training-prompt-{text}", names_of_prompts),
        help="微调后的模型要用同一个提示词来问。",
    )
    if not chosen:
        return None
    tasks = right.multiselect(
        "训练任务",
        [*TASKS, *(key for key in form.keys if key != form.name_field)],
        default=[FORM_TASK],
        format_func=lambda name: TASKS.get(name) or form.field(name).label,
        key="training-tasks",
    )
    rejected_run = _rejected_run(datasets) if data_format.is_preference else ""
    limit = _limit(platform, data_format)
    extra = {**_numbers(platform, data_format), "filters": _filters(form, datasets)}
    return TrainingOptions(
        datasets=tuple(chosen),
        source=SOURCES[source],
        format=data_format,
        platform=platform.name if platform else "",
        rejected_run=rejected_run,
        text=text,
        prompt=prompt or "",
        tasks=tuple(tasks),
        steps=steps,
        **limit,
        **extra,
    )


def _rejected_run(datasets: list[DatasetView]) -> str:
    """The run whose answers stand against those that were started from none; what pairs are is said beside it."""
    st.caption("偏好对：答案（已确认的记录或标注）和抽取任务的回答，只写两者不同的群聊。")
    chosen = st.selectbox(
        "对照的抽取任务",
        _common_runs(datasets),
        index=None,
        key="training-rejected-run",
        placeholder="不选：只写从抽取任务改起的记录",
        help="记录拿它从哪个抽取任务改起的回答；标注和盲审不是从抽取任务改起的，在这里选拿谁的回答作对照。",
    )
    return chosen or ""


def _usual_datasets(available: list[DatasetView], current: DatasetView | None) -> list[int]:
    """The dataset that is open; in the place of a test split, which nobody trains on, the first one that is none."""
    fit = [dataset.id for dataset in available if dataset.split != TEST_SPLIT]
    if current is None or current.id in fit:
        return [current.id] if current else []
    return fit[:1]


def _steps() -> tuple[str, ...]:
    step_names = [name for name in STEPS if name != "residue"]
    chosen = st.multiselect(
        "清理步骤",
        step_names,
        default=list(CLEAN_STEPS),
        format_func=lambda name: STEPS[name].title,
        key="training-steps",
    )
    return tuple(chosen)


def _platform_and_format() -> tuple[Platform | None, TrainingFormat]:
    """The platform that is to train, and one of the formats that it takes; below them what it asks for."""
    every = {platform.name: platform for platform in all_platforms()}
    left, right = st.columns(2)
    name = left.selectbox(
        "平台",
        [*every, NO_PLATFORM],
        index=list(every).index(USUAL_PLATFORM),
        format_func=lambda name: every[name].title if name in every else "不指定",
        key="training-platform",
        help="决定收哪些格式、最少多少行、一行最长多少；预检照它的要求核对。"
        f"偏好对（DPO、KTO）是格式，收它的有{_preferring(every)}。",
    )
    platform = every.get(name)
    taken = list(platform.format_names) if platform else list(FORMATS)
    data_format = right.selectbox(
        "格式", taken, format_func=FORMATS.__getitem__, key=held_choice(f"training-format-{name}", taken)
    )
    if platform is not None:
        st.caption(escape_markdown(_asked_by(platform, data_format)), help=_sources_of(platform))
    return platform, data_format


def _preferring(every: Mapping[str, Platform]) -> Markdown:
    """Titles of the platforms that take a format of preference pairs."""
    return "、".join(
        escape_markdown(one.title)
        for one in every.values()
        if any(TrainingFormat(name).is_preference for name in one.format_names)
    )


def _asked_by(platform: Platform, data_format: TrainingFormat) -> str:
    """What a platform asks for, as far as it is known."""
    figures = (
        ("至少 {:,} 行", "least_rows"),
        ("建议 {:,} 行", "advised_rows"),
        ("至多 {:,} 行", "most_rows"),
        ("每行 {:,} 字", "most_characters"),
        ("每行 {:,} token", "most_tokens"),
        ("文件 {:,} 字节", "most_bytes"),
    )
    known = [
        words.format(amount)
        for words, figure in figures
        if (amount := platform.figure(figure, data_format)) is not None
    ]
    return f"{platform.title}：{'，'.join(known) or '没有查到公开的数字'}。"


def _sources_of(platform: Platform) -> Markdown:
    """Source and day of each known figure, and what is not known, as Markdown."""
    known = [
        f"{figure.value:,}：{figure.source}（{figure.dated}）"
        for figure in platform.figures
        if figure.value is not None
    ]
    unknown = [f"没有查到：{clause}" for clause in platform.unknown()]
    return "\n".join(f"- {escape_markdown(line)}" for line in [*known, *unknown])


def _limit(platform: Platform | None, data_format: TrainingFormat) -> dict[str, Any]:
    first, second, third = st.columns([3, 3, 3])
    own = platform.row_limit(data_format) if platform else None
    lengths = [length.name for length in platform.lengths] if platform else list(named_lengths())
    named = {name: named_lengths()[name].label for name in lengths}
    offered = [*([OWN_LIMIT] if own else []), *named, TOKENS, CHARACTERS, *([] if own else [NO_LIMIT])]
    target = first.selectbox(
        "长度上限",
        offered,
        format_func=lambda name: (
            f"{OWN_LIMIT}：{own.amount:,} {own.unit}" if own and name == OWN_LIMIT else named.get(name, name)
        ),
        key=held_choice("training-target", offered),
        help="提问和答案合起来；token 数即 LLaMA-Factory 的 cutoff_len。平台会不声不响地截断超长的行，所以先在这里量。",
    )
    if target == NO_LIMIT:
        return {}
    is_short = target in named or target == OWN_LIMIT  # nothing to type, so the next choice moves up
    limits: dict[str, Any] = {"target": target} if target in named else {}
    if target == TOKENS:
        limits["cutoff_len"] = second.number_input("token", 1, None, 4096, step=256, key="training-cutoff")
    elif target == CHARACTERS:
        limits["max_chars"] = second.number_input("字", 1, None, 8000, step=500, key="training-chars")
    policy = (second if is_short else third).selectbox(
        "超长的行", list(POLICIES), format_func=POLICIES.__getitem__, key="training-policy"
    )
    limits["over_budget"] = None if policy == REFUSE else OverBudget(policy)
    if policy == OverBudget.WINDOW:
        limits["overlap"] = st.slider("相邻两段至多重叠", 0.0, 0.5, OVERLAP, 0.01, key="training-overlap")
    return limits


def _numbers(platform: Platform | None, data_format: TrainingFormat) -> dict[str, Any]:
    required = (platform.figure("least_rows", data_format) if platform else None) or 0
    with st.expander("行数、验证集、重复、均衡和遮盖", key="training-numbers"):
        first, second = st.columns(2)
        least = first.number_input(
            "最少行数",
            0,
            1_000_000,
            None,
            step=100,
            key="training-min",
            placeholder=f"{required:,}，至多 {MOST_REPEATS} 遍" if required else "不重复",
            help=f"整套重复到够为止。空着：重复到平台要的 {required:,} 行，但不超过 {MOST_REPEATS} 遍。"
            if required
            else "整套重复到够为止。空着：平台没有要求，写一遍。",
        )
        usual = f"{USUAL_VALIDATION:g}，群聊够分时"
        share = second.number_input(
            "验证集比例", 0.0, 0.9, None, step=0.05, key="training-val", placeholder=usual, help="0 表示不要验证集。"
        )
        numbers = {
            "min_rows": required if least is None else least,
            "most_repeats": MOST_REPEATS if least is None else None,
            "max_rows": first.number_input("最多行数（空着不限）", 1, None, None, step=100, key="training-max"),
            "validation": USUAL_VALIDATION if share is None else share,
            "validation_needed": share is not None,
            "seed": second.number_input("打乱用的种子（空着不打乱）", 0, None, None, key="training-seed"),
            "duplicates": first.selectbox(
                "重复的群聊", list(DuplicatePolicy), format_func=DUPLICATES.__getitem__, key="training-duplicates"
            ),
            "balance": second.number_input(
                "每个字段至少在多少行里有值",
                0.0,
                0.9,
                0.0,
                step=0.05,
                key="training-balance",
                help="少见的字段所在的行多写几遍，一行至多 4 遍；0 表示不均衡。",
            ),
            "mask": tuple(choose_mask("training-mask").names),
        }
    return numbers


def _filters(form: Form, datasets: list[DatasetView]) -> AnswerFilters:
    with st.expander("筛选答案", key="training-filters"):
        labels = {field.key: field.label for field in form.fields}
        filled = st.multiselect(
            "这些字段要有值", list(labels), format_func=labels.__getitem__, key="training-filled", placeholder="不限"
        )
        confirmed = st.multiselect(
            "这些字段要逐项确认过",
            list(labels),
            format_func=labels.__getitem__,
            key="training-confirmed",
            placeholder="不限",
            help="标注没有确认状态，选了就不会写入标注。",
        )
        with state.store().read() as session:
            people = reviewers_of(session, [dataset.id for dataset in datasets])
        reviewers = st.multiselect("审阅人", people, key="training-reviewers", placeholder="不限") if people else []
        first, second = st.columns(2)
        since = first.date_input("记录从", value=None, key="training-since", format="YYYY-MM-DD")
        until = second.date_input("到", value=None, key="training-until", format="YYYY-MM-DD")
        runs = _common_runs(datasets)
        run = st.selectbox(
            "按抽取任务的得分筛选",
            runs,
            index=None,
            key="training-score-run",
            placeholder="不按得分",
            disabled=not runs,
        )
        low, high = 0.0, float(form.max_points)
        if run:
            low, high = st.slider("得分在", 0.0, high, (0.0, high), 0.5, key="training-score")
    return AnswerFilters(
        filled=tuple(filled),
        confirmed=tuple(confirmed),
        reviewers=tuple(reviewers),
        since=since.isoformat() if since else "",
        until=until.isoformat() if until else "",
        score_run=run or "",
        score_min=low if run else None,
        score_max=high if run else None,
    )


def _common_runs(datasets: list[DatasetView]) -> list[str]:
    """Names of runs that every chosen dataset has."""
    common: list[str] = []
    for number, dataset in enumerate(datasets):
        names = state.run_names(dataset)
        common = names if not number else [name for name in common if name in names]
    return common
