"""Chinese labels of the page 训练集."""

from core.domain.cleaning import STEPS
from core.domain.form import form_label
from core.errors import ShiyaoError
from core.services.export import AnswerSource
from core.services.training import (
    CUSTOMERS_TASK,
    FIELDS_TASK,
    FORM_TASK,
    DuplicatePolicy,
    InputKind,
    OverBudget,
    TrainingFormat,
    find_recipe,
    load_platform,
    named_lengths,
)

REFUSE = "refuse"
SOURCES = {
    source.title: source
    for source in (AnswerSource(records=True, labels=True), AnswerSource(records=True), AnswerSource(labels=True))
}
INPUTS = {InputKind.RAW: "对话原文", InputKind.CLEAN: "清理后", InputKind.SUMMARY: "摘要"}
FORMATS = {
    TrainingFormat.SPARK: "星火（三列）",
    TrainingFormat.SPARK_PAIR: "星火 input / target",
    TrainingFormat.ALPACA: "Alpaca（LLaMA-Factory）",
    TrainingFormat.SHAREGPT: "ShareGPT（LLaMA-Factory）",
    TrainingFormat.OPENAI: "OpenAI 对话",
    TrainingFormat.DPO_ALPACA: "偏好对 DPO Alpaca（LLaMA-Factory）",
    TrainingFormat.DPO_SHAREGPT: "偏好对 DPO ShareGPT（LLaMA-Factory）",
    TrainingFormat.DPO_OPENAI: "偏好对 DPO OpenAI",
    TrainingFormat.DPO_BAILIAN: "偏好对 DPO 百炼",
    TrainingFormat.DPO_QIANFAN: "偏好对 DPO 千帆",
    TrainingFormat.KTO: "偏好对 KTO（LLaMA-Factory）",
}
TASKS = {FORM_TASK: "整张表", CUSTOMERS_TASK: "找客户", FIELDS_TASK: "每个字段一行"}
POLICIES: dict[str, str] = {
    REFUSE: "点名拒绝",
    OverBudget.SKIP: "跳过",
    OverBudget.CLEAN: "清理后再试",
    OverBudget.SUMMARY: "换成摘要",
    OverBudget.WINDOW: "分段",
}
OVERLONG_REMEDIES: dict[str, str] = {
    OverBudget.CLEAN: "这些群聊先去掉占位消息；仍然超长的，点名拒绝",
    OverBudget.WINDOW: "一条群聊切成几段，每段只写它有依据的值",
    OverBudget.SKIP: "这些群聊不进训练集",
}
"""Remedies offered beside the refusal of overlong rows, each with its effect."""
DUPLICATES = {
    DuplicatePolicy.KEEP: "都保留",
    DuplicatePolicy.EXACT: "相同的留一条",
    DuplicatePolicy.NEAR: "相近的也只留一条",
}

SETTINGS = {
    "datasets": "数据集",
    "source": "答案来源",
    "recipe": "做法",
    "platform": "平台",
    "format": "格式",
    "rejected_run": "对照的抽取任务",
    "input": "输入",
    "prompt": "提示词",
    "prompt_sha256": "提示词指纹",
    "form": "表单",
    "form_version": "表单版本",
    "tasks": "训练任务",
    "filters": "筛选",
    "min_rows": "最少行数",
    "max_rows": "最多行数",
    "max_chars": "字数上限",
    "cutoff_len": "token 上限",
    "target": "训练目标",
    "over_budget": "超长的行",
    "steps": "清理步骤",
    "overlap": "段间重叠",
    "duplicates": "重复的群聊",
    "balance": "均衡比例",
    "val": "验证集比例",
    "seed": "种子",
}
"""Titles of a manifest's settings."""


def setting_text(name: str, value: object) -> str:
    """A setting of a manifest as the page shows it."""
    if value in (None, "", [], {}):
        return "—"
    if name in ("val", "balance") and not value:
        return "不设"
    if isinstance(value, int) and name in ("min_rows", "max_rows", "max_chars", "cutoff_len"):
        return f"{value:,}"
    if name == "source":
        return next((label for label, source in SOURCES.items() if str(source) == value), str(value))
    if name == "form":
        return form_label(str(value))
    if name == "target":
        return named_lengths()[str(value)].label if value in named_lengths() else str(value)
    if name == "recipe":
        return recipe_title(str(value))
    if name == "platform":
        return _platform_title(str(value))
    if name == "steps" and isinstance(value, list):
        return "、".join(STEPS[one].title if one in STEPS else str(one) for one in value)
    tables: dict[str, dict[object, str]] = {
        "format": {str(key): label for key, label in FORMATS.items()},
        "input": {str(key): label for key, label in INPUTS.items()},
        "over_budget": {str(key): label for key, label in POLICIES.items()},
        "duplicates": {str(key): label for key, label in DUPLICATES.items()},
    }
    if name in tables:
        return tables[name].get(value, str(value))
    if isinstance(value, list):
        return "、".join(TASKS.get(str(one), str(one)) for one in value)
    if isinstance(value, dict):
        return "；".join(f"{key}：{setting_text('', one)}" for key, one in value.items())
    return str(value)


def recipe_title(mark: str) -> str:
    """Titles of the recipe and of the step that a set belongs to."""
    try:
        recipe = find_recipe(mark)
    except ShiyaoError:  # of another version of the program
        return mark
    step = next((step.title for step in recipe.steps if step.name == mark.partition("/")[2]), "")
    return f"{recipe.title} · {step}" if step and len(recipe.steps) > 1 else recipe.title


def _platform_title(name: str) -> str:
    try:
        return load_platform(name).title
    except ShiyaoError:  # its file is gone: the set was built all the same
        return name
