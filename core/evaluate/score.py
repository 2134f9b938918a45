"""The score of a stored run against a stored reference."""

from sqlmodel import Session

from core.errors import InputError, NotFoundError
from core.form import FormValues, load_named_form
from core.scoring import LCS, Measure, RunScore, score_run
from core.store import DatasetView, Store, queries


def score(
    store: Store, *, dataset: str | int, run: str | int, against: str = "labels", measure: Measure = LCS
) -> RunScore:
    """Score a run by the official rules (PRODUCT.md, Scoring).

    Args:
        store: where both are.
        dataset: name or id.
        run: name or id of the run to score; chats without a successful extraction score 0.
        against: ``labels``, ``records`` (已确认), or ``run:NAME``.
        measure: similarity for free-text fields.

    Raises:
        NotFoundError: no such dataset, run or reference.
        InputError: ``against`` is none of the three.
    """
    with store.read() as session:
        source = queries.dataset(session, dataset)
        answers = queries.forms_by_index(session, queries.run(session, run, source.id).id)
        golds = reference(session, source, against)
    return score_run(load_named_form(source.form), answers, golds, measure)


def reference(session: Session, dataset: DatasetView, against: str) -> dict[int, list[FormValues]]:
    """``{chat index: forms}`` of what a run is measured against.

    Raises:
        NotFoundError: there is no such reference, or it is empty.
        InputError: ``against`` is not understood.
    """
    if against == "records":
        found = queries.confirmed_by_index(session, dataset.id)
        if not found:
            raise NotFoundError(f"数据集「{dataset.name}」还没有已确认的记录", "请先审阅，或用标注作对照")
        return found
    if against == "labels":
        labels = queries.labels_run(session, dataset.id)
        if labels is None:
            raise NotFoundError(f"数据集「{dataset.name}」没有标注", "请导入标注，或用 --against records")
        return queries.forms_by_index(session, labels.id)
    prefix, _, name = against.partition(":")
    if prefix != "run" or not name:
        raise InputError(f"不认识对照「{against}」", "可以是 labels、records 或 run:任务名")
    return queries.forms_by_index(session, queries.run(session, name, dataset.id).id)
