"""Datasets, runs and records straight into the store: what every other factory is made of.

Use these where a test is about what happens to stored data; use the services where it is about storing them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.models import (
    Chat,
    Dataset,
    Extraction,
    ExtractionStatus,
    Record,
    RecordStatus,
    Run,
    RunKind,
    RunStatus,
)
from core.domain.form import Form, FormValues, load_named_form

FORM = load_named_form()
"""The form that ships with the program; ``make_form`` and ``make_dataset`` take another."""


def make_form(values: Mapping[str, Any] | None = None, *, form: Form = FORM, **more: Any) -> FormValues:
    """A customer's form, empty but for these values; in keywords ``_`` stands for the ``-`` of a key."""
    return {**form.empty(), **(values or {}), **{key.replace("_", "-"): value for key, value in more.items()}}


def make_dataset(
    store: Store, texts: Sequence[str], name: str = "群聊", *, expected: int | None = None, form: str = FORM.name
) -> DatasetView:
    """A dataset of these chats; ``expected`` is how many its source held, if more."""
    with store.write() as session:
        dataset = Dataset(name=name, form=form, sha256="0" * 64, expected=expected or len(texts))
        session.add(dataset)
        session.flush()
        for index, text in enumerate(texts, start=1):
            session.add(
                Chat(
                    dataset_id=dataset.id or 0,
                    index=index,
                    text=text,
                    sha256=hashlib.sha256(text.encode()).hexdigest(),
                    characters=len(text),
                    residue_characters=0,
                )
            )
        dataset_id = dataset.id or 0
    with store.read() as session:
        return queries.dataset(session, dataset_id)


def make_run(
    store: Store,
    dataset: DatasetView,
    name: str,
    answers: Mapping[int, Sequence[Mapping[str, Any]] | None],
    kind: RunKind = RunKind.MODEL,
    *,
    total: int | None = None,
    tokens: tuple[int, int] = (0, 0),
    **more: Any,
) -> int:
    """A finished run with these answers by index, ``None`` for a failed one; returns its id.

    Args:
        store: where the dataset is.
        dataset: whose chats they are.
        name: of the run.
        answers: forms by the chat's index; values that are left out are empty.
        kind: where the forms come from.
        total: how many chats the run wanted; as many as there are answers by default.
        tokens: that each extraction took, in and out.
        **more: other columns of the run.
    """
    with store.write() as session:
        ids = queries.chat_ids(session, dataset.id)
        wanted = len(answers) if total is None else total
        columns = {"status": RunStatus.FINISHED, **more}
        run = Run(dataset_id=dataset.id, name=name, kind=kind, total=wanted, **columns)
        session.add(run)
        session.flush()
        for index, forms in answers.items():
            session.add(
                Extraction(
                    run_id=run.id or 0,
                    chat_id=ids[index],
                    status=ExtractionStatus.FAILED if forms is None else ExtractionStatus.OK,
                    forms=None if forms is None else [make_form(values) for values in forms],
                    tokens_in=tokens[0],
                    tokens_out=tokens[1],
                )
            )
        return run.id or 0


def make_record(
    store: Store,
    dataset: DatasetView,
    index: int,
    customers: Sequence[Mapping[str, Any]],
    status: RecordStatus = RecordStatus.CONFIRMED,
    *,
    reviewer: str = "小王",
    version: int = 1,
    **more: Any,
) -> None:
    """A chat's record as it lies in the store, without its history.

    Args:
        store: where the dataset is.
        dataset: whose chat it is.
        index: of the chat.
        customers: each either ``{"values": …, "origin": …, …}`` or the values alone.
        status: what was decided.
        reviewer: who decided.
        version: of the record.
        **more: other columns, such as ``review_pass`` or ``seconds``.
    """
    whole = [dict(each) if "values" in each else {"values": dict(each)} for each in customers]
    with store.write() as session:
        session.add(
            Record(
                dataset_id=dataset.id,
                chat_id=queries.chat_ids(session, dataset.id)[index],
                customers=[{"origin": {}, "confirmed": {}, "pinned": {}, **customer} for customer in whole],
                status=status,
                reviewer=reviewer,
                version=version,
                **more,
            )
        )
