"""Finding what a page shows by what its users read."""

from typing import Any

from streamlit.testing.v1 import AppTest

_PROSE = ("title", "markdown", "caption", "success", "info", "warning", "error", "progress", "metric", "html", "code")


def seen(app: AppTest) -> str:
    """All prose of the page, metrics with their labels, one piece a line."""
    return "\n".join(
        f"{getattr(part, 'label', '')} {getattr(part, 'value', None) or part.proto}"
        for kind in _PROSE
        for part in app.get(kind)
    )


def by_label(found: Any, label: str) -> Any:
    """The first of these widgets whose label starts so."""
    return next(widget for widget in found if widget.label.startswith(label))


def button(app: AppTest, label: str) -> Any:
    """The button with exactly this label."""
    return next(one for one in app.button if one.label == label)


def chosen(app: AppTest, key: str) -> Any:
    """The segmented control, pills or other group of buttons with this key."""
    return next(group for group in app.get("button_group") if group.key == key)


def progress_text(app: AppTest) -> str:
    return " ".join(one.proto.text for one in app.get("progress"))
