"""The six steps from a training set to a tuned model and the next review."""

import streamlit as st

from core.adapters.llm import ModelSpec
from core.adapters.store import RunView, queries
from core.adapters.store.models import RunKind
from core.domain.permissions import Permission
from core.services.extraction import models as model_catalog
from core.services.extraction import runs as run_service
from core.services.training import (
    GUIDE_FILE,
    LOCAL_MODEL,
    LOCAL_PLATFORM,
    SERVED_NAME,
    TRAIN_COMMAND,
    TRAIN_FILE,
    Platform,
    TrainingFormat,
    TrainingSetView,
    asked_by_set,
    cutoff_of,
    extract_with_recipe,
    needed_title,
    platforms_taking,
    prompt_of_set,
    recipe_of,
    recipe_parts,
    register_tuned_model,
    runs_of_set,
    serve_command,
    siblings_of,
    single_fields,
    training_overlap,
    training_sets,
    tunable_templates,
)
from core.settings import ROOT
from core.ui import address, navigation, state
from core.ui.markdown import Markdown, code_span, escape_markdown
from core.ui.notices import draw_empty_state, show_errors
from core.ui.only_for import only_for
from core.ui.training.labels import recipe_title

_PICTURE = str(ROOT / "docs" / "screenshots" / "training-versions.png")
_DONE, _OPEN = ":material/check_circle:", ":material/radio_button_unchecked:"


def draw_recipe(trained: TrainingSetView, sets: list[TrainingSetView]) -> None:
    """What the set's recipe is, its other sets, and what is done with all of them together."""
    recipe = recipe_of(trained)
    if recipe is None:
        return
    st.caption(
        f"做法：{escape_markdown(recipe_title(str(trained.parameters['recipe'])))}。{escape_markdown(recipe.why)}"
    )
    if len(recipe.steps) < 2:
        return
    others = siblings_of(trained, sets)
    names = "、".join(f"#{one.id:d} {escape_markdown(one.name)}" for one in others)
    missing = len(recipe.steps) - 1 - len(others)
    together = f"一起的还有 {names}。" if names else ""
    lacking = f"还差 {missing:,d} 个没有生成。" if missing else ""
    st.info(f"{escape_markdown(recipe.after)}{together}{lacking}", icon=":material/account_tree:")


def _draw_step(number: int, title: Markdown, *, done: bool) -> None:
    """Heading of a step, ticked when done."""
    st.markdown(f"**{_DONE if done else _OPEN} &nbsp; {number}. {title}**")


def choose_training_set(sets: list[TrainingSetView]) -> TrainingSetView | None:
    """Step 1: choose the training set; ``None`` where there is none."""
    _draw_step(1, "选一个训练集", done=bool(sets))
    if not sets:
        draw_empty_state(
            "还没有训练集",
            "先在「训练集」里生成一个，再回到这里。",
            page=navigation.TRAINING_SETS,
            label="去生成训练集",
        )
        return None
    by_id = {one.id: one for one in sets}
    chosen = address.select(
        st.container(),
        "训练集",
        list(by_id),
        key="set",
        what="训练集",
        format_func=lambda number: f"#{number} {by_id[number].name} · {by_id[number].counts.get('rows', 0):,} 行",
        label_visibility="collapsed",
    )
    return by_id[chosen or sets[0].id]


def platform_of(trained: TrainingSetView) -> Platform:
    """The platform that a set was built for, else the first one that takes its format."""
    chosen, data_format = trained.parameters.get("platform"), TrainingFormat(trained.format)
    taking = platforms_taking(data_format)
    return next((platform for platform in taking if platform.name == chosen), taking[0])


def is_local(trained: TrainingSetView) -> bool:
    """Whether a set is trained on one's own machine: there is no platform to upload it to, and no ids of one."""
    return platform_of(trained).name == LOCAL_PLATFORM and TRAIN_FILE in trained.files


def draw_upload_step(trained: TrainingSetView) -> None:
    """Step 2: which files to upload where (the platform has a web form and no API), or how to train oneself."""
    local = is_local(trained)
    _draw_step(2, "在自己的机器上训练" if local else "上传到平台", done=False)
    platform = platform_of(trained)
    data_format = TrainingFormat(trained.format)
    least, rows = platform.figure("least_rows", data_format), trained.counts.get("rows", 0)
    requirement = f"{platform.title}要求至少 {least:,} 行" if least else f"{platform.title}的最少行数没有查到"
    files = "、".join(code_span(name) for name in trained.files if name.endswith(".jsonl"))
    download = f"- 在「训练集 → 版本」里选 **#{trained.id:d} {escape_markdown(trained.name)}**，准备下载并解压"
    if local:
        st.markdown(f"{download}。这个版本有 {rows:,} 行。\n- {escape_markdown(platform.upload_of(data_format))}。")
    else:
        st.markdown(
            f"{download}，要上传的是 {files or '训练文件'}。\n"
            f"- 上传到：{escape_markdown(platform.upload_of(data_format))}。{escape_markdown(requirement)}，"
            f"这个版本有 {rows:,} 行。\n"
            "- 建好数据集后在平台新建微调任务，选基础模型并训练；完成后发布为服务。\n"
            "- 发布后，平台的服务页面会给出服务 ID 和资源 ID，下一步要用。"
        )
    if TRAIN_FILE in trained.files:
        cutoff = cutoff_of(trained.counts.get("longest_tokens", 0))
        place = "" if local else "在自己的机器上训练："
        st.markdown(
            f"- {place}ZIP 里有 `{TRAIN_FILE}`（基础模型、模板、截断长度和 LoRA 的设置，各有理由）"
            f"和 `{GUIDE_FILE}`；解压后在文件夹里依次运行："
        )
        st.code(f"{TRAIN_COMMAND}\n{serve_command(cutoff)}", language="sh", wrap_lines=True)
    st.page_link(navigation.TRAINING_SETS, label="去下载", icon=":material/download:", query_params={"view": "版本"})
    if trained.format in (TrainingFormat.SPARK, TrainingFormat.SPARK_PAIR):
        with st.expander("在哪里下载（图）"):
            st.image(_PICTURE, caption="训练集 → 版本", width=900)


def draw_register_step(trained: TrainingSetView, mine: list[ModelSpec]) -> None:
    """Step 3: register the tuned model, linked to its training set."""
    _draw_step(3, "登记微调后的模型", done=bool(mine))
    if mine:
        st.caption(
            "这个训练集训练出的模型：" + "、".join(f"「{escape_markdown(spec.title or spec.name)}」" for spec in mine)
        )
    templates = {spec.name: spec for spec in tunable_templates(state.store())}
    with st.expander("登记一个模型", expanded=not mine):
        local = is_local(trained)
        names = sorted(templates, key=lambda key: key != LOCAL_MODEL) if local else list(templates)
        name = st.selectbox(
            "接口", names, format_func=lambda key: templates[key].title, key=f"tuning-template-{local:d}"
        )
        template = templates[name]
        with st.form(f"tuning-entry-{name}", enter_to_submit=False, border=False):
            title = st.text_input("起个名字", f"{trained.name} 微调", max_chars=80)
            served = SERVED_NAME if local and name == LOCAL_MODEL else ""
            filled = {
                need: st.text_input(escape_markdown(needed_title(template, need)), served if need == "model" else "")
                for need in template.needs
            }
            st.caption("密钥不在这里填：仍从环境变量或 .streamlit/secrets.toml 读取。")
            if st.form_submit_button("登记", type="primary", **only_for(Permission.MODELS)):
                with show_errors():
                    register_tuned_model(state.store(), template, trained, name=title, filled=filled)
                    st.rerun()


def draw_test_step(mine: list[ModelSpec]) -> None:
    """Step 4: test call to a tuned model."""
    _draw_step(4, "测试连接", done=False)
    if not mine:
        st.caption("先登记模型。")
        return
    spec = mine[0] if len(mine) == 1 else st.selectbox("模型", mine, format_func=lambda one: one.title or one.name)
    if st.button("测试连接", icon=":material/wifi_tethering:", **only_for(Permission.MODELS)):
        with st.spinner("正在提问…"):
            answer = model_catalog.probe(spec)
        if answer.ok:
            st.success(
                f"连接正常，{answer.seconds:.1f} 秒：{escape_markdown(answer.answer[:80])}", icon=":material/check:"
            )
        else:
            st.error(escape_markdown(answer.error), icon=":material/error:")


def draw_extract_step(trained: TrainingSetView, mine: list[ModelSpec], runs: list[RunView]) -> None:
    """Step 5: extract with the prompt it was trained on."""
    _draw_step(5, "用它抽取", done=bool(runs))
    recipe = recipe_of(trained)
    prompt = recipe.asked if recipe and recipe.asked else asked_by_set(trained)
    single = single_fields(trained)
    if single:
        way = f"提示词 {escape_markdown(prompt_of_set(trained))}，一次只问一个字段，共 {len(single):,d} 个"
    elif prompt.startswith("from_summary"):
        way = "先归纳再填表（summary,from_summary）"
    else:
        way = f"提示词 {escape_markdown(prompt)}"
    st.caption(f"训练时的提问用的是 {way}；抽取时要用同一个，否则模型没学过这样的问法。")
    for run in runs:
        seen = training_overlap(state.store(), run)
        st.markdown(f"- 「{escape_markdown(run.name)}」：完成 {run.done:,d} / {run.total:,d}")
        if seen is not None:
            st.warning(escape_markdown(seen.sentence), icon=":material/warning:")
    st.page_link(
        navigation.RUNS,
        label="新建抽取任务",
        icon=":material/arrow_forward:",
        query_params={"run": "new", **({"model": mine[0].name} if mine else {}), "prompt": prompt},
        disabled=not mine,
    )


def draw_compare_step(runs: list[RunView]) -> None:
    """Step 6: what it fixed and broke, and what to review next."""
    _draw_step(6, "看修好与改坏，再审阅下一批", done=False)
    if not runs:
        st.caption("有了微调模型的抽取结果后，这里会给出它和之前的抽取任务的对比。")
        return
    run = runs[0]
    address = {"dataset": str(run.dataset_id)}
    with state.store().read() as session:
        others = [
            one
            for one in queries.runs(session, run.dataset_id)
            if one.done and one.id != run.id and one.kind != RunKind.LABELS
        ]
    with st.container(horizontal=True):
        if others:
            st.page_link(
                navigation.CHANGES,
                label=f"修好与改坏：「{escape_markdown(others[0].name)}」→「{escape_markdown(run.name)}」",
                icon=":material/arrow_forward:",
                query_params=address | {"a": others[0].name, "b": run.name},
            )
        st.page_link(
            navigation.WORKBENCH,
            label="审阅它与已确认记录不同的群聊",
            icon=":material/arrow_forward:",
            query_params=address | {"newer": run.name},
        )


def draw_joined_step(trained: TrainingSetView) -> None:
    """All models of a recipe asked at one press, their answers merged per field into one run."""
    parts = recipe_parts(state.store(), trained)
    if not parts:
        return
    with st.container(border=True):
        st.markdown("**两个模型一起抽取**")
        lacking = [part for part in parts if part.model is None]
        for part in parts:
            model = f"「{escape_markdown(part.model.title or part.model.name)}」" if part.model else "还没有登记模型"
            number = f"训练集 #{part.trained.id:d}" if part.trained else "训练集还没有生成"
            st.caption(f"{escape_markdown(part.title)}：{number}，{model}")
        st.caption(
            "各抽取一遍，都完成后自动逐字段合并成一个抽取任务：分段学的字段先取「分段找字段」的值，其余先取「短群聊填表」的。"
        )
        with state.store().read() as session:
            datasets = {one.id: one for one in queries.datasets(session)}
        if lacking or not datasets:
            st.caption("先为每个训练集登记好模型。" if lacking else "先导入要抽取的群聊。")
            return
        left, right = st.columns(2)
        dataset_id = left.selectbox(
            "数据集", list(datasets), format_func=lambda number: datasets[number].name, key="joined-dataset"
        )
        recipe = recipe_of(trained)
        name = right.text_input(
            "抽取任务名称", recipe.title if recipe else "", max_chars=80, key=f"joined-name-{trained.id}"
        )
        if st.button(
            "一起抽取并合并", type="primary", icon=":material/merge:", key="joined-go", **only_for(Permission.RUNS)
        ):
            with show_errors():
                run = extract_with_recipe(state.store(), trained.id, dataset=dataset_id, name=name)
                run_service.ensure_running(state.store()).wake()
                st.switch_page(navigation.RUNS, query_params={"dataset": str(dataset_id), "run": str(run.id)})


def draw_tuning() -> None:
    """All six steps for the chosen training set."""
    sets = training_sets(state.store())
    trained = choose_training_set(sets)
    if trained is None:
        return
    draw_recipe(trained, sets)
    mine = [spec for spec in model_catalog.models(state.store()) if spec.training_set_id == trained.id]
    runs = runs_of_set(state.store(), trained.id)
    draw_upload_step(trained)
    draw_register_step(trained, mine)
    draw_test_step(mine)
    draw_extract_step(trained, mine, runs)
    draw_joined_step(trained)
    draw_compare_step(runs)
