// @ts-check
// The divider between chat and form: dragged, or moved with the arrow keys, and remembered in the browser.
/** @import { BrowserStorage } from "./types.js" */
import { h } from "./dom.js";

const KEY = "shiyao:divider";
/** The chat's share of the width, in percent. */
const USUAL = 55;
const [LEAST, MOST] = [30, 70];
const STEP = 2;

/**
 * The share that is kept in the browser, or the usual one.
 * @param {BrowserStorage} storage
 */
export function keptShare(storage) {
  let kept = Number.NaN;
  try {
    kept = Number.parseFloat(storage.getItem(KEY) ?? "");
  } catch {
    // Some browsers let no page keep anything: the usual share then.
  }
  return Number.isFinite(kept) ? withinLimits(kept) : USUAL;
}

/** @param {number} share */
export function withinLimits(share) {
  return Math.min(MOST, Math.max(LEAST, Math.round(share)));
}

/**
 * The share after a key, null where the key does not move the divider.
 * @param {string} key
 * @param {number} share
 */
export function shareAfter(key, share) {
  /** @type {Record<string, number>} */
  const next = { ArrowLeft: share - STEP, ArrowRight: share + STEP, Home: LEAST, End: MOST, Enter: USUAL };
  return key in next ? withinLimits(next[key]) : null;
}

/**
 * Make the divider and the element whose columns it parts.
 * @param {BrowserStorage} storage
 */
export function makeDivider(storage) {
  const element = h("div", {
    class: "divider",
    role: "separator",
    tabindex: "0",
    title: "拖动调整群聊与表单的宽度；← → 也行，双击复原",
    "aria-label": "群聊与表单的分界",
    "aria-orientation": "vertical",
    "aria-valuemin": LEAST,
    "aria-valuemax": MOST,
  });
  const panes = h("div", { class: "panes" });
  let share = keptShare(storage);

  /** @param {number} next */
  function set(next) {
    share = withinLimits(next);
    panes.style.setProperty("--chat-share", `${share}fr`);
    panes.style.setProperty("--form-share", `${100 - share}fr`);
    element.setAttribute("aria-valuenow", String(share));
  }

  function keep() {
    try {
      storage.setItem(KEY, String(share));
    } catch {
      // It then is as it was at the next visit.
    }
  }

  set(share);
  element.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    element.setPointerCapture(event.pointerId);
    element.classList.add("dragged");
  });
  element.addEventListener("pointermove", (event) => {
    if (!element.hasPointerCapture(event.pointerId)) return;
    const { left, width } = panes.getBoundingClientRect();
    set((100 * (event.clientX - left)) / width);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    element.addEventListener(name, () => {
      element.classList.remove("dragged");
      keep();
    });
  }
  element.addEventListener("dblclick", () => {
    set(USUAL);
    keep();
  });

  return {
    element,
    panes,
    /**
     * Move it by a key; true where the key was one of its own.
     * @param {KeyboardEvent} event
     */
    onKey(event) {
      if (event.ctrlKey || event.altKey || event.metaKey) return false;
      const next = shareAfter(event.key, share);
      if (next === null) return false;
      set(next);
      keep();
      return true;
    },
  };
}
