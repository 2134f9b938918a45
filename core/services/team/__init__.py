"""The team: who acts and may do what, accounts, signing in, access tokens, and the audit log."""

from typing import TYPE_CHECKING

from core.lazy_packages import import_when_used

if TYPE_CHECKING:
    from core.services.team.access_tokens import (
        AccessTokenView,
        TokenHolder,
        access_tokens,
        create_token,
        revoke_token,
        token_holder,
    )
    from core.services.team.accounts import (
        AccountView,
        accounts,
        add_account,
        change_own_password,
        has_administrator,
        look_alikes,
        set_disabled,
        set_password,
        set_role,
        set_subject,
    )
    from core.services.team.acting import (
        COMMAND_LINE,
        SERVER,
        Actor,
        acting_as,
        current_actor,
        is_allowed,
        permitted,
        require,
        set_actor_source,
        set_viewer_source,
        viewing_as,
    )
    from core.services.team.audit import AuditKind, AuditView, audit_entries, audit_people, record_audit
    from core.services.team.seen import (
        SEEN_ALREADY,
        has_seen,
        remember_discussion_seen,
        remember_seen,
        remember_seen_among,
        remember_seen_in,
    )
    from core.services.team.signing_in import person_of, sign_in, sign_in_by_identity, sign_out
    from core.services.team.withheld import (
        BLIND_JUST_NOW,
        everything_shown,
        hidden_sentence,
        is_of_undecided_blind,
        is_reviewing_blind,
        left_out_sentence,
        withheld,
        withheld_chats,
    )

__all__ = [
    "BLIND_JUST_NOW",
    "COMMAND_LINE",
    "SEEN_ALREADY",
    "SERVER",
    "AccessTokenView",
    "AccountView",
    "Actor",
    "AuditKind",
    "AuditView",
    "TokenHolder",
    "access_tokens",
    "accounts",
    "acting_as",
    "add_account",
    "audit_entries",
    "audit_people",
    "change_own_password",
    "create_token",
    "current_actor",
    "has_administrator",
    "has_seen",
    "is_allowed",
    "is_of_undecided_blind",
    "look_alikes",
    "permitted",
    "person_of",
    "record_audit",
    "remember_discussion_seen",
    "remember_seen",
    "remember_seen_among",
    "remember_seen_in",
    "require",
    "revoke_token",
    "set_actor_source",
    "token_holder",
    "set_disabled",
    "set_password",
    "set_role",
    "set_subject",
    "sign_in",
    "sign_in_by_identity",
    "sign_out",
    "everything_shown",
    "hidden_sentence",
    "is_reviewing_blind",
    "left_out_sentence",
    "withheld",
    "withheld_chats",
    "set_viewer_source",
    "viewing_as",
]

import_when_used(__name__)
