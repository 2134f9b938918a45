"""All choices that make a training set, checked together before anything is read."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.errors import ExportError
from core.export.formats import TrainingFormat
from core.export.sources import Source

PLATFORM_MIN_ROWS = 1500
"""The Spark platform takes no training set with fewer rows."""


class InputKind(StrEnum):
    """What a row shows of its chat. Spreadsheet residue is in none of them."""

    RAW = "raw"  # the conversation, letter for letter
    CLEAN = "clean"  # without messages that are nothing but a placeholder
    SUMMARY = "summary"


class OverBudget(StrEnum):
    """What happens to a row with too many characters."""

    SKIP = "skip"  # it is left out and named
    CLEAN = "clean"  # its chat is cleaned; if that is not enough, the set is refused by name
    WINDOW = "window"


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """What goes into a training set.

    Attributes:
        datasets: names or ids; their forms must be the same.
        source: confirmed records, labels, or both with the record winning.
        format: for whom the rows are written.
        text: what a row shows of its chat.
        prompt: name or name and version of the prompt, the same with which the tuned model will be asked.
        min_rows: the whole training part is repeated until it has at least so many rows; 0 or 1 for no repeats.
        max_chars: characters that all texts of a row may have together; ``None`` for no limit.
        over_budget: what to do with longer rows; ``None`` refuses the set and names them.
        validation: share of chats (0 to below 1) that are kept out for validation; equal chats stay together.
        seed: shuffles the rows; the validation part is drawn with it too (with 0 where it is ``None``).
    """

    datasets: tuple[str | int, ...]
    source: Source
    format: TrainingFormat = TrainingFormat.SPARK
    text: InputKind = InputKind.RAW
    prompt: str = "baseline"
    min_rows: int = PLATFORM_MIN_ROWS
    max_chars: int | None = None
    over_budget: OverBudget | None = None
    validation: float = 0.0
    seed: int | None = None

    def check(self) -> None:
        """Refuse choices that make no sense together.

        Raises:
            ExportError: names the choice.
        """
        if not self.datasets:
            raise ExportError("没有选择数据集", "请至少选择一个（--dataset）")
        if len(set(self.datasets)) != len(self.datasets):
            raise ExportError("同一个数据集选了两次", "每个数据集只写一次 --dataset")
        if self.source.run:
            raise ExportError(
                "训练集不能直接用抽取任务的结果", "请先审阅并确认，来源用 records、labels 或 labels+records"
            )
        if self.text is InputKind.SUMMARY:
            raise ExportError("现在还没有群聊摘要，不能用 summary 作输入", "请改用 raw 或 clean")
        if self.over_budget is OverBudget.WINDOW:
            raise ExportError("现在还不能按窗口（window）切分超长的群聊", "请改用 skip 或 clean")
        if self.min_rows < 0:
            raise ExportError(f"最少行数（--min-rows）不能是 {self.min_rows}", "请写 0 或更大的整数")
        if self.max_chars is not None and self.max_chars < 1:
            raise ExportError(f"字数上限（--max-chars）不能是 {self.max_chars}", "请写大于 0 的整数")
        if not 0 <= self.validation < 1:
            raise ExportError(f"验证集比例（--val）不能是 {self.validation:g}", "请写 0 到 1 之间的小数，例如 0.1")

    def as_json(self, dataset_names: list[str], prompt_id: str, prompt_sha256: str) -> dict[str, Any]:
        """For the manifest and the ledger, with names and versions resolved."""
        return {
            "datasets": dataset_names,
            "source": str(self.source),
            "format": str(self.format),
            "input": str(self.text),
            "prompt": prompt_id,
            "prompt_sha256": prompt_sha256,
            "min_rows": self.min_rows,
            "max_chars": self.max_chars,
            "over_budget": str(self.over_budget) if self.over_budget else None,
            "val": self.validation,
            "seed": self.seed,
        }
