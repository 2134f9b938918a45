"""Alembic's entry: migrations run on the connection that :mod:`core.adapters.store.db` hands over."""

from alembic import context

from core.adapters.store.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
