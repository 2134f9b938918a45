"""Asking the models that a recipe trained: which sets belong together, what each model is asked, all at one start."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.adapters.llm import ModelSpec
from core.adapters.store import RunView, Store
from core.domain.permissions import Permission
from core.errors import ExportError
from core.services.extraction import models as model_catalog
from core.services.extraction.pipeline import Pipeline, PipelineStep
from core.services.extraction.prompt_library import finder
from core.services.extraction.runs import JoinedPart, start_joined
from core.services.team import permitted
from core.services.training.recipes import RECIPES, Recipe
from core.services.training.set_versions import TrainingSetView, training_set, training_sets
from core.services.training.training_options import CUSTOMERS_TASK, FIELDS_TASK, FORM_TASK
from core.services.training.tuned_models import prompt_of_set

_WHOLE = (FORM_TASK, CUSTOMERS_TASK, FIELDS_TASK)


@dataclass(frozen=True, slots=True)
class RecipePart:
    """One set of a recipe, and the model that was trained on it.

    Attributes:
        title: of the step, Chinese.
        trained: the newest set of the step; ``None`` where there is none yet.
        model: the newest model that was trained on it; ``None`` where none is registered.
    """

    title: str
    trained: TrainingSetView | None
    model: ModelSpec | None


def recipe_of(trained: TrainingSetView) -> Recipe | None:
    """The recipe that a set belongs to; ``None`` for none, or for one that this version does not know."""
    mark = str(trained.parameters.get("recipe", ""))
    return next((recipe for recipe in RECIPES if mark.partition("/")[0] == recipe.name), None)


def siblings_of(trained: TrainingSetView, sets: Sequence[TrainingSetView]) -> list[TrainingSetView]:
    """The newest sets of the other steps of a set's recipe, of the same datasets, in the recipe's order."""
    recipe = recipe_of(trained)
    if recipe is None:
        return []
    newest = _newest(trained, sets)
    marks = [f"{recipe.name}/{step.name}" for step in recipe.steps]
    return [newest[mark] for mark in marks if mark in newest and mark != trained.parameters["recipe"]]


def recipe_parts(store: Store, trained: TrainingSetView) -> list[RecipePart]:
    """The parts of a recipe that trains several models, in its order; empty for any other set."""
    recipe = recipe_of(trained)
    if recipe is None or len(recipe.steps) < 2 or recipe.asked:
        return []
    newest = _newest(trained, training_sets(store)) | {str(trained.parameters["recipe"]): trained}
    own = {spec.training_set_id: spec for spec in reversed(model_catalog.models(store)) if spec.training_set_id}
    parts = []
    for step in recipe.steps:
        one = newest.get(f"{recipe.name}/{step.name}")
        parts.append(RecipePart(step.title, one, own.get(one.id) if one else None))
    return parts


def single_fields(trained: TrainingSetView) -> tuple[str, ...]:
    """The fields that a set's rows ask for one by one; empty where they ask for whole forms."""
    tasks = tuple(map(str, trained.parameters.get("tasks") or ()))
    return () if set(tasks) & set(_WHOLE) else tasks


def asked_by_set(trained: TrainingSetView) -> str:
    """What a model that was trained on a set is asked, as a pipeline is written: each field as its rows ask for it."""
    prompt = prompt_of_set(trained)
    return ",".join(f"{prompt}[{key}]" for key in single_fields(trained)) or prompt


@permitted(Permission.RUNS)
def extract_with_recipe(store: Store, number: int, *, dataset: str | int, name: str) -> RunView:
    """Ask all models of a set's recipe about a dataset, and merge what they say per field, in one joined run.

    Fields that a model was trained to find in pieces are taken from it first, all others from the model of the whole
    form; where the first says nothing, the other's value is taken.

    Args:
        store: open store.
        number: of one of the recipe's sets.
        dataset: name or id.
        name: of the joined run.

    Raises:
        NotFoundError: no such set or dataset.
        ExportError: the recipe trains one model only, or a set or model of it is lacking.
        RunError: keys are missing, or nothing to extract.
        ConflictError: another run has the name.
    """
    parts = recipe_parts(store, training_set(store, number))
    if not parts:
        raise ExportError("这个训练集的做法只训练一个模型", "请用「抽取任务」抽取，提示词和训练时一样")
    joined = []
    for part in parts:
        if part.trained is None or part.model is None:
            lack = "训练集还没有生成" if part.trained is None else f"训练集 #{part.trained.id} 训练的模型还没有登记"
            raise ExportError(f"「{part.title}」的{lack}", "请在「微调」里补上，再一起抽取")
        joined.append(
            JoinedPart(
                part.title,
                part.model.provider,
                part.model.name,
                _pipeline(store, part.trained),
                single_fields(part.trained),
            )
        )
    return start_joined(store, dataset=dataset, name=name, parts=joined)


def _pipeline(store: Store, trained: TrainingSetView) -> Pipeline:
    """What the model of a set is asked; chats are cut as its rows were."""
    with store.read() as session:
        prompt = finder(session)(prompt_of_set(trained))
    steps = tuple(PipelineStep(prompt, 1, (key,)) for key in single_fields(trained)) or (PipelineStep(prompt),)
    return Pipeline(steps, context_tokens=trained.parameters.get("cutoff_len") if single_fields(trained) else None)


def _newest(trained: TrainingSetView, sets: Sequence[TrainingSetView]) -> dict[str, TrainingSetView]:
    """Mark of a step → its newest set of the same datasets."""
    newest: dict[str, TrainingSetView] = {}
    for one in sets:  # newest first
        if one.parameters.get("datasets") == trained.parameters.get("datasets"):
            newest.setdefault(str(one.parameters.get("recipe", "")), one)
    return newest
