"""Which passing rules an audit has switched off, and not a person."""

from typing import Final

from sqlalchemy import ColumnElement, and_
from sqlmodel import col

from core.adapters.store.models import PassingRule

BY_HAND: Final = " 停用"
"""How a reason ends that is somebody's name: their switching a rule off says nothing against its threshold."""


def is_stopped_by_audit() -> ColumnElement[bool]:
    """Condition on :class:`PassingRule`: an audit has switched it off."""
    return and_(col(PassingRule.stopped_at).is_not(None), ~col(PassingRule.stopped_why).endswith(BY_HAND))
