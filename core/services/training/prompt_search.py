"""Searches for rules that make a prompt better, and keeps them only where chats that the search never saw show it.

The search is that of gepa (extra ``optimize``): rules at the end of a prompt are tried on a few labelled chats, a model
reads in words what went wrong and writes them anew, and what is better on other chats goes on. The measure is the
scorer's. Half of the labelled chats stay out of it: the best rules are compared with the prompt as it was on those, and
become a version only if the interval of the difference is above 0.

What the writing model is told names fields and suggested values, never what a chat or a label says.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from time import sleep
from typing import Any, Final

import numpy as np

from core.adapters.llm import ModelSpec
from core.adapters.llm.base import ModelRequest, Provider
from core.adapters.store import Store, queries
from core.domain.chat import ParsedChat, parse_chat
from core.domain.form import Field, Form, FormValues, items_of, load_named_form
from core.domain.permissions import Permission
from core.domain.prompts import Prompt, Stage, parse_prompt
from core.domain.scoring import Interval, Scorer
from core.domain.scoring.bootstrap import difference_intervals
from core.errors import ConflictError, InputError, NotFoundError, PromptError, RunError, SettingsError, ShiyaoError
from core.services.extraction import models as model_catalog
from core.services.extraction.pipeline import Pipeline, PipelineStep, estimate_tokens, run_pipeline
from core.services.extraction.pipeline.retry import ask
from core.services.extraction.prompt_library import finder
from core.services.extraction.runs.estimate import estimate
from core.services.extraction.runs.run_model import connect_with
from core.services.team import permitted
from core.services.training.corrections.prompt_rules import (
    add_rules,
    missing_rules,
    save_prompt_with_rules,
    version_with_rules,
)

FEWEST_LABELLED: Final = 24
"""Labelled chats below which nothing could be told apart."""
MOST_RULES: Final = 12
_MOST_YUAN: Final = 1_000_000
_MINIBATCH: Final = 4
_ROUND: Final = 2 * _MINIBATCH + 1
"""Calls of a round, before the check: a few chats with the old rules and the new ones, and one that writes these."""
_DEADLINE: Final = 120.0
_ATTEMPTS: Final = 3
_MOST_FAILED: Final = 4
"""Times in a row that no new rules came, after which the search ends with what it has."""
_NO_RULES: Final = "（还没有补充规则）"
_PROBE: Final = "……"
"""A rule that no prompt has, to see whether rules can be written into it."""
_COMPONENT: Final = "rules"
_REFLECT: Final = f"""\
一个提示词让模型按群聊填表。下面是写在它末尾的补充规则：
```
<curr_param>
```
照它填了几条群聊，每条错在哪里：
<side_info>
请写出改好的补充规则：一行一条，最多 {MOST_RULES} 条，每条说清哪个字段、什么情况填什么、什么情况留空。
有用的旧规则保留，没用的删掉；不要写人名、号码和具体的群聊。只把规则写在一对 ``` 之间，不要解释。"""


@dataclass(frozen=True, slots=True)
class PromptSearchPlan:
    """What a search will do, and what it may cost.

    Attributes:
        dataset_id: the labelled dataset.
        prompt: whose rules are searched for.
        model: who fills in, and writes the rules.
        learn: indices of the chats whose mistakes are read.
        check: indices of the chats that rules are chosen on.
        unseen: indices of the chats that decide at the end.
        yuan_per_call: estimated cost of one chat.
        yuan: what may be spent.
        calls: calls that the search may make for it, those on unseen chats apart.
    """

    dataset_id: int
    prompt: Prompt
    model: ModelSpec
    learn: tuple[int, ...]
    check: tuple[int, ...]
    unseen: tuple[int, ...]
    yuan_per_call: float
    yuan: float
    calls: int


@dataclass(frozen=True, slots=True)
class PromptSearchResult:
    """What came of a search.

    Attributes:
        rules: the best rules; may be none.
        before: mean points of the unseen chats with the prompt as it was.
        after: the same with the rules.
        interval: 95 % of the difference.
        version: the prompt's version with the rules, ``name.vN``, a new one unless one said just that already; ``""``
            where the unseen chats cannot tell the two apart.
        yuan: what was spent, as far as the replies say.
        problem: why better rules did not become a version, a Chinese sentence; ``""`` where nothing went wrong.
    """

    rules: tuple[str, ...]
    before: float
    after: float
    interval: Interval
    version: str
    yuan: float
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """The result as ``improve-prompt --json`` prints it."""
        return {
            "rules": list(self.rules),
            "before": self.before,
            "after": self.after,
            "interval": list(self.interval),
            "version": self.version or None,
            "yuan": self.yuan,
            "problem": self.problem or None,
        }


def plan_prompt_search(
    store: Store, *, dataset: str | int, prompt: str, provider: str = "", model: str = "", yuan: float
) -> PromptSearchPlan:
    """Plan a search within a budget. Asks nobody, and stores nothing.

    Args:
        store: open store.
        dataset: name or id; it has labels.
        prompt: name, or name and version, of a prompt that is given a chat alone.
        provider: of the model; ``""``: that of the model's entry.
        model: an entry's name, or what the service calls a model.
        yuan: what may be spent.

    Raises:
        NotFoundError: no such dataset, or one without labels.
        InputError: too few labels, a budget that is too small, or a prompt that needs more than a chat.
        SettingsError: the model has no price.
        PromptError: no rules can be written into the prompt.
    """
    if not 0.0 < yuan < _MOST_YUAN:
        raise InputError(f"预算不能是 {yuan:g} 元", f"请填写 0 以上、{_MOST_YUAN:,d} 以下的数")
    with store.read() as session:
        data = queries.dataset(session, dataset)
        labels = queries.labels_run(session, data.id)
        if labels is None:
            raise NotFoundError(f"数据集「{data.name}」没有标注", "请先导入带标注的数据集")
        labelled = sorted(index for index, forms in queries.forms_by_index(session, labels.id).items() if forms)
        template = finder(session, form=load_named_form(data.form))(prompt)
        spec = model_catalog.resolve(session, provider, model)
    if template.stage is not Stage.EXTRACT:
        raise InputError(f"提示词 {template.id} 不能这样改进", "请选一次提问填完整张表的提示词，例如 baseline")
    add_rules(template, [_PROBE], version=template.version)
    if len(labelled) < FEWEST_LABELLED:
        raise InputError(f"有标注的群聊只有 {len(labelled):,} 条，分不出好坏", f"至少要 {FEWEST_LABELLED} 条")
    one_each = estimate(store, dataset=data.id, provider=spec.provider, model=spec.name, prompt=template.id, fresh=True)
    if one_each.yuan is None:
        raise SettingsError(f"模型「{spec.title}」没有填单价，算不出要花多少", "请先在模型页填写输入和输出的单价")
    per_call = one_each.yuan / max(1, one_each.calls)
    random.Random(0).shuffle(labelled)
    half, quarter = len(labelled) // 2, len(labelled) // 4
    unseen, check, learn = labelled[:half], labelled[half : half + quarter], labelled[half + quarter :]
    least = 2 * len(unseen) + 2 * len(check) + _ROUND
    if per_call and yuan < per_call * least:
        raise InputError(f"{yuan:g} 元不够比较一次", f"至少要 {per_call * least:.2f} 元，或用便宜一些的模型")
    most = least * 10 if not per_call else int(yuan / per_call)
    calls = most - 2 * len(unseen)
    return PromptSearchPlan(data.id, template, spec, tuple(learn), tuple(check), tuple(unseen), per_call, yuan, calls)


@permitted(Permission.RUNS)
def search_prompt(store: Store, plan: PromptSearchPlan, *, who: str = "") -> PromptSearchResult:
    """Search, compare on the unseen chats, and save a version where these show a gain. Costs up to the budget.

    What was paid for is given back whatever happens later: a model that writes no more rules ends the search with the
    best ones so far, and what keeps a version from being saved is told beside the result.

    Args:
        store: open store.
        plan: of :func:`plan_prompt_search`.
        who: whose version it will be.

    Raises:
        SettingsError: gepa is not installed.
        RunError: the model cannot be asked.
    """
    try:
        gepa: Any = import_module("gepa")
    except ImportError as error:
        raise SettingsError("没有安装改进提示词要用的 gepa", "请安装 shiyao[optimize]") from error
    trials = _Trials(store, plan, gepa.EvaluationBatch)
    outcome = gepa.optimize(
        seed_candidate={_COMPONENT: _NO_RULES},
        trainset=list(plan.learn),
        valset=list(plan.check),
        adapter=trials,
        reflection_lm=trials.write,
        reflection_prompt_template=_REFLECT,
        reflection_minibatch_size=_MINIBATCH,
        max_metric_calls=plan.calls,
        stop_callbacks=lambda state: trials.is_spent or trials.failed >= _MOST_FAILED,
        logger=_Silent(),
        cache_evaluation=True,
        seed=0,
    )
    rules = _rules_of(str(outcome.best_candidate[_COMPONENT]))
    before = trials.points(plan.unseen, ())
    after = trials.points(plan.unseen, rules) if missing_rules(plan.prompt, rules) else before
    [interval] = difference_intervals((after - before)[:, None])
    version = problem = ""
    if interval.low > 0.0:
        try:
            version = _version_of(store, plan.prompt, rules, who)
        except ShiyaoError as error:
            problem = str(error)
    means = float(before.mean()), float(after.mean())
    return PromptSearchResult(rules, *means, interval, version, trials.yuan, problem)


def _version_of(store: Store, prompt: Prompt, rules: Sequence[str], who: str) -> str:
    """The version with these rules; a search that is done again finds the one that it made."""
    with store.read() as session:
        same = version_with_rules(session, prompt, rules)
    return same or save_prompt_with_rules(store, prompt, rules, who=who).prompt.id


class _Silent:
    """gepa tells its progress; the verb says what came of it."""

    def log(self, message: str) -> None:
        """Drop a message."""


def _rules_of(text: str) -> tuple[str, ...]:
    lines = [line.strip().lstrip("-*•· ").strip() for line in text.splitlines()]
    return tuple(line for line in lines if line and line not in (_NO_RULES, "```"))[:MOST_RULES]


@dataclass
class _Trials:
    """What gepa asks of the system that it improves: points of rules on chats, and in words what went wrong."""

    store: Store
    plan: PromptSearchPlan
    batch: Any
    yuan: float = 0.0
    calls: int = 0
    failed: int = 0
    propose_new_texts: None = None
    form: Form = field(init=False)
    provider: Provider = field(init=False)
    chats: dict[int, tuple[ParsedChat, list[FormValues]]] = field(init=False)

    def __post_init__(self) -> None:
        plan = self.plan
        self.provider = connect_with(self.store, plan.model)
        if reason := self.provider.ready():
            raise RunError(reason.rstrip("。"))
        with self.store.read() as session:
            self.form = load_named_form(queries.dataset(session, plan.dataset_id).form)
            labels = queries.labels_run(session, plan.dataset_id)
            if labels is None:
                raise ConflictError("标注刚刚被删除", "请重新开始")
            golds = queries.forms_by_index(session, labels.id)
            self.chats = {
                index: (
                    parse_chat(queries.chat(session, plan.dataset_id, index).text),
                    [self.form.coerce(values).values for values in golds[index]],
                )
                for index in (*plan.learn, *plan.check, *plan.unseen)
            }
        self.scorer = Scorer(self.form)

    @property
    def is_spent(self) -> bool:
        """Whether one more round would take what the comparison at the end needs."""
        one = max(self.plan.yuan_per_call, self.yuan / self.calls if self.calls else 0.0)
        return self.yuan + one * (_ROUND + len(self.plan.check) + 2 * len(self.plan.unseen)) > self.plan.yuan

    def points(self, indices: Sequence[int], rules: Sequence[str]) -> "np.ndarray[Any, np.dtype[np.float64]]":
        """Points of each chat with rules; 0 where no answer came."""
        return np.array([self._try(index, rules)[0] for index in indices])

    def evaluate(self, batch: list[int], candidate: dict[str, str], capture_traces: bool = False) -> Any:
        """Points of rules on chats, as shares of what there is to earn."""
        tried = [self._try(index, _rules_of(candidate[_COMPONENT])) for index in batch]
        told = [mistakes for _, mistakes in tried]
        scores = [points / self.form.max_points for points, _ in tried]
        return self.batch(outputs=told, scores=scores, trajectories=told if capture_traces else None)

    def make_reflective_dataset(
        self, candidate: dict[str, str], eval_batch: Any, components_to_update: list[str]
    ) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """What went wrong in each chat, in words."""
        most = self.form.max_points
        rows = [
            {"得分": f"{score * most:.1f} / {most:g}", "错处": "；".join(told) or "没有"}
            for score, told in zip(eval_batch.scores, eval_batch.trajectories, strict=True)
        ]
        return dict.fromkeys(components_to_update, rows)

    def write(self, question: Any) -> str:
        """Ask the model for better rules."""
        spec = self.plan.model
        parameters = {key: value for key, value in spec.request().items() if key not in ("json_mode", "json_schema")}
        request = ModelRequest(str(question), "", "", spec.api_name, parameters, _DEADLINE, self.form, "summary")
        result = ask(self.provider, request, attempts=_ATTEMPTS, sleep=sleep)
        if result.reply is None:
            self.failed += 1
            raise RunError(str(result.error))
        reply, self.failed = result.reply, 0
        self._pay(
            estimate_tokens(str(question)) if reply.tokens_in is None else reply.tokens_in,
            estimate_tokens(reply.text) if reply.tokens_out is None else reply.tokens_out,
        )
        return result.reply.text

    def _try(self, index: int, rules: Sequence[str]) -> tuple[float, list[str]]:
        plan, (chat, golds) = self.plan, self.chats[index]
        prompt = plan.prompt
        if missing_rules(prompt, rules):
            try:
                prompt = parse_prompt(add_rules(prompt, rules, version=prompt.version), f"{prompt.id}.md")
            except PromptError as error:
                return 0.0, [str(error)]
        outcome = run_pipeline(
            form=self.form,
            chat=chat,
            pipeline=Pipeline((PipelineStep(prompt),)),
            provider=self.provider,
            model=plan.model.api_name,
            parameters=plan.model.request(),
            deadline=_DEADLINE,
            attempts=_ATTEMPTS,
            context_tokens=plan.model.context_tokens,
            max_output_tokens=plan.model.max_output_tokens,
            replace_personal=plan.model.replace_personal,
        )
        for call in outcome.calls:
            self._pay(call.tokens_in, call.tokens_out)
        if outcome.forms is None:
            return 0.0, [f"没有得到答案：{outcome.error}"]
        return self._judge(outcome.forms, golds)

    def _pay(self, tokens_in: int | None, tokens_out: int | None) -> None:
        self.calls += 1
        self.yuan += self.plan.model.cost(tokens_in or 0, tokens_out or 0) or 0.0

    def _judge(self, forms: Sequence[FormValues], golds: Sequence[FormValues]) -> tuple[float, list[str]]:
        """Points, and what is wrong; of a value that a chat gives only that it is."""
        scored = self.scorer.chat(
            [self.scorer.prepare(one) for one in forms], [self.scorer.prepare(one) for one in golds]
        )
        told = []
        if len(forms) != len(golds):
            told.append(f"写了 {len(forms):,} 位{self.form.subject}，应是 {len(golds):,} 位")
        for pair in scored.pairs:
            for form_field, credit in zip(self.form.fields, pair.credits, strict=True):
                if credit < 1.0:
                    answer, right = forms[pair.pred][form_field.key], golds[pair.gold][form_field.key]
                    told.append(_mistake(form_field, items_of(answer), items_of(right)))
        return scored.score, told


def _mistake(form_field: Field, answer: Sequence[str], right: Sequence[str]) -> str:
    """What is wrong with a field; of values that are not among the suggested ones only that they are there."""
    shown = {*answer, *right} <= set(form_field.values)
    if not right:
        return f"「{form_field.key}」应留空，却填了" + (f"「{'、'.join(answer)}」" if shown else "")
    if not answer:
        return f"「{form_field.key}」空着，应填" + (f"「{'、'.join(right)}」" if shown else "群聊里的原话")
    if shown:
        return f"「{form_field.key}」填了「{'、'.join(answer)}」，应是「{'、'.join(right)}」"
    return f"「{form_field.key}」填了，但不是应填的值"
