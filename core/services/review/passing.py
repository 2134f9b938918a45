"""Passing by threshold: a lead lets values above a confidence pass, audited by chats that are asked blind.

What passes is a version like any other: the origin of each value stays the run, it is confirmed in bulk, and the
record is nobody's review. It never counts as reviewed: neither learning nor confidences nor scores against records
take it for an answer of people. A rule goes on letting pass what becomes sure enough later, until it is switched off.
A share of the passed chats, five at least, is drawn by lot and asked blind, first in the queue of 盲审; where more of
their cells turn out wrong than the lead allows, the rule switches itself off, and the lower ones of its run with it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from sqlalchemy import and_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.adapters.store import PassingRuleView, Store, queries
from core.adapters.store.models import (
    Chat,
    ChatPriority,
    Confirmation,
    Extraction,
    ExtractionStatus,
    Pass,
    PassingRule,
    PassingScope,
    Record,
    RecordStatus,
    Run,
)
from core.adapters.store.queries import PASSED_BY
from core.adapters.store.save_ids import PASSED
from core.domain.form import Form
from core.domain.permissions import Permission
from core.domain.scoring import Scorer
from core.errors import ConflictError, InputError, NotFoundError
from core.services.learning.run_confidence import other_runs
from core.services.quality.answered_runs import runs_with_answers
from core.services.quality.review_checks import lot
from core.services.quality.run_measures import judging_labels
from core.services.review.passing_audits import check_audits, passing_rules, stopped_by_audit, wrong_cells
from core.services.review.priority_signature import DIGEST_BEHIND, answer_digest, answers_read
from core.services.review.records.versions import Customer, initial_customers, new_version
from core.services.team import permitted

LEAST_THRESHOLD: Final = 0.5
"""Nothing passes that is more likely wrong than right."""
_CHUNK: Final = 100
"""Chats per transaction: others who save wait for one."""
_MOST_JUDGED: Final = 500
"""Chats of which labels are asked: enough for a share, and no page waits for it."""


@dataclass(frozen=True, slots=True)
class LabelledPassing:
    """What labels say of the cells that would pass, in the first chats that have both.

    Attributes:
        chats: number of these chats.
        cells: passing cells in them.
        wrong: of these, cells that the labels say otherwise.
    """

    chats: int
    cells: int
    wrong: int


@dataclass(frozen=True, slots=True)
class PassingPlan:
    """What would pass; nothing is written yet.

    Attributes:
        chats: chats of which something passes, by chat id; per form the keys that pass.
        undecided: chats without a record that the run has answered.
        cells: number of cells that pass.
        expected_wrong: how many of them can be expected to be wrong, as the confidences have it.
        labelled: what labels say of them; ``None`` where the dataset has none that say enough.
    """

    chats: Mapping[int, tuple[frozenset[str], ...]]
    undecided: int
    cells: int
    expected_wrong: float
    labelled: LabelledPassing | None = None

    @property
    def expected_error(self) -> float:
        """Share of the cells that can be expected to be wrong, 0 to 1; labels go before confidences."""
        if self.labelled is not None:
            return self.labelled.wrong / self.labelled.cells
        return self.expected_wrong / self.cells if self.cells else 0.0

    def leaves_cells(self, fields: int) -> bool:
        """Whether some cells of the chats stay back, of forms with so many fields."""
        return any(len(keys) < fields for forms in self.chats.values() for keys in forms)

    @property
    def forecast(self) -> str:
        """How many of the cells can be expected to be wrong (Chinese, no full stop); labels go before confidences."""
        if self.labelled is None:
            return f"预计其中错 {self.expected_wrong:,.1f} 格"
        return (
            f"预计其中错 {self.expected_error * self.cells:,.1f} 格（按 {self.labelled.chats:,d} 条有标注的群聊量得，"
            f"{self.labelled.cells:,d} 格里错 {self.labelled.wrong:,d} 格，{self.expected_error:.1%}；把握自己估的是 "
            f"{self.expected_wrong:,.1f} 格）"
        )


def plan_passing(
    store: Store, form: Form, dataset_id: int, run_id: int, *, scope: str, threshold: float
) -> PassingPlan:
    """Plan what passes of a run above a confidence, in chats that nobody has begun.

    Args:
        store: open store.
        form: the dataset's form.
        dataset_id: the dataset.
        run_id: the run.
        scope: ``forms``: chats of which every cell is above; ``cells``: each cell above, the chat stays to be reviewed.
        threshold: confidence, 0 to 1.

    Raises:
        InputError: a scope or threshold that makes no sense.
    """
    _check_choice(scope, threshold)
    chats: dict[int, tuple[frozenset[str], ...]] = {}
    undecided, cells, wrong = 0, 0, 0.0
    with store.read() as session:
        for chat_id, confident in _confidences(session, dataset_id, run_id):
            undecided += 1
            if passing := _passing_keys(form, scope, threshold, confident):
                chats[chat_id] = passing
                cells += sum(map(len, passing))
                wrong += sum(1.0 - one[key] for one, keys in zip(confident, passing, strict=True) for key in keys)
        labelled = _labelled(session, form, dataset_id, run_id, chats)
    return PassingPlan(chats, undecided, cells, wrong, labelled)


def _check_choice(scope: str, threshold: float) -> None:
    if scope not in tuple(PassingScope):
        raise InputError(f"不认识通过的范围「{scope}」", "可以是 forms（整条群聊）或 cells（单个格子）")
    if not LEAST_THRESHOLD <= threshold < 1.0:
        raise InputError(f"把握的门槛不能是 {threshold:g}", "请填写 0.5 以上、1 以下的数")


def _labelled(
    session: Session, form: Form, dataset_id: int, run_id: int, passing: Mapping[int, tuple[frozenset[str], ...]]
) -> LabelledPassing | None:
    """What the dataset's labels say of passing cells; of labels themselves they say nothing."""
    labels = judging_labels(session, dataset_id, runs_with_answers(session, dataset_id)) if passing else None
    if labels is None or labels.id == run_id:
        return None
    scorer, counts = Scorer(form), []
    right, answers = aliased(Extraction), aliased(Extraction)
    for ids in queries.chunked(sorted(passing)[:_MOST_JUDGED], _CHUNK):
        statement = (
            select(col(answers.chat_id), col(answers.forms), col(right.forms))
            .join(right, and_(col(right.chat_id) == col(answers.chat_id), col(right.run_id) == labels.id))
            .where(col(answers.run_id) == run_id, col(answers.chat_id).in_(ids))
        )
        for chat_id, forms, labelled in session.execute(statement):
            if forms and labelled and len(forms) == len(passing[chat_id]):
                customers = [
                    Customer(values=values, confirmed=dict.fromkeys(keys, str(Confirmation.BULK)))
                    for values, keys in zip(forms, passing[chat_id], strict=True)
                ]
                counts.append(wrong_cells(scorer, customers, labelled))
    cells = sum(one for one, _ in counts)
    return LabelledPassing(len(counts), cells, sum(wrong for _, wrong in counts)) if cells else None


def _passing_keys(
    form: Form, scope: str, threshold: float, confident: Sequence[Mapping[str, float]]
) -> tuple[frozenset[str], ...]:
    """Per form of an answer the keys that pass; empty where nothing does."""
    passing = tuple(frozenset(key for key, share in one.items() if share >= threshold) for one in confident)
    if scope == PassingScope.FORMS and any(len(keys) < len(form.keys) for keys in passing):
        return ()
    return passing if any(passing) else ()


def _confidences(
    session: Session, dataset_id: int, run_id: int, chat_ids: Sequence[int] | None = None
) -> Iterator[tuple[int, list[dict[str, float]]]]:
    """``(chat id, confidences)`` of chats without a record whose answer is still the one that was assessed.

    What was assessed before a retry, before another run's answer or before the chat went on says nothing of the answer.
    """
    assessed = answers_read(Extraction, other_runs(session, dataset_id, run_id))
    statement = (
        select(
            col(ChatPriority.chat_id),
            col(ChatPriority.confidence),
            col(ChatPriority.signature),
            assessed,
            col(Extraction.forms),
        )
        .join(Chat, col(Chat.id) == col(ChatPriority.chat_id))
        .join(
            Extraction,
            and_(
                col(Extraction.run_id) == run_id,
                col(Extraction.chat_id) == col(Chat.id),
                col(Extraction.status) != ExtractionStatus.FAILED,
                col(Extraction.made_on).is_(None),
            ),
        )
        .outerjoin(Record, and_(col(Record.chat_id) == col(Chat.id), col(Record.review_pass) == Pass.PRIMARY))
        .where(
            col(Chat.dataset_id) == dataset_id,
            col(ChatPriority.run_id) == run_id,
            col(Record.id).is_(None),
        )
        .order_by(col(Chat.id))
    )
    if chat_ids is not None:
        statement = statement.where(col(Chat.id).in_(chat_ids))
    for chat_id, confident, signature, answers, forms in session.execute(statement):
        current = signature.endswith(f"{answers}{DIGEST_BEHIND}{answer_digest(forms)}")
        if current and confident and len(confident) == len(forms or ()):
            yield chat_id, confident


def count_assessed(session: Session, dataset_id: int, run_id: int) -> int:
    """Number of chats without a record that a run has answered and whose confidence is there."""
    return sum(1 for _ in _confidences(session, dataset_id, run_id))


@permitted(Permission.BULK)
def make_rule(
    store: Store,
    form: Form,
    dataset_id: int,
    run_id: int,
    *,
    scope: str,
    threshold: float,
    audit_share: float,
    allowed_error: float,
    who: str,
) -> PassingRuleView:
    """Make a rule under which a run's values above a confidence pass, until it is switched off.

    :func:`carry_out_rule` lets them.

    Args:
        store: open store.
        form: the dataset's form.
        dataset_id: the dataset.
        run_id: the run.
        scope: see :func:`plan_passing`.
        threshold: confidence, 0 to 1.
        audit_share: share of the passed chats that is asked blind, above 0, at most 1.
        allowed_error: share of wrong cells in the audit above which the rule is switched off.
        who: the lead.

    Returns:
        The rule.

    Raises:
        InputError: nobody's name, or numbers that make no sense.
        ConflictError: an earlier rule at this threshold or below was switched off by its audit.
        NotFoundError: no such run.
    """
    if not who.strip():
        raise InputError("还不知道是谁让它们通过", "请先填写名字")
    if not 0.0 < audit_share <= 1.0:
        raise InputError(f"抽查的比例不能是 {audit_share:g}", "请填写 0 以上、最多 1 的数：不抽查就不能放行")
    if not 0.0 <= allowed_error < 1.0:
        raise InputError(f"容许的错误率不能是 {allowed_error:g}", "请填写 0 以上、1 以下的数")
    _check_choice(scope, threshold)
    check_audits(store, form, dataset_id)
    with store.write() as session:
        if session.get(Run, run_id) is None:
            raise NotFoundError("这个抽取任务已不存在", "请刷新页面")
        row = PassingRule(
            name=uuid4().hex[:12],
            dataset_id=dataset_id,
            run_id=run_id,
            scope=scope,
            threshold=threshold,
            audit_share=audit_share,
            allowed_error=allowed_error,
            who=who,
        )
        stopped = stopped_by_audit(session, row)
        if stopped is not None:
            raise ConflictError(
                f"把握 {stopped.threshold * 100:g}% 以上的放行已经停了：{stopped.stopped_why}",
                "请提高门槛，或先多审一些群聊",
            )
        session.add(row)
        session.flush()
        return PassingRuleView.from_row(row)


@permitted(Permission.BULK)
def carry_out_rule(
    store: Store, form: Form, rule: PassingRuleView, on_chats: Callable[[int, int], None] | None = None
) -> int:
    """Let pass what is sure enough now under a rule, while it is on; done again, it goes on with what is left.

    Args:
        store: open store.
        form: the dataset's form.
        rule: the rule.
        on_chats: told how many chats of how many were looked at.

    Returns:
        Number of chats of which something passed.
    """
    run_id = int(rule.run_id or 0)
    plan = plan_passing(store, form, rule.dataset_id, run_id, scope=rule.scope, threshold=rule.threshold)
    return _carry_out(store, form, rule, plan, on_chats)


def _carry_out(
    store: Store,
    form: Form,
    rule: PassingRuleView,
    plan: PassingPlan,
    on_chats: Callable[[int, int], None] | None = None,
) -> int:
    """Let pass what is planned, while the rule is on; the number of chats of which something passed."""
    done = 0
    run_id = int(rule.run_id or 0)
    # In the order of the lot: the first of them are audited however small the share is.
    ordered = sorted(plan.chats, key=lambda chat_id: lot(rule.name, chat_id))
    for chunk in queries.chunked(ordered, _CHUNK):
        with store.write() as session:
            row = session.get(PassingRule, rule.id)
            if row is None or row.stopped_at is not None or stopped_by_audit(session, row) is not None:
                break
            current = dict(_confidences(session, rule.dataset_id, run_id, chunk))
            done += sum(
                _pass_chat(session, form, rule, chat_id, plan.chats[chat_id])
                # By id: two rules that wrote the same chats each in its own order would wait for one another.
                for chat_id in sorted(chunk)
                if chat_id in current
                and _passing_keys(form, rule.scope, rule.threshold, current[chat_id]) == plan.chats[chat_id]
            )
        if on_chats is not None:
            on_chats(done, len(ordered))
    return done


def keep_passing(store: Store, form: Form, dataset_id: int, run_id: int) -> int:
    """Let pass what has become sure enough under the rules that are on; first their audits are looked at.

    Args:
        store: open store.
        form: the dataset's form.
        dataset_id: the dataset.
        run_id: the run whose confidences were brought up to date.

    Returns:
        Number of chats of which something passed.
    """
    check_audits(store, form, dataset_id)
    done = 0
    for rule in passing_rules(store, dataset_id):
        if rule.stopped_at is None and rule.run_id == run_id:
            plan = plan_passing(store, form, dataset_id, run_id, scope=rule.scope, threshold=rule.threshold)
            done += _carry_out(store, form, rule, plan)
    return done


def _pass_chat(
    session: Session, form: Form, rule: PassingRuleView, chat_id: int, passing: Sequence[frozenset[str]]
) -> bool:
    """Write the record of one chat; ``False`` where somebody has begun it, or the run's answer changed meanwhile."""
    answers = select(col(Extraction.forms)).where(
        col(Extraction.run_id) == rule.run_id, col(Extraction.chat_id) == chat_id
    )
    customers = initial_customers(form, session.execute(answers).scalar_one_or_none() or [], rule.run_id)
    if len(customers) != len(passing):
        return False
    record = Record(
        dataset_id=rule.dataset_id,
        chat_id=chat_id,
        customers=customers,
        status=RecordStatus.DRAFT,
        base_run_id=rule.run_id,
        reviewer=PASSED_BY,
        version=0,
    )
    try:
        with session.begin_nested():
            session.add(record)
    except IntegrityError:  # somebody has begun it this very moment
        return False
    passed: list[Customer] = deepcopy(customers)
    for customer, keys in zip(passed, passing, strict=True):
        customer["confirmed"] |= dict.fromkeys(sorted(keys), str(Confirmation.BULK))
    status = RecordStatus.CONFIRMED if rule.scope == PassingScope.FORMS else RecordStatus.DRAFT
    version = new_version(
        session,
        record,
        form,
        customers=passed,
        who=rule.who,
        reason=f"把握 {rule.threshold * 100:g}% 以上按阈值通过",
        save_id=f"{PASSED}-{rule.name}-{record.id}",
        status=status,
        reviewer=PASSED_BY,
    )
    return version is not None
