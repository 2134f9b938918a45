"""Draws the workbench for any review session: one sync per rerun, claims released on leaving."""

import logging
from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from core.adapters.store import DatasetView, queries
from core.adapters.store.models import Pass
from core.errors import StoreUnavailableError
from core.metrics import timed_sync
from core.services.discussion import apply_remarks
from core.services.review import (
    Ack,
    ReviewSession,
    apply_outbox,
    claimed_chats,
    offline_payload,
    offline_sentence,
)
from core.services.review.records.other_forms import FormChangedError
from core.services.review.records.save_reading import save_id_of
from core.services.review.records.save_types import BLIND_REVIEW
from core.services.review.records.saving import MOST_SAVES
from core.services.review.workbench.contract import WorkbenchPayload
from core.services.review.workbench.discussions import remark_answers
from core.ui import address, navigation, state
from core.ui import workbench as component
from core.ui.markdown import escape_markdown
from core.ui.notices import fragment, show_errors

_log = logging.getLogger("shiyao.ui")


@fragment
def draw(review_session: ReviewSession, key: str) -> None:
    """Sync with the browser and draw the workbench; a fragment, so that only this part reruns.

    Args:
        review_session: who reviews what.
        key: the component's. One per dataset, person and kind of review: what one of them still has to send must not
            reach another's records.
    """
    browser = component.outbox_of(key)
    at = browser.at
    try:
        if at is None:
            at = chat_of_address(review_session.dataset)
        sent = state.texts_sent(key, review_session.cache_key, browser.want_texts)
        _apply_remarks(review_session, key)
        acks = _apply(review_session, key, browser.outbox)  # the callback has applied them; here, what it could not
        with timed_sync():
            data = review_session.sync(
                state.store(),
                outbox=browser.outbox,
                acks=list(acks.values()),
                at=at,
                want_residue=browser.want_residue,
                want_why=browser.want_why,
                want_end=browser.want_end,
                leaving=state.remembered_claims(),
                texts_sent=sent,
                walk=browser.walk,
            )
        _put_discussions(key, data)
        taken = map(save_id_of, browser.outbox[:MOST_SAVES])
        if any(save_id and save_id not in acks for save_id in taken):
            data["offline"], data["error"] = True, data["error"] or offline_sentence()
        # The next sync is about the chat that was opened instead, and comes at once.
        data["error"] = state.kept_sentence(key, data, is_new=browser.at is None and at != data["open"])
        state.set_claimed_chats(claimed_chats(data))
        state.keep_payload(key, data)
        state.keep_texts_sent(key, review_session.cache_key, {*sent, *(chat["chat"] for chat in data["chats"])})
        state.keep_review(review_session, key)
    except FormChangedError:
        # The page is drawn anew over the other form. What the browser sent is applied, and is acknowledged then.
        st.rerun()
    except StoreUnavailableError as outage:
        last = state.last_payload(key)
        if last is None or last["session"] != review_session.cache_key:
            raise  # nothing is on the screen yet that had to stay there
        _log.warning("the workbench waits for the database: %s", outage, exc_info=outage)
        data = offline_payload(last, list(state.save_acks(key).values()), offline_sentence(outage))
    # The browser puts the chat on its screen into the address; what was heard of it here may be some chats old.
    is_led = browser.at is None or data["open"] != at
    if is_led and data["open"] is not None and address.text_parameter("chat") != str(data["open"]):
        st.query_params["chat"] = str(data["open"])
        st.query_params.pop("discussion", None)  # it belonged to the chat before
    # The callback also runs when somebody leaves the page right after a save: then this fragment does not.
    component.workbench(
        data,
        key=key,
        on_outbox_change=lambda: _on_outbox(review_session, key),
        on_remarks_change=lambda: _on_remarks(review_session, key),
    )


def chat_of_address(dataset: DatasetView) -> int | None:
    """The chat that the address names; where the dataset has none such, the page says so and ends."""
    requested = address.text_parameter("chat")
    if not requested:
        return None
    index = address.index_parameter("chat")
    with state.store().read() as session:
        if index is not None and queries.has_chat(session, dataset.id, index):
            return index
    query = {"dataset": str(dataset.id)}
    links = [
        address.Link(navigation.WORKBENCH, "打开下一条待审阅的群聊", query),
        address.Link(navigation.RECORDS, f"记录表：「{dataset.name}」的 {dataset.chats:,} 条群聊", query),
    ]
    address.draw_missing(
        "群聊", f"第 {requested} 条", links, advice=f"它应在数据集「{escape_markdown(dataset.name)}」里。"
    )


def draw_last(outage: StoreUnavailableError) -> None:
    """Draw the workbench that was on the screen, where its page is drawn anew while the database is away.

    It must not leave the page: it holds what was typed and not saved yet.

    Raises:
        StoreUnavailableError: there was none.
    """
    last = state.last_review()
    if last is None or last[0].reviewer != state.reviewer():
        raise outage
    _log.warning("the page of the workbench waits for the database: %s", outage, exc_info=outage)
    draw(*last)


def _on_outbox(review_session: ReviewSession, key: str) -> None:
    with show_errors(), suppress(StoreUnavailableError):  # the fragment that follows says so
        _apply(review_session, key, component.outbox_of(key).outbox, just_sent=True)


def _apply(
    review_session: ReviewSession, key: str, outbox: Sequence[object], *, just_sent: bool = False
) -> dict[str, Ack]:
    """Apply what is not acknowledged yet, and keep the acknowledgements: the browser may send the same again."""
    acks = apply_outbox(review_session, state.store(), outbox, state.save_acks(key), just_sent=just_sent)
    state.keep_save_acks(key, acks)
    return acks


def _on_remarks(review_session: ReviewSession, key: str) -> None:
    with show_errors(), suppress(StoreUnavailableError):  # the fragment that follows says so
        _apply_remarks(review_session, key)


def _apply_remarks(review_session: ReviewSession, key: str) -> None:
    """Take what was said in discussions and is not answered yet, and keep the answers."""
    answered = state.remark_acks(key)
    new = [remark for remark in component.outbox_of(key).remarks if str(remark.get("id", "")) not in answered]
    if new:
        review_pass = Pass.SECOND if review_session.review == BLIND_REVIEW else Pass.PRIMARY
        dataset_id, reviewer = review_session.dataset.id, review_session.reviewer
        acks = apply_remarks(state.store(), dataset_id, new, reviewer=reviewer, review_pass=review_pass)
        state.keep_remark_acks(key, {ack.id: ack for ack in acks})


def _put_discussions(key: str, data: WorkbenchPayload) -> None:
    """Add to the discussions the answers to what was said, and which one the address asks for."""
    if "discussions" not in data:
        return
    answered = state.remark_acks(key)
    numbers = [str(remark.get("id", "")) for remark in component.outbox_of(key).remarks]
    data["discussions"]["answers"] = remark_answers([answered[number] for number in numbers if number in answered])
    is_first = component.outbox_of(key).at is None
    data["discussions"]["open"] = address.index_parameter("discussion") if is_first else None
