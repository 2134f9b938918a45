"""Summaries of chats, and what a training set needs to be rebuilt: its files' digests, and who built it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "summary",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("chat_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("chat_id", "version", name="uq_summary_chat_version"),
    )
    op.add_column("trainingset", sa.Column("who", sa.String(), server_default="", nullable=False))
    op.add_column("trainingset", sa.Column("files", sa.JSON(none_as_null=True), server_default="{}", nullable=False))


def downgrade() -> None:
    """Take back."""
    op.drop_column("trainingset", "files")
    op.drop_column("trainingset", "who")
    op.drop_table("summary")
