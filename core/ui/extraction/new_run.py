"""Form of a new run: model, prompt, chats and limits, with an estimate of calls, tokens and cost."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from core.adapters.llm import is_remote, local, provider_title
from core.adapters.llm.learned import LEARNED
from core.adapters.store import DatasetView, RunView
from core.domain.cleaning import STEPS
from core.domain.permissions import Permission
from core.services.extraction import runs as run_service
from core.services.extraction.pipeline import Pipeline
from core.services.extraction.runs import Estimate, RunOption
from core.services.learning.models import below_rules, started_by_provider, version_in_use
from core.services.quality.run_ancestry import trained_on
from core.services.training import prompt_of_model
from core.ui import address, state
from core.ui.extraction.batch_choice import draw_batch_choice
from core.ui.extraction.model_choice import choose_model
from core.ui.extraction.run_limits import draw_budget, draw_limits
from core.ui.extraction.what_leaves import draw_what_leaves
from core.ui.held_choice import held_choice
from core.ui.markdown import escape_markdown
from core.ui.metrics import metrics
from core.ui.notices import show_errors
from core.ui.only_for import only_for

ALL, FIRST, CHOSEN = "全部", "前几条", "指定序号"


@st.cache_data(show_spinner="正在估算…", max_entries=8)
def _lengths(url: str, dataset_id: int, chats: int, clean: tuple[str, ...]) -> dict[int, int]:
    return run_service.chat_tokens(state.store(), dataset_id, clean)


@st.cache_data(show_spinner="正在估算…", max_entries=64)
def _estimated(_make: Callable[[], Estimate], key: str) -> Estimate:
    return _make()


def draw_new_run(dataset: DatasetView, options: list[RunOption]) -> RunView | None:
    """Draw the form of a new run.

    Args:
        dataset: whose chats.
        options: what :func:`core.services.extraction.runs.run_options` gave.

    Returns:
        The run once the person has started it.
    """
    left, right = st.columns(2, gap="large")
    with left:
        option = choose_model(options)
        spec = option.spec
        identity = f"{spec.provider}-{spec.name}"
        titles = dict(run_service.prompt_options(state.store(), state.form_of(dataset)))
        is_asked = is_remote(spec.provider)  # rules compute here: nothing to ask, to limit or to tune
        prompt = _choose_prompt(titles, prompt_of_model(state.store(), spec)) if is_asked else next(iter(titles), "")
        scope = _scope(dataset)
    with right:
        suggested = run_service.free_name(state.store(), dataset.id, spec.provider, spec.name)
        name = st.text_input("抽取任务名称", suggested, key=f"runs-name-{dataset.id}-{suggested}")
        batch = draw_batch_choice(spec, key=identity) if is_asked else {}
        limits: dict[str, Any] = {}
        if batch.get("batch") == "files":
            limits = draw_budget(spec, key=identity)  # how fast a file is answered is the service's affair
        elif is_asked:
            limits = draw_limits(spec, key=identity, concurrency=option.concurrency)
        parameters = _parameters(identity) if is_asked else {}
        if not is_asked:
            title = escape_markdown(provider_title(spec.provider))
            st.caption(f"{title}在这台机器上计算：不联网、不收费，不读提示词，也没有可调的参数。")
    preparation, fresh = _preparation(dataset)
    pipeline: Pipeline | None = None
    with show_errors(), state.store().read() as session:
        pipeline = run_service.load_pipeline(session, prompt or "", dataset=dataset.id, **preparation)
    with st.container(border=True):
        budget = limits.get("budget")
        _draw_estimate(dataset, option, pipeline, name, scope, parameters, fresh, batch, budget)
        if dataset.chats and scope is not None and pipeline is not None:
            draw_what_leaves(dataset, option, pipeline, scope)
        with state.store().read() as session:
            taught = trained_on(session, dataset.id, spec)
            version = version_in_use(session, spec.parameters) if spec.provider == LEARNED else None
            origins = started_by_provider(session, version) if version is not None else {}
        if version is not None and (below := below_rules(version)):
            rules = escape_markdown(provider_title(local.ENTRY.name))
            copied = origins.get(local.ENTRY.name, 0)
            flattered = f"{rules}的得分偏高：有 {copied:,d} 条记录从它的答案改起，不能说明它更准。"
            st.warning(
                f"这个模型的{escape_markdown(below[1])}：交叉验证，每条群聊由没见过它的模型填。"
                f"{flattered if copied else f'要更准，请选「{rules}」。'}",
                icon=":material/trending_down:",
            )
        if taught:
            st.caption(
                f":material/school: 这个模型学过这个数据集里的 {taught:,d} 条群聊，在它们上的得分会偏高；"
                "它真实的水平要看没有学过的群聊。"
            )
        if option.missing:
            st.warning(escape_markdown(option.missing), icon=":material/key_off:")
        pressed = st.button(
            "开始抽取",
            type="primary",
            icon=":material/play_arrow:",
            width="stretch",
            key=f"runs-start-{dataset.id}-{suggested}",
            **only_for(
                Permission.RUNS,
                disabled=bool(option.missing) or not dataset.chats or scope is None or pipeline is None,
            ),
        )
    if not pressed or scope is None:
        return None
    store = state.store()
    created = run_service.create_run(
        store,
        dataset=dataset.id,
        name=name,
        provider=spec.provider,
        model=spec.name,
        pipeline=pipeline,
        parameters=parameters or None,
        fresh=fresh or None,
        **batch,
        **limits,
        **scope,
    )
    started = run_service.start(store, created.id)
    run_service.ensure_running(store).wake()
    return started


def _choose_prompt(titles: Mapping[str, str], trained: str) -> str | None:
    """Choose the prompt; the one that the address asks for, else the model's own, stands chosen at first.

    Args:
        titles: of what is offered.
        trained: the prompt that the model was tuned with; ``""`` where there is none.
    """
    requested = address.text_parameter("prompt") or trained
    # What is asked for may be stages that nobody has put together yet: those of a recipe are.
    ids = [*([requested] if requested and requested not in titles else []), *titles]
    prompt = st.selectbox(
        "提示词",
        ids,
        format_func=lambda id_: f"{titles[id_]} · {id_}" if id_ in titles else id_,
        accept_new_options=True,
        help="也可以输入几个阶段，例如 baseline,verify，或 baseline*5 投票",
        key=held_choice(f"runs-prompt-{requested}", ids, ids.index(requested) if requested else 0, may_be_new=True),
    )
    if trained and prompt != trained:
        st.caption(f"这个模型的训练集是用 {escape_markdown(trained)} 做的，换一个提示词来问，得分多半会低。")
    return prompt


def _scope(dataset: DatasetView) -> dict[str, Any] | None:
    """Which chats, as arguments of ``create_run``; ``None`` while what was typed cannot be read."""
    kind = st.segmented_control("群聊", [ALL, FIRST, CHOSEN], default=ALL, required=True, key="runs-scope")
    if kind == FIRST:
        most = max(1, dataset.chats)
        return {
            "limit": st.number_input(
                "前几条",
                min_value=1,
                max_value=most,
                value=min(10, most),
                label_visibility="collapsed",
                key=f"runs-limit-{dataset.id}",
            )
        }
    if kind == CHOSEN:
        typed_in = st.text_input(
            "序号", placeholder="例如 1-20，35", label_visibility="collapsed", key=f"runs-chosen-{dataset.id}"
        )
        with show_errors():
            indices = run_service.parse_indices(typed_in)
            return {"chat_indices": indices} if indices else None
        return None
    st.caption(f"数据集里的 {dataset.chats:,d} 条群聊。")
    return {}


def _parameters(key: str) -> dict[str, Any]:
    first, second = st.columns(2)
    temperature = first.number_input(
        "温度", min_value=0.0, max_value=2.0, value=None, step=0.1, placeholder="按模型", key=f"runs-temperature-{key}"
    )
    most = second.number_input(
        "最长回答 token", min_value=1, value=None, placeholder="按模型", key=f"runs-max-tokens-{key}"
    )
    request_parameters = {"temperature": temperature, "max_tokens": most}
    return {name: value for name, value in request_parameters.items() if value is not None}


def _preparation(dataset: DatasetView) -> tuple[dict[str, Any], bool]:
    """What is done to a chat beforehand and what the first stage starts from, for ``plan``; and whether to ask anew."""
    with st.expander("清理、分段和起点", icon=":material/tune:"):
        clean = st.pills(
            "清理",
            [name for name in STEPS if name != "residue"],
            selection_mode="multi",
            format_func=lambda name: escape_markdown(STEPS[name].title),
            help="；".join(escape_markdown(step.description.rstrip("。")) for step in STEPS.values()),
            key=f"runs-clean-{dataset.id}",
        )
        first, second, third = st.columns(3)
        names = [None, *state.run_names(dataset)]
        base = first.selectbox(
            "起点",
            names,
            format_func=lambda name: name or "无",
            help="复核已有的表时，选那个抽取任务",
            key=f"runs-base-{dataset.id}-{len(names)}",
        )
        context = second.number_input(
            "上下文 token", min_value=500, value=None, placeholder="按模型", help="群聊更长时分段抽取，再按客户合并"
        )
        examples = third.number_input("示例数", min_value=0, max_value=20, value=3, help="只有带示例的提示词会用到")
        fresh = st.checkbox("不沿用以前对同样问题的回答", key=f"runs-fresh-{dataset.id}")
    return {"clean": tuple(clean), "base": base, "context_tokens": context, "examples": examples}, fresh


def _draw_estimate(
    dataset: DatasetView,
    option: RunOption,
    pipeline: Pipeline | None,
    name: str,
    scope: dict[str, Any] | None,
    parameters: dict[str, Any],
    fresh: bool,
    batch: Mapping[str, Any],
    budget: float | None,
) -> None:
    if not dataset.chats or scope is None or pipeline is None:
        st.caption("选好群聊和提示词后，这里给出调用数、token 和费用的估算。")
        return
    with show_errors():
        store = state.store()
        choices: dict[str, Any] = {
            "dataset": dataset.id,
            "provider": option.spec.provider,
            "model": option.spec.name,
            "parameters": parameters,
            "run": name,
            "fresh": fresh,
            **scope,
        }
        # What has been answered by now counts: earlier replies, and how long answers are.
        answered = [(run.id, run.done) for run in run_service.model_runs(store, dataset.id)]
        calls = _estimated(
            lambda: run_service.estimate(
                store,
                pipeline=pipeline,
                tokens=_lengths(store.url, dataset.id, dataset.chats, pipeline.clean),
                **choices,
            ),
            repr((store.url, choices, option.spec, pipeline.sha256, dataset.chats, answered)),
        )
        free = not is_remote(calls.model.provider)
        metrics(
            {
                "群聊": f"{calls.chats:,}",
                "预计调用": f"{calls.calls:,}",
                "预计提问 token": "—" if free else f"{calls.tokens_in:,}",
                "预计回答 token": "—" if free else f"{calls.tokens_out:,}",
                **_price_texts(calls, bool(batch.get("batch"))),
                "沿用以前的回答": f"{calls.reused:,}" if calls.reused else "",
            }
        )
        if short := run_service.budget_shortfall(budget, calls, bool(batch.get("batch"))):
            st.warning(escape_markdown(short), icon=":material/savings:")
        basis = "按这个模型以前的回答" if calls.learned else "按空表的长度"
        if calls.scale is not None:
            scale = calls.scale
            st.caption(
                f"提问的 token 按这个模型最近 {scale.calls:,d} 次提问的实际用量折算（×{scale.factor:.2f}，"
                f"折算后单次平均相差 {scale.error:.0%}）。"
            )
        if not free:
            sampled = "，群聊太多，按抽样推算" if calls.sampled else ""
            st.caption(f"提问按渲染后的提示词和群聊估算，回答{basis}估算{sampled}；重试另计。")
        if calls.over:
            st.caption(
                f"{len(calls.over):,} 条超过模型的长度，会分段抽取（共 {calls.windows:,d} 段）："
                f"第 {escape_markdown(_few(calls.over))} 条。"
            )
        if calls.impossible:
            st.warning(
                f"提示词没有给 {len(calls.impossible):,} 条群聊留下位置，它们会失败："
                f"第 {escape_markdown(_few(calls.impossible))} 条。"
                "请换上下文更长的模型或更短的提示词。",
                icon=":material/straighten:",
            )


def _price_texts(calls: Estimate, as_batch: bool) -> dict[str, str]:
    """What it costs, and beside it what it would cost the other way."""
    if calls.yuan is None:
        return {"预计费用": "单价未知"}
    live = run_service.money(calls.yuan)
    if calls.batch_yuan is None:
        return {"预计费用": live}
    batch = run_service.money(calls.batch_yuan)
    return {"预计费用": batch, "实时的话": live} if as_batch else {"预计费用": live, "作为批量": batch}


def _few(indices: tuple[int, ...]) -> str:
    return "、".join(map(str, indices[:8])) + ("…" if len(indices) > 8 else "")
