"""The choice of a recipe: what each is good for, which training sets it makes, and all of them at one click."""

from collections.abc import Sequence

import streamlit as st

from core.domain.form import Form
from core.domain.permissions import Permission
from core.services.export import Download, download, file_name
from core.services.export.file_names import MASKED_SUFFIX
from core.services.training import (
    RECIPES,
    Recipe,
    RecipeStep,
    TrainingOptions,
    export_training,
    find_recipe,
    piece_fields,
    recipe_sets,
)
from core.ui import state
from core.ui.markdown import escape_markdown
from core.ui.notices import show_errors
from core.ui.only_for import only_for
from core.ui.training.set_files import MOST_CHATS

OWN_CHOICE = "—"
_MADE = "shiyao.training.recipe"


def choose_recipe() -> Recipe | None:
    """Draw the choice of a recipe with its reasons; ``None`` where people choose everything themselves."""
    titles = {OWN_CHOICE: "自己选", **{recipe.name: recipe.title for recipe in RECIPES}}
    name = st.selectbox(
        "做法",
        list(titles),
        format_func=titles.__getitem__,
        key="training-recipe",
        help="做法定下输入、提示词、训练任务和超长的行怎么办；数据集、答案来源、平台、筛选和行数仍由您选。",
    )
    if name == OWN_CHOICE:
        return None
    recipe = find_recipe(name)
    steps = "".join(f"\n- **{escape_markdown(step.title)}**：{escape_markdown(step.why)}" for step in recipe.steps)
    st.markdown(f"{escape_markdown(recipe.why)}{steps}\n\n{escape_markdown(recipe.after)}")
    return recipe


def choose_set(
    recipe: Recipe, options: TrainingOptions, form: Form
) -> tuple[list[tuple[RecipeStep, TrainingOptions]], TrainingOptions]:
    """All sets of a recipe, and the one that is looked at.

    Raises:
        ExportError: the recipe does not go with the other choices.
    """
    pieces: Sequence[str] = ()
    if len(recipe.steps) > 1 and any(not step.changes.get("tasks") for step in recipe.steps):
        labels = {field.key: field.label for field in form.fields if field.key != form.name_field}
        pieces = st.multiselect(
            "段里问哪些字段",
            list(labels),
            default=list(piece_fields(form)),
            format_func=labels.__getitem__,
            key=f"training-pieces-{form.name}",
            help="照抄的字段（号码、日期、金额）在一段里就看得出；判断要看整条群聊。",
        )
    sets = recipe_sets(recipe, options, form, pieces)
    if len(sets) == 1:
        return sets, sets[0][1]
    titles = {step.name: f"{number}. {step.title}" for number, (step, _) in enumerate(sets, start=1)}
    looked_at = st.segmented_control(
        "看哪个训练集",
        list(titles),
        format_func=lambda name: escape_markdown(titles[name]),
        default=sets[0][0].name,
        required=True,
        key=f"training-recipe-step-{recipe.name}",
    )
    return sets, next(choices for step, choices in sets if step.name == looked_at)


def draw_build_all(
    recipe: Recipe, sets: Sequence[tuple[RecipeStep, TrainingOptions]], names: Sequence[str], chats: int
) -> None:
    """The button that builds all sets of a recipe, and what it made, each to download."""
    if len(sets) < 2:
        return
    if chats > MOST_CHATS:
        st.caption(f"群聊超过 {MOST_CHATS:,} 条：请一个一个生成，在后台写。")
        return
    if st.button(
        f"一次生成这 {len(sets):,} 个训练集",
        icon=":material/deployed_code:",
        key=f"training-build-all-{recipe.name}",
        **only_for(Permission.TRAINING),
    ):
        made: list[Download] = []
        with show_errors(), st.spinner("正在逐个生成并读回核对…"):
            for step, choices in sets:
                name = file_name(*names, recipe.title, step.title)
                made.append(_build(choices, name))
        st.session_state[_MADE] = (tuple(choices for _, choices in sets), made)
    made_of, finished = st.session_state.get(_MADE, (None, []))
    if made_of == tuple(choices for _, choices in sets):
        for one in finished:
            st.download_button(
                f"下载 {escape_markdown(one.name)}（{one.report.counts['rows']:,} 行）",
                one.data,
                file_name=one.name,
                mime="application/zip",
                icon=":material/download:",
                on_click="ignore",
                key=f"training-recipe-{one.name}",
            )


def _build(choices: TrainingOptions, name: str) -> Download:
    return download(
        name + (MASKED_SUFFIX if choices.mask else ""),
        lambda out: export_training(state.store(), options=choices, out=out, name=name, who=state.reviewer()),
    )
