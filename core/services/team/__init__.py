"""The team: who acts and may do what, accounts, signing in, and the audit log."""

from core.services.team.accounts import (
    AccountView,
    accounts,
    add_account,
    change_own_password,
    has_administrator,
    set_disabled,
    set_password,
    set_role,
    set_subject,
)
from core.services.team.acting import (
    COMMAND_LINE,
    Actor,
    acting_as,
    current_actor,
    is_allowed,
    permitted,
    require,
    set_actor_source,
)
from core.services.team.audit import AuditKind, audit_entries, audit_people, record_audit
from core.services.team.signing_in import person_of, sign_in, sign_in_by_identity, sign_out

__all__ = [
    "COMMAND_LINE",
    "AccountView",
    "Actor",
    "AuditKind",
    "accounts",
    "acting_as",
    "add_account",
    "audit_entries",
    "audit_people",
    "change_own_password",
    "current_actor",
    "has_administrator",
    "is_allowed",
    "permitted",
    "person_of",
    "record_audit",
    "require",
    "set_actor_source",
    "set_disabled",
    "set_password",
    "set_role",
    "set_subject",
    "sign_in",
    "sign_in_by_identity",
    "sign_out",
]
