"""How long each dataset keeps raw replies and earlier versions of records."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "retention",
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("replies_days", sa.Integer(), nullable=True),
        sa.Column("history_days", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("dataset_id"),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], ondelete="CASCADE"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("retention")
