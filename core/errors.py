"""The exception hierarchy: a message for the analyst, the cause for the engineer.

Every error that may reach a page or the command line is a :class:`ShiyaoError`. Its text is one Chinese
sentence that says what is wrong and where, followed by what to do about it. The cause is kept by ``raise … from``.
"""

import re
from enum import StrEnum

# What people typed or a file held is quoted in sentences, and may be of any length.
_LONG_QUOTE = re.compile(r"「([^「」]{80})[^「」]{20,}」")
_LONG_WORD = re.compile(r"([!-~]{300})[!-~]{20,}")


def shorten(text: str) -> str:
    """A sentence with long quotes (「…」, from 100 characters) and words (from 320 characters) cut."""
    return _LONG_WORD.sub(r"\1…", _LONG_QUOTE.sub(r"「\1…」", text))


class ShiyaoError(Exception):
    """Base class of all errors shown to a user.

    Attributes:
        message: what is wrong and where, one Chinese sentence without the final full stop.
        remedy: what to do next, in Chinese; empty where the message says it already.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        """The sentence for a page or one line of stderr; long quotes and long words in it are cut."""
        message = shorten(self.message)
        return f"{message}。{self.remedy}" if self.remedy else f"{message}。"


class FormError(ShiyaoError):
    """An invalid form file; names the file, the line and the reason."""


class SettingsError(ShiyaoError):
    """An invalid setting or environment variable."""


class InputError(ShiyaoError):
    """Invalid input (a file, an upload, a pasted chat)."""


class NotFoundError(ShiyaoError):
    """A dataset, run, chat or record that does not exist."""


class ConflictError(ShiyaoError):
    """A concurrent save, or a name that is taken."""


class StoreError(ShiyaoError):
    """The database cannot be opened, migrated or written."""


class StoreUnavailableError(StoreError):
    """The database is away for a while: full disk, lock, restart. Nothing was written; the same may succeed later.

    Attributes:
        locked: another program holds it, so waiting alone helps.
    """

    def __init__(self, message: str, remedy: str = "", *, locked: bool = False) -> None:
        super().__init__(message, remedy)
        self.locked = locked


class StoreDamagedError(StoreUnavailableError):
    """The database's file is damaged; the sentence says where the last backup is and how to restore it.

    It does not come back by itself, but until somebody has restored it all that waits is kept all the same.
    """


class PermissionDeniedError(ShiyaoError):
    """The person's role does not allow this; nothing was changed."""


class SignInError(ShiyaoError):
    """A sign-in that was refused, or one that has ended; nothing was changed."""


class ExportError(ShiyaoError):
    """An export that was refused; nothing was written."""


class PromptError(ShiyaoError):
    """An invalid prompt file, or a missing variable."""


class RunError(ShiyaoError):
    """A run that cannot be started or controlled."""


class Cause(StrEnum):
    """Reasons for a failed model call, in terms that decide what to do about it."""

    CONFIG = "config"  # keys or address missing
    AUTH = "auth"  # keys refused
    LICENCE = "licence"  # no licence for this model, or it ran out
    QUOTA = "quota"  # no money or tokens left
    RATE = "rate"  # too many calls at once
    AUDIT = "audit"  # content audit refused input or output
    TOO_LONG = "too_long"  # over the model's context
    BAD_REQUEST = "bad_request"
    TIMEOUT = "timeout"
    NETWORK = "network"
    CUT_OFF = "cut_off"  # the answer ended in the middle
    SERVER = "server"
    SETUP = "setup"  # prompt, form or pipeline of the run cannot be used
    STALE_MODEL = "stale_model"  # what a learned model is made of is gone or has changed
    UNKNOWN = "unknown"


RETRYABLE = frozenset({Cause.RATE, Cause.TIMEOUT, Cause.NETWORK, Cause.CUT_OFF, Cause.SERVER})
"""Temporary causes; all others go straight to the failure list."""


class ProviderError(ShiyaoError):
    """A failed model call.

    Attributes:
        cause: see :class:`Cause`.
        code: the provider's own code (Spark ``10013``, HTTP ``429``), empty where there is none.
        partial: what had arrived before the failure; kept with the extraction, never parsed as an answer.
        tokens_in: what the failed call took all the same, where the provider says; ``None`` where it does not.
        tokens_out: likewise.
        tokens_cached: of ``tokens_in``, those that the service had kept from an earlier question.
    """

    def __init__(self, cause: Cause, message: str, remedy: str = "", *, code: str = "", partial: str = "") -> None:
        super().__init__(message, remedy)
        self.cause = cause
        self.code = code
        self.partial = partial
        self.tokens_in: int | None = None
        self.tokens_out: int | None = None
        self.tokens_cached = 0

    def with_token_usage(
        self, tokens_in: int | None, tokens_out: int | None, tokens_cached: int = 0
    ) -> "ProviderError":
        """Set the call's token usage and return this error: an answer that was cut off is billed too."""
        self.tokens_in, self.tokens_out, self.tokens_cached = tokens_in, tokens_out, tokens_cached
        return self

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later."""
        return self.cause in RETRYABLE
