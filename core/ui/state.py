"""Session state and shared resources of the pages: the store, the reviewer's name, the current dataset.

``store()`` is shared by all users; everything else belongs to one browser session.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.adapters.store import DatasetView, Store, open_store, queries
from core.domain.form import Form, load_named_form
from core.domain.permissions import Permission, allows
from core.errors import NotFoundError, StoreError
from core.services.team import Actor, is_allowed
from core.settings import settings
from core.ui import address
from core.ui.markdown import Markdown

if TYPE_CHECKING:
    from core.services.discussion import RemarkAck
    from core.services.review import Ack
    from core.services.review.base_runs import BaseRun
    from core.services.review.workbench.contract import WorkbenchPayload

REVIEWER_COOKIE = "shiyao_reviewer"
_REVIEWER = "shiyao.reviewer"
_DATASET = "shiyao.dataset"
_CLAIMED = "shiyao.claimed"
_SAVE_ACKS = "shiyao.save_acks"
_REMARK_ACKS = "shiyao.remark_acks"
_RECORDS = "shiyao.records.address"
_ACKS_KEPT = 200
_MOST_LINKS = 8
_PAGE = "shiyao.page"
_OF_ONE_DATASET = ("run", "newer", "batch", "a", "b", "against")
"""Parameters of addresses that mean nothing in another dataset."""
_PAYLOAD = "shiyao.workbench.payload"
_REVIEW = "shiyao.workbench.review"
_PERSON = "shiyao.person"
_SENTENCE = "shiyao.workbench.sentence"
_TEXTS_SENT = "shiyao.workbench.texts_sent"

_opened: dict[str, Store] = {}

# A cookie, not localStorage: the server sees it on the first run, so nobody is asked for a name twice.
_remember = st.components.v2.component(
    "shiyao_remember",
    js="""
export default function ({ data }) {
  if (!data || !data.name) return;
  document.cookie = `${data.cookie}=${data.value}; path=/; max-age=31536000; samesite=lax`;
}
""",
)


@st.cache_resource(show_spinner=False)
def _open(url: str) -> Store:
    _opened[url] = open_store(url)
    return _opened[url]


def opened_store() -> Store | None:
    """The store of this process if a visitor has had it opened; for threads, which must not call ``st``."""
    return _opened.get(settings().database_url)


def store() -> Store:
    """The open, migrated store of this process.

    Raises:
        StoreError: it cannot be opened.
    """
    url = settings().database_url
    # Whoever asks over plain HTTP first (a health check, a program) has no page to wait on.
    if url in _opened or get_script_run_ctx(suppress_warning=True) is None:
        return _open(url)
    with st.spinner("正在打开数据库…"):
        return _open(url)


def form_of(dataset: DatasetView) -> Form:
    """The form of a dataset.

    Raises:
        FormError: its file is missing or broken.
    """
    return load_named_form(dataset.form)


def page_person() -> Actor | None:
    """Who was signed in when the page was last drawn; ``None`` where nobody has to sign in."""
    person: Actor | None = st.session_state.get(_PERSON) if settings().sign_in_named else None
    return person


def may(permission: Permission) -> bool:
    """Whether who the page is drawn for has a permission: for what to show; services refuse by themselves."""
    person = page_person()
    return allows(person.role, permission) if person is not None else is_allowed(permission)


def keep_person(person: Actor) -> bool:
    """Remember who is signed in; what another person's session held is forgotten.

    Returns:
        Whether the page was another person's: a connection that came back with another cookie.
    """
    before = page_person()
    is_other = before is not None and before.account_id != person.account_id
    if is_other:
        st.session_state.clear()
    st.session_state[_PERSON] = person
    return is_other


def reviewer() -> str:
    """The reviewer's name: of who is signed in, else as entered in this browser; ``""`` if none was yet."""
    if settings().sign_in_named:
        person = page_person()
        return person.name if person is not None else ""
    name = st.session_state.get(_REVIEWER)
    if name is None:
        name = unquote(st.context.cookies.get(REVIEWER_COOKIE, "")).strip()
        st.session_state[_REVIEWER] = name
    return str(name)


def set_reviewer(name: str) -> None:
    """Remember the reviewer's name for this session and, in a cookie, for the next ones."""
    st.session_state[_REVIEWER] = name.strip()


def remember_reviewer() -> None:
    """Write the name to a cookie of the browser; call once per page run, draws nothing."""
    name = reviewer()
    if name and page_person() is None:
        _remember(data={"cookie": REVIEWER_COOKIE, "name": name, "value": quote(name)}, key="shiyao_remember", height=1)


def kept_dataset() -> str:
    """Id of the dataset that this session was last at; ``""`` before the first."""
    return str(st.session_state.get(_DATASET, ""))


def available_datasets() -> list[DatasetView]:
    """All datasets, newest first."""
    with store().read() as session:
        return queries.datasets(session)


def current_dataset(available: list[DatasetView], *, title: Markdown = "") -> DatasetView | None:
    """The current dataset: of the address, else of this session, else the newest; ``None`` where there is none.

    Where the address names one that is not there, the page says so and ends: another one's chats are not what was asked
    for.

    Args:
        available: all datasets, newest first.
        title: of the page, drawn above that sentence.
    """
    addressed = address.text_parameter("dataset")
    requested = addressed or str(st.session_state.get(_DATASET, ""))
    named = address.find_named(requested, available, lambda dataset: (str(dataset.id), dataset.name))
    chosen = named or (available[0] if available else None)
    if addressed and named is None and chosen is not None:
        if title:
            st.title(title)
        _draw_missing_dataset(addressed, available)
    if chosen is not None:
        st.session_state[_DATASET] = str(chosen.id)
    return chosen


def _draw_missing_dataset(requested: str, available: list[DatasetView]) -> None:
    """Say that there is no such dataset, with links to this page of those that there are."""
    page = st.session_state.get(_PAGE, "")
    links = [
        address.Link(page, f"{dataset.name} · {dataset.chats:,} 条群聊", {"dataset": str(dataset.id)})
        for dataset in available[:_MOST_LINKS]
    ]
    advice = "请选择一个数据集：" if len(available) <= _MOST_LINKS else "这里是最新的几个，其余在「数据集」页："
    address.draw_missing("数据集", requested, links if page else [], advice=advice)


def choose_dataset(
    available: list[DatasetView], *, label: Markdown = "数据集", label_visibility: Any = "visible"
) -> DatasetView:
    """A select box for the current dataset; the choice stays in the address and between pages.

    Args:
        available: all datasets, at least one.
        label: the box's label.
        label_visibility: as in Streamlit.
    """
    current = current_dataset(available)
    if current is None:
        raise NotFoundError("还没有数据集", "请先导入群聊")
    chosen = st.selectbox(
        label,
        available,
        label_visibility=label_visibility,
        index=available.index(current),
        format_func=lambda d: f"{d.name} · {d.chats:,} 条群聊",
        key=f"dataset-choice-{','.join(str(d.id) for d in available)}-{current.id}",
    )
    if chosen.id != current.id:
        st.session_state[_DATASET] = str(chosen.id)
        for name in _OF_ONE_DATASET:
            st.query_params.pop(name, None)
        st.query_params["dataset"] = str(chosen.id)
        st.rerun()
    return chosen


def keep_page(script: str) -> None:
    """Remember which page is drawn (its script), for links to the same page with another address."""
    st.session_state[_PAGE] = script


def run_names(dataset: DatasetView) -> list[str]:
    """Names of the dataset's runs with answers, the base run first."""
    return [run.name for run in runs_to_start_from(dataset)]


def runs_to_start_from(dataset: DatasetView) -> "list[BaseRun]":
    """The dataset's runs with answers, the base run first."""
    from core.services.review import base_runs

    with store().read() as session:
        return base_runs(session, dataset.id)


def remembered_claims() -> list[int]:
    """Ids of the chats claimed by this browser session."""
    return list(st.session_state.get(_CLAIMED, ()))


def set_claimed_chats(chat_ids: Sequence[int]) -> None:
    """Store the claimed chats, so that they are released when the workbench is closed."""
    st.session_state[_CLAIMED] = tuple(chat_ids)


def save_acks(key: str) -> "dict[str, Ack]":
    """Acknowledgements by save id for the workbench with this component key."""
    kept_key, acks = st.session_state.get(_SAVE_ACKS, ("", {}))
    return dict(acks) if kept_key == key else {}


def keep_save_acks(key: str, acks: "Mapping[str, Ack]") -> None:
    """Keep acknowledgements for the next reruns: all new ones, and the latest earlier ones, at least 200 in all."""
    earlier = {save_id: ack for save_id, ack in save_acks(key).items() if save_id not in acks}
    newest_acks = [*earlier.items(), *acks.items()][-max(_ACKS_KEPT, len(acks)) :]
    st.session_state[_SAVE_ACKS] = (key, dict(newest_acks))


def remark_acks(key: str) -> "dict[str, RemarkAck]":
    """Answers to remarks in discussions, by id, for the workbench with this component key."""
    kept_key, acks = st.session_state.get(_REMARK_ACKS, ("", {}))
    return dict(acks) if kept_key == key else {}


def keep_remark_acks(key: str, acks: "Mapping[str, RemarkAck]") -> None:
    """Keep answers to remarks for the next reruns, with the latest earlier ones."""
    st.session_state[_REMARK_ACKS] = (key, dict([*remark_acks(key).items(), *acks.items()][-_ACKS_KEPT - len(acks) :]))


def last_payload(key: str) -> "WorkbenchPayload | None":
    """What the workbench with this component key was last given, without its chats."""
    kept_key, payload = st.session_state.get(_PAYLOAD, ("", None))
    return payload if kept_key == key else None


def keep_payload(key: str, payload: "WorkbenchPayload") -> None:
    """Keep what the workbench is given, without its chats: it stays on the page while the database is away."""
    st.session_state[_PAYLOAD] = (key, {**payload, "chats": []})


def kept_sentence(key: str, payload: "WorkbenchPayload", *, is_new: bool) -> str:
    """The sentence that the workbench shows: why another chat was opened stays until one goes on.

    Args:
        key: the component's.
        payload: what it is given.
        is_new: whether the payload opens another chat than was asked for.
    """
    if is_new:
        st.session_state[_SENTENCE] = (key, payload["open"], payload["error"])
    *place, sentence = st.session_state.get(_SENTENCE, ("", None, ""))
    return payload["error"] or (sentence if place == [key, payload["open"]] else "")


def texts_sent(key: str, session: str, wanted: tuple[Sequence[int], float]) -> set[int]:
    """Indices of the chats whose messages the workbench with this component key was sent.

    Args:
        key: the component's.
        session: :attr:`core.services.review.ReviewSession.cache_key`: with another one, the browser drops its chats.
        wanted: chats that it has not after all, and when it asked; one question counts once.
    """
    kept = st.session_state.get(_TEXTS_SENT)
    if kept is None or kept[:2] != (key, session):
        kept = (key, session, set(), 0.0)
    _, _, sent, answered = kept
    chats, moment = wanted
    if moment != answered:
        sent = sent - set(chats)
    st.session_state[_TEXTS_SENT] = (key, session, sent, moment)
    return set(sent)


def keep_texts_sent(key: str, session: str, chats: set[int]) -> None:
    """Remember the chats whose messages the workbench with this component key has now."""
    kept = st.session_state.get(_TEXTS_SENT)
    if kept is not None and kept[:2] == (key, session):
        st.session_state[_TEXTS_SENT] = (key, session, chats, kept[3])


def forget_texts_sent() -> None:
    """The workbench left the page: another one starts with nothing."""
    st.session_state.pop(_TEXTS_SENT, None)


def last_review() -> tuple[Any, str] | None:
    """The review session and the component key of the workbench that was drawn last; ``None`` before the first."""
    last: tuple[Any, str] | None = st.session_state.get(_REVIEW)
    return last


def keep_review(review_session: Any, key: str) -> None:
    """Keep what the workbench was drawn for: without the database no page can find it out anew."""
    st.session_state[_REVIEW] = (review_session, key)


def is_store_available() -> bool:
    """Whether the database answers now."""
    try:
        return store().is_available()
    except StoreError:
        return False


def records_address() -> dict[str, str]:
    """Address of the record table from which a chat was opened; empty if none."""
    return dict(st.session_state.get(_RECORDS, {}))


def keep_records_address() -> None:
    """Remember this page's address, so that the workbench links back to the same rows."""
    st.session_state[_RECORDS] = st.query_params.to_dict()
