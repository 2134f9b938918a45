// @ts-check
// Streamlit's tables take every key for text that is typed into the chosen cell, those with Alt as well: a shortcut of a
// button beside the table would flip a tick or open a cell. Such keys go past the table to the page.

/** A table of Streamlit, without the box in which a cell is typed, which lies elsewhere in the page. */
const TABLE = "[data-testid=stDataFrame]";

/**
 * Whether a key that is pressed in a table is meant for the page. AltGr (Control and Alt, on some systems) types text.
 * @param {Pick<KeyboardEvent, "altKey" | "ctrlKey" | "metaKey" | "isComposing" | "getModifierState">} event
 */
export function isPagesKey(event) {
  return event.altKey && !event.ctrlKey && !event.metaKey && !event.isComposing && !event.getModifierState("AltGraph");
}

/** Lead keys of the page past the table that has the focus; call it once, before Streamlit's own scripts run. */
export function keepPagesKeysFromTables() {
  window.addEventListener(
    "keydown",
    (event) => {
      if (!(event.target instanceof Element) || !event.target.closest(TABLE) || !isPagesKey(event)) return;
      event.stopPropagation();
      // Streamlit listens for its buttons' shortcuts at the document, for its tables' keys above the table.
      if (!document.body.dispatchEvent(new KeyboardEvent(event.type, event))) event.preventDefault();
    },
    { capture: true },
  );
}
