"""我的改正: what a second pass changed in one's own reviews, for oneself alone."""

import pytest

from core.adapters.store import Store
from core.adapters.store.models import Pass, PlantedError, PlantedStatus, now
from core.domain.permissions import AccountRole
from core.errors import PermissionDeniedError
from core.services.quality.corrections_of_mine import SecondPass, corrections_of_mine
from core.services.team import Actor, acting_as
from tests.factories.datasets import FORM, make_record
from tests.factories.quality import AGE, NAME, STAGE, add_record, form
from tests.factories.runs import add_dataset

pytestmark = pytest.mark.both_databases


def test_field_mine_theirs_and_who(store: Store) -> None:
    dataset = add_dataset(store, 5)
    for chat in (1, 2, 3):
        add_record(store, dataset, chat, [form(**{NAME: "林舟", STAGE: "报价"})], "阿青")
    add_record(store, dataset, 4, [form(**{NAME: "林舟"})], "小李")
    for chat, stage in ((1, "赢单"), (2, "赢单"), (3, "报价"), (4, "赢单")):
        again = [{"values": form(**{NAME: "林舟", STAGE: stage})}]
        make_record(store, dataset, chat, again, reviewer="王芳", review_pass=Pass.SECOND)
    truth = [{"values": form(**{NAME: "林舟", STAGE: "报价", AGE: "30"})}, {"values": form(**{NAME: "陈露"})}]
    make_record(store, dataset, 2, truth, reviewer="何静", review_pass=Pass.ADJUDICATED)
    with store.write() as session:
        for chat, status in ((3, PlantedStatus.MISSED), (4, PlantedStatus.CORRECTED)):
            session.add(
                PlantedError(
                    chat_id=chat,
                    dataset_id=dataset.id,
                    field=STAGE,
                    value="合同中",
                    right="报价",
                    status=status,
                    reviewer="阿青",
                    decided_at=now(),
                )
            )
    cells = corrections_of_mine(store, dataset, FORM, reviewer="阿青")
    stage, age = FORM.field(STAGE).label, FORM.field(AGE).label
    assert {(one.chat, one.customer, one.field, one.mine, one.theirs, one.source, one.who) for one in cells} == {
        (1, "林舟", stage, "报价", "赢单", SecondPass.BLIND, "王芳"),
        (2, "林舟", age, "（空）", "30", SecondPass.ADJUDICATED, "何静"),
        (2, "陈露", "", "没有这位客户", "有这位客户", SecondPass.ADJUDICATED, "何静"),
        (3, "客户 1", stage, "合同中", "报价", SecondPass.PLANTED, ""),
    }
    assert corrections_of_mine(store, dataset, FORM, reviewer="王芳") == []


def test_nobody_asks_for_another_ones(store: Store) -> None:
    dataset = add_dataset(store, 1)
    with acting_as(Actor("何静", AccountRole.LEAD, 1)), pytest.raises(PermissionDeniedError):
        corrections_of_mine(store, dataset, FORM, reviewer="阿青")
