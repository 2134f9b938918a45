"""Tuned models: registered with their training set; scores on chats of that set carry a warning."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.llm import ModelSpec
from core.adapters.store import RunView, Store, queries
from core.adapters.store.models import Chat, RunKind
from core.errors import NotFoundError, SettingsError
from core.services.extraction import models as model_catalog
from core.services.extraction.models import draft_of
from core.services.learning.models import texts_learned
from core.services.quality.run_ancestry import runs_behind
from core.services.training.set_versions import TrainingSetView, rows_of_set, training_set

NEEDED_IDS = {"model": "服务 ID（serviceId）", "patch_id": "资源 ID（resourceId）", "lora_id": "资源 ID（lora_id）"}
"""What the platform's service page calls the ids that a template needs."""
_SERVED_BY_ONESELF = "服务方的名称（启动服务时给模型起的名字）"


@dataclass(frozen=True, slots=True)
class TrainingOverlap:
    """Chats of a run on which its model was trained.

    Attributes:
        set_id: number of the training set; ``None`` for a learned model, which has none.
        set_name: its name, or the learned model's.
        chats: indices in the run's dataset, in order.
        total: chats in the run's scope.
        through: name of the run whose answers this one has, where it is that run's model; else ``""``.
    """

    set_id: int | None
    set_name: str
    chats: tuple[int, ...]
    total: int
    through: str = ""

    @property
    def sentence(self) -> str:
        """The warning that has to stand beside every score of this run."""
        whose = (
            f"这个抽取任务用了「{self.through}」的结果，那个抽取任务的模型" if self.through else "这个抽取任务的模型"
        )
        count = f"这里的 {len(self.chats):,} 条群聊（共 {self.total:,} 条）"
        if self.set_id is None:
            how = f"是学习模型「{self.set_name}」，它学过{count}。"
        else:
            how = f"是用训练集「{self.set_name}」训练的，其中有{count}。"
        return f"{whose}{how}它见过这些答案，得分不能说明它在新群聊上的水平。"


def training_overlap(store: Store, run: RunView) -> TrainingOverlap | None:
    """Which of a run's chats its model was trained on; ``None`` where there is nothing to warn about.

    Chats are told by their text: whatever their dataset is called, and in whatever dataset they stand now. A run that
    was merged of others, or started from another, has seen what those have seen.
    """
    with store.read() as session:
        texts = _texts_of_run(session, run)
        sources = runs_behind(run, queries.runs(session, run.dataset_id))
    for source in sources:
        if learned := texts_learned(store, source):
            if overlap := tuple(index for index, sha256 in texts.items() if sha256 in learned):
                return TrainingOverlap(None, source.model, overlap, len(texts), "" if source is run else source.name)
            continue
        number = training_set_of_run(store, source)
        if number is None:
            continue
        try:
            trained, rows = training_set(store, number), rows_of_set(store, number)
        except NotFoundError:
            continue
        trained_texts = {row["chat_sha256"] for row in rows if row.get("part", "train") == "train"}
        if overlap := tuple(index for index, sha256 in texts.items() if sha256 in trained_texts):
            return TrainingOverlap(number, trained.name, overlap, len(texts), "" if source is run else source.name)
    return None


def _texts_of_run(session: Session, run: RunView) -> dict[int, str]:
    """``{index: sha256 of the stored text}`` of the chats in a run's scope, in order."""
    statement = select(col(Chat.index), col(Chat.sha256)).where(col(Chat.dataset_id) == run.dataset_id)
    scope = (run.parameters or {}).get("chats")
    texts = {int(index): str(sha256) for index, sha256 in session.execute(statement.order_by(col(Chat.index)))}
    return texts if scope is None else {index: texts[index] for index in sorted(scope) if index in texts}


def training_set_of_run(store: Store, run: RunView) -> int | None:
    """Number of the set that a run's model was trained on: as stored with the run, else as the catalog says."""
    with store.read() as session:
        return _set_of(session, run, {})


def runs_of_set(store: Store, number: int) -> list[RunView]:
    """Runs of models that were tuned on a training set, newest first.

    Args:
        store: the open store.
        number: of the set.
    """
    by_model: dict[str, int | None] = {}
    with store.read() as session:
        runs = [run for run in queries.runs(session) if run.kind == RunKind.MODEL]
        return [run for run in runs if _set_of(session, run, by_model) == number]


def _set_of(session: Session, run: RunView, by_model: dict[str, int | None]) -> int | None:
    """The set of a run's model; ``by_model`` keeps what the catalog says of each."""
    entry_of_run = (run.parameters or {}).get("entry") or {}
    if entry_of_run.get("training_set_id"):
        return int(entry_of_run["training_set_id"])
    if run.model and run.model not in by_model:
        entry = model_catalog.find_model(session, run.model)
        by_model[run.model] = entry.training_set_id if entry else None
    return by_model.get(run.model)


def tunable_templates(store: Store) -> list[ModelSpec]:
    """Catalog entries that a tuned model can be made from: those that need a service's or resource's id."""
    return [spec for spec in model_catalog.models(store) if spec.needs]


def needed_title(template: ModelSpec, need: str) -> str:
    """What is asked for where a template needs something: an id of a platform, or the name under which one serves."""
    if need == "model" and template.provider == "openai":
        return _SERVED_BY_ONESELF
    return NEEDED_IDS.get(need, need)


def register_tuned_model(
    store: Store, template: ModelSpec, trained: TrainingSetView, *, name: str, filled: Mapping[str, str], note: str = ""
) -> ModelSpec:
    """Add a tuned model to the catalog, with its training set.

    Args:
        store: the open store.
        template: a shipped entry with ``needs``.
        trained: the set that it was tuned on.
        name: of the new entry.
        filled: ids that the template needs (``model``: service id; ``patch_id``, ``lora_id``: resource id).
        note: for people.

    Raises:
        SettingsError: something that the template needs is missing, or a value cannot be used.
        ConflictError: an own entry has that name.
    """
    values_given = {key: value.strip() for key, value in filled.items()}
    missing = [key for key in template.needs if not values_given.get(key)]
    if missing:
        raise SettingsError(
            f"还缺少 {'、'.join(needed_title(template, key) for key in missing)}",
            "请从平台的服务页面，或启动服务的命令里复制过来",
        )
    values = draft_of(template) | {"name": name.strip(), "title": name.strip(), "note": note}
    values["training_set_id"] = trained.id
    if "model" in values_given:
        values["model"] = values_given.pop("model")
    values["parameters"] = {
        **template.parameters,
        **{key: values_given[key] for key in template.needs if key in values_given},
    }
    return model_catalog.create(store, **values)


def prompt_of_model(store: Store, spec: ModelSpec) -> str:
    """The prompt that a model's training set was made with; ``""`` where no set of it is known."""
    if spec.training_set_id is None:
        return ""
    with suppress(NotFoundError):
        return prompt_of_set(training_set(store, spec.training_set_id))
    return ""


def prompt_of_set(trained: TrainingSetView) -> str:
    """The prompt that a set's questions were made with: a tuned model is asked with the same one."""
    return str(trained.parameters.get("prompt") or "baseline")
