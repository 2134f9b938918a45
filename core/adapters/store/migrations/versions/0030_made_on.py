"""Which answers were made on a chat before an import went on with it: the length that the chat had then."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("extraction", sa.Column("made_on", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("extraction", "made_on")
