"""Webhooks: other programs are told when a record was decided; nothing is lost by a restart, nothing goes unsigned."""

from typing import TYPE_CHECKING

from core.lazy_packages import import_when_used

if TYPE_CHECKING:
    from core.services.webhooks.addresses import (
        WebhookMessageView,
        WebhookView,
        add_webhook,
        delete_webhook,
        send_again,
        set_webhook_disabled,
        webhook_messages,
        webhooks,
    )
    from core.services.webhooks.delivery import WebhookSender, waiting_messages

__all__ = [
    "WebhookSender",
    "WebhookMessageView",
    "WebhookView",
    "add_webhook",
    "delete_webhook",
    "send_again",
    "set_webhook_disabled",
    "waiting_messages",
    "webhook_messages",
    "webhooks",
]

import_when_used(__name__)
