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
    entries[-1].update(status=outcome.status.value)
    about = {
        "left_out": list(outcome.left_out),
        "windows": list(outcome.windows),
        "alternatives": list(outcome.alternatives),
    }
    if filled := {key: value for key, value in about.items() if value}:
        entries[-1][ABOUT] = filled
    return entries


def about(replies: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Data about the latest attempt: text left out, chunks, and values that were not chosen.

    Args:
        replies: of an extraction.

    Returns:
        ``left_out``, ``windows`` and ``alternatives`` as on :class:`Outcome`; empty lists where there is nothing.
    """
    newest = replies[-1].get(ABOUT, {}) if replies else {}
    return {key: list(newest.get(key, ())) for key in ("left_out", "windows", "alternatives")}


def earlier_answers(replies: Iterable[Mapping[str, Any]]) -> dict[tuple[str, int], str]:
    """Replies received before another stage failed: ``{(sha256 of the question, sample): reply}``."""
    return {
        (str(entry["prompt_sha256"]), int(entry.get("sample", 1))): str(entry["raw"])
        for entry in replies
        if entry.get("ok") and entry.get("prompt_sha256") and entry.get("raw")
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
        "stage": call.stage,
        "prompt": call.prompt,
        "window": call.window,
        "sample": call.sample,
        "ok": call.ok,
        "system": call.system,
        "user": call.user,
        "notes": list(call.notes),
    }
    if call.examples:
        entry["examples"] = list(call.examples)
    return entry


def _nothing_asked(outcome: Outcome) -> Call:
    return Call("", "", 1, 1, cause=outcome.cause, error=outcome.error, code=outcome.code)
