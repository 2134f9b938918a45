// @ts-check
// How the workbench sits in the Streamlit page: height, the page's own paddings, light or dark.
/** @import { Store } from "./types.js" */

const PAGE_STYLE_ID = "shiyao-workbench-page";

/**
 * Quiet the page around the workbench: no paddings, no second scroll bar. Undone when the workbench leaves.
 * @param {HTMLElement} host
 */
export function claimPage(host) {
  const block = host.closest?.('[data-testid="stMainBlockContainer"]');
  if (!block) return () => {};
  const style = document.createElement("style");
  style.id = PAGE_STYLE_ID;
  style.textContent = `
    [data-testid="stMainBlockContainer"] { padding: var(--shiyao-header, 3.75rem) 18px 0 !important; max-width: none !important; }
    [data-testid="stMain"] { overflow: hidden !important; }
    [data-stale="true"]:has([data-testid="workbench"], [data-testid^="stBidiComponent"]) { opacity: 1 !important; }
    [data-testid="stMainBlockContainer"] > [data-testid="stVerticalBlock"] { gap: 0 !important; }`;
  document.getElementById(PAGE_STYLE_ID)?.remove();
  document.head.append(style);
  return () => style.remove();
}

/**
 * Name the browser's tab after the chat on screen: among several tabs, which one has which.
 * @param {{ current: number | null, dataset: { name: string } }} store
 */
function nameTab({ current, dataset }) {
  if (current === null || !dataset.name) return;
  const title = `第 ${current} 条 · ${dataset.name} · 拾要`;
  if (document.title !== title) document.title = title; // Streamlit writes its own with every run
}

/**
 * Let the workbench fill what is left of the viewport below whatever the page draws above it: `{fit, stop}`.
 * @param {HTMLElement} host
 * @param {HTMLElement} root
 */
export function fillViewport(host, root) {
  const fit = () => {
    const header = /** @type {HTMLElement | null} */ (document.querySelector('[data-testid="stHeader"]'));
    if (header) document.documentElement.style.setProperty("--shiyao-header", `${header.offsetHeight}px`);
    const top = Math.max(0, root.getBoundingClientRect().top);
    const height = `${Math.max(320, window.innerHeight - top)}px`;
    if (root.style.height !== height) root.style.height = height;
  };
  fit();
  requestAnimationFrame(fit);
  // Blocks above may come, go or move without any change of size around the workbench: it also fits with every tick.
  const observer = new ResizeObserver(fit);
  const block = host.closest?.('[data-testid="stMainBlockContainer"]');
  if (block) observer.observe(block);
  window.addEventListener("resize", fit);
  return {
    fit,
    stop() {
      observer.disconnect();
      window.removeEventListener("resize", fit);
    },
  };
}

/**
 * Mark the root light or dark by the theme's background, so that the evidence colours fit.
 * @param {HTMLElement} root
 */
export function markTheme(root) {
  const numbers = getComputedStyle(root)
    .backgroundColor.match(/[\d.]+/g)
    ?.map(Number) ?? [255, 255, 255];
  const light = (0.2126 * numbers[0] + 0.7152 * numbers[1] + 0.0722 * numbers[2]) / 255 > 0.5;
  const theme = light ? "light" : "dark";
  if (root.dataset.theme !== theme) root.dataset.theme = theme;
}

/**
 * Put the chat on screen into the page's address, where it is not: a reload must come back here though the server has not
 * heard of it yet, and an answer of the server about a chat before may have written that one. Not into the address of
 * another page or dataset that somebody is on the way to.
 * @param {Pick<Store, "current" | "dataset">} store
 * @param {string} path the desk's
 */
export function rememberPlace({ current, dataset }, path) {
  const address = new URL(window.location.href);
  const chosen = address.searchParams.get("dataset") ?? String(dataset.id);
  if (current === null || address.pathname !== path || chosen !== String(dataset.id)) return;
  if (address.searchParams.get("chat") === String(current)) return;
  address.searchParams.set("chat", String(current));
  address.searchParams.delete("discussion"); // it belonged to the chat before
  try {
    window.history.replaceState(window.history.state, "", address);
  } catch {
    // Some browsers allow so many a minute; it is tried again with the next beat.
  }
}

/**
 * Name tab and address after the chat on screen.
 * @param {Pick<Store, "current" | "dataset">} store
 * @param {string} path the desk's
 */
export function namePage(store, path) {
  nameTab(store);
  rememberPlace(store, path);
}

/**
 * Whether the server is still at work on what was asked last: Streamlit marks what it has not drawn again yet. The desk
 * does not fade for that, as it goes on by itself; it says so where it takes long.
 * @param {HTMLElement} host
 */
export function isAwaited(host) {
  return Boolean(host.closest?.('[data-stale="true"]'));
}

/**
 * What the page may open over itself, by what it is rather than by name: while one is in sight and the focus is not on the
 * desk, all keys are its own.
 */
const OVER_PAGE = [
  ..."menu listbox dialog alertdialog".split(" ").map((role) => `[role="${role}"]`),
  ':is([role="tooltip"], [data-baseweb="popover"]):has(a, button, input, textarea, select, [tabindex])',
  '[data-testid$="PopoverBody"], [data-testid="stDialog"], [data-baseweb="popover"], dialog[open], [aria-modal="true"]',
].join(", ");

/** Whether a dialog of the page is in sight, whoever has the focus. */
export function isBehindDialog() {
  const open = document.querySelectorAll('[role="dialog"], [role="alertdialog"], [aria-modal="true"], dialog[open]');
  return [...open].some((layer) => layer.checkVisibility());
}

/** Whether the page has opened something over itself. */
function isCovered() {
  return [...document.querySelectorAll(OVER_PAGE)].some(
    (layer) => !layer.closest('[data-testid="workbench"]') && layer.checkVisibility(),
  );
}

/**
 * What the page around the desk has of the keyboard while the focus is outside the desk: all "keys" (something lies over
 * the page, or text is typed there), "letters" (a list that is shut takes letters to search in, and nothing else), what a
 * "button" takes, or "nothing".
 * @returns {"keys" | "letters" | "button" | "nothing"}
 */
export function pageHas() {
  const element = document.activeElement;
  if (isCovered()) return "keys";
  if (!element || element === document.body) return "nothing";
  if (element.matches('input:is([type="radio"], [type="checkbox"], [type="button"])')) return "button";
  if (element.matches('[role="combobox"]:not([aria-expanded="true"])')) return "letters";
  return element.matches("input, textarea, select, [contenteditable]") ? "keys" : "button";
}
