"""A heavy job is carried out as its runner and its process would, in the test's own."""

from core.adapters.store import HeavyJobView, Store
from core.services import jobs
from core.services.jobs import claims, process


def carried_out(store: Store, job: HeavyJobView) -> HeavyJobView:
    """Be the runner and its process."""
    claimed = claims.claim_waiting(store)
    assert claimed is not None and claimed.id == job.id
    process.compute_job(store, job.id, claims.this_process(), when_lost=lambda: None)
    with store.read() as session:
        ended = jobs.job_of(session, job.id)
    assert ended is not None
    return ended
