// @ts-check
// Leaving a field and its chat: what is typed there belongs to the chat that the form shows.
/** @import { Workbench } from "./workbench.js" */
import { askNote } from "./bars.js";
import { isComposed } from "./composing.js";
import { entryOf } from "./state.js";

/** @param {Workbench} workbench */
function inputInFocus({ root, formHost }) {
  const { activeElement } = /** @type {Document | ShadowRoot} */ (root.getRootNode());
  return activeElement && formHost.contains(activeElement) ? /** @type {HTMLElement} */ (activeElement) : null;
}

/**
 * Take the focus out of the form before it is drawn for another chat: the browser lays the page out for each new value of
 * the input that has it. And before anything else changes, which it would lay out first.
 * @param {Workbench} workbench
 */
export function leaveField(workbench) {
  if (inputInFocus(workbench)) workbench.root.focus({ preventScroll: true });
}

/**
 * Finish the text in the field in focus: it belongs to the chat that the form still shows.
 * @param {Workbench} workbench
 * @param {number | null} shown
 */
export function finishText(workbench, shown) {
  if (!inputInFocus(workbench)) return;
  const { store } = workbench;
  const { current } = store;
  store.current = shown;
  leaveField(workbench);
  store.current = current;
}

/**
 * End the word that an input method composes in the field in focus.
 * @param {Workbench} workbench
 */
export function endWord(workbench) {
  const input = inputInFocus(workbench);
  if (!input || !isComposed(input)) return;
  leaveField(workbench);
  workbench.refocus();
}

/**
 * Put the note of a discussion away that was not handed in: it stands there again when the chat is flagged. Returns it.
 * @param {Workbench} workbench
 * @param {number | null} chat
 */
export function putNoteAway({ bottom, store }, chat) {
  const { noteOpen, input } = bottom;
  const entry = entryOf(store, chat);
  const text = noteOpen && entry && input.value.trim() !== entry.note ? input.value.trim() : "";
  if (entry && text) entry.unsentNote = text;
  if (noteOpen) askNote(bottom, false);
  return text;
}
