"""Totals of runs and of chats from indices: the rows of both are long, and pages ask for totals each time."""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_COLUMNS = ["run_id", "status", "created_at", "made_on", "tokens_in", "tokens_out", "seconds"]


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_extraction_totals", "extraction", _COLUMNS)
    op.create_index("ix_chat_characters", "chat", ["characters"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_chat_characters", "chat")
    op.drop_index("ix_extraction_totals", "extraction")
