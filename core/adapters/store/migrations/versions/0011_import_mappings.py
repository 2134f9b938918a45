"""Columns of tables that people import, kept under a name."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "importmapping",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("shape", sa.String(), nullable=False),
        sa.Column("columns", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_index("ix_importmapping_shape", "importmapping", ["shape"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_importmapping_shape", table_name="importmapping")
    op.drop_table("importmapping")
