"""SQLite: entries of the audit log cannot be replaced either; REPLACE fires no trigger of deletions there."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER auditentry_no_replace BEFORE INSERT ON auditentry "
            "WHEN EXISTS (SELECT 1 FROM auditentry WHERE id = NEW.id) "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        )


def downgrade() -> None:
    """Take back."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER auditentry_no_replace")
