"""Tokens of questions that services had kept from earlier ones, and what models charge for them."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

_TOTALS = ["run_id", "status", "created_at", "id", "made_on", "tokens_in", "tokens_out", "seconds"]


def upgrade() -> None:
    """Apply."""
    op.add_column("extraction", sa.Column("tokens_cached", sa.Integer(), nullable=False, server_default="0"))
    op.drop_index("ix_extraction_totals", "extraction")
    op.create_index("ix_extraction_totals", "extraction", [*_TOTALS, "tokens_cached"])
    op.add_column("modelentry", sa.Column("price_cached", sa.Float(), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("modelentry", "price_cached")
    op.drop_index("ix_extraction_totals", "extraction")
    op.drop_column("extraction", "tokens_cached")
    op.create_index("ix_extraction_totals", "extraction", _TOTALS)
