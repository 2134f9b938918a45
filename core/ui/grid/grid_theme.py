"""How the table looks: the page's own colours, fonts and thin lines, in light and dark.

The component hands Streamlit's theme to its frame as CSS variables, so one set of rules does for both.
"""

from typing import Final

from st_aggrid import StAggridTheme


def _mixed(colour: str, share: float, ground: str = "var(--secondary-background-color)") -> str:
    return f"color-mix(in srgb, {colour} {share:g}%, {ground})"


_TEXT, _ACCENT = "var(--text-color)", "var(--primary-color)"
_LINE = _mixed(_TEXT, 11)

PARAMS: Final[dict[str, str | int]] = {
    "fontFamily": "var(--font)",
    "fontSize": "13px",
    "headerFontSize": "12.5px",
    "headerFontWeight": 600,
    "spacing": "5px",
    "backgroundColor": "var(--secondary-background-color)",
    "foregroundColor": _TEXT,
    "textColor": _TEXT,
    "accentColor": _ACCENT,
    "borderColor": _LINE,
    "rowBorder": f"1px solid {_mixed(_TEXT, 7)}",
    "columnBorder": "none",
    "wrapperBorder": f"1px solid {_LINE}",
    "wrapperBorderRadius": "8px",
    "borderRadius": "6px",
    "headerBackgroundColor": _mixed(_TEXT, 4),
    "headerTextColor": _mixed(_TEXT, 82),
    "headerColumnResizeHandleColor": _LINE,
    "rowHoverColor": _mixed(_ACCENT, 6),
    "selectedRowBackgroundColor": _mixed(_ACCENT, 12),
    "cellHorizontalPadding": "9px",
    "tooltipBackgroundColor": "var(--secondary-background-color)",
    "tooltipTextColor": _TEXT,
    "browserColorScheme": "inherit",
}


def theme() -> StAggridTheme:
    """The theme as the component takes it."""
    made: StAggridTheme = StAggridTheme(base="quartz").withParams(**PARAMS)
    return made


_EDITOR: Final = {
    "width": "100%",
    "height": "100%",
    "box-sizing": "border-box",
    "border": "0",
    "padding": "0 9px",
    "font": "inherit",
    "color": "var(--text-color)",
    "background": "var(--background-color)",
    "outline": f"2px solid {_ACCENT}",
    "outline-offset": "-2px",
    "border-radius": "4px",
}

CSS: Final[dict[str, dict[str, str]]] = {
    "body": {"background-color": "transparent !important", "font-variant-numeric": "tabular-nums"},
    "#gridContainer": {"height": "calc(100vh - 17px) !important"},
    ".shiyao-hidden": {
        "position": "fixed",
        "inset": "auto 4px 0",
        "display": "flex",
        "justify-content": "space-between",
        "font": "11px/15px var(--font)",
        "color": _mixed(_TEXT, 78, "var(--background-color)"),
    },
    ".ag-cell": {"line-height": "29px !important"},
    ".ag-header-group-cell": {"font-weight": "500", "color": _mixed(_TEXT, 72)},
    '.ag-cell[col-id="_chat"]': {
        "color": _ACCENT,
        "cursor": "pointer",
        "font-weight": "600",
    },
    '.ag-cell[col-id="_chat"]:hover': {"text-decoration": "underline"},
    ".shiyao-corrected": {
        "background": f"linear-gradient(225deg, {_ACCENT} 4px, transparent 4.5px) top right / 8px 8px no-repeat",
        "background-origin": "border-box",
    },
    ".shiyao-fresh": {"background-color": f"{_mixed(_ACCENT, 15)} !important"},
    ".shiyao-waits": {"font-style": "italic", "opacity": "0.65"},
    ".shiyao-held": {"background-color": f"{_mixed('#d97706', 22)} !important"},
    ".shiyao-editor": {"width": "100%", "height": "100%"},
    ".shiyao-editor.long": {"width": "380px", "height": "130px"},
    ".shiyao-editor input": _EDITOR,
    ".shiyao-editor textarea": _EDITOR | {"padding": "8px 10px", "line-height": "1.5", "resize": "none"},
}
"""Rules for what parameters do not reach."""
