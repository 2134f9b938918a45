"""Records by reviewer over all datasets: whose blind reviews are open is asked at every read."""

from alembic import op

revision = "0022"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_record_reviewer", "record", ["reviewer", "review_pass", "status"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_record_reviewer", "record")
