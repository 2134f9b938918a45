"""Pipelines: the prompts of each stage, the number of samples, and how the chat is prepared.

Written as ``baseline``, ``baseline,verify``, ``summary,from_summary``, ``baseline*5`` (five answers and a vote),
``baseline,fields[字段|字段]`` (some fields asked for once more). A run keeps it with the full text of every
prompt.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from core.domain.cleaning import OVERLAP, known_steps
from core.domain.form import Form
from core.domain.indices import parse_index
from core.domain.prompts import STAGE_TITLES, Prompt, Stage, gives_forms, load_prompt, needs, parse_prompt
from core.errors import PromptError

MOST_SAMPLES: Final = 15
DEFAULT_EXAMPLES: Final = 3

_STEP = re.compile(r"(?P<prompt>[^*\[\]]+?)(?:\*(?P<samples>\d+))?(?:\[(?P<fields>[^\[\]]*)\])?")
_SEPARATORS: Final = ",，→"


@dataclass(frozen=True, slots=True)
class PipelineStep:
    """One stage of a pipeline.

    Attributes:
        prompt: what is asked.
        samples: how many answers are asked for; with several, they vote.
        fields: for stage *fields*: the keys that are asked for.
    """

    prompt: Prompt
    samples: int = 1
    fields: tuple[str, ...] = ()

    @property
    def spec(self) -> str:
        """The stage as a user writes it."""
        times = f"*{self.samples}" if self.samples > 1 else ""
        return f"{self.prompt.id}{times}" + (f"[{'|'.join(self.fields)}]" if self.fields else "")


@dataclass(frozen=True, slots=True)
class Pipeline:
    """All settings of an extraction except the model.

    Attributes:
        steps: one or more stages, the last of which gives forms.
        clean: names of cleaning steps.
        overlap: share of a chunk that the next one repeats, for chats over the model's budget.
        context_tokens: budget for question and answer; ``None``: what the model's entry says.
        examples: how many examples a stage *fewshot* may show.
        base_run: id of a run whose forms the first stage is given; ``None`` for none.
    """

    steps: tuple[PipelineStep, ...]
    clean: tuple[str, ...] = ()
    overlap: float = OVERLAP
    context_tokens: int | None = None
    examples: int = DEFAULT_EXAMPLES
    base_run: int | None = None

    @property
    def spec(self) -> str:
        """The pipeline as a user writes it, with every version: ``baseline.v1*3,verify.v1``."""
        return ",".join(step.spec for step in self.steps)

    @property
    def main(self) -> Prompt:
        """The prompt that names the run: the first one that returns forms."""
        return next(step.prompt for step in self.steps if gives_forms(step.prompt.stage))

    @property
    def plain(self) -> bool:
        """Whether the pipeline is a single question with one prompt."""
        return self == Pipeline((PipelineStep(self.main),))

    @property
    def needs_examples(self) -> bool:
        """Whether a stage uses few-shot examples."""
        return any(needs(step.prompt.stage, "examples") for step in self.steps)

    @property
    def calls(self) -> int:
        """Number of calls per chat (per chunk, if a chat has several)."""
        return sum(step.samples for step in self.steps)

    def as_dict(self) -> dict[str, Any]:
        """JSON to store with a run, with the text and hash of every prompt."""
        return {
            "spec": self.spec,
            "stages": [
                {
                    "name": step.prompt.name,
                    "version": step.prompt.version,
                    "stage": step.prompt.stage.value,
                    "sha256": step.prompt.sha256,
                    "source": step.prompt.source,
                    "samples": step.samples,
                    "fields": list(step.fields),
                }
                for step in self.steps
            ],
            "clean": list(self.clean),
            "overlap": self.overlap,
            "context_tokens": self.context_tokens,
            "examples": self.examples,
            "base_run": self.base_run,
        }

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> "Pipeline":
        """Read what :meth:`as_dict` made, whatever happened to the prompt files since.

        Raises:
            PromptError: a prompt cannot be used by this version of the program.
        """
        steps = tuple(
            PipelineStep(
                parse_prompt(stage["source"], f"{stage['name']}.v{stage['version']}.md"),
                int(stage.get("samples", 1)),
                tuple(stage.get("fields") or ()),
            )
            for stage in kept["stages"]
        )
        return cls(
            steps,
            tuple(kept.get("clean") or ()),
            float(kept.get("overlap", OVERLAP)),
            kept.get("context_tokens"),
            int(kept.get("examples", DEFAULT_EXAMPLES)),
            kept.get("base_run"),
        )

    @property
    def sha256(self) -> str:
        """Hash that is equal for pipelines that ask the same questions."""
        return hashlib.sha256(json.dumps(self.as_dict(), ensure_ascii=False, sort_keys=True).encode()).hexdigest()

    def check(self, form: Form) -> None:
        """Raise an error for fields that the form does not have.

        Raises:
            PromptError: names them.
        """
        step_fields = [key for step in self.steps for key in step.fields]
        if unknown := [key for key in step_fields if key not in form]:
            raise PromptError(f"表单「{form.title}」没有字段「{'、'.join(unknown)}」", "请检查字段名称")


def parse_pipeline(
    spec: str,
    find: Callable[[str], Prompt] = load_prompt,
    *,
    clean: Iterable[str] = (),
    overlap: float = OVERLAP,
    context_tokens: int | None = None,
    examples: int = DEFAULT_EXAMPLES,
    base_run: int | None = None,
) -> Pipeline:
    """Parse a pipeline as a user writes it.

    Args:
        spec: stages in order, separated by commas (see the module).
        find: the prompt of a name.
        clean: names of cleaning steps.
        overlap: share of a chunk that is repeated, 0 to 0.5.
        context_tokens: budget instead of the model's.
        examples: how many examples to show at most.
        base_run: id of a run whose forms the first stage is given.

    Raises:
        PromptError: no such prompt, or stages that do not fit together; says which.
        SettingsError: no such cleaning step.
    """
    steps = tuple(_step(part.strip(), find) for part in _split_stages(spec) if part.strip())
    if not steps:
        raise PromptError("没有写明用哪个提示词", "例如 baseline，或 baseline,verify")
    _check_order(steps, based=base_run is not None)
    if not 0 <= overlap <= 0.5:
        raise PromptError(f"重叠比例不能是 {overlap:g}", "可以是 0 到 0.5")
    if examples < 0:
        raise PromptError(f"示例数不能是 {examples}", "可以是 0 以上的整数")
    if context_tokens is not None and context_tokens < 1:
        raise PromptError(f"上下文长度不能是 {context_tokens}", "请填写大于 0 的 token 数，或留空")
    return Pipeline(steps, known_steps(clean), overlap, context_tokens, examples, base_run)


def _split_stages(spec: str) -> list[str]:
    """Split at separators outside square brackets, which hold the fields of a stage."""
    parts: list[str] = []
    end, inside = len(spec), False
    for at in range(len(spec) - 1, -1, -1):
        if spec[at] in "[]":
            inside = spec[at] == "]"
        elif spec[at] in _SEPARATORS and not inside:
            parts.append(spec[at + 1 : end])
            end = at
    return [*reversed([*parts, spec[:end]])]


def _step(text: str, find: Callable[[str], Prompt]) -> PipelineStep:
    match = _STEP.fullmatch(text)
    if match is None:
        raise PromptError(f"看不懂「{text}」", "一个阶段写作 名称、名称*次数 或 名称[字段|字段]")
    prompt = find(match["prompt"].strip())
    times = match["samples"] or "1"
    samples = parse_index(times) or 0
    fields = tuple(dict.fromkeys(key.strip() for key in (match["fields"] or "").split("|") if key.strip()))
    step = PipelineStep(prompt, samples, fields)
    if not 1 <= samples <= MOST_SAMPLES:
        raise PromptError(f"「{text[:60]}」的次数不能是 {times[:20]}", f"可以是 1 到 {MOST_SAMPLES}")
    if samples > 1 and not gives_forms(prompt.stage):
        raise PromptError(f"「{text}」不能多次投票", "归纳写的摘要是一段文字，只有表单可以投票")
    if bool(fields) != (prompt.stage is Stage.FIELDS):
        if fields:
            raise PromptError(f"提示词 {prompt.id} 不能只问部分字段", "请用 fields 阶段的提示词")
        raise PromptError(
            f"提示词 {prompt.id} 没有写明问哪些字段",
            f"写作 {match['prompt'].strip()}[字段|字段]，例如 fields[字段]",
        )
    return step


def _check_order(steps: tuple[PipelineStep, ...], *, based: bool) -> None:
    """Every stage must be given what it needs, and at the end there must be forms."""
    forms, summary = based, False
    for number, step in enumerate(steps, 1):
        stage, name = step.prompt.stage, step.prompt.id
        if needs(stage, "forms") and not forms:
            raise PromptError(
                f"第 {number} 阶段 {name}（{STAGE_TITLES[stage]}）前面没有填好的表",
                "请把填表的阶段放在前面，例如 baseline,verify，或指定一个已有的抽取任务",
            )
        if needs(stage, "customer") and not forms:
            raise PromptError(
                f"第 {number} 阶段 {name}（{STAGE_TITLES[stage]}）前面没有找出客户", "请写成 customers,one_customer"
            )
        if needs(stage, "summary") and not summary:
            raise PromptError(
                f"第 {number} 阶段 {name}（{STAGE_TITLES[stage]}）前面没有归纳", "请写成 summary,from_summary"
            )
        summary = summary or not gives_forms(stage)
        forms = forms or gives_forms(stage)
    if not gives_forms(steps[-1].prompt.stage):
        raise PromptError(f"最后一个阶段 {steps[-1].prompt.id} 只有归纳，没有填表", "请在后面加上 from_summary")
