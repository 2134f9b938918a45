"""Totals of runs from an index: the rows of extractions are long, and every page asks for totals."""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_COLUMNS = ["run_id", "status", "created_at", "made_on", "tokens_in", "tokens_out", "seconds"]


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_extraction_totals", "extraction", _COLUMNS)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_extraction_totals", "extraction")
