"""Agreement between two reviewers of the same chats, chats to adjudicate, and each reviewer's pace."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from core.adapters.store import DatasetView, RecordView, Store, queries
from core.adapters.store.models import Pass, RecordStatus
from core.adapters.store.queries import PASSED_BY
from core.domain.form import Form
from core.domain.scoring.agreement import Agreement, agreement
from core.services.quality.cache import cached
from core.services.quality.data_versions import records_version

DECIDED = (RecordStatus.CONFIRMED, RecordStatus.DISCUSS)
_FEW = 1_000
"""Chats that are asked for by id; for more, all records are read."""


@dataclass(frozen=True, slots=True)
class ReviewDisagreement:
    """A chat about which two reviewers differ.

    Attributes:
        chat: index of the chat.
        first: who reviewed it.
        second: who reviewed it again.
        differing: cells that differ; a customer that only one of them has counts once.
        settled_by: who adjudicated; ``""`` while nobody has.
    """

    chat: int
    first: str
    second: str
    differing: int
    settled_by: str


@dataclass(frozen=True, slots=True)
class PairwiseAgreement:
    """Two reviews of the same chats.

    Attributes:
        agreement: field by field.
        chats: chats about which they differ, those that differ most first; settled ones last.
        pairs: who with whom, and on how many chats.
        same_person: chats left out because one person stands for both reviews.
    """

    agreement: Agreement
    chats: tuple[ReviewDisagreement, ...]
    pairs: tuple[tuple[str, str, int], ...]
    same_person: int = 0


@dataclass(frozen=True, slots=True)
class ReviewPace:
    """One reviewer's work in a dataset.

    Attributes:
        reviewer: who.
        review_pass: primary, second or adjudicated.
        chats: chats decided (已确认 or 待讨论).
        skipped: chats skipped.
        median_seconds: on a decided chat; ``None`` where no time was taken.
        per_hour: decided chats per hour of time at the workbench.
        changed: share of cells that differ from the model's answer, over chats that started from one; ``None`` for
            blind reviews.
        changed_filled: the same over cells that are filled now or were filled by the model.
        last: when the last one was saved.
    """

    reviewer: str
    review_pass: str
    chats: int
    skipped: int
    median_seconds: float | None
    per_hour: float | None
    changed: float | None
    changed_filled: float | None
    last: datetime


def is_by_two(first: str, second: str) -> bool:
    """Whether a first and a second review, by their reviewers, are two people's.

    Who approved a chat anew after a second review of their own agrees with themselves: that says nothing.
    """
    return first != second


def pairwise_agreement(store: Store, dataset: DatasetView, form: Form) -> PairwiseAgreement | None:
    """Compare the first and the second review; ``None`` where no chat has both."""
    with store.read() as session:
        key = ("together", store.url, dataset.id, form.reference, form.version, records_version(session, dataset.id))

        def make() -> PairwiseAgreement | None:
            def read(review_pass: Pass, chat_ids: Sequence[int] | None = None) -> dict[int, RecordView]:
                records = queries.records(
                    session, dataset.id, review_pass=review_pass, statuses=DECIDED, chat_ids=chat_ids
                )
                return {record.index: record for record in records}

            second = read(Pass.SECOND)
            reviewed_twice = [record.chat_id for record in second.values()]
            few = reviewed_twice if len(reviewed_twice) <= _FEW else None
            first, settled = (read(one, few) for one in (Pass.PRIMARY, Pass.ADJUDICATED))
            twice = [index for index in first if index in second]
            both = [index for index in twice if is_by_two(first[index].reviewer, second[index].reviewer)]
            if not both:
                return None
            # What a threshold let pass is nobody's review: there is no agreement, but a difference is to be settled.
            reviewed = [index for index in both if first[index].reviewer != PASSED_BY]
            measured, passed = (
                agreement(form, {index: (first[index].forms, second[index].forms) for index in indices})
                for indices in (reviewed, [index for index in both if first[index].reviewer == PASSED_BY])
            )
            counts: dict[tuple[str, str], int] = {}
            for index in reviewed:
                pair = (first[index].reviewer, second[index].reviewer)
                counts[pair] = counts.get(pair, 0) + 1
            chats = [
                ReviewDisagreement(
                    index,
                    first[index].reviewer,
                    second[index].reviewer,
                    count,
                    settled[index].reviewer if index in settled else "",
                )
                for index, count in {**measured.differing, **passed.differing}.items()
            ]
            chats.sort(key=lambda one: (bool(one.settled_by), -one.differing, one.chat))
            return PairwiseAgreement(
                measured,
                tuple(chats),
                tuple((*pair, count) for pair, count in sorted(counts.items())),
                len(twice) - len(both),
            )

        return cached(key, make, chats=dataset.chats)


def paces(store: Store, dataset: DatasetView, form: Form) -> list[ReviewPace]:
    """Every reviewer's pace and change rate, the busiest first."""
    with store.read() as session:
        key = ("paces", store.url, dataset.id, form.reference, form.version, records_version(session, dataset.id))

        def make() -> list[ReviewPace]:
            paces: list[ReviewPace] = []
            for review_pass in Pass:
                by_name: dict[str, list[RecordView]] = {}
                for record in queries.records(session, dataset.id, review_pass=review_pass):
                    if record.reviewer != PASSED_BY:
                        by_name.setdefault(record.reviewer, []).append(record)
                paces += [_pace(form, name, review_pass, records) for name, records in by_name.items()]
            return sorted(paces, key=lambda one: (-one.chats, one.reviewer, one.review_pass))

        return cached(key, make, chats=dataset.chats)


def _pace(form: Form, name: str, review_pass: str, records: Sequence[RecordView]) -> ReviewPace:
    decided = [record for record in records if record.status in DECIDED]
    times = [record.seconds for record in decided if record.seconds > 0]
    origins = [
        (customer["values"].get(key), str(customer.get("origin", {}).get(key, "")))
        for record in decided
        if record.base_run_id is not None
        for customer in record.customers
        for key in form.keys
    ]
    changed = [origin == "reviewer" for _, origin in origins]
    # What was filled and emptied stands there as empty and the reviewer's: it counts as filled.
    filled = [origin == "reviewer" for value, origin in origins if value or origin == "reviewer"]
    return ReviewPace(
        reviewer=name,
        review_pass=review_pass,
        chats=len(decided),
        skipped=sum(record.status == RecordStatus.SKIPPED for record in records),
        median_seconds=median(times) if times else None,
        per_hour=3600 * len(times) / sum(times) if times else None,
        changed=sum(changed) / len(changed) if changed else None,
        changed_filled=sum(filled) / len(filled) if filled else None,
        last=max(record.updated_at for record in records),
    )
