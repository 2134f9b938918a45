"""Who acts, and whether they may: one rule that every service which writes asks before it does anything.

A page acts as the person who is signed in, a command as whoever can read the database's file. Nobody passes persons
from function to function: the edge says once who acts (:func:`acting_as`, :func:`set_actor_source`).
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

from core.domain.permissions import AccountRole, Permission, allows, who_may
from core.errors import PermissionDeniedError

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts.

    Attributes:
        name: as on records; empty where nobody is signed in, because nobody has to be.
        role: what they may do.
        account_id: of their account; ``None`` without one.
        address: where they are, for the audit log; empty if unknown.
    """

    name: str
    role: AccountRole
    account_id: int | None = None
    address: str = ""


NOT_SIGNED_IN = Actor("", AccountRole.ADMINISTRATOR)
"""Where sign-in is off: whoever reaches the program on this machine has the database's file as well."""
COMMAND_LINE = Actor("", AccountRole.ADMINISTRATOR, address="命令行")
SERVER = Actor("", AccountRole.ADMINISTRATOR, address="服务器定时")
"""The server itself, for what it does every day."""

_acting: ContextVar[Actor | None] = ContextVar("shiyao_actor", default=None)
_viewing: ContextVar[str] = ContextVar("shiyao_viewer", default="")
_inside: ContextVar[bool] = ContextVar("shiyao_inside_service", default=False)
_source: Callable[[], Actor] | None = None
_viewer_source: Callable[[], str] | None = None


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Context manager: what happens inside is done by this person."""
    token = _acting.set(actor)
    try:
        yield
    finally:
        _acting.reset(token)


def set_actor_source(source: Callable[[], Actor] | None) -> None:
    """Set where this process learns who acts, outside :func:`acting_as`.

    Args:
        source: returns the person; raises ``SignInError`` where nobody is signed in. ``None``: sign-in is off.
    """
    global _source
    _source = source


def current_actor() -> Actor:
    """Who acts now.

    Raises:
        SignInError: nobody, although sign-in is on.
    """
    return _acting.get() or (_source() if _source is not None else NOT_SIGNED_IN)


def set_viewer_source(source: Callable[[], str] | None) -> None:
    """Set where this process learns for whom a page is drawn, outside :func:`acting_as`.

    Args:
        source: returns the name; ``""`` where nobody is known. Asked at each read: it must not read itself.
    """
    global _viewer_source
    _viewer_source = source


@contextmanager
def viewing_as(name: str) -> Iterator[None]:
    """Context manager: what is read inside is for this person, for work that a page leaves for later."""
    token = _viewing.set(name)
    try:
        yield
    finally:
        _viewing.reset(token)


def current_viewer() -> str:
    """Name of who sees what is read now; ``""`` for the program itself, and where no name is known.

    Where nobody signs in, services act for nobody, but what they read is still for the name that was typed.
    """
    actor = _acting.get()
    if actor is not None and actor != NOT_SIGNED_IN:
        return actor.name
    return _viewing.get() or (_viewer_source() if _viewer_source is not None else "")


def is_allowed(permission: Permission) -> bool:
    """Whether who acts now has a permission, for pages that show or hide; services refuse by themselves."""
    return allows(current_actor().role, permission)


def require(permission: Permission, *, only_looks: bool = False) -> Actor:
    """Refuse whoever does not have a permission; returns who acts.

    Args:
        permission: what is needed.
        only_looks: whether nothing was to be changed, so that there is nothing to say of it.

    Raises:
        PermissionDeniedError: the role does not have it.
        SignInError: nobody is signed in, although sign-in is on.
    """
    actor = current_actor()
    if not allows(actor.role, permission):
        who = who_may(permission)
        unchanged = "" if only_looks or permission is Permission.AUDIT else "，没有改动任何东西"
        raise PermissionDeniedError(
            f"「{permission}」只有{who}能做，「{actor.name}」是{actor.role}{unchanged}", f"需要时请找{who}"
        )
    return actor


def require_own_name(name: str) -> Actor:
    """Refuse work under somebody else's name; returns who acts. Without sign-in, names are taken as they come.

    Raises:
        PermissionDeniedError: the name is another person's.
        SignInError: nobody is signed in, although sign-in is on.
    """
    actor = current_actor()
    if actor.name and name.strip() != actor.name:
        raise PermissionDeniedError(f"登录的是「{actor.name}」，不能以「{name}」的名义保存", "请重新打开页面后再试")
    return actor


def permitted(permission: Permission) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorator: a service that only who has a permission may call; ``who=`` and ``reviewer=`` must be their own name.

    Who acts is looked up once, before the service opens a session. What the service calls in turn is asked for its
    permission as well, but may write in other names: a summary is a model's.

    Args:
        permission: what is needed.
    """

    def decorate(service: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(service)
        names = [name for name in ("who", "reviewer") if name in signature.parameters]

        @wraps(service)
        def guarded_service(*args: P.args, **kwargs: P.kwargs) -> R:
            actor = require(permission)
            with acting_as(actor):
                if names and actor.name and not _inside.get():
                    passed = signature.bind_partial(*args, **kwargs).arguments
                    for name in names:
                        if isinstance(passed.get(name), str):
                            require_own_name(passed[name])
                token = _inside.set(True)
                try:
                    return service(*args, **kwargs)
                finally:
                    _inside.reset(token)

        guarded_service.__dict__["permission"] = permission
        return guarded_service

    return decorate
