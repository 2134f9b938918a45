"""盲审估计: a hidden share goes to somebody else for a blind review, and says what run and first reviews are worth."""

import pytest
from sqlalchemy import select
from sqlmodel import col

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.models import AuditEntry, Pass, Record, ReviewCheck, now
from core.domain.permissions import AccountRole
from core.errors import InputError, PermissionDeniedError
from core.services.quality.blind_estimate import FEWEST, blind_estimate
from core.services.quality.review_checks import blind_lots, lot, only_person, review_checks, set_review_checks
from core.services.quality.reviewer_agreement import pairwise_agreement
from core.services.review import BlindSession
from core.services.team import Actor, acting_as
from core.ui.quality.blind_estimate import blind_estimate_text
from tests.factories.datasets import FORM, make_record
from tests.factories.quality import NAME, STAGE, add_record, add_run, form
from tests.factories.runs import add_dataset

pytestmark = pytest.mark.both_databases
LEAD = Actor("何静", AccountRole.LEAD, 1)


def share_out(store: Store, dataset: DatasetView, blind: float = 1.0) -> None:
    with acting_as(LEAD):
        set_review_checks(
            store, dataset.id, blind_share=blind, planted_share=0.0, characters_per_minute=1500, who=LEAD.name
        )


def reviewed(store: Store, chats: int, *, by: str = "阿青") -> DatasetView:
    """The run says 报价, the first reviewer let it stand, and the second, who has not seen it, says 赢单."""
    dataset = add_dataset(store, chats)
    add_run(store, dataset, "模型", {i: [form(**{NAME: "林舟", STAGE: "报价"})] for i in range(1, chats + 1)})
    for i in range(1, chats + 1):
        add_record(store, dataset, i, [form(**{NAME: "林舟", STAGE: "报价"})], by)
    return dataset


def second(store: Store, dataset: DatasetView, chat: int, stage: str = "赢单") -> None:
    make_record(
        store,
        dataset,
        chat,
        [{"values": form(**{NAME: "林舟", STAGE: stage})}],
        reviewer="小李",
        review_pass=Pass.SECOND,
    )


def approved_anew(store: Store, dataset: DatasetView, chats: list[int]) -> None:
    """The second reviewer approves these first reviews in her own name, with what she said blind."""
    with store.write() as session:
        ids = queries.chat_ids(session, dataset.id)
        for chat in chats:
            both = select(Record).where(col(Record.chat_id) == ids[chat])
            first, blind = sorted(session.execute(both).scalars(), key=lambda one: one.review_pass != Pass.PRIMARY)
            first.reviewer, first.customers, first.version = blind.reviewer, blind.customers, first.version + 1
            first.updated_at = now()


def test_without_a_share_there_is_no_estimate(store: Store) -> None:
    dataset = reviewed(store, 2)
    assert blind_estimate(store, dataset, FORM) is None
    with store.read() as session:
        assert (review_checks(session, dataset.id).blind_share, blind_lots(session, dataset.id)) == (0.0, None)


def test_the_estimate_is_what_blind_reviews_say_beside_the_number_that_records_flatter(store: Store) -> None:
    dataset = reviewed(store, FEWEST)
    share_out(store, dataset)
    for chat in range(1, FEWEST + 1):
        second(store, dataset, chat, "赢单" if chat > 5 else "报价")
    estimate = blind_estimate(store, dataset, FORM)
    assert estimate is not None and estimate.blind and estimate.approved and estimate.agreement and estimate.flattery
    assert (estimate.drawn, estimate.reviewed, estimate.run, estimate.points) == (FEWEST, FEWEST, "模型", 36)
    assert estimate.approved.mean == 36, "the records let the run's answers stand"
    assert estimate.blind.mean == 35 and estimate.agreement.mean == 35, "two points of the stage in half the chats"
    assert estimate.flattery.mean == 1 and 0 < estimate.flattery.interval.low < 1 < estimate.flattery.interval.high
    # What was adjudicated is the truth for the run; how far two people agree stays what they said.
    make_record(
        store,
        dataset,
        6,
        [{"values": form(**{NAME: "林舟", STAGE: "报价"})}],
        reviewer="何静",
        review_pass=Pass.ADJUDICATED,
    )
    settled = blind_estimate(store, dataset, FORM)
    assert settled is not None and settled.blind and settled.agreement
    assert settled.blind.mean == pytest.approx(35.2) and settled.agreement.mean == 35


def test_who_approves_anew_after_a_blind_review_of_her_own_agrees_with_herself(store: Store) -> None:
    dataset = reviewed(store, FEWEST + 2)
    share_out(store, dataset)
    for chat in range(1, FEWEST + 3):
        second(store, dataset, chat)
    approved_anew(store, dataset, [1])
    estimate = blind_estimate(store, dataset, FORM)
    assert estimate is not None and estimate.agreement and estimate.flattery
    assert (estimate.drawn, estimate.reviewed, estimate.same_person) == (FEWEST + 2, FEWEST + 1, 1)
    assert (estimate.agreement.mean, estimate.flattery.mean) == (34, 2)
    assert "11 条（另有 1 条两遍都算同一个人的，不在内）" in blind_estimate_text(estimate)
    together = pairwise_agreement(store, dataset, FORM)
    assert together is not None and together.same_person == estimate.same_person
    approved_anew(store, dataset, [2, 3])
    few = blind_estimate(store, dataset, FORM)
    assert few is not None and few.agreement is None
    assert "盲审了 9 条（另有 3 条两遍都算同一个人的，不在内）" in blind_estimate_text(few)


def test_below_ten_chats_nothing_is_estimated(store: Store) -> None:
    dataset = reviewed(store, FEWEST)
    share_out(store, dataset)
    for chat in range(1, FEWEST):
        second(store, dataset, chat)
    estimate = blind_estimate(store, dataset, FORM)
    assert estimate is not None and (estimate.drawn, estimate.reviewed) == (FEWEST, FEWEST - 1)
    assert estimate.blind is None and estimate.agreement is None


def test_chats_outside_the_draw_do_not_count(store: Store) -> None:
    dataset = reviewed(store, 40)
    share_out(store, dataset, 0.5)
    with store.read() as session:
        secret = session.execute(select(col(ReviewCheck.lot_secret))).scalar_one()
        ids = queries.chat_ids(session, dataset.id)
    drawn = {index for index, chat_id in ids.items() if lot(secret, chat_id) < 0.5}
    for chat in range(1, 41):
        second(store, dataset, chat, "报价" if chat in drawn else "赢单")
    estimate = blind_estimate(store, dataset, FORM)
    assert estimate is not None and estimate.reviewed == len(drawn) < 40
    assert estimate.reviewed < FEWEST or (estimate.blind is not None and estimate.blind.mean == 36)


def test_the_draw_stays_the_same_grows_with_the_share_and_needs_the_secret(store: Store) -> None:
    dataset = reviewed(store, 60)
    drawn = []
    for share in (0.2, 0.2, 0.6):
        share_out(store, dataset, share)
        with store.read() as session:
            lots = blind_lots(session, dataset.id)
            assert lots is not None
            drawn.append({chat for chat in queries.chat_ids(session, dataset.id).values() if lots(chat) is not None})
    assert drawn[0] == drawn[1] < drawn[2]
    other = add_dataset(store, 1, "另一个")
    share_out(store, other, 0.2)
    with store.read() as session:
        one, another = session.execute(select(col(ReviewCheck.lot_secret))).scalars()
    assert one != another and len(one) == 32


def test_drawn_chats_come_first_in_the_blind_queue_of_somebody_else_in_the_order_of_their_lots(store: Store) -> None:
    dataset = reviewed(store, 30)
    share_out(store, dataset, 0.3)
    with store.read() as session:
        lots = blind_lots(session, dataset.id)
        assert lots is not None
        ids = queries.chat_ids(session, dataset.id)
    drawn = {index: value for index, chat_id in ids.items() if (value := lots(chat_id)) is not None}
    in_order = sorted(drawn, key=lambda index: drawn[index])
    desk = BlindSession(dataset, FORM, "小李")
    data = desk.sync(store)
    following = [data["open"], *data["order"]["next"]]
    rest = [index for index in range(1, 31) if index not in drawn]
    assert following == [*in_order, *rest][: len(following)]
    assert BlindSession(dataset, FORM, "阿青").sync(store)["open"] is None, "not one's own"
    assert "share" not in str(data) and "lot" not in {*data}, "the browser is not told"


def test_one_person_alone_is_told(store: Store) -> None:
    dataset = reviewed(store, 2)
    share_out(store, dataset)
    with store.read() as session:
        assert only_person(session) == "阿青"
    estimate = blind_estimate(store, dataset, FORM)
    assert estimate is not None and estimate.alone == "阿青"
    add_record(store, add_dataset(store, 1, "另一个"), 1, [form(**{NAME: "林舟"})], "小李")
    with store.read() as session:
        assert only_person(session) is None


def test_a_lead_sets_the_shares_and_the_audit_log_has_it(store: Store) -> None:
    dataset = reviewed(store, 1)
    share_out(store, dataset, 0.1)
    share_out(store, dataset, 0.1)
    with store.read() as session:
        entries = [(row.who, row.kind, row.target, row.detail) for row in session.execute(select(AuditEntry)).scalars()]
        checks = review_checks(session, dataset.id)
    assert entries == [("何静", "把关", dataset.name, "盲审比例 0% → 10%")]
    assert (checks.blind_share, checks.who) == (0.1, "何静")
    with acting_as(Actor("阿青", AccountRole.REVIEWER, 2)), pytest.raises(PermissionDeniedError):
        set_review_checks(store, dataset.id, blind_share=0.0, planted_share=0.0, characters_per_minute=1500, who="阿青")
    for shares in ((1.1, 0.0, 1500), (0.1, 0.5, 1500), (0.1, 0.0, 10)):
        with pytest.raises(InputError), acting_as(LEAD):
            blind, planted, speed = shares
            set_review_checks(
                store, dataset.id, blind_share=blind, planted_share=planted, characters_per_minute=speed, who=LEAD.name
            )
