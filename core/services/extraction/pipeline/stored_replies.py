"""How calls are stored with an extraction: one entry per call; the last one also holds data about the whole chat."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from core.services.extraction.pipeline.outcome import Call, Outcome

ABOUT = "about"
"""Key of the data about the whole chat: ``left_out``, ``windows``, ``alternatives``."""


def kept_replies(outcome: Outcome, moment: datetime) -> list[dict[str, Any]]:
    """The value for ``Extraction.replies``: one entry per call in order, at least one.

    Args:
        outcome: of one attempt at a chat.
        moment: when it ended.
    """
    calls = outcome.calls or (_nothing_asked(outcome),)
    at = moment.isoformat(timespec="seconds")
    entries = [_entry(call, at) for call in calls]
    # What a page reads of an attempt as a whole stands on its last entry.
    entries[-1].update(status=outcome.status.value, calls=len(entries))
    about = {
        "left_out": list(outcome.left_out),
        "windows": list(outcome.windows),
        "alternatives": list(outcome.alternatives),
    }
    if filled := {key: value for key, value in about.items() if value}:
        entries[-1][ABOUT] = filled
    return entries


def latest_notes(replies: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Notes of the latest attempt at a chat: text left out, chunks, and values that were not chosen.

    Args:
        replies: of an extraction.

    Returns:
        ``left_out``, ``windows`` and ``alternatives`` as on :class:`Outcome`; empty lists where there is nothing.
    """
    newest = replies[-1].get(ABOUT, {}) if replies else {}
    return {key: list(newest.get(key, ())) for key in ("left_out", "windows", "alternatives")}


def newest_attempt(replies: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The replies of the latest attempt, in order; those of failed attempts before it stand in front of them."""
    if not replies:
        return []
    last = replies[-1]
    if isinstance(calls := last.get("calls"), int) and calls > 0:
        return replies[-calls:]
    # From before the number was kept: all calls of an attempt have the same time.
    return [reply for reply in replies if reply.get("at") == last.get("at")]


def earlier_answers(replies: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Replies that were received and could be read before another stage failed: ``{digest of the request: reply}``.

    Entries from before the whole request was kept are left out: nobody knows which model they are from.
    """
    return {
        str(entry["request"]): str(entry["raw"])
        for entry in replies
        if entry.get("ok") and entry.get("request") and entry.get("raw")
    }


def _entry(call: Call, at: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "at": at,
        "status": "failed" if not call.ok else "repaired" if call.notes else "ok",
        "raw": call.raw,
        "model": call.model,
        "cause": call.cause.value if call.cause else "",
        "code": call.code,
        "error": call.error,
        "attempts": call.attempts,
        "tokens_in": call.tokens_in,
        "tokens_out": call.tokens_out,
        "seconds": round(call.seconds, 3),
        "prompt_sha256": call.sha256,
        "request": call.request,
        "stage": call.stage,
        "prompt": call.prompt,
        "window": call.window,
        "sample": call.sample,
        "ok": call.ok,
        "system": call.system,
        "user": call.user,
        "notes": list(call.notes),
    }
    if call.tokens_cached:
        entry["tokens_cached"] = call.tokens_cached
    if call.estimated:
        entry["tokens_estimated"] = True
    if call.batch:
        entry["batch"] = True
    if call.examples:
        entry["examples"] = list(call.examples)
    return entry


def _nothing_asked(outcome: Outcome) -> Call:
    return Call("", "", 1, 1, cause=outcome.cause, error=outcome.error, code=outcome.code)
