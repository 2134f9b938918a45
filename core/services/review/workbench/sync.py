"""The end of every session's sync: claim chats and assemble the workbench payload."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeGuard, cast

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store import DatasetView, Store
from core.adapters.store.models import Chat, RecordStatus
from core.domain.form import Form
from core.errors import StoreUnavailableError
from core.services.review.progress import Progress
from core.services.review.queue.claims import ClaimPlan, carry_out, plan
from core.services.review.records.save_types import Ack
from core.services.review.workbench.contract import (
    AckPayload,
    ChatPayload,
    FormPayload,
    ProgressPayload,
    StoredCustomer,
    WorkbenchPayload,
)
from core.services.review.workbench.discussion_contract import DiscussionsPayload
from core.services.review.workbench.echo_contract import EchoPayload, WalkPayload
from core.services.review.workbench.end_contract import EndPayload
from core.services.review.workbench.long_neighbours import analyse_in_background
from core.services.review.workbench.why_contract import WhyPayload

AHEAD = 4
"""Number of following chats that are claimed and sent in advance."""
LARGEST_INDEX = 2**31 - 1
"""The largest index that a chat can have."""
BEHIND = 1
"""Number of previous chats that are sent for going back."""
AHEAD_CHARACTERS = 400_000
"""Most characters of chats that are sent in advance: longer ones come when they are opened, so that no save waits for
them."""


class ReviewSession(Protocol):
    """A review session; implemented by ``PrimarySession`` and ``BlindSession``."""

    @property
    def dataset(self) -> DatasetView:
        """The dataset under review."""

    @property
    def form(self) -> Form:
        """Its form."""

    @property
    def reviewer(self) -> str:
        """The reviewer's name."""

    @property
    def review(self) -> str:
        """The kind of review, as saves name it."""

    @property
    def cache_key(self) -> str:
        """Changes whenever the browser's cached data becomes invalid."""

    def save(self, store: Store, outbox: Sequence[object]) -> list[Ack]:
        """Apply the browser's saves, each once."""

    def sync(
        self,
        store: Store,
        *,
        outbox: Sequence[object] = (),
        acks: Sequence[Ack] | None = None,
        at: int | None = None,
        want_residue: int | None = None,
        want_why: tuple[int, int, int] | None = None,
        want_end: bool = False,
        leaving: Sequence[int] = (),
        texts_sent: Collection[int] = (),
        walk: Sequence[int] = (),
    ) -> WorkbenchPayload:
        """Return the workbench data, after applying the outbox if that has not been done."""


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """The chat on screen and its neighbours in the queue, as chat indices.

    Attributes:
        at: the chat on screen; ``None`` where there is nothing to review.
        following: the next chats, at most :data:`AHEAD`.
        before: where going back leads, nearest first.
    """

    at: int | None
    following: Sequence[int]
    before: Sequence[int]

    @property
    def to_claim(self) -> list[int]:
        """The chat on screen and the following ones."""
        return [*([self.at] if self.at is not None else []), *self.following]

    def to_send(self, saved: Sequence[int], characters: Mapping[int, int]) -> list[int]:
        """Chats whose payload the browser needs: nearby ones and those just saved.

        Args:
            saved: chats that saves have just come of.
            characters: how long the nearby chats are; of those that are long together, the later ones stay away.
        """
        nearby, room = [], AHEAD_CHARACTERS
        for index in (*self.following, *self.before[:BEHIND]):
            if (size := characters.get(index, 0)) <= room:
                nearby.append(index)
                room -= size
        return list(dict.fromkeys([*([self.at] if self.at is not None else []), *nearby, *saved]))


NOWHERE = QueuePosition(None, (), ())
"""Of who has no chat on screen: nothing is claimed for them."""


def chats_to_send(session: Session, dataset_id: int, position: QueuePosition, saved: Sequence[int]) -> list[int]:
    """See :meth:`QueuePosition.to_send`; the lengths are looked up.

    Args:
        session: open session.
        dataset_id: the dataset.
        position: where the reviewer is in the queue.
        saved: chats that saves have just come of.
    """
    nearby = [*position.following, *position.before[:BEHIND]]
    lengths = session.execute(
        select(col(Chat.index), col(Chat.characters)).where(
            col(Chat.dataset_id) == dataset_id, col(Chat.index).in_(nearby)
        )
    )
    return position.to_send(saved, dict(lengths.all()))


def saved_chats(outbox: Sequence[object]) -> list[int]:
    """Indices of the chats that an outbox contains saves of."""
    return [index for save in outbox if isinstance(save, Mapping) and is_chat_index(index := save.get("chat"))]


def just_approved(outbox: Sequence[object], acks: Sequence[Ack]) -> int | None:
    """Index of the chat whose approval was stored last, ``None`` where none of the outbox was."""
    stored = [ack.save_id for ack in acks if ack.result == "saved"]  # no set: what came as an id may be anything
    saves = [save for save in outbox if isinstance(save, Mapping) and save.get("save_id") in stored]
    approved = [save["chat"] for save in saves if save.get("status") == RecordStatus.CONFIRMED]
    return approved[-1] if approved else None


def is_chat_index(value: object) -> TypeGuard[int]:
    """Whether something from a browser can be a chat's index: what is larger, no database can be asked for."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST_INDEX


def plan_claims(
    session: Session,
    review_session: ReviewSession,
    position: QueuePosition,
    chats: Sequence[ChatPayload],
    leaving: Sequence[int],
) -> ClaimPlan:
    """What is to be claimed for a position, seen in the session that its chats were read in.

    Args:
        session: open session.
        review_session: who reviews what.
        position: where the reviewer is in the queue.
        chats: payloads of the chats.
        leaving: ids of chats that this session had claimed before.
    """
    ids = {chat["chat"]: chat["chat_id"] for chat in chats}
    to_claim = [ids[index] for index in position.to_claim if index in ids]
    at = ids.get(position.at) if position.at is not None else None
    return plan(session, to_claim, review_session.reviewer, leaving=leaving, at=at)


def assemble_payload(
    review_session: ReviewSession,
    store: Store,
    position: QueuePosition,
    *,
    name: str,
    chats: list[ChatPayload],
    acks: Sequence[Ack],
    progress: ProgressPayload,
    claims: ClaimPlan,
    base_run_id: int | None = None,
    guidelines: Mapping[str, str] | None = None,
    why: WhyPayload | None = None,
    end: EndPayload | None = None,
    echo: EchoPayload | None = None,
    walk: WalkPayload | None = None,
    discussions: DiscussionsPayload | None = None,
    error: str = "",
) -> WorkbenchPayload:
    """Claim chats and assemble the workbench payload (docs/workbench.md, ``data``).

    Args:
        review_session: who reviews what.
        store: the open store.
        position: where the reviewer is in the queue.
        name: what the dataset is called above the chat.
        chats: payloads of the chats; each is told who else is on it.
        acks: acknowledgements of the saves that came.
        progress: how far the review is.
        claims: what is to be claimed; no session may be open while it is carried out.
        base_run_id: the run that the review starts from.
        guidelines: texts by field, where this session shows them.
        why: the answer to a question about a cell.
        end: what the card at the end of the queue shows, where it is on screen.
        echo: chats like one that was just approved.
        walk: what is left of the chats that the browser walks through.
        discussions: of the chats.
        error: a sentence for a banner.
    """
    is_offline = False
    try:
        held_by_others = carry_out(store, claims)
    except StoreUnavailableError as outage:
        # Without its claim a chat may be on two screens; that is no reason to show none.
        held_by_others, is_offline, error = claims.others, True, error or offline_sentence(outage)
    for chat in chats:
        chat["claimed_by"] = held_by_others.get(chat["chat_id"], "")
    sent = {chat["chat"] for chat in chats}
    for index in position.following[:1]:
        if index not in sent:
            analyse_in_background(store, review_session.dataset.id, index)
    payload: WorkbenchPayload = {
        "form": form_payload(review_session.form),
        "guidelines": dict(guidelines or {}),
        "session": review_session.cache_key,
        "reviewer": review_session.reviewer,
        "review": review_session.review,
        "dataset": {"id": review_session.dataset.id, "name": name},
        "progress": progress,
        "open": position.at,
        "order": {"next": list(position.following), "prev": list(position.before)},
        "base_run_id": base_run_id,
        "chats": chats,
        "acks": [_ack(ack) for ack in acks],
        "why": why,
        "error": error,
        "offline": is_offline,
    }
    if end is not None:
        payload["end"] = end
    if echo is not None:
        payload["echo"] = echo
    if walk is not None:
        payload["walk"] = walk
    if discussions is not None:
        payload["discussions"] = discussions
    return payload


def offline_sentence(outage: StoreUnavailableError | None = None) -> str:
    """The workbench's sentence while the database cannot be used; all work waits in the browser."""
    return f"数据库暂时不可用，改动都在本机，恢复后自动保存。{outage or ''}"


def offline_payload(last: WorkbenchPayload, acks: Sequence[Ack], error: str) -> WorkbenchPayload:
    """The payload while the database cannot be used: what the last one said, without chats that may be stale.

    Args:
        last: the last payload of the same session.
        acks: acknowledgements of saves that were stored before.
        error: the sentence.
    """
    return {**last, "chats": [], "acks": [_ack(ack) for ack in acks], "error": error, "offline": True}


def progress_payload(progress: Progress) -> ProgressPayload:
    """The progress part of the payload, for every kind of session."""
    return {
        "total": progress.total,
        "confirmed": progress.confirmed,
        "discussed": progress.discussed,
        "skipped": progress.skipped,
        "left": progress.left,
    }


def form_payload(form: Form) -> FormPayload:
    """The form part of the payload."""
    return {
        "name": form.name,
        "reference": form.reference,
        "title": form.title,
        "version": form.version,
        "subject": form.subject,
        "staff": form.staff,
        "name_field": form.name_field,
        "groups": list(form.groups),
        "fields": [
            {
                "key": field.key,
                "label": field.label,
                "group": field.group,
                "type": field.type,
                "kind": field.kind,
                "nature": field.nature,
                "points": field.points,
                "one_right_answer": field.one_right_answer,
                "values": list(field.values),
                "description": field.description,
            }
            for field in form.fields
        ],
    }


def _ack(ack: Ack) -> AckPayload:
    return {
        "save_id": ack.save_id,
        "result": ack.result,
        "version": ack.version,
        "why": ack.why,
        "theirs": cast(list[StoredCustomer] | None, ack.theirs),
        "who": ack.who,
        "status": RecordStatus(ack.status) if ack.status else "",
        "note": ack.note,
        "base_run_id": ack.base_run_id,
    }


def claimed_chats(data: WorkbenchPayload) -> list[int]:
    """Ids of the chats claimed or looked at by a sync, to be released by the next one or on leaving the workbench.

    Somebody else's are among them: nothing of theirs is released.
    """
    mine = {data["open"], *data["order"]["next"]}
    return [chat["chat_id"] for chat in data["chats"] if chat["chat"] in mine]
