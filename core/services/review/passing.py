"""Passing by threshold: a lead lets values above a confidence pass, audited by chats that are asked blind.

What passes is a version like any other: the origin of each value stays the run, it is confirmed in bulk, and the
record is nobody's review. It never counts as reviewed: neither learning nor confidences nor scores against records
take it for an answer of people. A share of the passed chats is drawn by lot and asked blind, first in the queue of
盲审; where more of their cells turn out wrong than the lead allows, the rule switches itself off.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import numpy as np
from sqlalchemy import and_, select
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
    RecordEvent,
    RecordStatus,
    Run,
    now,
)
from core.adapters.store.queries import PASSED_BY
from core.domain.form import Form, FormValues
from core.domain.permissions import Permission
from core.domain.scoring import CORRECT_FROM, Interval, Scorer, mean_intervals
from core.domain.scoring.correct_cells import least_credit
from core.errors import ConflictError, InputError, NotFoundError
from core.services.review.records.versions import (
    PASSED,
    Customer,
    initial_customers,
    new_version,
    saved_under,
)
from core.services.team import permitted

LEAST_THRESHOLD: Final = 0.5
"""Nothing passes that is more likely wrong than right."""
_FEWEST_AUDITED: Final = 5
"""Audited chats from which the error itself switches a rule off; before, only where its whole interval is above."""
_CHUNK: Final = 200


@dataclass(frozen=True, slots=True)
class PassingPlan:
    """What would pass; nothing is written yet.

    Attributes:
        chats: chats of which something passes, by chat id; per form the keys that pass.
        undecided: chats without a record that the run has answered.
        cells: number of cells that pass.
        expected_wrong: how many of them can be expected to be wrong.
    """

    chats: Mapping[int, tuple[frozenset[str], ...]]
    undecided: int
    cells: int
    expected_wrong: float


@dataclass(frozen=True, slots=True)
class PassingAudit:
    """How the audit of a rule stands.

    Attributes:
        passed: chats that the rule let pass.
        drawn: of these, chats drawn for the audit.
        asked: of these, chats that somebody has reviewed blind.
        cells: passed cells of the asked chats.
        wrong: of these, cells that the blind review says otherwise.
        error: share of wrong cells, 0 to 1; ``None`` before anything was asked.
        interval: 95 % of it, over chats; ``None`` likewise.
    """

    passed: int
    drawn: int
    asked: int
    cells: int
    wrong: int
    error: float | None
    interval: Interval | None

    def exceeds(self, allowed: float) -> bool:
        """Whether the error is above what the lead allows, as far as so few chats can say."""
        if self.error is None or self.interval is None:
            return False
        return self.error > allowed and (self.asked >= _FEWEST_AUDITED or self.interval.low > allowed)

    def as_json(self) -> dict[str, Any]:
        """The audit as ``pass --json`` prints it."""
        return {
            "passed": self.passed,
            "drawn": self.drawn,
            "asked": self.asked,
            "cells": self.cells,
            "wrong": self.wrong,
            "error": self.error,
            "interval": list(self.interval) if self.interval else None,
        }


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
    if scope not in tuple(PassingScope):
        raise InputError(f"不认识通过的范围「{scope}」", "可以是 forms（整条群聊）或 cells（单个格子）")
    if not LEAST_THRESHOLD <= threshold < 1.0:
        raise InputError(f"把握的门槛不能是 {threshold:g}", "请填写 0.5 以上、1 以下的数")
    chats: dict[int, tuple[frozenset[str], ...]] = {}
    undecided, cells, wrong = 0, 0, 0.0
    with store.read() as session:
        for chat_id, confident in _confidences(session, dataset_id, run_id):
            undecided += 1
            passing = tuple(frozenset(key for key, share in one.items() if share >= threshold) for one in confident)
            if scope == PassingScope.FORMS and any(len(keys) < len(form.keys) for keys in passing):
                continue
            if any(passing):
                chats[chat_id] = passing
                cells += sum(map(len, passing))
                wrong += sum(1.0 - one[key] for one, keys in zip(confident, passing, strict=True) for key in keys)
    return PassingPlan(chats, undecided, cells, wrong)


def _confidences(session: Session, dataset_id: int, run_id: int) -> Iterator[tuple[int, list[dict[str, float]]]]:
    """``(chat id, confidences)`` of chats without a record whose answer is still the one that was assessed."""
    statement = (
        select(col(ChatPriority.chat_id), col(ChatPriority.confidence), col(Extraction.forms))
        .join(Chat, col(Chat.id) == col(ChatPriority.chat_id))
        .join(
            Extraction,
            and_(
                col(Extraction.run_id) == run_id,
                col(Extraction.chat_id) == col(Chat.id),
                col(Extraction.status) != ExtractionStatus.FAILED,
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
    for chat_id, confident, forms in session.execute(statement):
        if confident and len(confident) == len(forms or ()):
            yield chat_id, confident


@permitted(Permission.BULK)
def let_pass(
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
) -> tuple[PassingRuleView, int]:
    """Let a run's values above a confidence pass, under a rule of its own.

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
        The rule, and the number of chats of which something passed.

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
    plan = plan_passing(store, form, dataset_id, run_id, scope=scope, threshold=threshold)
    for rule in passing_rules(store, dataset_id):
        audit_passing(store, form, rule)
    with store.write() as session:
        if session.get(Run, run_id) is None:
            raise NotFoundError("这个抽取任务已不存在", "请刷新页面")
        _refuse_stopped(session, dataset_id, run_id, threshold)
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
        session.add(row)
        session.flush()
        view = PassingRuleView.from_row(row)
    done = 0
    for chunk in queries.chunked(list(plan.chats), _CHUNK):
        with store.write() as session:
            done += sum(_pass_chat(session, form, view, chat_id, plan.chats[chat_id]) for chat_id in chunk)
    return view, done


def _refuse_stopped(session: Session, dataset_id: int, run_id: int, threshold: float) -> None:
    stopped = select(PassingRule).where(
        col(PassingRule.dataset_id) == dataset_id,
        col(PassingRule.run_id) == run_id,
        col(PassingRule.stopped_at).is_not(None),
        col(PassingRule.threshold) >= threshold,
    )
    row = session.execute(stopped.limit(1)).scalar_one_or_none()
    if row is not None:
        raise ConflictError(
            f"把握 {row.threshold:.0%} 以上的放行已经停了：{row.stopped_why}", "请提高门槛，或先多审一些群聊"
        )


def _pass_chat(
    session: Session, form: Form, rule: PassingRuleView, chat_id: int, passing: Sequence[frozenset[str]]
) -> bool:
    """Write the record of one chat; ``False`` where somebody has begun it, or the run's answer changed meanwhile."""
    begun = select(col(Record.id)).where(col(Record.chat_id) == chat_id, col(Record.review_pass) == Pass.PRIMARY)
    if session.execute(begun).first() is not None:
        return False
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
    session.add(record)
    session.flush()
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
        reason=f"把握 {rule.threshold:.0%} 以上按阈值通过",
        save_id=f"{PASSED}-{rule.name}-{record.id}",
        status=status,
        reviewer=PASSED_BY,
    )
    return version is not None


def is_drawn(rule_name: str, chat_id: int, share: float) -> bool:
    """Whether a passed chat is asked blind: drawn by lot, the same however often it is asked."""
    drawn = int.from_bytes(hashlib.sha256(f"{rule_name}:{chat_id}".encode()).digest()[:8])
    return drawn < share * 2**64


def passing_rules(store: Store, dataset_id: int) -> list[PassingRuleView]:
    """All passing rules of a dataset, newest first."""
    statement = select(PassingRule).where(col(PassingRule.dataset_id) == dataset_id)
    with store.read() as session:
        return [
            PassingRuleView.from_row(row)
            for row in session.execute(statement.order_by(col(PassingRule.id).desc())).scalars()
        ]


@permitted(Permission.BULK)
def stop_passing(store: Store, rule_id: int, *, who: str) -> None:
    """Switch a rule off; what it let pass stays as it is.

    Raises:
        NotFoundError: no such rule.
    """
    _stop(store, rule_id, f"{who} 停用")


def _stop(store: Store, rule_id: int, why: str) -> None:
    with store.write() as session:
        row = session.get(PassingRule, rule_id)
        if row is None:
            raise NotFoundError("这条放行规则已不存在", "请刷新页面")
        if row.stopped_at is None:
            row.stopped_at, row.stopped_why = now(), why


def audit_passing(store: Store, form: Form, rule: PassingRuleView) -> PassingAudit:
    """How a rule's audit stands; switches the rule off where the error is above what the lead allows.

    Args:
        store: open store.
        form: the dataset's form.
        rule: the rule.
    """
    with store.read() as session:
        audit = _audit(session, form, rule)
    if rule.stopped_at is None and audit.exceeds(rule.allowed_error):
        _stop(store, rule.id, f"抽查 {audit.asked} 条，错误率 {audit.error:.1%}，超过容许的 {rule.allowed_error:.1%}")
    return audit


def _audit(session: Session, form: Form, rule: PassingRuleView) -> PassingAudit:
    statement = _events_of(session, rule.name, col(Record.chat_id), col(RecordEvent.change))
    passed = {chat_id: change["customers"] for chat_id, change in session.execute(statement)}
    drawn = [chat_id for chat_id in sorted(passed) if is_drawn(rule.name, chat_id, rule.audit_share)]
    scorer = Scorer(form)
    counts = [
        _judge(scorer, passed[chat_id], right)
        for chat_id, right in _blind_forms(session, drawn).items()
        if chat_id in passed
    ]
    counts = [(cells, wrong) for cells, wrong in counts if cells]
    total, wrong = sum(cells for cells, _ in counts), sum(wrong for _, wrong in counts)
    interval = None
    if counts:
        [interval] = mean_intervals(np.array([[wrong / cells] for cells, wrong in counts]))
    return PassingAudit(len(passed), len(drawn), len(counts), total, wrong, wrong / total if total else None, interval)


def _events_of(session: Session, rule_name: str, *columns: Any) -> Any:
    """Statement for the versions that a rule wrote."""
    return (
        select(*columns)
        .select_from(RecordEvent)
        .join(Record, col(Record.id) == col(RecordEvent.record_id))
        .where(saved_under(session, f"{PASSED}-{rule_name}"))
    )


def _blind_forms(session: Session, chat_ids: Sequence[int]) -> dict[int, list[FormValues]]:
    """What blind reviews of chats came to by chat id: as adjudicated, else as the second review has it."""
    forms: dict[int, list[FormValues]] = {}
    for ids in queries.chunked(chat_ids):
        statement = select(col(Record.chat_id), col(Record.review_pass), col(Record.customers)).where(
            col(Record.chat_id).in_(ids),
            col(Record.status) == RecordStatus.CONFIRMED,
            col(Record.review_pass).in_((Pass.SECOND, Pass.ADJUDICATED)),
        )
        for chat_id, review_pass, customers in session.execute(statement):
            if chat_id not in forms or review_pass == Pass.ADJUDICATED:
                forms[chat_id] = [customer["values"] for customer in customers]
    return forms


def _judge(scorer: Scorer, passed: Sequence[Customer], right: Sequence[FormValues]) -> tuple[int, int]:
    """``(passed cells, wrong ones)`` of a chat; of a customer whom the blind review does not have, filled ones are."""
    least = [least_credit(1.0 if field.one_right_answer else CORRECT_FROM) for field in scorer.form.fields]
    preds = [scorer.prepare(customer["values"]) for customer in passed]
    pairs = {pair.pred: pair.credits for pair in scorer.chat(preds, [scorer.prepare(one) for one in right]).pairs}
    cells = wrong = 0
    for number, customer in enumerate(passed):
        for at, field in enumerate(scorer.form.fields):
            if customer["confirmed"].get(field.key) == Confirmation.BULK:
                cells += 1
                wrong += pairs[number][at] < least[at] if number in pairs else bool(preds[number][at])
    return cells, wrong


def audit_chats(session: Session, dataset_id: int) -> set[int]:
    """Ids of the chats that passing rules have drawn for their audits."""
    rules = session.execute(select(PassingRule).where(col(PassingRule.dataset_id) == dataset_id)).scalars().all()
    drawn: set[int] = set()
    for rule in rules:
        chats = session.execute(_events_of(session, rule.name, col(Record.chat_id))).scalars()
        drawn |= {chat_id for chat_id in chats if is_drawn(rule.name, chat_id, rule.audit_share)}
    return drawn
