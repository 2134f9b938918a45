"""Models that are sent made-up values in the place of personal data."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("modelentry") as table:
        table.add_column(sa.Column("replace_personal", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("modelentry") as table:
        table.drop_column("replace_personal")
