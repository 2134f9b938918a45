"""The team: who acts and may do what, accounts, signing in, and the audit log."""

from core.services.team.accounts import accounts, add_account, set_disabled, set_password, set_role
from core.services.team.acting import COMMAND_LINE, acting_as, current_actor, is_allowed, permitted, require
from core.services.team.audit import AuditKind, record_audit

__all__ = [
    "COMMAND_LINE",
    "AuditKind",
    "accounts",
    "acting_as",
    "add_account",
    "current_actor",
    "is_allowed",
    "permitted",
    "record_audit",
    "require",
    "set_disabled",
    "set_password",
    "set_role",
]
