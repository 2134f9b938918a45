// @ts-check
// Text on its way into the fields: what an input method composes is left alone until it is done, and no text goes into a
// chat that nobody can have seen, whichever way it comes (keys, an input method, the clipboard, the mouse).
/** @import { Guard } from "./types.js" */

/** @type {WeakSet<EventTarget>} inputs in which somebody composes */
const composed = new WeakSet();

/**
 * Whether an input method is at work in an input: then nobody else may write into it.
 * @param {HTMLElement} input
 */
export const isComposed = (input) => composed.has(input);

/**
 * Whether all of a field is selected, as the focus finds it, or there is nothing in it: no value begins with a blank,
 * and Tab and Space would empty one after the other.
 * @param {{ value: string, selectionStart: number | null, selectionEnd: number | null }} input
 */
export function isAllSelected({ value, selectionStart, selectionEnd }) {
  return selectionStart === 0 && selectionEnd === value.length;
}

/**
 * Watch the text that comes into a form: none does unless `mayType()`, and none goes unless `mayChange()`.
 * @param {HTMLElement} host
 * @param {Guard} guard
 * @param {() => void} onFocus told when a field comes into focus
 */
export function watchText(host, { mayType, mayChange }, onFocus) {
  /** @type {{ input: HTMLInputElement, before: string } | null} what cannot be called off is put back at its end */
  let refused = null;
  const inputOf = (/** @type {Event} */ event) => /** @type {HTMLInputElement} */ (event.target);
  /** @type {(name: string, run: (event: Event) => void) => void} */
  const on = (name, run) => host.addEventListener(name, run, { capture: true });
  on("focusin", onFocus);
  on("beforeinput", (event) => {
    const { inputType, data } = /** @type {InputEvent} */ (event);
    const isTaking = inputType.startsWith("delete");
    // Input methods report Space as they like; the blank then comes as text all the same.
    const isStrayBlank = inputType === "insertText" && data?.trim() === "" && isAllSelected(inputOf(event));
    if (event.cancelable && (isStrayBlank || !(isTaking ? mayChange : mayType)())) event.preventDefault();
  });
  on("compositionstart", (event) => {
    const input = inputOf(event);
    composed.add(input);
    if (!mayType()) refused = { input, before: input.value };
  });
  on("input", (event) => {
    if (refused?.input === event.target) event.stopImmediatePropagation();
  });
  on("compositionend", (event) => {
    const input = inputOf(event);
    composed.delete(input);
    if (refused?.input !== input) return;
    event.stopImmediatePropagation();
    input.value = refused.before;
    refused = null;
  });
}
