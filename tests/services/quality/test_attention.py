"""What a lead is shown of each reviewer: planted errors that went through, and approvals faster than can be read."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from core.adapters.store import DatasetView, Store
from core.adapters.store.models import PlantedError, PlantedStatus, Record, RecordEvent, RecordStatus
from core.domain.form import load_named_form
from core.domain.permissions import AccountRole
from core.domain.scoring.interval import wilson_interval
from core.errors import PermissionDeniedError
from core.services.quality.attention import attention
from core.services.quality.fast_approvals import fast_approvals, latest_fast_approvals
from core.services.review.records.versions import new_version
from core.services.team import Actor, acting_as
from tests.factories.datasets import make_dataset
from tests.factories.quality import NAME
from tests.factories.reviews import decide

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
CHARACTERS = 500
"""Of each chat: twenty seconds at 1,500 characters a minute."""
SPEED = 1_500


def make(store: Store, chats: int = 8) -> DatasetView:
    return make_dataset(store, [f"林舟{n}：{'看' * CHARACTERS}" for n in range(1, chats + 1)])


def approve(
    store: Store, dataset: DatasetView, chat: int, at: float, *, seconds: float = 2, who: str = "阿青", **more: object
) -> None:
    """Approve a chat, so many seconds after noon and after so many at the desk."""
    version = int(str(more.pop("version", 0)))
    decide(store, dataset, chat, values={NAME: "林舟"}, who=who, seconds=seconds, version=version, **more)
    with store.write() as session:
        record_id = session.execute(select(col(Record.id)).where(col(Record.chat_id) == chat)).scalar_one()
        session.execute(
            update(RecordEvent)
            .where(col(RecordEvent.record_id) == record_id, col(RecordEvent.version) == version + 1)
            .values(at=NOON + timedelta(seconds=at))
        )


def fast(store: Store, dataset: DatasetView, who: str = "阿青") -> tuple[int, list[int]]:
    """How many of a reviewer's approvals can be judged, and which chats were approved too fast."""
    with store.read() as session:
        judged = fast_approvals(session, dataset.id, SPEED)[who]
    return judged.judged, [one.chat for one in judged.fast]


@pytest.mark.both_databases
def test_approving_one_after_another_without_reading_is_seen(store: Store) -> None:
    dataset = make(store, 6)
    for chat in range(1, 7):
        approve(store, dataset, chat, at=3 * chat)
    assert fast(store, dataset) == (3, [6, 5, 4]), "before the first three nobody knows what went on"
    with store.read() as session:
        one = fast_approvals(session, dataset.id, SPEED)["阿青"].fast[0]
    assert (one.characters, one.seconds, one.needed) == (CHARACTERS, 2, 20)


def test_who_took_the_time_at_the_desk_is_not_seen(store: Store) -> None:
    dataset = make(store, 6)
    for chat in range(1, 7):
        approve(store, dataset, chat, at=3 * chat, seconds=25)
    assert fast(store, dataset) == (3, [])


def test_who_read_in_another_window_or_loaded_the_page_anew_is_not_seen(store: Store) -> None:
    """The desk counted two seconds, but there was time enough since the decision before."""
    dataset = make(store, 6)
    for chat in range(1, 7):
        approve(store, dataset, chat, at=21 * chat)
    assert fast(store, dataset) == (3, [])


def test_who_read_ahead_and_approved_in_a_row_is_not_seen(store: Store) -> None:
    dataset = make(store, 6)
    for chat, at in ((1, 0), (2, 3), (3, 6), (4, 70), (5, 72), (6, 74)):
        approve(store, dataset, chat, at=at)
    assert fast(store, dataset) == (3, [])


def test_a_text_that_was_known_is_not_judged(store: Store) -> None:
    dataset = make(store, 7)
    approve(store, dataset, 7, at=-500, who="小李")
    approve(store, dataset, 6, at=-400, status="草稿")
    for chat in range(1, 6):
        approve(store, dataset, chat, at=3 * chat)
    approve(store, dataset, 6, at=18, version=1)  # begun an hour before
    approve(store, dataset, 7, at=21, version=1)  # approved by somebody else before
    assert fast(store, dataset) == (2, [5, 4])


@pytest.mark.parametrize("status", ["未审阅", "草稿"])
def test_an_approval_that_was_taken_back_is_none(store: Store, status: str) -> None:
    dataset = make(store, 7)
    for chat in range(1, 8):
        approve(store, dataset, chat, at=3 * chat)
    approve(store, dataset, 5, at=22, status=status, version=1)
    approve(store, dataset, 7, at=23, status=status, version=1)
    assert fast(store, dataset) == (2, [6, 4])
    approve(store, dataset, 7, at=24, version=2)
    assert fast(store, dataset) == (3, [7, 6, 4]), "approved again, as fast"
    approve(store, dataset, 5, at=90, version=2)
    assert fast(store, dataset) == (3, [7, 6, 4]), "looked at for a minute, then approved again"


def test_an_approval_that_a_change_of_many_took_back_is_none(store: Store) -> None:
    dataset = make(store, 5)
    for chat in range(1, 6):
        approve(store, dataset, chat, at=3 * chat)
    with store.write() as session:
        record = session.execute(select(Record).where(col(Record.chat_id) == 5)).scalar_one()
        form = load_named_form()
        new_version(
            session,
            record,
            form,
            customers=[],
            who="组长",
            reason="",
            save_id="undo-x-1",
            status=RecordStatus.UNREVIEWED,
        )
    assert fast(store, dataset) == (1, [4])


@pytest.mark.both_databases
def test_of_the_latest_records_alone_the_same_is_known(store: Store) -> None:
    dataset = make(store, 12)
    for chat in range(1, 13):
        approve(store, dataset, chat, at=3 * chat, who="小李" if chat == 8 else "阿青")
    with store.write() as session:
        for chat in range(1, 13):
            session.execute(
                update(Record).where(col(Record.chat_id) == chat).values(updated_at=NOON + timedelta(seconds=3 * chat))
            )
    with store.read() as session:
        every = fast_approvals(session, dataset.id, SPEED)
        assert latest_fast_approvals(session, dataset.id, SPEED) == {"阿青": len(every["阿青"].fast)} == {"阿青": 8}
        assert latest_fast_approvals(session, dataset.id, SPEED, records=6) == {"阿青": 2}, (
            "the first three are not judged"
        )
        assert latest_fast_approvals(session, dataset.id, 100 * SPEED) == {}


def test_short_chats_are_read_at_a_glance(store: Store) -> None:
    dataset = make_dataset(store, [f"林舟{n}：好的，谢谢" for n in range(1, 7)])
    for chat in range(1, 7):
        approve(store, dataset, chat, at=3 * chat)
    assert fast(store, dataset) == (3, [])


@pytest.mark.both_databases
def test_each_reviewer_has_counts_and_from_ten_cases_shares_with_intervals(store: Store) -> None:
    dataset = make(store, 30)
    with store.write() as session:
        for chat in range(1, 31):
            who, status = ("阿青", PlantedStatus.MISSED if chat <= 3 else PlantedStatus.CORRECTED)
            if chat > 12:
                who, status = ("小李", PlantedStatus.MISSED) if chat <= 15 else ("", PlantedStatus.WAITING)
            if chat > 28:
                who, status = "小李", PlantedStatus.WITHDRAWN
            session.add(
                PlantedError(
                    chat_id=chat, dataset_id=dataset.id, field="x", value="a", right="b", status=status, reviewer=who
                )
            )
    checks = attention(store, dataset)
    assert [one.reviewer for one in checks.reviewers] == ["小李", "阿青"] and (checks.waiting, checks.withdrawn) == (
        13,
        2,
    )
    few, many = checks.reviewers
    assert (few.missed.count, few.missed.cases, few.missed.share, few.missed.interval) == (3, 3, None, None)
    assert (many.missed.count, many.missed.cases, many.missed.share) == (3, 12, 0.25)
    assert many.missed.interval == wilson_interval(0.25, 12)
    with acting_as(Actor("阿青", AccountRole.REVIEWER, 1)), pytest.raises(PermissionDeniedError):
        attention(store, dataset)


def test_the_interval_of_a_share_is_wilsons() -> None:
    low, high = wilson_interval(0.25, 12)
    assert (round(low, 3), round(high, 3)) == (0.089, 0.532)
    assert wilson_interval(0.0, 10).low == pytest.approx(0, abs=1e-12) and wilson_interval(0.0, 10).high > 0.25
