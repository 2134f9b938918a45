"""Places instead of workers and their leases; on PostgreSQL the tables of Procrastinate, whose jobs are the lanes.

The schema is the installed package's own. Where a later version of it changes its tables, a later script brings what
databases with the tables of 3.10 lack, and does nothing where this script has made the new ones already.
Runs in progress go on: what they have is in ``extraction``, and workers put the lanes in that are missing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0025"
branch_labels = None
depends_on = None

_FUNCTIONS = "SELECT oid::regprocedure FROM pg_proc WHERE proname LIKE 'procrastinate\\_%' AND pronamespace = \
current_schema()::regnamespace"
_TYPES = ("procrastinate_job_to_defer_v1", "procrastinate_job_event_type", "procrastinate_job_status")
_TABLES = ("procrastinate_events", "procrastinate_periodic_defers", "procrastinate_jobs", "procrastinate_workers")


def upgrade() -> None:
    """Apply."""
    op.drop_table("lease")
    op.drop_table("worker")
    op.create_table(
        "place",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("chat_id", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("holder", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "chat_id"),
    )
    op.create_index("ix_place_chat", "place", ["chat_id"])
    op.create_index("ix_place_model", "place", ["model"])
    op.create_index("ix_place_holder", "place", ["holder"])
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        from procrastinate.schema import SchemaManager  # nobody without PostgreSQL waits for it

        # As it is: SQLAlchemy would take its colons and percent signs for parameters.
        driver_connection = connection.connection.driver_connection
        assert driver_connection is not None
        driver_connection.execute(SchemaManager.get_schema())
        op.create_foreign_key(
            "fk_place_holder", "place", "procrastinate_workers", ["holder"], ["id"], ondelete="CASCADE"
        )


def downgrade() -> None:
    """Take back."""
    op.drop_table("place")
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        for table in _TABLES:
            op.execute(f"DROP TABLE {table} CASCADE")
        for (function,) in connection.execute(sa.text(_FUNCTIONS)).all():
            op.execute(f"DROP FUNCTION {function} CASCADE")
        for name in _TYPES:
            op.execute(f"DROP TYPE {name} CASCADE")
    op.create_table(
        "worker",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("models", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "lease",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("chat_id", sa.Integer(), nullable=False),
        sa.Column("worker_id", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "chat_id"),
    )
    op.create_index("ix_lease_chat", "lease", ["chat_id"])
    op.create_index("ix_lease_model", "lease", ["model"])
    op.create_index("ix_lease_worker", "lease", ["worker_id"])
