"""Recipes: ways of tuning that worked, each as the choices of one or two training sets and how the model is asked.

A recipe changes only what it is about; datasets, answers, format, platform, filters and numbers stay as chosen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.domain.form import Form, Nature
from core.errors import ExportError
from core.services.training.input_texts import InputKind
from core.services.training.training_options import (
    CUSTOMERS_TASK,
    FORM_TASK,
    DuplicatePolicy,
    OverBudget,
    TrainingOptions,
)

PIECES = "pieces"


@dataclass(frozen=True, slots=True)
class RecipeStep:
    """One training set of a recipe.

    Attributes:
        name: in English, part of the set's mark.
        title: for people, Chinese.
        why: what this set teaches, one Chinese sentence.
        changes: choices that it sets, by their names in :class:`TrainingOptions`.
    """

    name: str
    title: str
    why: str
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A way of tuning.

    Attributes:
        name: in English.
        title: for people, Chinese.
        why: when it helps and what it costs, Chinese.
        steps: its training sets in order.
        asked: how the tuned model is asked, a pipeline as extraction takes it; ``""``: by the prompt of each set.
        after: what is done with several sets: with the models or the runs, one Chinese sentence.
    """

    name: str
    title: str
    why: str
    steps: tuple[RecipeStep, ...]
    asked: str = ""
    after: str = ""


RECIPES: tuple[Recipe, ...] = (
    Recipe(
        "ours",
        "整张表",
        "一个模型，一次问完整张表。相近的群聊只留一条，少见的字段多写几遍，超长的先清理。最省事，先从它开始。",
        (
            RecipeStep(
                FORM_TASK,
                "整张表",
                "一条群聊一行，答案是整张表。",
                {
                    "text": InputKind.RAW,
                    "prompt": "",
                    "tasks": (FORM_TASK,),
                    "over_budget": OverBudget.CLEAN,
                    "duplicates": DuplicatePolicy.NEAR,
                    "balance": 0.2,
                },
            ),
        ),
        "baseline",
    ),
    Recipe(
        "two-steps",
        "两步",
        "先只找出谁是客户，再逐位填表。客户多的群聊漏人、串人少；一条群聊要问几次，花费随客户数增加。",
        (
            RecipeStep(
                CUSTOMERS_TASK,
                "找客户",
                "一条群聊一行，答案只有客户的名字。",
                {
                    "text": InputKind.RAW,
                    "prompt": "customers",
                    "tasks": (CUSTOMERS_TASK,),
                    "over_budget": OverBudget.CLEAN,
                },
            ),
            RecipeStep(
                "one-customer",
                "逐位填表",
                "一张表一行，提问里有这一位的名字，答案只有这一张表。",
                {
                    "text": InputKind.RAW,
                    "prompt": "one_customer",
                    "tasks": (FORM_TASK,),
                    "over_budget": OverBudget.CLEAN,
                },
            ),
        ),
        "customers,one_customer",
        "两个训练集一起上传，训练出一个模型；抽取时用「customers,one_customer」，两步都问它。",
    ),
    Recipe(
        "two-models",
        "两个模型",
        "短的群聊教整张表，所有群聊切成段教几个照抄的字段；两个模型一起抽取，逐字段合并。长群聊里的号码和日期少丢。",
        (
            RecipeStep(
                FORM_TASK,
                "短群聊填表",
                "放得下的群聊一条一行，答案是整张表；超长的跳过。",
                {"text": InputKind.RAW, "prompt": "", "tasks": (FORM_TASK,), "over_budget": OverBudget.SKIP},
            ),
            RecipeStep(
                PIECES,
                "分段找字段",
                "超长的群聊切成段，一个字段一行，每段只写它有依据的值。",
                {"text": InputKind.RAW, "prompt": "fields", "over_budget": OverBudget.WINDOW},
            ),
        ),
        "",
        "两个训练集各训练一个模型；登记好以后在「微调」里一起抽取，都完成后自动逐字段合并成一个抽取任务。",
    ),
    Recipe(
        "summary-first",
        "先归纳",
        "先把群聊写成摘要，再从摘要填表。长群聊也放得下；摘要里丢了的值填不回来，请先看「摘要丢失」。",
        (
            RecipeStep(
                "from-summary",
                "从摘要填表",
                "一条群聊的摘要一行，答案是整张表。没有摘要的群聊不写。",
                {
                    "text": InputKind.SUMMARY,
                    "prompt": "from_summary",
                    "tasks": (FORM_TASK,),
                    "over_budget": OverBudget.SKIP,
                },
            ),
        ),
        "summary,from_summary",
    ),
)


def find_recipe(name: str) -> Recipe:
    """A recipe by name, or by the mark ``name/step`` of a set.

    Raises:
        ExportError: there is none.
    """
    for recipe in RECIPES:
        if recipe.name == name.partition("/")[0]:
            return recipe
    raise ExportError(f"不认识做法「{name}」", f"可以是 {'、'.join(recipe.name for recipe in RECIPES)}")


def check_pieces(form: Form, keys: Sequence[str]) -> None:
    """Check the fields that pieces are to be asked for.

    Raises:
        ExportError: the form has no such field.
    """
    if unknown := [key for key in keys if key not in form]:
        raise ExportError(f"表单没有字段「{unknown[0]}」", "请检查字段名")


def piece_fields(form: Form) -> tuple[str, ...]:
    """Fields that pieces of a chat are asked for unless one chooses others: verbatim ones with one right answer."""
    return tuple(
        one.key
        for one in form.fields
        if one.nature is Nature.VERBATIM and one.one_right_answer and one.key != form.name_field
    )


def recipe_sets(
    recipe: Recipe, options: TrainingOptions, form: Form, pieces: Sequence[str] = ()
) -> list[tuple[RecipeStep, TrainingOptions]]:
    """The choices of each set of a recipe, in order.

    Args:
        recipe: the way of tuning.
        options: what was chosen besides.
        form: of the datasets.
        pieces: keys of the fields that pieces are asked for; empty for :func:`piece_fields`.

    Raises:
        ExportError: the recipe does not go with the format, or the form has no field that pieces could be asked for.
    """
    check_pieces(form, pieces)
    if options.format.is_preference and len(recipe.steps) > 1:
        raise ExportError(f"做法「{recipe.title}」不能用偏好对来教", "请换成不是 DPO、KTO 的格式")
    sets = []
    for step in recipe.steps:
        changes = dict(step.changes)
        if step.name == PIECES:
            changes["tasks"] = tuple(pieces) or piece_fields(form)
            if not changes["tasks"]:
                raise ExportError(f"表单「{form.title}」没有照抄的字段，分不出段来教", "请换一种做法，或指定字段")
        if options.limit is None and changes.get("over_budget") is not None:
            changes["over_budget"] = None  # nothing is too long, so nothing is shortened
        sets.append((step, replace(options, recipe=f"{recipe.name}/{step.name}", **changes)))
    return sets
