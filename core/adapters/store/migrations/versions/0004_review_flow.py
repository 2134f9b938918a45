"""Review flow: priorities, text search, guidelines, batches, and an index for a reviewer's latest records."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "chatstake",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("chat_id", sa.Integer(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("points", sa.Float(), nullable=False),
        sa.Column("differing", sa.Integer(), nullable=False),
        sa.Column("warnings", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "chat_id"),
    )
    op.create_index("ix_chatstake_chat", "chatstake", ["chat_id"])
    op.create_table(
        "chatsearch",
        sa.Column("chat_id", sa.Integer(), nullable=False),
        sa.Column("grams", sa.JSON(none_as_null=True).with_variant(sa.ARRAY(sa.Text()), "postgresql"), nullable=True),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("chat_id"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_chatsearch_grams", "chatsearch", ["grams"], postgresql_using="gin")
    op.create_table(
        "guideline",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("form", "field", "version", name="uq_guideline_version"),
    )
    op.create_table(
        "batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("reviewer", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("selection", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_batch_dataset_id", "batch", ["dataset_id"])
    op.create_table(
        "batchchat",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("chat_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("batch_id", "chat_id"),
    )
    op.create_index("ix_batchchat_chat", "batchchat", ["chat_id"])
    op.create_index("ix_record_dataset_reviewer", "record", ["dataset_id", "reviewer", "updated_at"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_record_dataset_reviewer", "record")
    for table in ("batchchat", "batch", "guideline", "chatsearch", "chatstake"):
        op.drop_table(table)
