"""Report on what cleaning left out, stored with every extraction: message numbers, characters, reason."""

from typing import Any

from core.domain.cleaning.cleaned_text import Cleaned
from core.domain.cleaning.steps import STEPS


def left_out_report(cleaned: Cleaned) -> list[dict[str, Any]]:
    """One entry per step that left something out, in the order of the steps.

    Returns:
        ``{"step", "why", "messages", "whole", "characters"}``: the step's name and title, numbers of the messages it
        touched and of those that went whole (both from 1, as people count), characters of the original text.
    """
    report = []
    for name, step in STEPS.items():
        parts = [part for part in cleaned.left_out if part.step == name]
        if parts:
            report.append(
                {
                    "step": name,
                    "why": step.title,
                    "messages": sorted({part.message + 1 for part in parts if part.message >= 0}),
                    "whole": sorted({part.message + 1 for part in parts if part.whole}),
                    "characters": sum(part.span.end - part.span.start for part in parts),
                }
            )
    return report
