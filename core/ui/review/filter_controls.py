"""Filters for chats, kept in the address; shared by the workbench, the record table and batches."""

from collections.abc import Collection, Mapping, Sequence

import streamlit as st

from core.adapters.store import DatasetView, queries
from core.domain.form import Form
from core.services.review import FILTERS, Filter
from core.services.review.batches import BatchView, batches
from core.services.review.queue.filters import DIFFERING, EMPTY, FILLED, FLAGS, MINE
from core.ui import address, navigation, state
from core.ui.markdown import Markdown, escape_markdown

CONDITIONS = ("text", "by", "field", "filled", "value", "flag", "batch", "differ")
"""Names of what :func:`choose_conditions` draws, in the address and in the session."""
_CHOICES: Mapping[str, Collection[str]] = {"filled": (FILLED, EMPTY), "flag": FLAGS, "differ": (DIFFERING,)}
_OF_ADDRESS = ("by", "field", "filled", "flag", "batch", "differ", "newer")
"""Of these the address holds the value itself (``address.select``)."""


def condition_count(dataset: DatasetView, **more: Collection[str]) -> int:
    """Number of conditions set; neither a field alone counts nor what an address names and is not there.

    Args:
        dataset: the dataset.
        **more: further conditions with what can be chosen there.
    """
    choices = {**_CHOICES, **more}
    names = [name for name in (*CONDITIONS, *more) if name != "field"]
    given = {name: st.session_state.get(name) or address.text_parameter(name) for name in names}
    if given["by"]:
        choices["by"] = _people(dataset)
    if given["batch"]:
        choices["batch"] = {MINE, *(text for option in _batch_titles(dataset).items() for text in option)}
    return sum(bool(value) and (name not in choices or value in choices[name]) for name, value in given.items())


def _people(dataset: DatasetView) -> Sequence[str]:
    with state.store().read() as session:
        return queries.reviewers(session, dataset.id)


def _batch_titles(dataset: DatasetView) -> dict[str, str]:
    return {str(item.id): batch_title(item) for item in batches(state.store(), dataset.id)}


def clear_conditions(*more: str) -> None:
    """Button callback that clears all conditions; status and order stay."""
    for name in (*CONDITIONS, *more):
        st.session_state[name] = "" if name in ("text", "value") else None
    for name in _OF_ADDRESS:
        st.query_params.pop(name, None)


def choose_status(*, first: str, options: Sequence[Markdown] = tuple(FILTERS)) -> str:
    """Buttons for the review status; ``first`` is chosen at first."""
    return address.segments(
        st.container(width="content"),
        "状态",
        options,
        key="queue",
        what="状态",
        first=options.index(first),
        label_visibility="collapsed",
    )


def choose_conditions(dataset: DatasetView, form: Form, *, queue: str, of_batch: bool = True) -> Filter:
    """Boxes for every further condition, in two columns.

    Args:
        dataset: the dataset.
        form: its form.
        queue: the set of statuses, chosen elsewhere.
        of_batch: whether a batch can be chosen. Not where batches are given out: chats of one are in no other, and a
            page cannot link to an address with a name that a box of its own is bound to.
    """
    people, given = _people(dataset), _batch_titles(dataset)
    left, right = st.columns(2)
    text = left.text_input("群聊里有", key="text", bind="query-params", placeholder="例如：价格 合同")
    by = address.select(right, "审阅人", people, key="by", what="审阅人", first=None, placeholder="任何人")
    left, right = st.columns(2)
    field = address.select(left, "字段", form.keys, key="field", what="字段", first=None, placeholder="任意字段")
    off = field is None
    filled = address.select(
        right,
        "填写",
        [FILLED, EMPTY],
        key="filled",
        what="填写",
        first=None,
        disabled=off,
        placeholder="不限",
        help=f"有一位{escape_markdown(form.subject)}这样就算；「为空」也包括一位都没有的群聊",
    )
    left, right = st.columns(2)
    value = left.text_input("字段值包含", key="value", bind="query-params", disabled=off, placeholder="先选字段")
    flag = address.select(right, "标记", FLAGS, key="flag", what="标记", first=None, placeholder="不限")
    left, right = st.columns(2)
    batch = None
    if of_batch:
        batch = address.select(
            left,
            "批次",
            [MINE, *given],
            key="batch",
            what="批次",
            link=address.Link(navigation.BATCHES, "全部批次", {"dataset": str(dataset.id)}),
            first=None,
            format_func=lambda option: given.get(option, option),
            placeholder="不限",
        )
    differ = address.select(
        right if of_batch else left,
        "抽取任务之间",
        [DIFFERING],
        key="differ",
        what="抽取任务之间",
        first=None,
        placeholder="不限",
    )
    return Filter.of(
        {
            "queue": queue,
            "by": by,
            "field": field,
            "filled": filled if field else "",
            "value": value.strip() if field else "",
            "differ": differ,
            "flag": flag,
            "text": text.strip(),
            "batch": batch,
        }
    )


def batch_title(item: BatchView) -> str:
    """Title of a batch in a box; addresses of before carry this text."""
    return f"#{item.id} {item.name}（{item.reviewer}）"
