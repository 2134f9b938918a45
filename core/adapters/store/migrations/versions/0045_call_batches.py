"""Calls that go as a batch: their files and lines, the tokens that they took, and what models charge for them."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

_TOTALS = ["run_id", "status", "created_at", "id", "made_on", "tokens_in", "tokens_out", "seconds", "tokens_cached"]
_TOKENS = ["batch_in", "batch_out"]


def upgrade() -> None:
    """Apply."""
    for name in _TOKENS:
        op.add_column("extraction", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.drop_index("ix_extraction_totals", "extraction")
    op.create_index("ix_extraction_totals", "extraction", _TOTALS + _TOKENS)
    op.add_column("modelentry", sa.Column("batch_files", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("modelentry", sa.Column("batch_url", sa.String(), nullable=False, server_default=""))
    op.add_column("modelentry", sa.Column("batch_share", sa.Float(), nullable=True))
    op.add_column("modelentry", sa.Column("batch_deadline", sa.Float(), nullable=False, server_default="0"))
    op.add_column("modelentry", sa.Column("batch_source", sa.String(), nullable=False, server_default=""))
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "callbatch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("state", "token", "file_id", "remote_id", "remote_status", "output_file", "error_file")
        ),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("completed", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", moment, nullable=True),
        sa.Column("next_at", moment, nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("submitted_at", moment, nullable=True),
        sa.Column("expires_at", moment, nullable=True),
        sa.Column("ended_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_callbatch_run", "callbatch", ["run_id", "state"])
    op.create_table(
        "callline",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("chat_id", sa.Integer(), nullable=False),
        sa.Column("custom_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("variant", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("examples", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["callbatch.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("custom_id"),
    )
    op.create_index("ix_callline_batch", "callline", ["batch_id"])
    op.create_index("ix_callline_run_chat", "callline", ["run_id", "chat_id"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("callline")
    op.drop_table("callbatch")
    for name in ("batch_source", "batch_deadline", "batch_share", "batch_url", "batch_files"):
        op.drop_column("modelentry", name)
    op.drop_index("ix_extraction_totals", "extraction")
    for name in _TOKENS:
        op.drop_column("extraction", name)
    op.create_index("ix_extraction_totals", "extraction", _TOTALS)
