"""Audits of what a threshold let pass: which chats are asked blind, how many cells were wrong, and the switch.

A share of the passed chats is drawn by lot. What their blind reviews say otherwise counts as wrong; where that is more
than the lead allows, the rule is switched off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.adapters.store import PassingRuleView, Store, queries
from core.adapters.store.models import (
    Confirmation,
    Pass,
    PassingRule,
    PassingScope,
    Record,
    RecordEvent,
    RecordStatus,
    now,
)
from core.adapters.store.queries import PASSED_BY
from core.adapters.store.save_ids import FORM_CHANGE, PASSED, UNDO
from core.domain.form import Form, FormValues
from core.domain.permissions import Permission
from core.domain.scoring import CORRECT_FROM, Interval, Scorer, mean_intervals
from core.domain.scoring.correct_cells import least_credit
from core.domain.scoring.interval import wilson_interval
from core.errors import NotFoundError
from core.services.quality.review_checks import lot
from core.services.review.records.versions import Customer, saved_under
from core.services.review.stopped_rules import BY_HAND, is_stopped_by_audit
from core.services.team import everything_shown, permitted

_FEWEST_AUDITED: Final = 5
"""Chats that are drawn however small the share is, and audited chats from which the error itself switches a rule off;
before, only where its whole interval is above."""


@dataclass(frozen=True, slots=True)
class PassingAudit:
    """How the audit of a rule stands.

    Attributes:
        passed: chats that the rule let pass, but those whose passing was taken back.
        taken_back: chats whose passing was taken back.
        drawn: chats drawn for the audit; of those that were taken back, the ones that had been reviewed blind by then.
        asked: of these, chats that somebody has reviewed blind.
        cells: passed cells of the asked chats.
        wrong: of these, cells that the blind review says otherwise.
        error: share of wrong cells, 0 to 1; ``None`` before anything was asked.
        interval: 95 % of it, over chats; ``None`` likewise.
    """

    passed: int
    taken_back: int
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
            "taken_back": self.taken_back,
            "drawn": self.drawn,
            "asked": self.asked,
            "cells": self.cells,
            "wrong": self.wrong,
            "error": self.error,
            "interval": list(self.interval) if self.interval else None,
        }


@dataclass(frozen=True, slots=True)
class PassedChats:
    """What all rules of a dataset let pass, and how far their audits are.

    Attributes:
        whole: chats that passed as a whole, but those whose passing was taken back.
        partly: chats of which single cells passed, likewise; they are still to be reviewed.
        drawn: chats drawn for audits.
        asked: of these, chats that somebody has reviewed blind.
    """

    whole: int = 0
    partly: int = 0
    drawn: int = 0
    asked: int = 0

    @property
    def due(self) -> int:
        """Drawn chats that nobody has reviewed blind yet."""
        return self.drawn - self.asked


def passed_chats(session: Session, dataset_id: int) -> PassedChats:
    """What the rules of a dataset let pass and how far their audits are; each chat counts once."""
    rules = session.execute(select(PassingRule).where(col(PassingRule.dataset_id) == dataset_id)).scalars().all()
    kept: dict[str, set[int]] = {scope.value: set() for scope in PassingScope}
    drawn: set[int] = set()
    with everything_shown(session):  # how many
        for rule in rules:
            passed = session.execute(_events_of(session, rule.name, col(Record.chat_id))).scalars().all()
            taken_back, lots = _taken_back(session, rule.name), drawn_chats(rule, passed)
            kept[rule.scope] |= set(passed) - taken_back
            drawn |= set(lots) - taken_back
        reviewed = drawn & _blind_forms(session, sorted(drawn)).keys()
    whole = kept[PassingScope.FORMS]
    return PassedChats(len(whole), len(kept[PassingScope.CELLS] - whole), len(drawn), len(reviewed))


def drawn_chats(rule: PassingRule | PassingRuleView, passed: Sequence[int]) -> list[int]:
    """Ids of the passed chats that are asked blind: the share by lot, and the first ones while these are too few.

    Args:
        rule: the rule.
        passed: ids of the chats that it let pass, in the order in which they passed; who is drawn once, stays drawn.
    """
    drawn: list[int] = []
    for chat_id in passed:
        if len(drawn) < _FEWEST_AUDITED or lot(rule.name, chat_id) < rule.audit_share:
            drawn.append(chat_id)
    return drawn


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
    _stop(store, rule_id, f"{who}{BY_HAND}")


def _stop(store: Store, rule_id: int, why: str) -> None:
    with store.write() as session:
        row = session.get(PassingRule, rule_id)
        if row is None:
            raise NotFoundError("这条放行规则已不存在", "请刷新页面")
        if row.stopped_at is None:
            row.stopped_at, row.stopped_why = now(), why
        session.flush()
        # The lower rules of the run with it: what is surer than they ask for is wrong too often already.
        for lower in session.execute(_of_run(row).where(col(PassingRule.stopped_at).is_(None))).scalars():
            if (above := stopped_by_audit(session, lower)) is not None:
                why_too = f"同一抽取任务把握 {above.threshold * 100:g}% 以上的放行停了：{above.stopped_why}"
                lower.stopped_at, lower.stopped_why = now(), why_too


def _of_run(rule: PassingRule) -> Any:
    """Statement for the rules of a rule's run."""
    return select(PassingRule).where(
        col(PassingRule.dataset_id) == rule.dataset_id, col(PassingRule.run_id) == rule.run_id
    )


def stopped_by_audit(session: Session, rule: PassingRule) -> PassingRule | None:
    """The rule of the same run, at this threshold or above, that an audit has switched off; ``None`` if there is none.

    Args:
        session: open session.
        rule: a rule, or one that is to be.
    """
    statement = _of_run(rule).where(is_stopped_by_audit(), col(PassingRule.threshold) >= rule.threshold)
    # As their audits have it, not as it was handed on to lower ones.
    statement = statement.order_by(col(PassingRule.threshold).desc(), col(PassingRule.id))
    return session.execute(statement.limit(1)).scalars().first()


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
        _stop(
            store,
            rule.id,
            f"抽查 {audit.asked:,} 条，错误率 {audit.error:.1%}，超过容许的 {rule.allowed_error * 100:g}%",
        )
    return audit


def check_audits(store: Store, form: Form, dataset_id: int) -> None:
    """Switch the rules of a dataset off whose audits have found more errors than the lead allows.

    Args:
        store: open store.
        form: the dataset's form.
        dataset_id: the dataset.
    """
    for rule in passing_rules(store, dataset_id):
        if rule.stopped_at is None:
            audit_passing(store, form, rule)


def _audit(session: Session, form: Form, rule: PassingRuleView) -> PassingAudit:
    passed = session.execute(_events_of(session, rule.name, col(Record.chat_id))).scalars().all()
    taken_back = _taken_back(session, rule.name)
    drawn = drawn_chats(rule, passed)
    right = _blind_forms(session, drawn)
    drawn = [chat_id for chat_id in drawn if chat_id not in taken_back or chat_id in right]
    scorer = Scorer(form)
    counts = [
        wrong_cells(scorer, change["customers"], right[chat_id])
        for chat_ids in queries.chunked(sorted(right))
        for chat_id, change in session.execute(
            _events_of(session, rule.name, col(Record.chat_id), col(RecordEvent.change)).where(
                col(Record.chat_id).in_(chat_ids)
            )
        )
    ]
    counts = [(cells, wrong) for cells, wrong in counts if cells]
    total, wrong = sum(cells for cells, _ in counts), sum(wrong for _, wrong in counts)
    error, interval = (wrong / total, error_interval(counts)) if total else (None, None)
    still = len(set(passed) - taken_back)
    return PassingAudit(still, len(taken_back), len(drawn), len(counts), total, wrong, error, interval)


def error_interval(counts: Sequence[tuple[int, int]]) -> Interval:
    """95 % interval of the share of wrong cells.

    It is drawn over chats, and never narrower than so many cells can tell (Wilson, 1927): twenty chats without an error
    do not prove that there is none. Few chats count as if each were a single cell, for errors come together.

    Args:
        counts: ``(passed cells, wrong ones)`` of each audited chat, at least one.
    """
    total = sum(cells for cells, _ in counts)
    share = sum(wrong for _, wrong in counts) / total
    if len(counts) < _FEWEST_AUDITED:
        return wilson_interval(share, len(counts))
    [drawn] = mean_intervals(np.array([[wrong / cells] for cells, wrong in counts]))
    alone = wilson_interval(share, total)
    return Interval(min(drawn.low, alone.low), max(drawn.high, alone.high))


def _taken_back(session: Session, rule_name: str) -> set[int]:
    """Ids of the chats whose passing under a rule was taken back."""
    return set(session.execute(_events_of(session, rule_name, col(Record.chat_id), kind=UNDO)).scalars())


def count_passing_kept(session: Session, rule: PassingRuleView) -> int:
    """Number of chats that a rule let pass and nobody has changed since: what taking it back makes unreviewed again.

    Args:
        session: open session.
        rule: the rule.
    """
    later = aliased(RecordEvent)
    changed = exists().where(
        col(later.record_id) == col(RecordEvent.record_id),
        col(later.version) > col(RecordEvent.version),
        ~col(later.save_id).startswith(f"{FORM_CHANGE}-"),  # it carries what was there
    )
    statement = (
        select(func.count(col(RecordEvent.id)))
        .join(Record, col(Record.id) == col(RecordEvent.record_id))
        .where(saved_under(session, f"{PASSED}-{rule.name}"), ~changed)
    )
    with everything_shown(session):  # how many
        return int(session.execute(statement).scalar_one())


def count_taken_back(session: Session, run_id: int) -> int:
    """Number of chats of a run whose passing was taken back and that nobody has reviewed since."""
    statement = select(func.count()).where(
        col(Record.base_run_id) == run_id,
        col(Record.review_pass) == Pass.PRIMARY,
        col(Record.status) == RecordStatus.UNREVIEWED,
        col(Record.reviewer) == PASSED_BY,
    )
    return int(session.execute(statement).scalar_one())


def _events_of(session: Session, rule_name: str, *columns: Any, kind: str = PASSED) -> Any:
    """Statement for the versions that a rule, or its being taken back, wrote, in their order."""
    return (
        select(*columns)
        .select_from(RecordEvent)
        .join(Record, col(Record.id) == col(RecordEvent.record_id))
        .where(saved_under(session, f"{kind}-{rule_name}"))
        .order_by(col(RecordEvent.id))
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


def wrong_cells(scorer: Scorer, passed: Sequence[Customer], right: Sequence[FormValues]) -> tuple[int, int]:
    """``(passed cells, wrong ones)`` of a chat; of a customer who is not there, filled ones are wrong.

    Args:
        scorer: of the form.
        passed: customers, cells that passed confirmed in bulk.
        right: forms that are right: of the blind review, or of labels.
    """
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
        drawn |= set(drawn_chats(rule, chats.all())) - _taken_back(session, rule.name)
    return drawn
