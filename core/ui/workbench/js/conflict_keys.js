// @ts-check
// The keyboard in the box of a conflict: rows up and down, sides left and right, save.
/** @import { Layer } from "./types.js" */
/** @import { Workbench } from "./workbench.js" */
import { isComposing } from "./keys.js";

/** Milliseconds without a key before the box takes the focus from somebody who types. */
const PAUSE = 800;

/**
 * The buttons of both sides by rows: `[mine, theirs]`.
 * @param {HTMLElement} box
 * @returns {HTMLButtonElement[][]}
 */
function sidesOf(box) {
  const [mine, theirs] = ["mine", "theirs"].map(
    (side) => /** @type {HTMLButtonElement[]} */ ([...box.querySelectorAll(`button[data-side=${side}]`)]),
  );
  return mine.map((button, i) => [button, theirs[i]]);
}

/**
 * Put the focus into the box: on the chosen side of its first row, else on what saves. False where there is no conflict.
 * @param {Workbench} workbench
 */
export function focusConflict({ conflictHost, arrival }) {
  conflictHost.dataset.called = "true";
  const rows = sidesOf(conflictHost);
  /** @type {HTMLButtonElement | null} */
  const save = conflictHost.querySelector("[data-command=settle]");
  const first = rows[0]?.find((button) => button.getAttribute("aria-pressed") === "true") ?? rows[0]?.[0] ?? save;
  first?.focus();
  if (first) {
    arrival.stop(); // what it saves has to be seen first
    arrival.layer();
  }
  return Boolean(first);
}

/**
 * Put the focus into a box that has just come, once nobody is in the middle of a word.
 * @param {Workbench} workbench
 */
export function focusConflictSoon(workbench) {
  const { conflictHost } = workbench;
  const { state } = conflictHost.dataset;
  let typed = performance.now();
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    typed = isComposing(event) ? Infinity : performance.now();
  };
  window.addEventListener("keydown", onKey, true);
  const clock = setInterval(() => {
    const isGone = conflictHost.dataset.state !== state || !state;
    if (!isGone && performance.now() - typed < PAUSE) return;
    clearInterval(clock);
    window.removeEventListener("keydown", onKey, true);
    const root = /** @type {Document | ShadowRoot} */ (workbench.root.getRootNode());
    const { activeElement } = root;
    const isAtForm = !activeElement || activeElement === workbench.root || workbench.formHost.contains(activeElement);
    if (!isGone && isAtForm && !workbench.layers.has("menu") && !workbench.isEditingOutside()) {
      focusConflict(workbench);
      conflictHost.dataset.called = "false"; // a letter pressed now may still be text
    }
  }, 100);
}

/**
 * The layer of the box: it owns what is pressed inside it.
 * @param {Workbench} workbench
 * @returns {Layer}
 */
export function conflictLayer(workbench) {
  const { conflictHost } = workbench;

  /**
   * A letter while the box has the focus and nobody asked for it: one that is text goes back to the field with the focus,
   * one that would choose for all rows is asked about first. Returns what becomes of it; false where it is the box's.
   * @param {string} key
   */
  function uncalled(key) {
    const { called } = conflictHost.dataset;
    const letter = key.toUpperCase();
    if (called === "true" || called === letter) return false;
    if (letter !== "M" && letter !== "T") {
      workbench.refocus();
      return "left";
    }
    conflictHost.dataset.called = letter;
    const all = letter === "M" ? "全部用我的" : "全部用对方的";
    workbench.say(`再按一次 ${letter}：${all}；Esc 回到表单`, { tone: "warn", seconds: 0 });
    return true;
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    /** @type {(selector: string) => boolean} */
    const click = (selector) => {
      /** @type {HTMLButtonElement | null} */
      const button = conflictHost.querySelector(selector);
      button?.click();
      return button !== null;
    };
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      /** @type {HTMLButtonElement | null} */
      const save = conflictHost.querySelector("[data-command=settle]");
      if (save?.disabled) workbench.say(`${save.title}：↑ ↓ 走到那一处，← → 选`, { tone: "warn", seconds: 0 });
      return click("[data-command=settle]");
    }
    if (event.ctrlKey || event.altKey || event.metaKey) return false;
    const isLetter = event.key.length === 1 && event.key !== " ";
    const isChoice = isLetter || event.key === "ArrowLeft" || event.key === "ArrowRight";
    if (isChoice && !workbench.guard.mayPick()) return true;
    const fate = isLetter && uncalled(event.key);
    if (fate) return fate;
    conflictHost.dataset.called = "true";
    if (/^m$/i.test(event.key)) return click("[data-all=mine]");
    if (/^t$/i.test(event.key)) return click("[data-all=theirs]");
    const rows = sidesOf(conflictHost);
    const root = /** @type {Document | ShadowRoot} */ (workbench.root.getRootNode());
    const at = rows.findIndex((row) => row.some((button) => button === root.activeElement));
    const side = event.key === "ArrowLeft" ? 0 : event.key === "ArrowRight" ? 1 : -1;
    if (side >= 0 && at >= 0) {
      rows[at][side].click();
      rows[at][side].focus();
      return true;
    }
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!step || !rows.length) return false;
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
    (next.find((button) => button.getAttribute("aria-pressed") === "true") ?? next[0]).focus();
    return true;
  }

  return {
    name: "conflict",
    inside: conflictHost,
    isText: false,
    isThrough: false,
    onKey,
    close: () => workbench.refocus(),
  };
}
