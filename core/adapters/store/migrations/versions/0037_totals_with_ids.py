"""The indices of totals with ids in them: PostgreSQL reads an index alone only where it has every column."""

from alembic import op

revision = "0037"
down_revision = "0035"
branch_labels = None
depends_on = None

_NUMBERS = ("made_on", "tokens_in", "tokens_out", "seconds")


def upgrade() -> None:
    """Apply."""
    op.drop_index("ix_extraction_totals", "extraction")
    op.drop_index("ix_chat_characters", "chat")
    op.create_index("ix_extraction_totals", "extraction", ["run_id", "status", "created_at", "id", *_NUMBERS])
    op.create_index("ix_chat_characters", "chat", ["characters", "id"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_extraction_totals", "extraction")
    op.drop_index("ix_chat_characters", "chat")
    op.create_index("ix_extraction_totals", "extraction", ["run_id", "status", "created_at", *_NUMBERS])
    op.create_index("ix_chat_characters", "chat", ["characters"])
