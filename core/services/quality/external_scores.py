"""Scores that somebody else measured (the platform's online score), entered on a run and shown beside ours."""

from sqlalchemy import select
from sqlmodel import col

from core.adapters.store import Store, queries
from core.adapters.store.models import Dataset, ExternalScore, ExternalScoreBase, Run
from core.adapters.store.views import View
from core.domain.form import load_named_form
from core.domain.permissions import Permission
from core.errors import InputError, NotFoundError
from core.services.team import permitted


class ExternalScoreView(ExternalScoreBase, View):
    """A score that somebody else measured."""

    id: int


@permitted(Permission.SCORES)
def add_external_score(
    store: Store, run_id: int, score: float, *, source: str = "平台线上", note: str = "", who: str = ""
) -> None:
    """Add an externally measured score to a run; earlier ones are kept, the newest is shown.

    Raises:
        NotFoundError: no such run.
        InputError: the score is not between 0 and the form's points, or has no source.
    """
    with store.write() as session:
        row = session.get(Run, run_id)
        if row is None:
            raise NotFoundError("这个抽取任务已经不在了", "请刷新页面")
        dataset = session.get(Dataset, row.dataset_id)
        most = load_named_form(dataset.form).max_points if dataset else 0.0
        if not 0 <= score <= most:
            raise InputError(f"得分 {score:g} 不在 0 到 {most:g} 之间", "请按平台显示的分数填写")
        if not source.strip():
            raise InputError("还没有写明分数的来源", "例如：平台线上")
        session.add(
            ExternalScore(run_id=run_id, score=score, source=source.strip(), note=note.strip(), who=who.strip())
        )


@permitted(Permission.SCORES)
def remove_external_score(store: Store, score_id: int) -> None:
    """Delete an external score that was entered by mistake."""
    with store.write() as session:
        row = session.get(ExternalScore, score_id)
        if row is not None:
            session.delete(row)


def external_scores(store: Store, dataset_id: int) -> dict[int, list[ExternalScoreView]]:
    """External scores by run id, newest first."""
    with store.read() as session:
        source = queries.dataset(session, dataset_id)
        rows = session.execute(
            select(ExternalScore)
            .join(Run, col(Run.id) == col(ExternalScore.run_id))
            .where(col(Run.dataset_id) == source.id)
            .order_by(col(ExternalScore.id).desc())
        ).scalars()
        scores: dict[int, list[ExternalScoreView]] = {}
        for row in rows:
            scores.setdefault(row.run_id, []).append(ExternalScoreView.from_row(row))
    return scores
