// @ts-check
// What lies above the panes for a while: conflict, notices.
/** @import { Action, Conflict, ConflictRow, Entry, FormPayload } from "./types.js" */
import { caps, h } from "./dom.js";
import { conflictRows } from "./outbox.js";

/**
 * The banner of a conflict: both sides by field. `onSettle(taken, isClick)` gets the rows that become theirs and
 * whether it was a click.
 * @param {Entry} entry
 * @param {Conflict} conflict
 * @param {FormPayload} form
 * @param {(taken: Set<string>, isClick: boolean) => void} onSettle
 */
export function buildConflict(entry, conflict, form, onSettle) {
  const { who, why, theirs } = conflict;
  const other = who || "另一位审阅人";
  const rows = theirs === null ? [] : conflictRows(entry, form);
  const taken = new Set(rows.filter((row) => row.untouched).map((row) => row.id));
  const left = new Set(rows.filter((row) => row.unknown).map((row) => row.id)); // still to be chosen
  /** @type {(() => void)[]} */
  const redraw = [];
  /** @type {(row: ConflictRow, side: "mine" | "theirs") => HTMLElement} */
  const choice = (row, side) => {
    const button = h("button", { type: "button", class: "side", "data-side": side }, row[side] || "（空）");
    button.addEventListener("click", () => {
      if (side === "theirs") taken.add(row.id);
      else taken.delete(row.id);
      left.delete(row.id);
      redraw.forEach((draw) => draw());
    });
    redraw.push(() => {
      const isChosen = !left.has(row.id) && taken.has(row.id) === (side === "theirs");
      button.setAttribute("aria-pressed", String(isChosen));
    });
    return button;
  };
  const table = h(
    "div",
    { class: "both", role: "group", "aria-label": "两边不同的地方" },
    h("span", {}, ""),
    h("b", {}, "我的"),
    h("b", {}, `${other}的`),
    rows.flatMap((row) => [h("span", { class: "what" }, row.label), choice(row, "mine"), choice(row, "theirs")]),
  );
  /** @type {(side: "mine" | "theirs") => () => void} */
  const all = (side) => () => {
    taken.clear();
    left.clear();
    if (side === "theirs") rows.forEach((row) => taken.add(row.id));
    redraw.forEach((draw) => draw());
  };
  const settle = h(
    "button",
    {
      type: "button",
      class: "btn main",
      "data-command": "settle",
      onclick: (/** @type {MouseEvent} */ { detail }) => onSettle(taken, detail > 0),
    },
    "按所选保存",
    caps("Ctrl+Enter"),
  );
  redraw.push(() => {
    settle.toggleAttribute("disabled", left.size > 0);
    settle.title = left.size ? `还有 ${left.size} 处没选` : "";
  });
  const advice = left.size
    ? "下面是两边不同的地方：没选的几处已分不清是谁改的，请逐项选好再保存。"
    : "下面是两边不同的地方：您改过的先留您的，您没动过的先用对方的，逐项看过再保存。";
  redraw.forEach((draw) => draw());
  return h(
    "div",
    { class: "conflict", role: "alert", "data-testid": "conflict" },
    h("p", {}, h("b", {}, why || `${other}在您之前保存过这一条。`), rows.length ? advice : ""),
    rows.length ? table : null,
    h(
      "div",
      { class: "actions" },
      rows.length
        ? h(
            "button",
            { type: "button", class: "btn", "data-all": "mine", onclick: all("mine") },
            "全部用我的",
            caps("M"),
          )
        : null,
      rows.length
        ? h(
            "button",
            { type: "button", class: "btn", "data-all": "theirs", onclick: all("theirs") },
            `全部用${other}的`,
            caps("T"),
          )
        : null,
      settle,
    ),
  );
}

/**
 * One line above the panes.
 * @param {string} text
 * @param {string} tone
 * @param {Action | null} [action]
 */
export function notice(text, tone, action = null) {
  return h(
    "div",
    { class: "notice", "data-tone": tone, role: "alert" },
    h("span", {}, text),
    action ? h("button", { type: "button", class: "link", onclick: action.run }, action.label) : null,
  );
}
