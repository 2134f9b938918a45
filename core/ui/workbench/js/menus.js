// @ts-check
// A small list to pick from, under what it is about. It owns the keyboard while it is open.
/** @import { MenuItem, MenuOptions } from "./types.js" */
/** @import { Workbench } from "./workbench.js" */
import { h } from "./dom.js";

/**
 * @param {string} title
 * @param {MenuItem[]} items
 * @param {(item: MenuItem) => void} onPick
 */
function buildMenu(title, items, onPick) {
  const buttons = items.map((item, i) =>
    h(
      "button",
      { type: "button", role: "menuitem", onclick: () => onPick(item) },
      item.label,
      item.hint ? h("small", {}, item.hint) : null,
      i < 9 ? h("sup", { "aria-hidden": "true" }, String(i + 1)) : null,
    ),
  );
  const menu = h(
    "div",
    { class: "menu", role: "menu", "aria-label": title },
    h("div", { class: "menu-title", role: "presentation" }, title),
    buttons,
  );
  return { menu, buttons };
}

/**
 * Move a list that stands over what it is about above it.
 * @param {HTMLElement} menu whose lower edge is set
 * @param {HTMLElement} row
 */
function keepClear(menu, row) {
  const [box, about] = [menu.getBoundingClientRect(), row.getBoundingClientRect()];
  if (!about.height || about.bottom <= box.top || about.top >= box.bottom) return;
  const bottom = Number.parseFloat(getComputedStyle(menu).bottom);
  menu.style.bottom = `${bottom + box.bottom - about.top + 4}px`;
}

/**
 * Open a list behind an element. Digits choose, arrows go through it, Enter takes the one in focus, Esc and a click
 * elsewhere close it; no other key does anything. The first item has the focus.
 * @param {Workbench} workbench
 * @param {string} title
 * @param {MenuItem[]} items
 * @param {HTMLElement} anchor
 * @param {MenuOptions} [options]
 */
export function openMenu(workbench, title, items, anchor, options = {}) {
  const { onKey = () => false, onClose = () => {}, clear = null, how = "先按数字或回车选一项，Esc 不选" } = options;
  let isOpen = true;
  let isTold = false;
  const { menu, buttons } = buildMenu(title, items, (item) => {
    if (!workbench.guard.mayPick()) return;
    close();
    item.run();
  });

  function close() {
    if (!isOpen) return;
    isOpen = false; // taking it away makes it lose the focus, which closes it too
    workbench.active(""); // the time in it was spent at none of the fields
    workbench.layers.drop("menu");
    const root = /** @type {Document | ShadowRoot} */ (workbench.root.getRootNode());
    const hadFocus = menu.contains(root.activeElement);
    menu.remove();
    if (isTold) workbench.say("");
    onClose();
    if (hadFocus) workbench.refocus();
  }

  /** @param {KeyboardEvent} event */
  function press(event) {
    if (onKey(event)) return true;
    if (event.ctrlKey || event.altKey || event.metaKey) {
      const isCommand = event.key === "Enter" || (event.altKey && event.key !== "Alt");
      isTold ||= isCommand;
      if (isCommand) workbench.say(how, { tone: "warn", seconds: 0 });
      return isCommand;
    }
    const root = /** @type {Document | ShadowRoot} */ (workbench.root.getRootNode());
    const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (root.activeElement));
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const picked = /^[1-9]$/.test(event.key) ? buttons[Number(event.key) - 1] : undefined;
    if (step) buttons[(at + step + buttons.length) % buttons.length].focus();
    else picked?.click();
    return step !== 0 || picked !== undefined;
  }

  menu.addEventListener("focusout", (event) => {
    if (!menu.contains(/** @type {Node | null} */ (event.relatedTarget))) close();
  });
  workbench.closeMenu();
  workbench.closeMenu = close;
  anchor.after(menu);
  if (clear) keepClear(menu, clear);
  const isThere = () => menu.isConnected;
  workbench.layers.open({ name: "menu", inside: null, isText: false, isThrough: false, isThere, onKey: press, close });
  workbench.arrival.layer();
  buttons[0].focus();
  return close;
}
