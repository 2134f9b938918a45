"""No stored number of messages: counting them is most of the work of an import, and a better parser changes them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    # Not in batch mode: that would drop and rebuild the table, and its rows' children would go with it.
    op.drop_column("chat", "messages")


def downgrade() -> None:
    """Take back."""
    op.add_column("chat", sa.Column("messages", sa.Integer(), nullable=False, server_default="0"))
