"""Views declare a field once, in the base that they share with their table, and cannot be changed."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError
from sqlmodel import Field

from core.adapters.store import views
from core.adapters.store.models import (
    Base,
    CallBatch,
    Chat,
    Dataset,
    Discussion,
    Dispute,
    ExternalScore,
    Extraction,
    Record,
    RecordEvent,
    ReviewCheck,
    Run,
)
from core.services.discussion.threads import DiscussionView
from core.services.quality import DisputeView
from core.services.quality.external_scores import ExternalScoreView

NOT_SHOWN = {
    (Dataset, views.DatasetView): {"sha256"},
    (Chat, views.ChatView): {"characters"},
    (Run, views.RunView): set(),
    (Extraction, views.ExtractionView): {"id", "created_at"},
    (Record, views.RecordView): {"created_at"},
    (RecordEvent, views.EventView): {"id", "record_id"},
    (Discussion, DiscussionView): {"chat_id"},
    (Dispute, DisputeView): {"dataset_id", "chat_id"},
    (ExternalScore, ExternalScoreView): set(),
    (CallBatch, views.CallBatchView): set(),
    (ReviewCheck, views.ReviewCheckView): {"lot_secret", "planted_run_id", "planted_up_to"},
}
"""Columns of each table that its view leaves out on purpose: whatever else is added must be shown."""


@pytest.mark.parametrize(("table", "view"), NOT_SHOWN, ids=lambda model: model.__name__)
def test_a_view_shows_every_column_that_is_not_left_out(table: type[Base], view: type[views.View]) -> None:
    columns = set(Base.metadata.tables[str(table.__tablename__)].columns.keys())
    assert columns - set(view.model_fields) == NOT_SHOWN[table, view]


@pytest.mark.parametrize(("table", "view"), NOT_SHOWN, ids=lambda model: model.__name__)
def test_no_view_declares_a_column_again(table: type[Base], view: type[views.View]) -> None:
    own = set(view.__annotations__)
    # The table's id is empty until it is stored. A run's time is the sum over its extractions.
    assert own & set(table.model_fields) <= {"id"}


def test_a_field_added_to_a_base_is_in_the_view() -> None:
    class ScoreBase(Base):
        points: float
        remark: str = Field(default="", sa_column_kwargs={"server_default": ""})

    class ScoreView(ScoreBase, views.View):
        chat: int

    class Row(ScoreBase):
        id: int = 7

    view = ScoreView.from_row(Row(points=2.5, remark="checked"), chat=3)
    assert view.model_dump() == {"points": 2.5, "remark": "checked", "chat": 3}


def test_a_view_is_frozen_and_equal_to_one_made_with_validation() -> None:
    moment = datetime(2026, 11, 28, tzinfo=UTC)
    row = Dataset(id=4, name="d", form="f", sha256="0", expected=2, created_at=moment)
    view = views.DatasetView.from_row(row, chats=1)
    made = views.DatasetView(id=4, name="d", split="other", form="f", expected=2, created_at=moment, chats=1)
    assert view == made
    assert hash(view) == hash(made)
    with pytest.raises(ValidationError, match="frozen"):
        view.chats = 2  # type: ignore[misc]
    changed = view.model_copy(update={"chats": 2})
    assert (view.chats, changed.chats) == (1, 2)
