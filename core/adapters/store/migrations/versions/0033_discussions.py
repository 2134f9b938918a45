"""Discussions of chats and fields; what was noted at 待讨论 becomes the first comment of one."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    discussion = op.create_table(
        "discussion",
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("review_pass", sa.String(), nullable=False),
        sa.Column("customer", sa.Integer(), nullable=True),
        sa.Column("customer_name", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_by", sa.String(), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("comments", sa.Integer(), nullable=False),
        sa.Column("awaiting", sa.JSON(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("chat_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_discussion_dataset", "discussion", ["dataset_id", "resolved_at"])
    op.create_index("ix_discussion_chat_id", "discussion", ["chat_id"])
    event = op.create_table(
        "discussionevent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("discussion_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("target", sa.Integer(), nullable=True),
        sa.Column("save_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["discussion_id"], ["discussion.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("save_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_discussionevent_discussion", "discussionevent", ["discussion_id", "id"])
    connection = op.get_bind()
    for record in list(_noted(connection)):
        is_open = record["status"] == "待讨论"
        columns = {
            "dataset_id": record["dataset_id"],
            "chat_id": record["chat_id"],
            "review_pass": record["review_pass"],
            "customer_name": "",
            "field": "",
            "opened_by": record["reviewer"],
            "opened_at": record["updated_at"],
            "resolved_by": "" if is_open else record["reviewer"],
            "resolved_at": None if is_open else record["updated_at"],
            "last_at": record["updated_at"],
            "comments": 1,
            "awaiting": [],
        }
        inserted = connection.execute(sa.insert(discussion).values(**columns)).inserted_primary_key
        assert inserted is not None
        comment = {
            "discussion_id": inserted[0],
            "kind": "评论",
            "who": record["reviewer"],
            "at": record["updated_at"],
            "text": record["note"],
            "save_id": f"note-{uuid4()}",
        }
        connection.execute(sa.insert(event).values(**comment))


def _noted(connection: sa.Connection) -> Iterator[Any]:
    """Records that are up for discussion, and decided ones of which a note tells what it was about."""
    record = sa.table(
        "record",
        *(sa.column(name) for name in ("id", "dataset_id", "chat_id", "review_pass", "status", "reviewer", "note")),
        sa.column("updated_at", sa.DateTime(timezone=True)),
    )
    is_decided = sa.and_(record.c.status.in_(("已确认", "已跳过")), record.c.note != "")
    statement = sa.select(record).where(sa.or_(record.c.status == "待讨论", is_decided)).order_by(record.c.id)
    yield from connection.execute(statement).mappings()


def downgrade() -> None:
    """Take back."""
    op.drop_table("discussionevent")
    op.drop_table("discussion")
