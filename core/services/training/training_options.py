"""All choices that make a training set, checked together before anything is read, and stored with the set."""

from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum
from typing import Any

from core.domain.cleaning import OVERLAP, known_steps
from core.domain.masking import parse_mask
from core.errors import ExportError
from core.services.export.answer_sources import AnswerSource, parse_source
from core.services.training.input_texts import CLEAN_STEPS, InputKind
from core.services.training.length_limits import LengthLimit, LengthUnit
from core.services.training.platforms import least_rows_of, load_platform, named_lengths
from core.services.training.row_formats import TrainingFormat

MOST_REPEATS = 20
"""Above so many passes over a set, a model learns the rows by heart."""

MAX_COPIES = 4
"""Copies of one row that balancing makes at most: more would teach those chats by heart."""

FORM_TASK, CUSTOMERS_TASK, FIELDS_TASK = "form", "customers", "fields"


class OverBudget(StrEnum):
    """What is done about a row that is longer than the trainer takes."""

    SKIP = "skip"  # it is left out and named
    CLEAN = "clean"  # its chat is cleaned; if that is not enough, the set is refused by name
    SUMMARY = "summary"  # its chat's stored summary takes its place; without one, the set is refused by name
    WINDOW = "window"  # its chat is cut at message borders, each piece with what it gives evidence of


class DuplicatePolicy(StrEnum):
    """Which repeated chats are kept. Those kept are on one side of the split."""

    KEEP = "keep"
    EXACT = "exact"  # one of each group of equal conversations
    NEAR = "near"  # one of each group of equal or nearly equal ones


@dataclass(frozen=True, slots=True)
class AnswerFilters:
    """Filters on the answers to train on. An answer that lacks what a filter asks about does not pass it.

    Attributes:
        filled: field keys that at least one customer must have filled.
        confirmed: field keys that a reviewer confirmed one by one, for every customer; labels never pass.
        reviewers: who must have saved the record; labels never pass.
        since: first day (ISO, local time) of the record's newest save; labels never pass.
        until: last day, likewise.
        score_run: name of a run, in each of the datasets, that is scored against the answer.
        score_min: least score of that run, 0 to the form's points.
        score_max: highest score of that run: below it are the chats that the run got wrong.
    """

    filled: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    score_run: str = ""
    score_min: float | None = None
    score_max: float | None = None

    def check(self) -> None:
        """Check the filters on their own.

        Raises:
            ExportError: a filter that makes no sense; names it.
        """
        for day in filter(None, (self.since, self.until)):
            try:
                date.fromisoformat(day)
            except ValueError as error:
                raise ExportError(f"日期「{day}」看不懂", "请写成 2026-01-31 这样") from error
        if self.since and self.until and self.since > self.until:
            raise ExportError(f"起始日期 {self.since} 晚于截止日期 {self.until}", "请对调或改正日期")
        if (self.score_min is not None or self.score_max is not None) and not self.score_run:
            raise ExportError("按得分筛选要说明看哪个抽取任务的得分", "请用 --score-run 指定抽取任务")
        if self.score_min is not None and self.score_max is not None and self.score_min > self.score_max:
            raise ExportError("最低得分高于最高得分", "请对调或改正得分范围")


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """All choices that make a training set.

    Attributes:
        datasets: names or ids; their forms must be the same.
        source: confirmed records, labels, or both with the record winning.
        format: for whom the rows are written.
        text: what a row shows of its chat.
        prompt: name or name and version of the prompt, the same with which the tuned model will be asked; ``""`` for
            the usual one of the input.
        tasks: ``form`` for the whole form, ``customers`` for finding the customers, ``fields`` for one row per field,
            or keys of fields.
        filters: which answers are good enough.
        min_rows: the whole training part is repeated until it has at least so many rows; 0 or 1 for no repeats.
        most_repeats: passes over the set at most, also where it then has fewer rows than ``min_rows``; ``None`` for no
            limit.
        max_rows: rows that the target takes at most; ``None`` for no limit.
        max_chars: characters that all texts of a row may have together.
        cutoff_len: tokens (estimated) that they may have together.
        target: name of a length that a platform names (``platforms.named_lengths``). At most one of these three is
            given; with none, the platform's own limit counts.
        over_budget: what to do with longer rows; ``None`` refuses the set and names them.
        steps: cleaning steps of a cleaned chat.
        overlap: share of a window that may be repeated from the one before (0 to 0.5).
        duplicates: which repeated chats stay.
        balance: share of rows (0 to below 1) in which each field should be filled; rows that fill rare fields are
            copied for it, :data:`MAX_COPIES` times at most. 0 for no copies.
        validation: share of chats (0 to below 1) that are kept out for validation; equal and nearly equal chats stay
            together.
        validation_needed: whether a set that no validation part can be drawn from is refused.
        mask: kinds that are hidden in questions and answers (``core.domain.masking``); for sets given to others.
        recipe: ``name/step`` of the recipe that the set belongs to (``recipes``); ``""`` for none.
        rejected_run: in preference formats, name of a run, in each of the datasets, whose answers are taken as rejected
            where the answer was not started from a run (labels, blind reviews); ``""`` leaves such chats out.
        platform: name of the platform that is to train on the set, whose limits it is held to; ``""`` for none.
        seed: shuffles the rows; the validation part is drawn with it too (with 0 where it is ``None``).
    """

    datasets: tuple[str | int, ...]
    source: AnswerSource
    format: TrainingFormat = TrainingFormat.SPARK
    text: InputKind = InputKind.RAW
    prompt: str = ""
    tasks: tuple[str, ...] = (FORM_TASK,)
    filters: AnswerFilters = field(default_factory=AnswerFilters)
    min_rows: int = field(default_factory=least_rows_of)
    most_repeats: int | None = None
    max_rows: int | None = None
    max_chars: int | None = None
    cutoff_len: int | None = None
    target: str = ""
    over_budget: OverBudget | None = None
    steps: tuple[str, ...] = CLEAN_STEPS
    overlap: float = OVERLAP
    duplicates: DuplicatePolicy = DuplicatePolicy.KEEP
    balance: float = 0.0
    validation: float = 0.0
    validation_needed: bool = True
    seed: int | None = None
    mask: tuple[str, ...] = ()
    platform: str = ""
    rejected_run: str = ""
    recipe: str = ""

    @property
    def prompt_reference(self) -> str:
        """The prompt by name: the chosen one, or the usual one of the input."""
        return self.prompt or ("from_summary" if self.text is InputKind.SUMMARY else "baseline")

    @property
    def limit(self) -> LengthLimit | None:
        """The length limit of a row; ``None`` for no limit."""
        if self.target:
            return named_lengths()[self.target]
        if self.cutoff_len is not None:
            return LengthLimit(f"cutoff_len {self.cutoff_len:,}", self.cutoff_len, LengthUnit.TOKENS)
        if self.max_chars is not None:
            return LengthLimit(f"{self.max_chars:,} 字", self.max_chars, LengthUnit.CHARACTERS)
        return load_platform(self.platform).row_limit(self.format) if self.platform else None

    def check(self) -> None:
        """Check the choices together.

        Raises:
            ExportError: choices that make no sense; names them.
            SettingsError: no such cleaning step, or nothing of that kind can be hidden.
        """
        if not self.datasets:
            raise ExportError("没有选择数据集", "请至少选择一个（--dataset）")
        if len(set(self.datasets)) != len(self.datasets):
            raise ExportError("同一个数据集选了两次", "每个数据集只写一次 --dataset")
        if self.source.run:
            raise ExportError(
                "训练集不能直接用抽取任务的结果",
                "请先审阅并确认，来源用已确认的记录、标注或两者（records、labels、labels+records）",
            )
        if not self.tasks:
            raise ExportError("没有选择训练任务", "请至少选择一个：整张表、找客户或单个字段")
        self._check_limit()
        self._check_platform()
        self._check_pairs()
        if self.min_rows < 0:
            raise ExportError(f"最少行数（--min-rows）不能是 {self.min_rows}", "请写 0 或更大的整数")
        if self.max_rows is not None and self.max_rows < max(1, self.min_rows):
            raise ExportError(
                f"最多行数（--max-rows）{self.max_rows} 小于最少行数 {max(1, self.min_rows)}", "请改大最多行数"
            )
        known_steps(self.steps)
        parse_mask(self.mask)
        if not 0 <= self.overlap <= 0.5:
            raise ExportError(f"段间的重叠（--overlap）不能是 {self.overlap:g}", "请写 0 到 0.5 之间的小数，例如 0.12")
        if not 0 <= self.validation < 1:
            raise ExportError(f"验证集比例（--val）不能是 {self.validation:g}", "请写 0 到 1 之间的小数，例如 0.1")
        if not 0 <= self.balance < 1:
            raise ExportError(f"均衡比例（--balance）不能是 {self.balance:g}", "请写 0 到 1 之间的小数，例如 0.2")
        self.filters.check()

    def _check_platform(self) -> None:
        if not self.platform:
            return
        platform = load_platform(self.platform)
        if self.format not in platform.format_names:
            raise ExportError(
                f"{platform.title}不收 {self.format} 格式", f"可以是 {'、'.join(platform.format_names)}，或换一个平台"
            )

    def _check_pairs(self) -> None:
        if self.rejected_run and not self.format.is_preference:
            raise ExportError(f"{self.format} 格式没有被否的回答", "--rejected-run 只用于 dpo-… 和 kto 格式")
        if self.format.is_preference and self.over_budget is OverBudget.WINDOW:
            raise ExportError(
                "偏好对不能分段：一段里没有依据的值正是要比较的",
                "请改用跳过、清理或摘要（skip、clean、summary），或放宽上限",
            )

    def _check_limit(self) -> None:
        if self.target and self.target not in named_lengths():
            raise ExportError(f"不认识训练目标「{self.target}」", f"可以是 {'、'.join(named_lengths())}")
        if sum([bool(self.target), self.cutoff_len is not None, self.max_chars is not None]) > 1:
            raise ExportError("长度上限给了不止一个", "--target、--cutoff-len 和 --max-chars 只用一个")
        if self.max_chars is not None and self.max_chars < 1:
            raise ExportError(f"字数上限（--max-chars）不能是 {self.max_chars}", "请写大于 0 的整数")
        if self.cutoff_len is not None and self.cutoff_len < 1:
            raise ExportError(f"token 上限（--cutoff-len）不能是 {self.cutoff_len}", "请写大于 0 的整数")

    def as_json(self) -> dict[str, Any]:
        """The choices as JSON, for the manifest and the export log; names are not resolved."""
        filters = {one.name: getattr(self.filters, one.name) for one in fields(self.filters)}
        return {
            "datasets": list(self.datasets),
            "source": str(self.source),
            "format": str(self.format),
            "input": str(self.text),
            "prompt": self.prompt,
            "tasks": list(self.tasks),
            "filters": {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in filters.items()
                if value not in ((), "", None)
            },
            "min_rows": self.min_rows,
            "max_rows": self.max_rows,
            "max_chars": self.max_chars,
            "cutoff_len": self.cutoff_len,
            "target": self.target,
            "over_budget": str(self.over_budget) if self.over_budget else None,
            "steps": list(self.steps),
            "overlap": self.overlap,
            "duplicates": str(self.duplicates),
            "balance": self.balance,
            "val": self.validation,
            "seed": self.seed,
            **({"mask": list(self.mask)} if self.mask else {}),
            **({"platform": self.platform} if self.platform else {}),
            **({"recipe": self.recipe} if self.recipe else {}),
            **({"rejected_run": self.rejected_run} if self.rejected_run else {}),
            **({} if self.validation_needed else {"val_needed": False}),
            **({"most_repeats": self.most_repeats} if self.most_repeats is not None else {}),
        }


def options_from_json(raw: dict[str, Any]) -> TrainingOptions:
    """The choices of a stored set, the reverse of ``as_json``; other keys are ignored."""
    filters: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in raw.get("filters", {}).items()
    }
    return TrainingOptions(
        datasets=tuple(raw["datasets"]),
        source=parse_source(raw["source"]),
        format=TrainingFormat(raw["format"]),
        text=InputKind(raw["input"]),
        prompt=raw["prompt"],
        tasks=tuple(raw.get("tasks", (FORM_TASK,))),
        filters=AnswerFilters(**filters),
        min_rows=raw["min_rows"],
        max_rows=raw.get("max_rows"),
        max_chars=raw.get("max_chars"),
        cutoff_len=raw.get("cutoff_len"),
        target=raw.get("target", ""),
        over_budget=OverBudget(raw["over_budget"]) if raw.get("over_budget") else None,
        steps=tuple(raw.get("steps", CLEAN_STEPS)),
        overlap=raw.get("overlap", OVERLAP),
        duplicates=DuplicatePolicy(raw.get("duplicates", DuplicatePolicy.KEEP)),
        balance=raw.get("balance", 0.0),
        validation=raw["val"],
        seed=raw["seed"],
        mask=tuple(raw.get("mask", ())),
        most_repeats=raw.get("most_repeats"),
        validation_needed=raw.get("val_needed", True),
        platform=raw.get("platform", ""),
        recipe=raw.get("recipe", ""),
        rejected_run=raw.get("rejected_run", ""),
    )
