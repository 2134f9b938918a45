"""The rate of a model's calls over all workers, and the lock that goes with it."""

from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import bindparam, select, text
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.job_queue import end_if_suspended
from core.adapters.store.models import ModelLimiter, now

_LIMITER = select(ModelLimiter).where(col(ModelLimiter.model) == bindparam("model")).with_for_update()


def reserve_call_slot(store: Store, model: str, per_minute: int) -> float:
    """Reserve the next start of a call to a model.

    Starts are spread evenly, ``60 / per_minute`` seconds apart, over all workers together.

    Returns:
        Seconds from now until the reserved start; 0 where it may start at once.
    """
    with store.write() as session:
        end_if_suspended(session)
        limiter = lock_model(session, model)
        moment = _clock(session)
        start = max(moment, limiter.next_at or moment)
        limiter.next_at = start + timedelta(seconds=60.0 / per_minute)
        return (start - moment).total_seconds()


def lock_model(session: Session, model: str) -> ModelLimiter:
    """Lock a model's row until the transaction ends: nobody else reserves its calls or puts its lanes in meanwhile."""
    limiter: ModelLimiter | None = session.execute(_LIMITER, {"model": model}).scalar_one_or_none()
    if limiter is None:
        session.execute(text("INSERT INTO gate (model) VALUES (:model) ON CONFLICT DO NOTHING"), {"model": model})
        limiter = session.execute(_LIMITER, {"model": model}).scalar_one()
    return limiter


def _clock(session: Session) -> datetime:
    """The current time, by the database's clock if several machines share it, as theirs may differ."""
    if session.get_bind().dialect.name == "postgresql":
        return cast(datetime, session.execute(text("SELECT clock_timestamp()")).scalar_one())
    return now()
