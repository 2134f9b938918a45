"""Jobs that somebody has done once: each request is one of its own, done with their rights and for their eyes."""

from collections.abc import Hashable, Mapping
from dataclasses import asdict
from typing import Any
from uuid import uuid4

from core.adapters.store import HeavyJobView, Store
from core.domain.permissions import AccountRole
from core.services.jobs.asking import VIEWER, request_job, task_of
from core.services.team import current_actor
from core.services.team.acting import Actor, current_viewer


def request_once(store: Store, kind: str, parameters: Mapping[str, Any]) -> HeavyJobView:
    """Have something done in the background once, in the name of whoever acts now.

    Args:
        store: the open store.
        kind: of the job; its ``inputs`` are :func:`data_of_the_moment`.
        parameters: of the kind; who acts and who reads is added to them.
    """
    actor = {**asdict(current_actor()), "role": str(current_actor().role)}
    whole = {**parameters, "actor": actor, VIEWER: current_viewer(), "request": uuid4().hex}
    return request_job(store, task_of(store, kind, whole)).job


def asked_by(parameters: Mapping[str, Any]) -> Actor:
    """Who a job of :func:`request_once` is done for."""
    held = parameters["actor"]
    return Actor(held["name"], AccountRole(held["role"]), held["account_id"], held["address"])


def data_of_the_moment(store: Store, parameters: Mapping[str, Any]) -> Hashable:
    """Nothing: what is done is of the data at the moment at which it is done, and nobody shares it."""
    return ()
