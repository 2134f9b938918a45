// @ts-check
// Small helpers over the DOM. Text goes in by textContent only: the component has no sandbox.
/** @import { Child } from "./types.js" */
import { keyCap } from "./keys.js";

/** Milliseconds after which a page that draws no frames counts as out of sight. */
const UNSEEN_PAGE = 100;

/**
 * Build an element: attributes by name, `on…` as listeners, `class`, children as nodes or text (null is left out).
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {Child[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  const flat = /** @type {Child[]} */ (/** @type {unknown[]} */ (children).flat(4));
  element.append(...flat.filter((child) => typeof child === "string" || child instanceof Node));
  return element;
}

/**
 * Set text only where it differs, so that nothing is laid out again for nothing.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Set or remove an attribute only where it differs.
 * @param {Element} element
 * @param {string} name
 * @param {string | number | boolean | null} value
 */
export function setAttr(element, name, value) {
  if (value === null || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
  } else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
}

/**
 * Hide or show only where it differs: browsers style an element anew that is hidden once more.
 * @param {HTMLElement} element
 * @param {boolean} hidden
 */
export function setHidden(element, hidden) {
  if (element.hidden !== hidden) element.hidden = hidden;
}

/**
 * A chord such as "Ctrl+Enter" as key caps.
 * @param {string} chord
 */
export function caps(chord) {
  return h(
    "span",
    { class: "caps", "aria-hidden": "true" },
    chord.split(/\+(?!$)/).map((name) => h("kbd", {}, keyCap(name))),
  );
}

/**
 * Scroll a pane so that an element inside it is in view; ancestors of the pane stay where they are.
 * @param {Element} pane
 * @param {Element} element
 * @param {"nearest" | "center"} [align]
 */
export function reveal(pane, element, align = "nearest") {
  const box = element.getBoundingClientRect();
  const frame = pane.getBoundingClientRect();
  if (box.top >= frame.top + 8 && box.bottom <= frame.bottom - 8) return;
  if (align === "center") pane.scrollTop += box.top - frame.top - (frame.height - box.height) / 3;
  else if (box.top < frame.top + 8) pane.scrollTop += box.top - frame.top - 8;
  else pane.scrollTop += box.bottom - frame.bottom + 8;
}

/**
 * Keep classes on an element by its size, before it is painted. Container queries would do the same, but styled the whole
 * form anew with every chat, which took a third of the time until the chat stood there.
 * @param {HTMLElement} element
 * @param {Record<string, (box: DOMRectReadOnly) => boolean>} classes
 */
export function classBySize(element, classes) {
  new ResizeObserver(([{ contentRect }]) => {
    if (!contentRect.height) return; // not shown
    for (const [name, applies] of Object.entries(classes)) element.classList.toggle(name, applies(contentRect));
  }).observe(element);
}

/**
 * Run something once what was drawn just now is on screen; a page out of sight draws nothing, and does not wait for it.
 * Returns what calls it off.
 * @param {() => void} run
 */
export function afterPaint(run) {
  /** @type {number[]} */
  const frames = [];
  const stop = () => {
    clearTimeout(timer);
    frames.forEach((frame) => cancelAnimationFrame(frame));
  };
  const start = () => {
    stop();
    run();
  };
  const timer = setTimeout(start, UNSEEN_PAGE);
  // In the frame after the next one, the next one has been drawn; what follows in its own task keeps no frame waiting.
  frames.push(requestAnimationFrame(() => frames.push(requestAnimationFrame(() => setTimeout(start)))));
  return stop;
}

/**
 * A number as all pages write it: 2,000.
 * @param {number} number
 */
export function grouped(number) {
  return number.toLocaleString("zh-CN");
}

/** A UUID, also where the page is not served over HTTPS (there `randomUUID` is missing). */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
